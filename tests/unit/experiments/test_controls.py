"""Controls: what they keep and take away, and what a comparison says of a text that says nothing."""

from collections import Counter

import numpy as np
import pytest

from semtool.artifacts import Store
from semtool.catalogue import load_dataset
from semtool.descriptions import DescriptionSet
from semtool.errors import SemtoolError, UsageError
from semtool.experiments import compare
from semtool.experiments.comparison.controls import KINDS, control
from semtool.experiments.comparison.statistics import PairedOutcomes, estimate
from semtool.generation import generate, words


@pytest.fixture(scope="module")
def multi(tmp_path_factory):
    store = Store(tmp_path_factory.mktemp("texts") / "artifacts")
    return DescriptionSet.read(generate("nw-ucla", "multi", store=store).artifact.path)


def by_class(texts):
    found = {}
    for d in texts:
        found.setdefault(d.class_id, []).append(d.text)
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_a_control_is_deterministic_and_describes_every_class_under_its_name(multi, kind):
    first, again, other = (control(multi, kind, seed) for seed in (0, 0, 1))
    assert list(first) == list(again)
    assert (list(first) != list(other)) == (kind in ("filled", "random", "shuffled"))
    names = {c.id: c.name for c in load_dataset("nw-ucla").classes}
    assert {d.class_id: d.class_name for d in first} == names


def test_shuffled_gives_every_class_all_texts_of_another(multi):
    before, after = by_class(multi), by_class(control(multi, "shuffled"))
    assert sorted(before.values()) == sorted(after.values())
    assert all(before[c] != after[c] for c in before)


def test_random_and_filled_have_the_lengths_of_the_text(multi):
    sentences = [d for d in multi if not d.is_codes]
    random, filled = control(multi, "random"), control(multi, "filled")
    assert [len(words(d.text)) for d in random if not d.is_codes] == [len(words(d.text)) for d in sentences]
    assert all(d.text.startswith(d.class_name) for d in filled)
    assert not any(d.is_codes for d in filled)
    for d, f in zip(sentences, filled, strict=True):
        assert len(words(f.text)) == max(len(words(d.text)), len(words(d.class_name)))


def test_random_codes_keep_how_frequent_each_value_is(multi):
    def counts(texts):
        return Counter(pair for d in texts if d.is_codes for pair in d.text.split("; "))

    assert counts(control(multi, "random")) == counts(multi)
    assert [d.text for d in control(multi, "random") if d.is_codes] != [d.text for d in multi if d.is_codes]


def test_nameless_takes_names_and_synonyms_out_and_leaves_common_words(multi):
    found = by_class(control(multi, "nameless", names={7: ["hurl"]}))
    throwing = " ".join(found[load_dataset("nw-ucla").find_class("throw").id]).casefold()
    assert "throw" not in throwing
    assert {"arm", "hand"} <= set(words(throwing))
    assert not any(d.granularity == "label" for d in control(multi, "nameless"))
    labels = DescriptionSet(d for d in multi if d.granularity == "label")
    with pytest.raises(SemtoolError, match="leaves no text of 10 classes"):
        control(labels, "nameless")


def test_a_comparison_tells_a_text_that_says_something_from_one_that_does_not(store, narrow):
    found = compare(
        ["good", "shuffled"], ["tfidf"], store=store, dataset="nw-ucla", presets=["ridge"], controls=3,
        resamples=500,
        executor=narrow,
    )  # fmt: skip
    pairs = {(d.a, d.b): d for d in found.differences}
    assert ("good", "shuffled-shuffled") not in pairs  # a control is one of its own text
    assert ("good-random", "good-shuffled") not in pairs
    own = pairs["good", "good-shuffled"]
    assert own.covers["draws"] == 3
    assert sum(own.sources.values()) == pytest.approx(1)
    assert "Nothing that shuffled says is shown to help" in pairs["shuffled", "shuffled-shuffled"].words
    assert pairs["good", "names"].verdict == "identical"
    written = {r.partition("@")[0] for r in store.references("descriptions")}
    assert {"nw-ucla/names", "nw-ucla/good-shuffled-2", "nw-ucla/good-random-0"} <= written
    assert "nw-ucla/good-nameless" not in written  # nothing would be left
    # The draws are a text of their own, by a star.
    starred = compare(
        ["good", "good-shuffled-*"],
        ["tfidf"],
        store=store,
        dataset="nw-ucla",
        presets=["ridge"],
        executor=narrow,
    )
    assert [(d.a, d.b) for d in starred.differences] == [("good", "good-shuffled-*")]
    with pytest.raises(UsageError, match="but 0 description sets fit"):
        compare(["good", "nothing-*"], ["tfidf"], store=store, dataset="nw-ucla", executor=narrow)


def test_another_draw_of_a_control_is_rarely_called_better_than_it():
    """Truth: the text is one more draw. A test of the mean alone would call it different far too often."""
    wrong = 0
    for world in range(200):
        rng = np.random.default_rng(world)
        accuracy = rng.normal(0.4, 0.1, 6)
        right = (rng.random((6, 300)) < accuracy[:, None]).astype(float)
        names = [str(i) for i in range(300)]
        pair = PairedOutcomes(
            (right[0] - right[1:].mean(axis=0))[None], np.arange(300) % 5, [""] * 300, names, seeded=False,
            draws=(right[:1].mean(axis=1), right[1:].mean(axis=1)), control=True,
        )  # fmt: skip
        found = estimate([pair], resamples=400)
        wrong += found.low > 0 or found.high < 0
    assert wrong <= 20  # 5 % stated

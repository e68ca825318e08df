"""Suggestions: what is said about confusable classes, what is not, and what is written down about it."""

from __future__ import annotations

import json

import numpy as np
import pytest

from semtool.artifacts import Store
from semtool.catalogue import Dataset, load_bank, load_dataset
from semtool.descriptions import DescriptionSet
from semtool.diagnosis import diagnose, suggest
from semtool.diagnosis.contrast import Rivals, choose_fields, confusions, filled, passages
from semtool.embedding import embed
from semtool.errors import UsageError
from semtool.generation import generate, names_label

LEFT, RIGHT = "swipe left", "swipe right"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """UTD-MHAD described by name and by one sentence each, under word counts."""
    store = Store(tmp_path_factory.mktemp("made") / "artifacts")
    for prompts in ("label", "global", "attributes"):
        embed(generate("utd-mhad", prompts, store=store).artifact, "tfidf", store=store)
    embed(store.resolve("descriptions", "utd-mhad/attributes"), "attributes", store=store)
    return store


@pytest.fixture
def store(made, tmp_path):
    """A copy that a test may write into."""
    import shutil

    shutil.copytree(made.root, tmp_path / "artifacts")
    return Store(tmp_path / "artifacts")


# ---- what is chosen


def test_every_class_gets_its_partners_or_its_nearest():
    similarity = np.array([[1, 0.9, 0.2, 0.1], [0.9, 1, 0.3, 0.8], [0.2, 0.3, 1, 0.0], [0.1, 0.8, 0.0, 1]])
    found = confusions(similarity, (5, 6, 7, 8), [(5, 6), (6, 8)])
    assert found[6].ids == (5, 8)
    assert found[6].weights == (0.9, 0.8)
    assert found[7].ids == (6,)
    assert found[5].ids == (6,)


def test_fields_are_those_that_separate_and_rest_counts_less():
    bank = load_bank(load_dataset("utd-mhad"))
    data = load_dataset("utd-mhad")
    a, b = data.find_class(LEFT).id, data.find_class(RIGHT).id
    codes = {c: f.attribute for c, f in bank.items()}
    found = choose_fields(codes, {a: Rivals((b,), (1.0,)), b: Rivals((a,), (1.0,))})
    differing = {f for f in codes[a] if codes[a][f] != codes[b][f]}
    assert set(found[a]) == set(found[b]) == differing
    assert found[a][0] == "stroke_lateral"
    # One arm or none: worth more to say of the class that uses it.
    one, other = dict(codes[a]), dict(codes[a])
    other["arms"] = "none"
    other["speed"] = next(v for v in ("fast", "slow") if v != one["speed"])
    chosen = choose_fields({0: one, 1: other}, {0: Rivals((1,), (1.0,)), 1: Rivals((0,), (1.0,))})
    assert chosen[0][0] == "arms" or chosen[0] == ["speed", "arms"]
    assert chosen[1][0] == "speed"
    assert choose_fields({0: one, 1: one}, {0: Rivals((1,), (1.0,))}) == {0: []}


def test_passages_are_different_and_as_many_as_wanted():
    fields = ["a", "b", "c", "d", "e"]
    assert passages(fields, 1) == [fields]
    found = passages(fields, 99)
    assert len(found) == 5 + 4 + 3
    assert len({tuple(p) for p in found}) == len(found)
    assert passages(["a"], 9) == [["a"]]
    assert passages(["a", "b"], 9) == [["a", "b"], ["b", "a"]]


def test_what_is_filled_in_is_part_of_the_prompt_sets_checksum():
    data = load_dataset("utd-mhad")
    bank = load_bank(data)
    some = {0: Rivals((1,), (1.0,))}
    one = filled("contrast", data, bank, some, {0: ["stroke_lateral"]}, {0: 1})
    two = filled("contrast", data, bank, some, {0: ["hand_end"]}, {0: 1})
    assert one.sha256 != two.sha256
    assert one.sha256 == filled("contrast", data, bank, some, {0: ["stroke_lateral"]}, {0: 1}).sha256
    with pytest.raises(UsageError, match=r"_contrast\.j2"):
        filled("label", data, bank, some, {}, {})


def test_quotes_and_braces_in_names_do_not_break_the_template():
    names = ['say "hi" {{ x }}', "b %} c", "naïve 'd'"]
    facts = {
        n: {"attribute": {"arms": "one", "speed": s}}
        for n, s in zip(names, ("fast", "slow", "fast"), strict=True)
    }
    data = Dataset.model_validate({"name": "odd", "classes": names, "facts": facts})
    bank = load_bank(data)
    rivals = {i: Rivals(((i + 1) % 3,), (1.0,)) for i in range(3)}
    for prompts in ("contrast", "llm-contrast"):
        prompt_set = filled(prompts, data, bank, rivals, {0: ["arms"], 1: ["speed"], 2: ["arms"]}, {})
        for file in prompt_set.files:
            prompt_set.templates.check(file)
    from semtool.generation import describe

    found = describe(filled("contrast", data, bank, rivals, {i: ["arms"] for i in range(3)}, {}), data, bank)
    assert {d.text for d in found} == {"One arm does the work."}


# ---- what is written


def test_the_new_set_holds_the_old_one_and_says_what_it_was_made_from(store):
    found = suggest("utd-mhad/label", store=store, pairs=5)
    assert found.artifact.reference == "utd-mhad/label+contrast@v1"
    old = DescriptionSet.read(store.resolve("descriptions", "utd-mhad/label").path)
    new = DescriptionSet.read(found.artifact.path)
    assert set(old) <= set(new)
    assert set(new) - set(old) == set(found.added)
    assert {d.source for d in found.added} == {"contrast"}
    assert new.class_ids == old.class_ids
    manifest = found.artifact.manifest
    assert manifest.inputs["descriptions"].reference == "utd-mhad/label@v1"
    assert manifest.inputs["embeddings"].reference == "utd-mhad/label/tfidf@v1"
    assert manifest.inputs["prompts"].reference == "prompts/contrast"
    assert len(manifest.details["contrast"]["pairs"]) == 5
    assert manifest.details["contrast"]["added"] == len(found.added)
    assert found.artifact.problems() == []


def test_the_pairs_are_those_that_diagnose_names(store):
    (seen,) = diagnose("utd-mhad/label", store=store, pairs=4)
    found = suggest("utd-mhad/label", store=store, pairs=4, dry_run=True)
    assert [(p.a, p.b) for p in found.pairs] == [(p.a, p.b) for p in seen.pairs]
    assert [p.before for p in found.pairs] == pytest.approx([p.similarity for p in seen.pairs])
    assert LEFT in {name for p in found.pairs for name in p.names}


def test_no_text_names_an_action_or_says_unlike(store):
    found = suggest("utd-mhad/label", store=store, dry_run=True)
    assert found.artifact is None
    assert "utd-mhad/label+contrast@v1" not in store.references("descriptions")
    for d in found.added:
        assert "unlike" not in d.text.lower()
        assert not names_label(d.text, LEFT)
        assert not names_label(d.text, RIGHT)


def test_a_pair_is_told_apart_by_what_differs(store):
    found = suggest("utd-mhad/label", store=store, dry_run=True)
    said = {d.class_name: d.text for d in found.added}
    assert "travels to the left" in said[LEFT]
    assert "travels to the right" in said[RIGHT]


def test_the_measured_effect_is_that_of_the_new_files(store):
    found = suggest("utd-mhad/label", store=store, pairs=3)
    (after,) = diagnose(found.effect.embeddings, store=store, pairs=1000)
    alike = {frozenset(p.names): p.similarity for p in after.pairs}
    assert [p.after for p in found.pairs] == pytest.approx([alike[frozenset(p.names)] for p in found.pairs])
    assert found.effect.after is None  # no features were given
    swipe = next(p for p in found.pairs if set(p.names) == {LEFT, RIGHT})
    assert swipe.after < swipe.before


def test_the_same_again_gives_the_same_version(store):
    first = suggest("utd-mhad/global", store=store, check=False)
    again = suggest("utd-mhad/global", store=store, check=False)
    assert first.made
    assert not again.made
    assert first.artifact.reference == again.artifact.reference
    other = suggest("utd-mhad/global", store=store, pairs=1, check=False)
    assert other.artifact.version == 2


def test_a_suggested_set_can_be_sharpened_again(store):
    first = suggest("utd-mhad/label", store=store)
    second = suggest(first.artifact.reference, store=store)
    if second.artifact is not None:
        assert second.artifact.reference == "utd-mhad/label+contrast@v2"
        texts = [(d.class_id, d.text) for d in DescriptionSet.read(second.artifact.path)]
        assert len(texts) == len(set(texts))


# ---- bad input


def test_codes_alone_are_refused(store):
    with pytest.raises(UsageError, match="attribute codes"):
        suggest("utd-mhad/attributes/attributes", store=store)


def test_a_data_set_of_ones_own_uses_the_codes_of_its_descriptions(tmp_path, store):
    path = tmp_path / "mine.yaml"
    path.write_text(
        "name: mine\nclasses: [knock, tap, kick]\nfacts:\n"
        "  knock: {label: {noun: a, gerund: knocking, third: knocks}, attribute: {arms: one, speed: fast}}\n"
        "  tap: {label: {noun: a, gerund: tapping, third: taps}, attribute: {arms: one, speed: slow}}\n"
        "  kick: {label: {noun: a, gerund: kicking, third: kicks}, attribute: {legs: one}}\n"
    )
    embed(generate(path, "attributes", store=store).artifact, "tfidf", store=store)
    found = suggest("mine/attributes", store=store, pairs=1, check=False)
    assert found.artifact.reference == "mine/attributes+contrast@v1"
    embed(generate(path, "label", store=store).artifact, "tfidf", store=store)
    with pytest.raises(UsageError, match="--llm"):
        suggest("mine/label", store=store)


def test_a_set_that_is_not_embedded_and_wrong_features_are_refused(store):
    generate("utd-mhad", "motion", store=store)
    with pytest.raises(UsageError, match="semtool embed"):
        suggest("utd-mhad/motion", store=store)
    with pytest.raises(UsageError, match="features"):
        suggest("utd-mhad/label", store=store, features="utd-mhad/purls-22-5/stgcn")
    assert "utd-mhad/label+contrast@v1" not in store.references("descriptions")
    with pytest.raises(UsageError, match="--llm"):
        suggest("utd-mhad/label", store=store, prompts="llm-contrast")


def test_without_the_encoder_nothing_is_measured_but_the_set_is_written(store, monkeypatch):
    from semtool import encoders

    def unknown(name, options=None):
        raise UsageError("no such encoder")

    monkeypatch.setattr(encoders, "parse_encoder", unknown)
    found = suggest("utd-mhad/label", store=store)
    assert found.artifact is not None
    assert found.effect is None
    assert any("not at hand" in note for note in found.notes)


def test_a_copy_of_the_prompt_set_says_it_in_other_words(cli, store, tmp_path):
    assert cli("prompts", "new", tmp_path / "mine", "--from", "contrast").code == 0
    template = tmp_path / "mine" / "attribute.j2"
    template.write_text(template.read_text().replace("{{ text|fuse }}", "In short: {{ text|fuse }}"))
    found = suggest("utd-mhad/label", store=store, prompts=str(tmp_path / "mine"), dry_run=True)
    assert found.added
    assert all(d.text.startswith("In short: ") for d in found.added)
    assert {d.source for d in found.added} == {"mine"}


# ---- the command


def test_the_command_prints_one_object(cli, store):
    done = cli("suggest", "utd-mhad/label", "--pairs", "2", "--json", "--root", store.root)
    assert done.code == 0, done.err
    said = json.loads(done.out)
    assert said["reference"] == "utd-mhad/label+contrast@v1"
    assert len(said["pairs"]) == 2
    assert said["effect"]["embeddings"] == "utd-mhad/label+contrast/tfidf@v1"
    assert said["made"] is True


def test_the_command_says_what_a_dry_run_would_add(cli, store):
    done = cli("suggest", "utd-mhad/label", "--dry-run", "--root", store.root)
    assert done.code == 0, done.err
    assert "nothing written" in done.out
    assert "travels to the left" in done.out


def test_the_command_fails_with_one_sentence(cli, store):
    done = cli("suggest", "utd-mhad/lable", "--root", store.root)
    assert done.code == 1
    assert done.out == ""
    assert "did you mean 'utd-mhad/label'" in done.err
    assert done.err.count("\n") == 1

"""Ablation of wording: what is left out, what goes with it, and what a comparison says it carries."""

from dataclasses import replace

import pytest

from semtool.artifacts import Store
from semtool.descriptions import DescriptionSet
from semtool.errors import SemtoolError, UsageError
from semtool.experiments import compare
from semtool.experiments.comparison.ablation import pieces, without
from semtool.experiments.comparison.tables import ablation_table, difference_views, result_views
from semtool.generation import generate


@pytest.fixture(scope="module")
def multi(tmp_path_factory):
    store = Store(tmp_path_factory.mktemp("texts") / "artifacts")
    return DescriptionSet.read(generate("nw-ucla", "multi", store=store).artifact.path)


def test_parts_are_granularities_slots_fields_and_sentences(multi):
    found = pieces(multi)
    assert {("global",), ("part", "arms"), ("phase", "end"), ("attribute", "arms")} <= set(found)
    assert {("global", "", "2"), ("label", "", "10")} <= set(found)
    assert ("motion", "", "0") not in found  # the granularity is this one sentence
    assert ("attribute", "people") not in found  # all classes have the same value
    assert {len(p) for p in pieces(multi, ["slot"])} == {2}


@pytest.mark.parametrize(
    "part", [("part",), ("part", "arms"), ("attribute", "hand_end"), ("global", "", "0")]
)
def test_what_repeats_a_part_goes_with_it_and_nothing_else(multi, part):
    left = set(without(multi, part).to_frame()[["class_id", "text"]].itertuples(index=False, name=None))
    for d in multi:
        own = (d.granularity, d.slot, str(d.variant))[: len(part)] == part
        if own and (d.variant == 0 or len(part) == 3):
            assert not any(c == d.class_id and d.text.rstrip(".") in text for c, text in left)
        if d.granularity == "label" or (d.variant == 0 and not own and not d.is_codes):
            assert (d.class_id, d.text) in left


def test_a_field_is_left_out_of_codes_and_of_sentences_that_say_it_with_another(multi):
    left = without(multi, ("attribute", "hand_end"))
    assert any("hand_end=" in d.text for d in multi)
    assert not any("hand_end=" in d.text for d in left)
    assert any(" and ends at " in d.text for d in multi if d.slot == "hand_peak")
    assert not any(" and ends at " in d.text for d in left if d.slot == "hand_peak")
    only = DescriptionSet(d for d in multi if d.granularity == "motion" or d.is_codes)
    with pytest.raises(SemtoolError, match="nothing is left of a class"):
        without(only, ("motion",))  # a text encoder reads no codes
    assert {d.granularity for d in without(multi, ("attribute",))} == {d.granularity for d in multi} - {
        "attribute"
    }


@pytest.fixture
def mixed(store):
    """The names, and as `global` text twice the same sentence for all classes."""
    good = DescriptionSet.read(store.resolve("descriptions", "nw-ucla/good").path)
    same = [
        replace(d, granularity="global", text=f"A person does something {n}.", variant=n)
        for d in good
        for n in (0, 1)
    ]
    with store.create("descriptions", "nw-ucla/mixed", parameters={"name": "mixed"}) as draft:
        DescriptionSet([*good, *same]).write(draft.folder)
    return store


def test_a_comparison_says_which_part_carries_the_accuracy(mixed, narrow):
    found = compare(
        ["mixed"], ["tfidf"], store=mixed, dataset="nw-ucla", presets=["ridge"], resamples=500,
        executor=narrow, ablate=["granularity", "sentence"],
    )  # fmt: skip
    table = ablation_table(found).set_index("left out")
    assert list(table.index[:1]) == ["label"]  # sorted by loss
    assert table.loc["label", "verdict"] == "carries accuracy"
    assert float(table.loc["label", "points lost"]) > 20
    assert table.loc["global-0", "verdict"] in ("changes nothing", "not shown")
    (only,) = difference_views(found)
    assert only.title == "accuracy that each part of a text carries: lost without it"
    assert [list(v.frame["text"]) for v in result_views(found)[:1]] == [["mixed"]]
    pairs = {d.b: d for d in found.differences}
    assert set(pairs) == {f"mixed-without-{p}" for p in ("label", "global", "global-0", "global-1")}


def test_what_cannot_be_left_out_is_said(store, narrow):
    for ablate, said in (
        (["slot"], "says one thing only"),
        (["word"], "choose from granularity, slot, sentence"),
    ):
        with pytest.raises(UsageError, match=said):
            compare(
                ["good"],
                ["tfidf"],
                store=store,
                dataset="nw-ucla",
                presets=["ridge"],
                executor=narrow,
                ablate=ablate,
            )


def test_another_word_is_refused_before_anything_is_made(tmp_path):
    with pytest.raises(UsageError, match="'word' cannot be left out"):
        compare(["label", "multi"], store=Store(tmp_path), dataset="ntu60", ablate=["word"])
    assert not any(tmp_path.iterdir())


def test_a_page_colours_the_text_and_has_no_cell_for_what_is_left_out(mixed, narrow, tmp_path):
    from semtool.experiments.report import report

    found = compare(
        ["mixed"], ["tfidf"], store=mixed, dataset="nw-ucla", presets=["ridge"], resamples=500,
        executor=narrow, ablate=["granularity"],
    )  # fmt: skip
    page = report(found.name, tmp_path / "page.html", store=mixed).path.read_text()
    assert 'id="carried"' in page
    assert page.count("data-verdict=") == 2
    assert '"label":"mixed-without-label"' not in page

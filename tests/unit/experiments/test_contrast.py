"""What is said of classes that are confused: which fields, in which passages, and that nothing breaks it."""

import pytest

from semtool.catalogue import Dataset, load_bank, load_dataset
from semtool.experiments.optimisation.contrast import Rivals, choose_fields, filled, passages
from semtool.generation import describe, names_label


@pytest.fixture(scope="module")
def swipes():
    """UTD-MHAD, its facts, and two classes that differ in a direction, each the other's rival."""
    data = load_dataset("utd-mhad")
    a, b = data.find_class("swipe left").id, data.find_class("swipe right").id
    return data, load_bank(data), {a: Rivals((b,), (1.0,)), b: Rivals((a,), (1.0,))}


def test_fields_are_those_that_separate_and_rest_counts_less(swipes):
    _, bank, rivals = swipes
    (a, b), codes = rivals, {c: f.attribute for c, f in bank.items()}
    found = choose_fields(codes, rivals)
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


def test_a_pair_is_told_apart_by_what_differs_and_no_text_names_the_other(swipes):
    data, bank, rivals = swipes
    fields = choose_fields({c: f.attribute for c, f in bank.items()}, rivals)
    made = filled("contrast", data, bank, rivals, fields, {})
    said = {d.class_name: d.text for d in describe(made, data, bank) if d.class_id in rivals}
    assert "travels to the left" in said["swipe left"]
    assert "travels to the right" in said["swipe right"]
    for text in said.values():
        assert "unlike" not in text.lower()
        assert not any(names_label(text, name) for name in said)


def test_what_is_filled_in_is_part_of_the_prompt_sets_checksum(swipes):
    data, bank, rivals = swipes
    one, two, again = (
        filled("contrast", data, bank, rivals, {0: [field]}, {0: ["said"]}).sha256
        for field in ("stroke_lateral", "hand_end", "stroke_lateral")
    )
    assert one == again
    assert one != two


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
    found = describe(filled("contrast", data, bank, rivals, {i: ["arms"] for i in range(3)}, {}), data, bank)
    assert {d.text for d in found} == {"One arm does the work."}

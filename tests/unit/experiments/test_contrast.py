"""What is said of classes that are confused: which fields, and that nothing breaks it."""

import pytest
from jinja2 import Environment

from semtool.catalogue import Dataset, load_bank, load_dataset
from semtool.descriptions import Description, DescriptionSet
from semtool.experiments.optimisation.moves import choose_fields, filled


@pytest.fixture(scope="module")
def swipes():
    """UTD-MHAD, its facts, and two classes that differ in a direction, each the other's rival."""
    data = load_dataset("utd-mhad")
    a, b = data.find_class("swipe left").id, data.find_class("swipe right").id
    return data, load_bank(data), {a: {b: 1.0}, b: {a: 1.0}}


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
    chosen = choose_fields({0: one, 1: other}, {0: {1: 1.0}, 1: {0: 1.0}})
    assert chosen[0][0] == "arms" or chosen[0] == ["speed", "arms"]
    assert chosen[1][0] == "speed"
    assert choose_fields({0: one, 1: one}, {0: {1: 1.0}}) == {0: []}


def test_what_is_filled_in_is_part_of_the_prompt_sets_checksum(swipes):
    data, _, rivals = swipes
    said = DescriptionSet([Description("utd-mhad", 0, "swipe left", "label", "", 0, "said", "template")])
    first, *_ = rivals
    fewer = {first: rivals[first]}
    one, two, again = (filled(data, confused, said).sha256 for confused in (rivals, fewer, rivals))
    assert one == again
    assert one != two


def test_quotes_and_braces_in_names_do_not_break_the_template():
    names = ['say "hi" {{ x }}', "b %} c", "naïve 'd'"]
    facts = {
        n: {"attribute": {"arms": "one", "speed": s}}
        for n, s in zip(names, ("fast", "slow", "fast"), strict=True)
    }
    data = Dataset.model_validate({"name": "odd", "classes": names, "facts": facts})
    rivals = {i: {(i + 1) % 3: 1.0} for i in range(3)}
    said = DescriptionSet(
        Description("odd", i, n, "label", "", 0, f"{n} {{{{ 7 * 7 }}}}", "template")
        for i, n in enumerate(names)
    )
    prompt_set = filled(data, rivals, said)
    for file in prompt_set.files:
        prompt_set.templates.check(file)
    module = Environment().from_string(prompt_set.files["_contrast.j2"]).module
    assert module.rivals == {n: [names[(i + 1) % 3]] for i, n in enumerate(names)}
    assert module.said[names[0]] == [f"{names[0]} {{{{ 7 * 7 }}}}"]

"""What the carried prompt sets say, about every class of every data set."""

from collections import Counter

import pytest

from semtool.catalogue import dataset_names, load_bank, load_dataset, load_vocabulary
from semtool.generation import describe, load_prompt_set, prompt_set_names
from semtool.generation.checks import check_descriptions, estimate_tokens

TEMPLATE_SETS = [n for n in prompt_set_names() if load_prompt_set(n).source == "template"]
DATASETS = [n for n in dataset_names() if n != "ntu60"]  # ntu60 is the first half of ntu120


@pytest.fixture(scope="module")
def described():
    found = {}
    for name in DATASETS:
        dataset = load_dataset(name)
        bank = load_bank(dataset)
        for prompts in TEMPLATE_SETS:
            found[name, prompts] = describe(load_prompt_set(prompts), dataset, bank)
    return found


@pytest.mark.parametrize("dataset", DATASETS)
@pytest.mark.parametrize(
    ("prompts", "texts"),
    [("label", 1), ("clip-ensemble", 16), ("global", 3), ("motion", 1), ("parts-phases", 7)],
)
def test_every_class_has_the_promised_number_of_texts(described, dataset, prompts, texts):
    counts = Counter(d.class_id for d in described[dataset, prompts])
    assert set(counts.values()) == {texts}
    assert len(counts) == len(load_dataset(dataset).classes)


@pytest.mark.parametrize("dataset", DATASETS)
def test_multi_has_102_descriptions_one_motion_and_codes_for_every_class(described, dataset):
    found = described[dataset, "multi"]
    per_class = Counter((d.class_id, d.granularity if not d.is_codes else "codes") for d in found)
    expected = {"label": 11, "global": 10, "motion": 1, "part": 12, "phase": 9, "attribute": 60, "codes": 1}
    for index in found.class_ids:
        assert {g: per_class[index, g] for g in expected} == expected
    assert sum(expected.values()) == 104


@pytest.mark.parametrize("dataset", DATASETS)
def test_multi_says_nothing_twice_about_a_class(described, dataset):
    said = Counter((d.class_id, d.text.lower()) for d in described[dataset, "multi"])
    assert [key for key, times in said.items() if times > 1] == []


@pytest.mark.parametrize("dataset", DATASETS)
def test_no_text_is_longer_than_clip_reads(described, dataset):
    for prompts in TEMPLATE_SETS:
        for d in described[dataset, prompts]:
            assert d.is_codes or len(d.text.split()) <= 60, d
            assert d.is_codes or estimate_tokens(d.text) <= 77, d


@pytest.mark.parametrize("dataset", DATASETS)
def test_codes_list_every_field_in_order(described, dataset):
    vocabulary, bank = load_vocabulary(), load_bank(load_dataset(dataset))
    rows = [d for d in described[dataset, "attributes"] if d.is_codes]
    assert len(rows) == len(bank)
    for d in rows:
        pairs = dict(pair.split("=") for pair in d.text.split("; "))
        assert list(pairs) == list(vocabulary.fields)
        assert pairs == bank[d.class_id].attribute


@pytest.mark.parametrize("dataset", DATASETS)
def test_attributes_say_every_fact_that_is_not_at_rest(described, dataset):
    vocabulary, bank = load_vocabulary(), load_bank(load_dataset(dataset))
    said = {}
    for d in described[dataset, "attributes"]:
        said.setdefault(d.class_id, {}).setdefault(d.slot, []).append(d.text)
    for index, facts in bank.items():
        for name, value in facts.attribute.items():
            field = vocabulary.fields[name]
            spoken = field.values[value].says in said[index].get(name, [])
            assert spoken == (value != field.default), (index, name)


@pytest.mark.parametrize("dataset", DATASETS)
@pytest.mark.parametrize("prompts", TEMPLATE_SETS)
def test_the_lint_finds_no_error(described, dataset, prompts):
    data = load_dataset(dataset)
    found = check_descriptions(described[dataset, prompts], load_prompt_set(prompts), data, load_bank(data))
    assert [f for f in found if f.severity == "error"] == []


def test_shared_boilerplate_is_rare(described):
    """No text without a class's own words is said of most classes: that would make a hub."""
    for dataset in DATASETS:
        for prompts in ("label", "clip-ensemble", "global", "motion", "parts-phases"):
            found = described[dataset, prompts]
            classes = Counter(d.text for d in found)
            assert max(classes.values()) <= 2, (dataset, prompts, classes.most_common(1))

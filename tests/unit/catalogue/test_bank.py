"""The description bank: complete, within the vocabulary, every class apart from every other."""

import pytest

from semtool.catalogue import dataset_names, load_bank, load_dataset, load_vocabulary
from semtool.catalogue.bank import FOLDER, bank_entries
from semtool.catalogue.checks import gaps, twins
from semtool.catalogue.loader import read_yaml

DESCRIBED = dataset_names()
OPPOSITES = [
    ("ntu60", "sitting down", "A009", "hip_path"),
    ("ntu60", "A014", "A015", "release"),
    ("ntu60", "A016", "A017", "release"),
    ("ntu60", "A018", "A019", "hand_end"),
    ("ntu60", "A020", "A021", "hand_end"),
    ("ntu120", "A061", "A062", "stroke_vertical"),
    ("ntu120", "A069", "A070", "hand_end"),
    ("ntu120", "A087", "A088", "stroke_sagittal"),
    ("ntu120", "A089", "A090", "release"),
    ("ntu60", "A059", "A060", "locomotion"),
    ("utd-mhad", "swipe left", "swipe right", "stroke_lateral"),
    ("utd-mhad", "a9", "a10", "rotation"),
    ("utd-mhad", "sit to stand", "stand to sit", "posture_end"),
    ("nw-ucla", "donning", "doffing", "stroke_vertical"),
    ("nw-ucla", "sit down", "stand up", "hip_path"),
    ("pku-mmd", "A29", "A38", "release"),
    ("uwa3dii", "picking up", "putting down", "release"),
]
BUSY_FEET = {"step", "walk", "run", "jump", "kick", "lift", "lunge"}


@pytest.mark.parametrize("name", DESCRIBED)
def test_every_class_is_described_in_full(name):
    dataset = load_dataset(name)
    bank = load_bank(dataset)
    assert gaps(dataset, bank) == {}
    for facts in bank.values():
        assert len(facts.sentences) == 3
        assert len(facts.synonyms) >= 2
        assert list(facts.attribute) == list(load_vocabulary().fields)


@pytest.mark.parametrize("name", DESCRIBED)
def test_no_two_classes_are_described_alike(name):
    dataset = load_dataset(name)
    bank = load_bank(dataset)
    assert twins(dataset, bank) == []


@pytest.mark.parametrize(("name", "first", "second", "field"), OPPOSITES)
def test_opposites_are_told_apart_by_the_field_that_matters(name, first, second, field):
    dataset = load_dataset(name)
    bank = load_bank(dataset)
    one, other = (bank[dataset.find_class(label).id] for label in (first, second))
    assert one.attribute[field] != other.attribute[field]
    assert one.motion != other.motion


@pytest.mark.parametrize("name", DESCRIBED)
def test_texts_are_plain_and_short(name):
    dataset = load_dataset(name)
    for index, facts in load_bank(dataset).items():
        where = dataset.classes[index].name
        sentences = [*facts.sentences, facts.motion]
        sentences += [*facts.part.model_dump().values(), *facts.phase.model_dump().values()]
        for text in sentences:
            assert text.isascii(), (where, text)
            assert text.endswith("."), (where, text)
            assert len(text.split()) <= 48, (where, text)
        names = [facts.label.gerund.lower(), *(s.lower() for s in facts.synonyms)]
        assert len(set(names)) == len(names), (where, names)
        # Synonyms stand where a gerund stands: "a person <synonym>".
        assert all(any(w.endswith("ing") for w in s.split()[:2]) for s in facts.synonyms), (
            where,
            facts.synonyms,
        )


@pytest.mark.parametrize("name", DESCRIBED)
def test_attributes_do_not_contradict_one_another(name):
    dataset = load_dataset(name)
    heights = list(load_vocabulary().fields["hand_peak"].values)
    for index, facts in load_bank(dataset).items():
        a, where = facts.attribute, dataset.classes[index].name
        assert (a["legs"] == "none") == (a["leg_action"] == "still"), where
        assert (a["arms"] == "none") == (a["coordination"] == "idle"), where
        assert (a["arms"] == "one") == (a["coordination"] == "single"), where
        assert (a["torso_lean"] == "upright") == (a["torso_direction"] == "none"), where
        assert (a["travel"] != "none") == (a["locomotion"] not in ("none", "in_place")), where
        assert a["leg_action"] not in BUSY_FEET or a["foot_peak"] != "floor", where
        assert a["contact_other"] not in ("touch", "hold") or a["people"] == "two", where
        assert a["release"] == "none" or a["object"] != "none", where
        peak = heights.index(a["hand_peak"])
        assert peak >= max(heights.index(a["hand_start"]), heights.index(a["hand_end"])), where
        if a["arms"] != "none" or a["legs"] != "none":
            assert a["side"] != "none", where


def test_entries_leave_defaults_out():
    vocabulary = load_vocabulary()
    for path in sorted(FOLDER.glob("*/*.yaml")):
        for code, entry in read_yaml(path)["classes"].items():
            for field, value in entry.get("attribute", {}).items():
                assert value != vocabulary.fields[field].default, (path.name, code, field)


def test_inherited_entries_point_to_full_ones():
    inherited = [(e["like"], c) for c, e in bank_entries("pku-mmd").items() if "like" in e]
    assert inherited
    for like, code in inherited:
        dataset, _, base = like.partition("/")
        assert "like" not in bank_entries(dataset)[base], code

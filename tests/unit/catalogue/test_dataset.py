"""Data sets: names, aliases, splits, and files that are wrong in several ways at once."""

import csv

import pytest

from semtool.catalogue import Dataset, dataset_names, load_bank, load_dataset, load_vocabulary
from semtool.errors import SemtoolError, UsageError

MINE = """\
name: mine
classes: [wave, kick, sit down]
"""


def write(path, text):
    path.write_text(text, encoding="utf-8")
    return path


def test_the_catalogue_has_the_published_sizes():
    sizes = {name: len(load_dataset(name).classes) for name in dataset_names()}
    assert sizes == {"ntu60": 60, "ntu120": 120, "pku-mmd": 51, "nw-ucla": 10, "utd-mhad": 27, "uwa3dii": 30}


def test_ntu60_is_the_first_half_of_ntu120():
    assert load_dataset("ntu60").classes == load_dataset("ntu120").classes[:60]


@pytest.mark.parametrize("label", ["A006", "a6", "5", "pick up", "pickup", 5])
def test_published_aliases_name_one_class(label):
    assert load_dataset("ntu60").find_class(label).id == 5


@pytest.mark.parametrize(
    ("dataset", "label", "code"),
    [
        ("ntu60", "touch head", "A044"),
        ("ntu60", "put on a hat", "A020"),
        ("ntu60", "punching", "A050"),
        ("pku-mmd", "hopping", "A15"),
        ("pku-mmd", "Making a phone call", "A20"),
        ("nw-ucla", "put on", "a08"),
        ("uwa3dii", "sitting down", "a05"),
        ("utd-mhad", "pick_up_and_throw", "a21"),
        ("ntu120", "shoot at the basketball", "A063"),
    ],
)
def test_labels_as_others_write_them(dataset, label, code):
    assert load_dataset(dataset).find_class(label).code == code


def test_a_shortened_label_that_fits_two_classes_names_none():
    with pytest.raises(UsageError, match="draw circle"):
        load_dataset("utd-mhad").find_class("draw circle")


@pytest.mark.real
def test_splits_are_the_published_ones(data_folder):
    np = pytest.importorskip("numpy")
    for name in ("ntu60", "ntu120", "nw-ucla", "utd-mhad", "uwa3dii"):
        dataset = load_dataset(name)
        for split in dataset.splits.values():
            path = data_folder / "splits" / "purls" / name / f"ru{len(split.unseen)}.npy"
            if split.family in ("purls", "synse") and path.is_file():
                assert tuple(sorted(np.load(path).tolist())) == split.unseen, split.name


@pytest.mark.real
def test_class_names_are_the_official_ones(data_folder):
    for name, file in (("ntu120", "ntu120.csv"), ("pku-mmd", "pku_mmd.csv")):
        with (data_folder / "class_names" / file).open(encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(stream))
        dataset = load_dataset(name)
        assert len(rows) == len(dataset.classes)
        for row in rows:
            assert dataset.find_class(row["name"]).id == int(row["class_id"]), row


def test_an_unknown_class_gets_the_nearest_names():
    with pytest.raises(UsageError, match="hopping"):
        load_dataset("ntu60").find_class("hoping")


@pytest.mark.parametrize("name", dataset_names())
def test_every_split_is_disjoint_and_complete(name):
    dataset = load_dataset(name)
    for split in dataset.splits.values():
        seen = set(dataset.seen(split))
        assert seen
        assert not seen & set(split.unseen)
        assert seen | set(split.unseen) == set(range(len(dataset.classes)))
        assert split.name.startswith(split.family)


def test_split_sizes_are_what_their_names_say():
    for name in dataset_names():
        for split in load_dataset(name).splits.values():
            numbers = [int(n) for n in split.name.split("-")[1:]]
            if len(numbers) == 2:
                assert len(split.unseen) == numbers[1]
                assert sum(numbers) == len(load_dataset(name).classes)


def test_drawn_splits_depend_on_the_seed_only():
    dataset = load_dataset("utd-mhad")
    assert dataset.split("draw-5-0") == dataset.split("draw-5-0")
    assert dataset.split("draw-5-0").unseen != dataset.split("draw-5-1").unseen
    assert len(dataset.split("draw-5-0").unseen) == 5
    with pytest.raises(UsageError, match="cannot draw 27"):
        dataset.split("draw-27-0")


def test_unknown_names_are_refused_with_the_nearest():
    with pytest.raises(UsageError, match="ntu60"):
        load_dataset("ntu6")
    with pytest.raises(UsageError, match="synse-55-5"):
        load_dataset("ntu60").split("synse-55-6")


def test_class_names_are_enough(tmp_path):
    dataset = load_dataset(write(tmp_path / "mine.yaml", MINE))
    assert [c.code for c in dataset.classes] == ["c1", "c2", "c3"]
    assert load_bank(dataset) == {}


def test_a_users_file_is_read_anew(tmp_path):
    path = write(tmp_path / "mine.yaml", MINE)
    assert len(load_dataset(path).classes) == 3
    write(path, MINE.replace("sit down", "sit down, jump"))
    assert len(load_dataset(path).classes) == 4


def test_a_users_file_may_borrow_from_the_bank(tmp_path):
    text = MINE + "facts:\n  wave: {like: ntu120/A023, label: {gerund: greeting}}\n"
    bank = load_bank(load_dataset(write(tmp_path / "mine.yaml", text)))
    original = load_bank(load_dataset("ntu60"))[22]
    assert bank[0].label.gerund == "greeting"
    assert bank[0].label.noun == original.label.noun
    assert bank[0].attribute == original.attribute


def test_a_users_file_with_a_known_name_does_not_get_the_banks_facts(tmp_path):
    dataset = load_dataset(write(tmp_path / "mine.yaml", MINE.replace("name: mine", "name: ntu60")))
    assert load_bank(dataset) == {}


def test_all_problems_of_a_file_are_listed_at_once(tmp_path):
    text = """\
name: My Set
colour: red
classes: [wave, {id: 0, name: kick, size: 3}, wave, sit]
splits:
  overlap: {unseen: [1, 9], seen: [0, 1]}
  twice: {unseen: [1, 1]}
  whole: [0, 1, 2, 3]
default_split: nope
"""
    with pytest.raises(UsageError) as caught:
        load_dataset(write(tmp_path / "bad.yaml", text))
    message = str(caught.value)
    for part in (
        "name: ", "colour: ", "classes.1.size", "class ids are given twice: [0]",
        "'wave' names both class 0 and",
        "'overlap' lists classes that do not exist: [9]", "as seen and unseen: [1]",
        "'overlap' is incomplete, neither seen nor unseen: [2, 3]", "twice", "'whole' leaves no seen class",
        "default 'nope' is not defined",
    ):  # fmt: skip
        assert part in message


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("name: x\nclasses: 7\n", "classes: "),
        ("name: x\nclasses: [a, 5]\n", "classes.1"),
        ("name: x\nclasses: [a, b]\nsplits: [a]\n", "splits: "),
        ("name: x\nname: y\n", "line 2: the key 'name' is given twice"),
        ("name: [x\n", "bad.yaml, line"),
        ("- a\n", "must hold a mapping"),
    ],
)
def test_files_of_the_wrong_form_are_named(tmp_path, text, part):
    with pytest.raises(UsageError) as caught:
        load_dataset(write(tmp_path / "bad.yaml", text))
    assert part in str(caught.value)
    assert "bad.yaml" in str(caught.value)


def test_all_problems_of_facts_are_listed_at_once(tmp_path):
    text = (
        MINE
        + """\
facts:
  wave: {like: ntu120/A999}
  kickk: {motion: a}
  kick: {colour: a}
  c3: {attribute: {arms: three, legz: one}}
  sit down: {motion: a}
"""
    )
    with pytest.raises(SemtoolError) as caught:
        load_bank(load_dataset(write(tmp_path / "mine.yaml", text)))
    for part in (
        "A999",
        "did you mean 'kick'",
        "colour",
        "'arms' cannot be 'three'",
        "'legz'",
        "described twice",
    ):
        assert part in str(caught.value)


def test_vocabulary_has_one_default_a_field_and_a_sentence_a_value():
    for name, field in load_vocabulary().fields.items():
        assert sum(value.default for value in field.values.values()) == 1, name
        says = [value.says for value in field.values.values()]
        assert len(set(says)) == len(says), name
        assert all(text.endswith(".") for text in says), name


def test_split_given_with_its_seen_classes():
    raw = {"name": "x", "classes": ["a", "b", "c"], "splits": {"s": {"unseen": [2], "seen": [0, 1]}}}
    assert Dataset.model_validate(raw).split("s").unseen == (2,)


@pytest.mark.parametrize(
    ("facts", "part"),
    [
        ("{wave: 5}", "mine wave"),
        ("{wave: {label: 5, like: ntu120/A023}}", "label"),
        ("{wave: {like: ../datasets/x}}", "does not name a class"),
        ("{wave: {like: pku-mmd/A02}}", "does not name a class with a full entry"),
        ("{7: {motion: a}}", "classes 0 to 2, not 7"),
    ],
)
def test_facts_of_the_wrong_form_are_named(tmp_path, facts, part):
    dataset = load_dataset(write(tmp_path / "mine.yaml", MINE + f"facts: {facts}\n"))
    with pytest.raises(SemtoolError, match="the facts of mine have problems") as caught:
        load_bank(dataset)
    assert part in str(caught.value)


def test_keys_without_a_value_are_as_if_left_out(tmp_path):
    dataset = load_dataset(write(tmp_path / "mine.yaml", MINE + "facts:\nsplits:\ntitle:\n"))
    assert (dataset.facts, dataset.splits, dataset.title) == ({}, {}, "")

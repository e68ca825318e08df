"""Import of descriptions: formats, class order, and what does not fit is named."""

import json

import pytest

from semtool.artifacts import Store
from semtool.catalogue import load_dataset
from semtool.descriptions import DescriptionSet
from semtool.errors import SemtoolError, UsageError
from semtool.exchange import import_descriptions

SCHEME = """
name: four
classes:
  - {name: wave, aliases: [waving]}
  - {name: kick}
  - {name: sit down}
  - {name: throw}
"""


@pytest.fixture
def four(tmp_path):
    (tmp_path / "four.yaml").write_text(SCHEME)
    return load_dataset(tmp_path / "four.yaml")


@pytest.fixture
def load(tmp_path, four):
    """Write a file and import it: ``load("a.txt", content)`` gives (texts by class, notes)."""

    def load(file, content, dataset=four, **options):
        path = tmp_path / file
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        done = import_descriptions(path, dataset, store=Store(tmp_path / "artifacts"), **options)
        return list(DescriptionSet.read(done.artifact.path)), done

    return load


def texts(found):
    return [d.text for d in found]


def test_a_line_file_with_everything_that_goes_wrong_with_line_files(load):
    content = "\ufeff“Wave” is one’s greeting.\r\n  kick it  \r\nsit\u00a0down\tslowly\r\nthrow 球".encode()
    found, done = load("x_des.txt", content)
    assert texts(found) == ["“Wave” is one’s greeting.", "kick it", "sit down slowly", "throw 球"]
    assert [d.class_id for d in found] == [0, 1, 2, 3]
    assert {(d.granularity, d.slot, d.variant, d.source) for d in found} == {("global", "", 0, "import")}
    assert found[2].class_name == "sit down"
    assert done.artifact.reference == "four/x_des@v1"
    assert "rows are in class order: 4 rows" in done.notes


def test_the_import_says_where_it_is_from(load):
    _, done = load("my file.txt", "a\nb\nc\nd\n", name="Théirs v1")
    manifest = done.artifact.manifest
    assert done.artifact.reference == "four/th-irs-v1@v1"
    assert manifest.inputs["source"].reference == "my file.txt"
    assert len(manifest.inputs["source"].sha256) == 64
    assert manifest.counts == {"global": 4}


def test_importing_again_gives_the_same_version(load):
    assert load("a.txt", "a\nb\nc\nd")[1].artifact == load("a.txt", "a\nb\nc\nd")[1].artifact


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("a\nb\nc", "3 rows, four has 4 classes"),
        ("a\nb\nc\nd\ne", "5 rows, four has 4 classes"),
        ("", "holds no text"),
        ("  \n\n", "holds no text"),
    ],
)
def test_a_line_file_of_another_length(load, content, says):
    with pytest.raises(SemtoolError, match=says):
        load("a.txt", content)


def test_a_wrong_count_names_the_data_set_that_has_it(load):
    with pytest.raises(SemtoolError, match="60 rows, ntu120 has 120 classes"):
        load("a.txt", "text\n" * 60, dataset="ntu120")


@pytest.mark.parametrize("first", [0, 1])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_csv_counts_from_0_or_1_and_says_so(load, first, delimiter):
    lines = [f"{i + first}{delimiter}text {i}" for i in range(4)]
    # Out of order: the number decides, not the place.
    found, done = load("a.csv", "\n".join([f"idx{delimiter}label", *reversed(lines)]))
    assert texts(found) == [f"text {i}" for i in range(4)]
    assert f"class numbers count from {first}: {first} to {first + 3}" in done.notes


def test_a_csv_without_a_header(load):
    found, _ = load("a.csv", '1,"a, quoted"\n2,b\n3,c\n4,d')
    assert texts(found) == ["a, quoted", "b", "c", "d"]


def test_a_comma_outside_quotes_is_named(load):
    with pytest.raises(SemtoolError, match=r"line 2 has 3 cells.*quotes"):
        load("a.csv", "1,a\n2,b, with more\n3,c\n4,d")


@pytest.mark.parametrize(
    ("numbers", "says"),
    [
        ([1, 2, 3], "no row for 4"),
        ([0, 1, 2], "no row for 3"),
        ([0, 1, 2, 4], "no row for 3; no class for 4"),
        ([1, 2, 3, 5], "no row for 4; no class for 5"),
        ([-1, 0, 1, 2], "no row for 3; no class for -1"),
        ([1, 2, "x", 4], "line 4: 'x' is no class number"),
        ([1, 2, 2.5, 4], "line 4: '2.5' is no class number"),
        ([1, 2, "", 4], "has no class number, other rows have"),
    ],
)
def test_class_numbers_that_do_not_fit(load, numbers, says):
    with pytest.raises(SemtoolError, match=says):
        load("a.csv", "idx,label\n" + "\n".join(f"{n},text" for n in numbers))


def test_several_texts_of_a_class_are_variants(load):
    found, _ = load("a.csv", "idx,text\n0,a\n0,b\n1,c\n2,d\n3,e")
    assert [(d.class_id, d.variant, d.text) for d in found][:3] == [(0, 0, "a"), (0, 1, "b"), (1, 0, "c")]


def test_columns_say_granularity_and_slot(load):
    header = "Action Labels,Head,Hands,Torso,Legs,Start,Middle,End,Global Desc,Remark"
    rows = [f"{name},h,a,t,l,s,m,e,g,-" for name in ("wave", "kick", "sit down", "throw")]
    found, done = load("a.csv", "\n".join([header, *rows]))
    assert [(d.granularity, d.slot, d.text) for d in found if d.class_id == 0] == [
        ("label", "", "wave"),
        ("part", "head", "h"),
        ("part", "arms", "a"),
        ("part", "torso", "t"),
        ("part", "legs", "l"),
        ("phase", "start", "s"),
        ("phase", "middle", "m"),
        ("phase", "end", "e"),
        ("global", "", "g"),
    ]
    assert "the columns 'Remark' are not used" in done.notes


def test_an_empty_cell_is_named(load):
    _, done = load("a.csv", "idx,text,motion\n0,a,m\n1,b,\n2,c,m\n3,d,m")
    assert "line 3: the cell of 'motion' is empty" in done.notes
    with pytest.raises(SemtoolError, match=r"no text for class 1 \(kick\)"):
        load("b.csv", "idx,text\n0,a\n1,\n2,c\n3,d")


def test_order_beats_the_label_and_the_odd_label_is_named(load):
    found, done = load("a.csv", "label,text\nwaving,a\nsit down,b\nsit down,c\nhurl,d")
    assert [d.class_id for d in found if d.granularity == "global"] == [0, 1, 2, 3]
    assert "line 3 says 'sit down', which is class 2, but stands at 1 (kick)" in done.notes
    assert "line 5 says 'hurl', which is placed at class 3 (throw)" in done.notes
    assert "the classes 1, 2 have the same label text" in done.notes


def test_a_file_in_another_class_order_is_refused_unless_labels_may_decide(load):
    content = "label,text\nthrow,d\nsit down,c\nkick,b\nwave,a"
    with pytest.raises(UsageError, match=r"not in the class order of four.*--by label"):
        load("a.csv", content)
    found, _ = load("a.csv", content, by="label")
    assert [d.text for d in found if d.granularity == "global"] == ["a", "b", "c", "d"]


def test_by_label_every_label_must_be_known(load):
    with pytest.raises(SemtoolError, match=r"'hurl' is no class, no row for class 3 \(throw\)"):
        load("a.csv", "label,text\nhurl,d\nsit down,c\nkick,b\nwave,a", by="label")


def test_class_names_are_taken_as_labels_and_sentences_are_not(load):
    assert {d.granularity for d in load("a.csv", "idx,label\n1,wave\n2,kick\n3,sit down\n4,throw")[0]} == {
        "label"
    }
    assert {d.granularity for d in load("b.csv", "idx,label\n1,a\n2,b\n3,c\n4,throw")[0]} == {"global"}
    assert {d.granularity for d in load("c.txt", "a\nb\nc\nd", granularity="motion")[0]} == {"motion"}


JSON = {
    "list": ["a", "b", "c", "d"],
    "lists": [["a"], ["b"], ["c"], ["d"]],
    "numbered": {"0": "a", "1": "b", "3": ["d"], "2": "c"},
    "from one": {"1": "a", "2": "b", "4": ["d"], "3": "c"},
    "labelled": {"throw": "d", "kick": "b", "WAVE": ["a"], "sit  down": "c"},
    "objects": [{"class_id": i, "text": t} for i, t in enumerate("abcd")],
}


@pytest.mark.parametrize("value", JSON.values(), ids=JSON)
def test_json(load, value):
    found, _ = load("a.json", json.dumps(value))
    assert [d.text for d in found if d.granularity == "global"] == ["a", "b", "c", "d"]


def test_json_lists_of_several_texts(load):
    found, _ = load("a.json", json.dumps([["a", "a2"], ["b"], ["c"], ["d"]]))
    assert [(d.class_id, d.variant) for d in found] == [(0, 0), (0, 1), (1, 0), (2, 0), (3, 0)]


def test_json_lines_with_granularity_and_slot(load):
    rows = [
        {"id": i, "granularity": "part", "slot": s, "text": f"{s} {i}"}
        for i in range(4)
        for s in ("head", "legs")
    ]
    found, _ = load("a.jsonl", "\n".join(map(json.dumps, rows)))
    assert [(d.granularity, d.slot) for d in found if d.class_id == 3] == [("part", "head"), ("part", "legs")]


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.json", "[", "a.json is not JSON"),
        ("a.json", '"text"', "neither a list nor an object"),
        ("a.json", "[1, 2, 3, 4]", "entry [01]"),
        ("a.json", '[{"id": 0, "text": "a"}, 3]', "entry [01]"),
        ("a.json", '{"wave": "a", "hurl": "b"}', "'hurl' is no class"),
        ("a.jsonl", '{"id": 0, "text": "a"}\n{', "entry 1 of a.jsonl is no usable object"),
        ("a.jsonl", "3", "entry [01]"),
        ("a.csv", "only\none", "one column"),
        ("a.csv", "", "a.csv is empty"),
        ("a.csv", "idx,shape\n1,2", "no column of 'idx', 'shape' holds text"),
        ("a.csv", 'idx,text\n1,"open', "line 2"),
        (
            "a.csv",
            "idx,text,granularity\n0,a,tone\n1,b,tone\n2,c,tone\n3,d,tone",
            "unknown granularity 'tone'",
        ),
        (
            "a.csv",
            "idx,text,granularity\n0,a,part\n1,b,part\n2,c,part\n3,d,part",
            "a part needs a slot of head",
        ),
        ("a.txt", b"a\x00b", "is no text file"),
        ("a.docx", "x", "descriptions are read from .txt"),
        ("a.xlsx", "not a zip", "is no spreadsheet"),
    ],
)
def test_what_cannot_be_read_is_named(load, name, content, says):
    with pytest.raises(SemtoolError, match=says):
        load(name, content)


def test_unknown_names_are_usage_errors(load):
    with pytest.raises(UsageError, match="did you mean 'motion'"):
        load("a.txt", "a\nb\nc\nd", granularity="motoin")
    with pytest.raises(UsageError, match="cannot read"):
        import_descriptions("none.txt", "ntu60", store=Store())


@pytest.fixture
def workbook(tmp_path):
    """Write a spreadsheet with one sheet a name: ``workbook(four=[...], other=[...])``."""
    from openpyxl import Workbook

    def write(**sheets):
        book = Workbook()
        book.remove(book.active)
        for name, rows in sheets.items():
            page = book.create_sheet(name)
            for row in rows:
                page.append(row)
        book.save(tmp_path / "book.xlsx")
        return (tmp_path / "book.xlsx").read_bytes()

    return write


HEAD = ["Action Labels", "Head", "Global Desc"]
ROWS = [[name, f"head {i}", f" text {i} "] for i, name in enumerate(("wave", "kick ", "sit down", "throw"))]


def test_a_spreadsheet_sheet_is_chosen_by_the_data_set(load, workbook):
    book = workbook(Other=[HEAD, ["x", "y", "z"]], Four=[HEAD, *ROWS, [None, "", None]])
    found, _ = load("b.xlsx", book)
    assert [d.text for d in found if d.granularity == "global"] == [f"text {i}" for i in range(4)]
    assert [d.slot for d in found if d.granularity == "part"] == ["head"] * 4
    with pytest.raises(SemtoolError, match="1 rows, four has 4"):
        load("b.xlsx", book, sheet="Other")
    with pytest.raises(UsageError, match="there are: Other, Four"):
        load("b.xlsx", book, sheet="Third")


def test_a_spreadsheet_without_a_fitting_sheet_lists_them(load, workbook):
    with pytest.raises(UsageError, match="--sheet: A, B"):
        load("b.xlsx", workbook(A=[HEAD, *ROWS], B=[HEAD, *ROWS]))


def test_an_empty_sheet_is_named(load, workbook):
    with pytest.raises(UsageError, match=r"sheet 'Four' of b\.xlsx is empty"):
        load("b.xlsx", workbook(Four=[]))


def test_a_longer_sheet_of_the_same_classes_is_cut_and_said(load, workbook):
    rows = [*ROWS, ["run", "h", "t"], ["jump", "h", "t"]]
    found, done = load("b.xlsx", workbook(Four=[HEAD, *rows]))
    assert len({d.class_id for d in found}) == 4
    assert any(
        "the first 4 rows are four; sheet 'Four', row 6 to sheet 'Four', row 7 are left out" in n
        for n in done.notes
    )

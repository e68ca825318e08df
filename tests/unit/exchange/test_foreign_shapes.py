"""Encodings and shapes of files that nobody foresaw: read right, or refused with the way out."""

import codecs
import json

import numpy as np
import pytest

from semtool.artifacts import Store
from semtool.catalogue import load_dataset
from semtool.descriptions import Description, DescriptionSet
from semtool.errors import SemtoolError, UsageError
from semtool.exchange import export, import_descriptions, import_embeddings
from semtool.exchange.rows import parts_of

DATA = """schema: 1\nname: tiny\nclasses: [wave, kick, sit down]\n"""
LINES = ["A person waves, slowly.", "A person kicks.", "A person sits."]


@pytest.fixture
def take(tmp_path):
    (tmp_path / "tiny.yaml").write_text(DATA)

    def run(name, content, **options):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        made = import_descriptions(
            path, tmp_path / "tiny.yaml", "x", store=Store(tmp_path / "art"), **options
        )
        texts = [(d.class_id, d.granularity, d.slot, d.text) for d in DescriptionSet.read(made.artifact.path)]
        return texts, made.notes

    return run


def global_texts(texts):
    return [text for _, granularity, _, text in texts if granularity == "global"]


@pytest.mark.parametrize("encoding", ["gbk", "shift_jis", "big5", "euc_kr", "koi8_r", "cp1252"])
def test_what_is_not_utf8_is_refused_never_guessed(take, encoding):
    text = {
        "gbk": "举杯，喝水。",
        "shift_jis": "手を振る。",
        "big5": "舉杯喝水",
        "euc_kr": "손을 흔든다",
        "cp1252": "“café”",
    }.get(encoding, "машет рукой")
    with pytest.raises(UsageError, match="save it as UTF-8"):
        take("a.txt", "\n".join(f"{line} {text}" for line in LINES).encode(encoding))


@pytest.mark.parametrize(
    "raw",
    [
        codecs.BOM_UTF8 + "\n".join(LINES).encode(),
        "\n".join(LINES).encode("utf-16"),
        codecs.BOM_UTF16_BE + "\n".join(LINES).encode("utf-16-be"),
        "\n".join(LINES).encode("utf-32"),
        "\r".join(LINES).encode(),
        "\r\n".join(LINES).encode(),
        "\n".join(f"{n}. {line}" for n, line in enumerate(LINES, 1)).encode(),
        "\n".join(f"{n}) {line}" for n, line in enumerate(LINES)).encode(),
    ],
)
def test_marks_line_ends_and_numbers_are_no_text(take, raw):
    assert global_texts(take("a.txt", raw)[0]) == LINES


def test_utf16_without_a_mark_is_refused(take):
    with pytest.raises(UsageError, match="save it as UTF-8"):
        take("a.txt", "\n".join(LINES).encode("utf-16-le"))


def test_a_csv_with_carriage_returns_only(take):
    content = "idx,description\r1,hand up\r2,leg up\r3,hips down\r"
    assert global_texts(take("a.csv", content)[0]) == ["hand up", "leg up", "hips down"]


@pytest.mark.parametrize("header", ["idx,dcp", "Unnamed: 0,gpt_description", "id,llm output"])
def test_the_one_column_of_sentences_is_the_text(take, header):
    content = (
        header
        + "\n"
        + "".join(f"{n},{text}\n" for n, text in enumerate(["hand up", "leg forward", "hips down"]))
    )
    assert global_texts(take("a.csv", content)[0]) == ["hand up", "leg forward", "hips down"]


def test_sentences_and_not_labels_are_the_text_of_a_table_with_both(take):
    content = "Unnamed: 0,class_name,gpt\n0,wave,hand up\n1,kick,leg forward\n2,sit down,hips down\n"
    texts, _ = take("a.csv", content)
    assert (0, "label", "", "wave") in texts
    assert global_texts(texts) == ["hand up", "leg forward", "hips down"]


@pytest.mark.parametrize("name", ["a.json", "a.csv"])
def test_codes_place_a_class_and_are_no_label_text(tmp_path, name):
    codes = {f"A{i:03d}": f"text about action {i}" for i in range(1, 61)}
    content = "id,description\n" + "".join(f"{k},{v}\n" for k, v in codes.items())
    (tmp_path / name).write_text(json.dumps(codes) if name == "a.json" else content)
    made = import_descriptions(tmp_path / name, "ntu60", store=Store(tmp_path / "art"))
    found = DescriptionSet.read(made.artifact.path)
    assert [d.text for d in found] == list(codes.values())
    assert {d.granularity for d in found} == {"global"}


def test_an_object_in_class_order_with_one_foreign_spelling(tmp_path):
    names = [c.name for c in load_dataset("pku-mmd").classes]
    names[19] = "use the phone"
    path = tmp_path / "s.json"
    path.write_text(json.dumps({name: [f"text {i}"] for i, name in enumerate(names)}))
    for by in (None, "order"):
        made = import_descriptions(path, "pku-mmd", store=Store(tmp_path / "art"), by=by)
        assert any("use the phone" in note for note in made.notes)
    shuffled = [names[1], names[0], *names[2:]]
    path.write_text(json.dumps({name: [f"text {i}"] for i, name in enumerate(shuffled)}))
    with pytest.raises(SemtoolError, match="use the phone' is no class"):
        import_descriptions(path, "pku-mmd", store=Store(tmp_path / "art"))


def test_parts_in_one_line_become_parts(take):
    lines = [
        f"{n}; Head: still; Hand: up; Hip: still; Foot: {i}"
        for i, n in enumerate(["wave", "kick", "sit down"])
    ]
    texts, _ = take("a.txt", "\n".join(lines))
    assert [t for t in texts if t[0] == 0] == [
        (0, "label", "", "wave"), (0, "part", "head", "still"), (0, "part", "arms", "up"),
        (0, "part", "torso", "still"), (0, "part", "legs", "0"),
    ]  # fmt: skip


def test_a_sentence_that_names_one_part_is_a_sentence():
    assert [t.granularity for t in parts_of("The head: still, then nods")] == [None]


def test_a_bad_record_is_named_and_set_aside(take):
    good = [json.dumps({"id": i % 3, "text": f"text {i}"}) for i in range(6)]
    texts, notes = take("a.jsonl", "\n".join([*good[:4], "{", '{"id": 1, "text": "\\ud800"}', *good[4:]]))
    assert len(global_texts(texts)) == 6
    assert sum("set aside" in note for note in notes) == 2
    texts, notes = take(
        "a.json", json.dumps({"wave": ["a b", 3], "kick": "c d", "sit down": ["e f", "\ud800"]})
    )
    assert global_texts(texts) == ["a b", "c d", "e f"]
    assert sum("set aside" in note for note in notes) == 2


def test_deep_nesting_is_one_sentence(take):
    with pytest.raises(SemtoolError, match="is not JSON"):
        take("a.json", "[" * 200_000)


def test_headers_that_promise_more_than_the_file_are_refused(tmp_path):
    for shape in ((-1, 8), (60, 10**9)):
        with (tmp_path / "a.npy").open("wb") as stream:
            np.lib.format.write_array_header_1_0(
                stream, {"descr": "<f4", "fortran_order": False, "shape": shape}
            )
            stream.write(bytes(64))
        with pytest.raises(SemtoolError, match="refused"):
            import_embeddings(tmp_path / "a.npy", "ntu60", store=Store(tmp_path / "art"))
    (tmp_path / "a.pt").write_bytes(b"\x8e" + (8 << 30).to_bytes(8, "little"))
    with pytest.raises(SemtoolError, match="refused"):
        import_embeddings(tmp_path / "a.pt", "ntu60", store=Store(tmp_path / "art"))


def test_a_far_cell_is_not_walked_to(tmp_path, take):
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    for row in (["id", "description"], *([i, f"text {i}"] for i in range(3))):
        book.active.append(row)
    book.active["XFD1048576"] = "far"
    book.save(tmp_path / "b.xlsx")
    assert global_texts(take("a.xlsx", (tmp_path / "b.xlsx").read_bytes())[0]) == [
        "text 0",
        "text 1",
        "text 2",
    ]


def test_rows_of_ntu120_serve_ntu60(tmp_path):
    np.save(tmp_path / "a.npy", np.eye(120, 130, dtype=np.float32))
    made = import_embeddings(tmp_path / "a.npy", "ntu60", store=Store(tmp_path / "art"))
    assert made.artifact.manifest.counts == {"global": 60}
    assert any("60 to 119 are left out" in note for note in made.notes)


def test_content_that_names_another_folder_is_not_exported(tmp_path):
    store = Store(tmp_path / "art")
    described = Description("../../x", 0, "a", "global", "", 0, "text", "source")
    with store.create("descriptions", "ntu60/hand") as draft:
        DescriptionSet([described]).write(draft.folder)
    with pytest.raises(SemtoolError, match=r"about '\.\./\.\./x'"):
        export(draft.result, "lines", tmp_path / "out")
    assert not (tmp_path / "out").exists()


SHORT_OF_NTU = [
    "play with phone/tablet",
    "put palms together",
    "back pain",
    "neck pain",
    "nausea/vomiting",
    "kicking",
    "point finger",
    "giving object",
    "touch pocket",
    "juggle table tennis ball",
    "snap fingers",
    "apply cream on hand",
    "put object into bag",
    "take object out of bag",
    "capitulate",
    "hit with object",
    "wield knife",
    "knock over",
    "grab stuff",
    "shoot with gun",
    "carry object",
    "take a photo",
    "follow",
    "exchange things",
    "support somebody",
]
PLACES = (28, 38, 45, 46, 47, 50, 53, 55, 56, 65, 76, 85, 88, 89, 94, 105, 106, 107, 108, 109)
PLACES += (113, 114, 115, 117, 118)


@pytest.mark.parametrize(("dataset", "count"), [("ntu120", 120), ("ntu60", 60)])
def test_short_names_in_class_order_place_their_texts(tmp_path, dataset, count):
    names = [c.name.partition(" (")[0] for c in load_dataset("ntu120").classes]
    for place, name in zip(PLACES, SHORT_OF_NTU, strict=True):
        names[place] = name
    (tmp_path / "s.json").write_text(json.dumps({name: [f"t {i}", f"u {i}"] for i, name in enumerate(names)}))
    made = import_descriptions(tmp_path / "s.json", dataset, store=Store(tmp_path / "art"))
    texts = {
        (d.class_id, d.text) for d in DescriptionSet.read(made.artifact.path) if d.granularity == "global"
    }
    assert texts == {(i, f"{t} {i}") for i in range(count) for t in "tu"}
    # 'kicking' is another class than 'kicking something', and nothing else is in doubt.
    assert [note for note in made.notes if "placed at" in note] == [
        "entry 'kicking' says 'kicking', which is placed at class 50 (kicking other person)"
    ]


def test_every_short_name_but_the_ambiguous_one_names_its_class():
    data = load_dataset("ntu120")
    assert [data.find_class(name).id for name in SHORT_OF_NTU if name != "kicking"] == [
        p for p in PLACES if p != 50
    ]
    assert data.find_class("kicking").id == 23


@pytest.mark.parametrize("by", [None, "order", "label"])
def test_a_text_file_of_120_rows_serves_ntu60(tmp_path, by):
    lines = [c.name for c in load_dataset("ntu120").classes]
    content = "".join(f'{i},"{name}",text {i}\n' for i, name in enumerate(lines, 1))
    (tmp_path / "a.csv").write_text("idx,label,description\n" + content)
    made = import_descriptions(tmp_path / "a.csv", "ntu60", store=Store(tmp_path / "art"), by=by)
    found = [d.text for d in DescriptionSet.read(made.artifact.path) if d.granularity == "global"]
    assert found == [f"text {i}" for i in range(1, 61)]
    assert any("60 to 119 are left out" in note for note in made.notes)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.txt", "2. kicks\n1. waves\n3. sits\n"),
        ("a.txt", "1) kicks\n0) waves\n2) sits\n"),
        ("a.txt", "wave: waves\nkick: kicks\nsit down: sits\n"),
        ("a.txt", "wave\twaves\nKick\tkicks\nsitting\tsits\n"),
        ("a.txt", "1. wave: waves\n3. sit down: sits\n2. kick: kicks\n"),
    ],
)
def test_numbers_and_names_in_lines_place_the_text(take, name, content):
    texts = take(name, content)[0]
    assert sorted((c, text) for c, granularity, _, text in texts if granularity == "global") == [
        (0, "waves"), (1, "kicks"), (2, "sits"),
    ]  # fmt: skip


def test_several_numbered_lines_of_a_class_are_variants(take):
    texts = take("a.txt", "1. waves\n1. swings\n2. kicks\n3. sits\n")[0]
    assert [c for c, *_ in texts] == [0, 0, 1, 2]


def test_names_in_another_order_are_not_placed_by_their_line(take):
    content = "kick: kicks\nsit down: sits\nwave: waves\n"
    with pytest.raises(UsageError, match="--by label"):
        take("a.txt", content)
    assert (0, "global", "", "waves") in take("a.txt", content, by="label")[0]


def test_a_colon_in_a_sentence_is_no_name(take):
    lines = ["Motion: the arm swings", "Motion: the leg swings", "Motion: the hips sink"]
    assert global_texts(take("a.txt", "\n".join(lines))[0]) == lines


@pytest.mark.parametrize("name", ["a.json", "a.jsonl"])
def test_a_key_given_twice_loses_nothing_quietly(take, name):
    content = '{"wave": "a", "wave": "b", "kick": "c", "sit down": "d"}'
    with pytest.raises(SemtoolError, match=r"given twice|no usable"):
        take(name, content)

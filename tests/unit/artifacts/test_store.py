"""The store: versions, references, and what may never be left behind."""

import errno
import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from semtool.artifacts import Input, Manifest, Store
from semtool.errors import SemtoolError, UsageError


def make(store, name="ntu60/label", text="a", kind="descriptions", **parameters):
    with store.create(kind, name, parameters=parameters) as draft:
        (draft.folder / "descriptions.jsonl").write_text(text)
        draft.counts = {"label": 1}
    return draft.result


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "artifacts")


def left_over(store):
    return [p.name for p in store.root.rglob("*") if p.name.startswith(".tmp-")]


def test_same_inputs_give_the_same_version_and_changed_ones_the_next(store):
    first, again, changed = make(store, n=1), make(store, n=1), make(store, n=2)
    assert (first.reference, again.reference) == ("ntu60/label@v1", "ntu60/label@v1")
    assert changed.reference == "ntu60/label@v2"
    assert store.resolve("descriptions", "ntu60/label").reference == "ntu60/label@v2"
    assert store.resolve("descriptions", "ntu60/label@v1").manifest.parameters == {"n": 1}
    assert not left_over(store)


def test_going_back_to_old_inputs_gives_the_old_version(store):
    first = make(store, n=1)
    make(store, n=2)
    assert make(store, n=1).reference == first.reference


def test_manifest_says_what_it_is_made_of(store):
    with store.create(
        "descriptions",
        "ntu60/label",
        inputs={"bank": Input(reference="x/y@v1", sha256="0" * 64)},
        parameters={"prompts": "label"},
        libraries=("numpy", "no-such-package"),
    ) as draft:
        (draft.folder / "descriptions.jsonl").write_text("text")
        draft.details = {"note": "n"}
        draft.simulated = True
    raw = json.loads((draft.result.path / "manifest.json").read_text())
    assert raw["schema"] == 2
    assert raw["files"]["descriptions.jsonl"]["bytes"] == 4
    assert raw["versions"]["no-such-package"] == "not installed"
    assert set(raw["versions"]) == {"semtool", "numpy", "no-such-package"}
    assert raw["simulated"] is True
    assert str(store.root) not in json.dumps(raw)


def test_newest_is_decided_by_the_manifest_not_by_file_times(store):
    first = make(store, "ntu60/label", "a")
    second = make(store, "ntu60/global", "b")
    os.utime(second.path / "manifest.json", (0, 0))
    assert store.newest("descriptions") == second
    assert store.newest("descriptions", "ntu60", prefix="la") == first
    assert store.newest("descriptions", "pku-mmd") is None


def test_v10_comes_after_v9(store):
    for n in range(10):
        make(store, n=n)
    assert store.resolve("descriptions", "ntu60/label").version == 10
    assert store.references("descriptions")[-1] == "ntu60/label@v10"


@pytest.mark.parametrize(
    ("reference", "says"),
    [
        ("ntu60/lable", "did you mean 'ntu60/label'"),
        ("ntu60/label@v9", "there are: v1"),
        ("ntu60/label@latest", "a version is written v1"),
        ("../label", "a reference has the form"),
        ("ntu60", "a reference has the form"),
        ("ntu60/label/extra", "a reference has the form"),
        ("ntu60/.hidden", "a reference has the form"),
    ],
)
def test_bad_references_are_usage_errors(store, reference, says):
    make(store)
    with pytest.raises(UsageError, match=says):
        store.resolve("descriptions", reference)


def test_locate_finds_the_kind(store):
    made = make(store)
    assert store.locate("ntu60/label") == made
    assert store.locate("descriptions/ntu60/label@v1") == made
    make(store, kind="arrays")
    with pytest.raises(UsageError, match="arrays/ntu60/label"):
        store.locate("ntu60/label")
    with pytest.raises(UsageError, match="unknown artifact"):
        store.locate("nothing/here")


def test_an_exception_in_the_block_leaves_nothing(store):
    def stopped():
        with store.create("descriptions", "ntu60/label") as draft:
            (draft.folder / "descriptions.jsonl").write_text("half")
            raise KeyError("stop")

    with pytest.raises(KeyError):
        stopped()
    assert [p.name for p in store.root.iterdir()] == [".lock"]


def test_a_full_disk_leaves_nothing_and_says_so(store):
    def write():
        with store.create("descriptions", "ntu60/label") as draft:
            # /dev/full answers every write with "no space left on device".
            (draft.folder / "descriptions.jsonl").symlink_to("/dev/full")
            (draft.folder / "descriptions.jsonl").write_text("text")

    with pytest.raises(SemtoolError, match="disk is full"):
        write()
    assert [p.name for p in store.root.iterdir()] == [".lock"]


def test_a_full_disk_is_known_from_the_text_of_safetensors(store):
    from safetensors import SafetensorError

    with pytest.raises(SemtoolError, match="disk is full"), store.create("embeddings", "ntu60/label/e"):
        raise SafetensorError("Error while serializing: I/O error: No space left on device (os error 28)")
    assert [p.name for p in store.root.iterdir()] == [".lock"]


@pytest.mark.parametrize("step", ["write", "rename"])
def test_a_disk_that_fills_up_at_the_end(store, monkeypatch, step):
    def full(self, *_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self))

    if step == "write":
        monkeypatch.setattr(Manifest, "write", full)
    else:
        monkeypatch.setattr(Path, "rename", full)
    with pytest.raises(SemtoolError, match="disk is full"):
        make(store)
    assert [p.name for p in store.root.iterdir()] == [".lock"]


def test_a_folder_that_may_not_be_written_is_one_sentence(store, monkeypatch):
    def refuse(self, *_, **__):
        raise PermissionError(errno.EACCES, "Permission denied", str(self))

    store.root.mkdir()
    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(SemtoolError, match=r"cannot write to .*Permission denied"):
        make(store)


@pytest.mark.parametrize("position", ["first", "last"])
def test_verify_names_a_flipped_byte(store, position):
    made = make(store, text="a description")
    assert made.verify() is made
    path = made.path / "descriptions.jsonl"
    raw = bytearray(path.read_bytes())
    raw[0 if position == "first" else -1] ^= 1
    path.write_bytes(raw)
    with pytest.raises(SemtoolError, match=r"label@v1: descriptions\.jsonl does not match its checksum"):
        made.verify()


def test_verify_names_a_flipped_byte_of_the_manifest(store):
    made = make(store, note="abc")
    path = made.path / "manifest.json"
    path.write_text(path.read_text().replace('"abc"', '"abd"'))
    (problem,) = store.resolve("descriptions", "ntu60/label", check=False).problems()
    assert problem == "ntu60/label@v1: manifest.json does not match its checksum"


def test_verify_names_what_is_missing_cut_linked_or_added(store, tmp_path):
    with store.create("descriptions", "ntu60/label") as draft:
        for name in ("a", "b", "c"):
            (draft.folder / name).write_text("text")
    folder = draft.result.path
    (folder / "a").unlink()
    (folder / "b").write_text("te")
    (folder / "c").rename(tmp_path / "c")
    (folder / "c").symlink_to(tmp_path / "c")
    (folder / "d").touch()
    assert [p.partition(": ")[2] for p in draft.result.problems()] == [
        "a is missing",
        "b has 2 bytes, not 4",
        "c is a link to somewhere else",
        "d is not in the manifest",
    ]


@pytest.mark.parametrize("kind", ["link", "folder"])
def test_only_plain_files_become_an_artifact(store, tmp_path, kind):
    (tmp_path / "secret").write_text("outside")

    def write():
        with store.create("descriptions", "ntu60/label") as draft:
            if kind == "link":
                (draft.folder / "x").symlink_to(tmp_path / "secret")
            else:
                (draft.folder / "x").mkdir()

    with pytest.raises(SemtoolError, match=f"is a {kind}"):
        write()
    assert not (store.root / "descriptions").exists()


def test_a_root_that_is_a_link_works(tmp_path):
    (tmp_path / "big-disk").mkdir()
    (tmp_path / "artifacts").symlink_to(tmp_path / "big-disk")
    made = make(Store(tmp_path / "artifacts"))
    assert made.verify().reference == "ntu60/label@v1"
    assert (tmp_path / "big-disk/descriptions/ntu60/label/v1/manifest.json").is_file()


def rewrite(artifact, **changes):
    path = artifact.path / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_a_manifest_of_a_newer_schema_says_upgrade(store):
    rewrite(make(store), schema=99)
    with pytest.raises(SemtoolError, match=r"schema 99.*upgrade semtool"):
        store.resolve("descriptions", "ntu60/label")
    with pytest.raises(SemtoolError, match="schema 99"):
        store.newest("descriptions")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"schema": None}, "names no schema"),
        ({"surprise": 1}, "is damaged: surprise"),
        ({"files": {"../../out": {"sha256": "0", "bytes": 1}}}, "not a plain file name"),
        ({"files": {"manifest.json": {"sha256": "0", "bytes": 1}}}, "not a plain file name"),
        ({"created": "yesterday"}, "is damaged: created"),
    ],
)
def test_a_damaged_manifest_is_refused(store, changes, says):
    rewrite(make(store), **changes)
    with pytest.raises(SemtoolError, match=says):
        store.resolve("descriptions", "ntu60/label")


@pytest.mark.parametrize("content", ["", "{", "[]", "\x00\xff"])
def test_a_manifest_that_is_no_json_object_is_refused(store, content):
    made = make(store)
    (made.path / "manifest.json").write_text(content)
    with pytest.raises(SemtoolError, match=r"manifest .*manifest\.json"):
        store.resolve("descriptions", "ntu60/label")


def test_an_unreadable_version_is_not_reused_and_does_not_block_new_ones(store):
    first = make(store, n=1)
    rewrite(first, schema=99)
    assert store.find("descriptions", "ntu60/label", first.manifest.identity) is None
    assert make(store, n=1).reference == "ntu60/label@v2"


def test_find_gives_the_version_made_from_the_same_inputs(store):
    first = make(store, n=1)
    make(store, n=2)
    identity = Store.identity("descriptions", {}, {"n": 1})
    assert store.find("descriptions", "ntu60/label", identity) == first
    assert store.find("descriptions", "ntu60/label", "other") is None


def test_the_latest_version_is_damaged_or_whole_never_an_older_one(store):
    assert store.latest("descriptions", "ntu60/label") is None
    make(store, n=1)
    newest = make(store, n=2)
    assert store.latest("descriptions", "ntu60/label") == newest
    (newest.path / "descriptions.jsonl").write_text("b")
    with pytest.raises(SemtoolError, match="does not match its checksum"):
        store.latest("descriptions", "ntu60/label")


def test_a_version_finished_meanwhile_by_another_is_used(store):
    with store.create("descriptions", "ntu60/label", parameters={"n": 1}) as late:
        (late.folder / "descriptions.jsonl").write_text("slightly other bytes")
        early = make(store, n=1, text="bytes")
    assert late.result == early
    assert store.references("descriptions") == ["ntu60/label@v1"]


def test_created_is_utc(store):
    created = make(store).manifest.created
    assert abs(datetime.now(UTC) - created) < timedelta(minutes=5)
    assert created.utcoffset() == timedelta(0)

"""Checksums are looked at when an artifact is used, once: sizes and times tell whether to look again."""

import json
import os

import pytest

import semtool.artifacts.artifact as module
from semtool.artifacts import Store
from semtool.errors import SemtoolError, UsageError


@pytest.fixture
def made(tmp_path):
    with Store(tmp_path / "art").create("descriptions", "ntu60/label", parameters={"n": 1}) as draft:
        (draft.folder / "file").write_text("whole")
    return draft.result


@pytest.fixture
def hashed(monkeypatch):
    names = []
    real = module.file_sha256
    monkeypatch.setattr(module, "file_sha256", lambda path: names.append(path.name) or real(path))
    return names


def flip(path):
    times = path.stat()
    path.write_bytes(b"wholf")
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))  # what a copying tool, or bad luck, may do


def uses(made):
    store = Store(made.path.parents[3])
    return (
        lambda: store.resolve("descriptions", "ntu60/label"),
        lambda: store.locate("ntu60/label@v1"),
        lambda: store.newest("descriptions"),
    )


@pytest.mark.parametrize("use", [0, 1, 2])
def test_every_way_to_an_artifact_looks(made, use):
    flip(made.path / "file")
    with pytest.raises(SemtoolError, match=r"label@v1: file does not match its checksum"):
        uses(made)[use]()


def test_a_damaged_version_is_not_reused(made):
    flip(made.path / "file")
    store = Store(made.path.parents[3])
    assert store.find("descriptions", "ntu60/label", made.manifest.identity) is None
    with store.create("descriptions", "ntu60/label", parameters={"n": 1}) as draft:
        (draft.folder / "file").write_text("whole")
    assert draft.result.version == 2


def test_lists_do_not_look(made, hashed):
    flip(made.path / "file")
    assert len(Store(made.path.parents[3]).artifacts("descriptions")) == 1
    assert hashed == []


def test_what_was_just_made_or_found_whole_is_not_hashed_again(made, hashed):
    for use in uses(made):
        use()
    assert hashed == []
    os.utime(made.path / "file", (0, 0))
    for use in uses(made):
        use()
    assert hashed == ["file"]


def test_a_damaged_record_only_costs_another_look(made, hashed):
    (record,) = (made.path.parents[3] / ".checked").iterdir()
    record.write_text("[" * 100_000)
    uses(made)[0]()
    assert hashed == ["file"]


def test_a_version_put_in_another_place_is_not_what_it_says(made):
    other = made.path.parents[1] / "other"
    other.mkdir()
    made.path.rename(other / "v1")
    with pytest.raises(SemtoolError, match="another place"):
        Store(made.path.parents[3]).resolve("descriptions", "ntu60/other")


@pytest.mark.parametrize(
    ("schema", "sentence"),
    [
        (1, "make it again with semtool generate"),
        (99, "upgrade semtool"),
        ("2", "names no schema"),
        (True, "names no"),
    ],
)
def test_another_schema_is_one_sentence(made, schema, sentence):
    path = made.path / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"schema": schema}))
    with pytest.raises(SemtoolError, match=sentence):
        uses(made)[0]()


@pytest.mark.parametrize("content", ["[" * 100_000, '{"schema": ' + "9" * 5000 + "}", "\x00\x01", "[]"])
def test_a_manifest_of_any_bytes_is_one_sentence(made, content):
    (made.path / "manifest.json").write_text(content)
    with pytest.raises(SemtoolError, match="manifest"):
        uses(made)[0]()


def test_a_pipe_in_place_of_a_manifest_does_not_hang(made):
    (made.path / "manifest.json").unlink()
    os.mkfifo(made.path / "manifest.json")
    with pytest.raises(SemtoolError, match="a pipe or a device"):
        uses(made)[0]()


def test_a_root_that_is_a_file_is_one_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="no folder"):
        Store(tmp_path / "file")

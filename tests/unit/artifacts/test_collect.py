"""Garbage collection: killed drafts go, living ones stay, old versions only if nothing needs them."""

import json
import os
import subprocess
import sys

import pytest

from semtool.artifacts import Store, collect
from semtool.errors import SemtoolError


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "artifacts")


def make(store, n, kind="descriptions", name="ntu60/label", inputs=None):
    with store.create(kind, name, parameters={"n": n}, inputs=inputs) as draft:
        (draft.folder / "file").write_text(str(n))
    return draft.result


KILLED = """
import os, sys
from semtool.artifacts import Store
with Store(sys.argv[1]).create("descriptions", "ntu60/label") as draft:
    (draft.folder / "descriptions.jsonl").write_text("half")
    os._exit(9)
"""


def test_what_a_killed_command_left_is_removed(store):
    ended = subprocess.run([sys.executable, "-c", KILLED, store.root], check=False, env=os.environ)
    assert ended.returncode == 9
    assert store.references("descriptions") == []
    (planned,) = collect(store, dry_run=True)
    assert planned.path.is_dir()
    assert planned.bytes == len("half")
    (removed,) = collect(store)
    assert removed.path == planned.path
    assert removed.reason == "left by a killed command"
    assert [p.name for p in store.root.iterdir()] == [".lock"]


def test_a_draft_in_progress_is_left_alone(store):
    with store.create("descriptions", "ntu60/label") as draft:
        (draft.folder / "descriptions.jsonl").write_text("text")
        script = "import sys; from semtool.artifacts import *; print(len(collect(Store(sys.argv[1]))))"
        seen = subprocess.check_output([sys.executable, "-c", script, store.root], text=True)
        assert seen.strip() == "0"
    assert draft.result.verify()


def test_an_empty_place_has_no_garbage(store):
    assert collect(store, old=True) == []
    assert not store.root.exists()


def test_old_versions_stay_unless_asked_for(store):
    make(store, 1), make(store, 2)
    assert collect(store) == []
    assert [g.path.name for g in collect(store, old=True, dry_run=True)] == ["v1"]
    assert len(store.references("descriptions")) == 2
    collect(store, old=True)
    assert store.references("descriptions") == ["ntu60/label@v2"]


def test_versions_that_something_refers_to_stay(store):
    text = [make(store, n) for n in (1, 2, 3, 4)]
    old = make(store, 1, "embeddings", "ntu60/label/tfidf", {"descriptions": text[0].as_input()})
    make(store, 2, "embeddings", "ntu60/label/tfidf", {"descriptions": text[1].as_input()})
    run = store.root / "runs" / "first" / "seed-0"
    run.mkdir(parents=True)
    (run / "metrics.json").write_text(json.dumps({"embeddings": {"reference": old.reference, "sha256": "x"}}))
    gone = collect(store, old=True)
    assert [g.path.relative_to(store.root).as_posix() for g in gone] == ["descriptions/ntu60/label/v3"]
    (run / "metrics.json").write_text("{}")
    gone = collect(store, old=True)
    assert [g.path.relative_to(store.root).as_posix() for g in gone] == [
        "descriptions/ntu60/label/v1",
        "embeddings/ntu60/label/tfidf/v1",
    ]


def test_nothing_is_called_unused_while_a_manifest_cannot_be_read(store):
    make(store, 1)
    (make(store, 2).path / "manifest.json").write_text("{")
    with pytest.raises(SemtoolError, match="cannot read the manifest"):
        collect(store, old=True)
    assert len(store.references("descriptions")) == 2


@pytest.mark.parametrize("content", [b"{", b"\xff\xfe", b"[" * 100_000])
def test_nothing_is_called_unused_while_metrics_cannot_be_read(store, content):
    make(store, 1), make(store, 2)
    run = store.root / "runs" / "first"
    run.mkdir(parents=True)
    (run / "metrics.json").write_bytes(content)
    with pytest.raises(SemtoolError, match=r"cannot read .*metrics\.json, so nothing old is removed"):
        collect(store, old=True)
    assert len(store.references("descriptions")) == 2


def test_what_a_command_is_writing_stays(store):
    store.root.mkdir()
    (store.root / ".tmp-of-somebody").mkdir()
    with store.work_folder() as work:
        assert collect(store, old=True) == []
        assert work.is_dir()
    assert (store.root / ".tmp-of-somebody").is_dir()

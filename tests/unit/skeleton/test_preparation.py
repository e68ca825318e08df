"""Bad files are named and counted and stop nothing; unchanged files are not read again."""

from __future__ import annotations

import gzip
import shutil

import numpy as np
import pytest

from semtool import disk
from semtool.artifacts import Store
from semtool.errors import SemtoolError, UsageError
from skeleton.data import preparation, reading
from skeleton.data.arrays import ArraySet
from skeleton.data.formats import ntu
from skeleton.data.layouts import layout
from skeleton.data.preparation import prepare


def standing():
    """A person who faces the sensor: joints (25, 3) in the order of Kinect v2."""
    at = {"hip_centre": (0, 0, 3), "spine": (0, 0.3, 3), "shoulder_centre": (0, 0.55, 3), "neck": (0, 0.6, 3)}
    at["head"] = (0, 0.75, 3)
    for side, x in (("left", -1), ("right", 1)):
        for i, joint in enumerate(("shoulder", "elbow", "wrist", "hand", "hand_tip", "thumb")):
            at[f"{side}_{joint}"] = (0.2 * x, 0.5 - 0.2 * i, 3)
        for i, joint in enumerate(("hip", "knee", "ankle")):
            at[f"{side}_{joint}"] = (0.1 * x, -0.4 * i, 3)
        at[f"{side}_foot"] = (0.1 * x, -0.85, 2.8)
    return np.array([at[joint] for joint in layout("kinect-v2").joints])


PERSON = standing()


def skeleton_text(seed=0, frames=4, joints=25, end="\r\n"):
    rng = np.random.default_rng(seed)
    lines = [str(frames)]
    for _ in range(frames):
        lines += ["1", f"{72057594037931648 + seed} 0 1 1 0 0 0 0.01 -0.2 2", str(joints)]
        points = (PERSON + rng.normal(0, 0.02, PERSON.shape))[:joints]
        lines += [f"{x:.6f} {y:.6f} {z:.6f} 1 1 1 1 0 0 0 0 2" for x, y, z in points]
    return end.join(lines) + end


def name(index, action=1):
    return f"S001C001P{index:03d}R001A{action:03d}.skeleton"


@pytest.fixture
def raw(tmp_path):
    folder = tmp_path / "raw"
    (folder / "nested").mkdir(parents=True)
    for index in range(1, 4):
        (folder / name(index)).write_text(skeleton_text(index, frames=2 + index), newline="")
    (folder / "nested" / name(4)).write_text(skeleton_text(4))
    return folder


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "artifacts")


@pytest.fixture
def parsed(monkeypatch):
    """The names of the files that were really parsed."""
    seen = []
    original = ntu.parse_recording
    monkeypatch.setattr(ntu, "parse_recording", lambda text, name: seen.append(name) or original(text, name))
    return seen


BAD = {
    name(10): (b"", "empty"),
    name(11): (skeleton_text()[:900].encode(), "truncated"),
    name(12): (b"0\r\n", "frames"),
    name(13): (b"2\r\n0\r\n0\r\n", "bodies"),
    name(14): (skeleton_text(joints=24).encode(), "joints"),
    name(15): (
        skeleton_text().replace(" 1 1 1 1", " 1 1 1 1", 1).replace("\r\n0.", "\r\nnan", 1).encode(),
        "not-a-number",
    ),
    name(16): (skeleton_text().replace("4\r\n", "40\r\n", 1).encode(), "frames"),
    name(17): (gzip.compress(skeleton_text().encode()), "compressed"),
    name(18, action=61): (skeleton_text().encode(), "label"),
    "sample.skeleton": (skeleton_text().encode(), "name"),
    name(19): (b"\x00\xff" * 300, "frames"),
}


def test_every_bad_file_is_named_and_the_rest_is_kept(raw, store):
    for file, (content, _) in BAD.items():
        (raw / file).write_bytes(content)
    (raw / name(20)).mkdir()
    (raw / name(21)).symlink_to(raw / "nowhere")
    (raw / "nested" / name(1)).write_text(skeleton_text(77))
    (raw / "NTU_samples_with_missing_skeletons.txt").write_text("A list of one:\n\n" + name(3)[:20] + "\n")
    done = prepare("ntu60", raw, store=store)
    expected = {file: outcome for file, (_, outcome) in BAD.items()}
    expected |= {name(20): "not-a-file", name(21): "not-a-file"}
    expected |= {f"nested/{name(1)}": "duplicate", name(3): "listed"}
    assert {source: f.outcome for source, f in done.findings} == expected
    arrays = ArraySet.open(done.artifact.path)
    assert [n[8:12] for n in arrays.names] == ["P001", "P002", "P004"]
    assert done.samples == 3
    assert done.sources == 4 + len(BAD) + 3
    assert done.artifact.manifest.details["findings"] == done.outcomes


def test_strict_refuses_what_is_rejected_and_writes_nothing(raw, store):
    (raw / name(10)).write_bytes(b"")
    with pytest.raises(SemtoolError, match=r"1 samples are rejected, the first in S001C001P010.*empty"):
        prepare("ntu60", raw, store=store, strict=True)
    assert store.artifacts("arrays") == []
    assert not list(store.root.glob(".tmp-*"))
    prepare("ntu60", raw, store=store)
    with pytest.raises(SemtoolError, match="1 samples are rejected"):
        prepare("ntu60", raw, store=store, strict=True)


def test_strict_accepts_what_the_published_cleaning_drops(raw, store):
    (raw / "x_missing_skeletons.txt").write_text(name(3)[:20])
    assert prepare("ntu60", raw, store=store, strict=True).outcomes == {"listed": 1}


def test_nothing_usable(tmp_path, store):
    (tmp_path / name(1)).write_bytes(b"")
    with pytest.raises(SemtoolError, match="none of the 1 files"):
        prepare("ntu60", tmp_path, store=store)


def test_unchanged_files_are_not_read_again(raw, store, parsed):
    first = prepare("ntu60", raw, store=store)
    assert len(parsed) == 4
    again = prepare("ntu60", raw, store=store)
    assert len(parsed) == 4
    assert (first.created, first.read, again.created, again.read) == (True, 4, False, 0)
    assert again.artifact.reference == first.artifact.reference


def test_unchanged_files_elsewhere_are_the_same(raw, store, parsed, tmp_path):
    prepare("ntu60", raw, store=store)
    shutil.copytree(raw, tmp_path / "copy")
    again = prepare("ntu60", tmp_path / "copy", store=store)
    assert not again.created
    assert len(parsed) == 4


def test_only_new_and_changed_files_are_read(raw, store, parsed, tmp_path):
    (raw / name(9)).write_bytes(b"")
    prepare("ntu60", raw, store=store)
    parsed.clear()
    (raw / name(5)).write_text(skeleton_text(5, frames=20))
    (raw / name(2)).write_text(skeleton_text(22))
    (raw / name(1)).unlink()
    second = prepare("ntu60", raw, store=store)
    assert parsed == [name(2)[:20], name(5)[:20]]
    assert (second.read, second.sources, second.artifact.version) == (2, 5, 2)
    assert second.outcomes == {"empty": 1}
    fresh = prepare("ntu60", raw, store=Store(tmp_path / "other"))
    assert fresh.artifact.manifest.files == second.artifact.manifest.files


def test_another_list_of_unusable_samples_is_another_version(raw, store, tmp_path):
    prepare("ntu60", raw, store=store)
    listed = tmp_path / "list.txt"
    listed.write_text(name(1)[:20])
    second = prepare("ntu60", raw, store=store, unusable=listed)
    assert (second.created, second.samples) == (True, 3)
    with pytest.raises(UsageError, match=r"cannot read .*none\.txt: No such file"):
        prepare("ntu60", raw, store=store, unusable=tmp_path / "none.txt")


def test_a_namesake_that_goes_away_frees_the_name(raw, store):
    (raw / "nested" / name(1)).write_text(skeleton_text(77, frames=9))
    assert prepare("ntu60", raw, store=store).outcomes == {"duplicate": 1}
    (raw / name(1)).unlink()
    done = prepare("ntu60", raw, store=store)
    assert done.outcomes == {}
    assert 9 in ArraySet.open(done.artifact.path).length.tolist()


def test_several_processes_give_the_same_bytes(raw, store, tmp_path, monkeypatch):
    monkeypatch.setattr(reading, "_AHEAD", 1)
    (raw / name(9)).write_bytes(b"")
    one = prepare("ntu60", raw, store=store, workers=1)
    two = prepare("ntu60", raw, store=Store(tmp_path / "two"), workers=2)
    assert one.artifact.manifest.files == two.artifact.manifest.files


def test_files_of_the_simulator_stay_marked(raw, store):
    (raw / "SIMULATED.txt").write_text("made by semtool simulate")
    done = prepare("ntu60", raw / "nested", store=store)
    assert (done.artifact.reference, done.artifact.manifest.simulated) == ("ntu60/raw@v1", False)
    done = prepare("ntu60", raw, store=store)
    assert (done.artifact.reference, done.artifact.manifest.simulated) == ("ntu60/simulated@v1", True)


def test_a_single_file(raw, store):
    done = prepare("ntu60", raw / name(1), store=store)
    assert (done.samples, done.sources) == (1, 1)


def test_where_the_raw_data_is_looked_for(store, monkeypatch, tmp_path):
    monkeypatch.delenv("SEMTOOL_DATA", raising=False)
    with pytest.raises(UsageError, match=r"--raw FOLDER.*SEMTOOL_DATA.*ntu60/"):
        prepare("ntu60", store=store)
    monkeypatch.setenv("SEMTOOL_DATA", str(tmp_path))
    with pytest.raises(UsageError, match=r"there is no file or folder .*ntu60"):
        prepare("ntu60", store=store)


def test_a_named_format_that_finds_nothing(raw, store):
    with pytest.raises(UsageError, match="holds nothing for the format pyskl"):
        prepare("ntu60", raw, store=store, format="pyskl")


def test_the_command(raw, cli, tmp_path):
    (raw / name(9)).write_bytes(b"")
    first = cli("prepare", "--dataset", "ntu60", "--raw", raw)
    assert first.code == 0
    assert "4 samples from 5 files (5 read)" in first.out
    assert "(empty)" in first.err
    assert "findings.csv" in first.err
    assert "nothing to do" in cli("prepare", "--dataset", "ntu60", "--raw", raw).out
    (raw / name(6)).write_text(skeleton_text(6))
    found = cli("prepare", "-d", "ntu60", "--raw", raw, "--json").json()
    assert (found["read"], found["samples"], found["outcomes"]) == (1, 5, {"empty": 1})
    assert found["rejected"][0]["source"] == name(9)
    assert cli("prepare", "-d", "ntu60", "--raw", raw, "--strict").code == 1
    assert cli("prepare", "-d", "ntu60", "--raw", tmp_path / "nowhere").code == 2


def test_what_will_not_fit_on_the_disk_is_refused_after_a_few_files(raw, store, monkeypatch):
    monkeypatch.setattr(preparation, "PROBED", 2)
    monkeypatch.setattr(disk.shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(1, 2, -1))
    with pytest.raises(SemtoolError, match=r"preparing ntu60 would take about .* --root on a larger disk"):
        prepare("ntu60", raw, store=store)
    assert not store.artifacts("arrays")

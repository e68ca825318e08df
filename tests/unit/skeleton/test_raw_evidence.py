"""What numbers mean is decided by evidence or asked; nothing is dropped quietly; bad files stop nothing."""

from __future__ import annotations

import io
import os
import pickle
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest

from semtool.artifacts import Store
from semtool.catalogue import load_dataset
from semtool.errors import SemtoolError
from skeleton.data.arrays import ArraySet
from skeleton.data.formats import RawFile, ReadContext, Reader, SampleFinding, Unreadable, readers
from skeleton.data.formats.labels import first_label
from skeleton.data.formats.reader import walk
from skeleton.data.formats.rows import read_block
from skeleton.data.preparation import prepare
from skeleton.data.reading import ReadingProcess

NTU = load_dataset("ntu60")
ONE = NTU.model_copy(update={"bodies": 1})
RNG = np.random.default_rng(0)


def block(frames=20, joints=25, bodies=1):
    return RNG.normal(size=(3, frames, joints, bodies)).astype(np.float32)


def pyskl(path, annotations, **more):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(pickle.dumps({"annotations": annotations, **more}))


def annotation(name, label, keypoint=None, **more):
    return {
        "frame_dir": name,
        "label": label,
        "keypoint": block().transpose(3, 1, 2, 0) if keypoint is None else keypoint,
        **more,
    }


def archive(path, **arrays):
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, **arrays)


def rows(labels, frames=8):
    return {
        "x_train": RNG.normal(size=(len(labels), frames, 150)).astype(np.float32),
        "y_train": np.asarray(labels),
    }


def pixels(joints):
    """Pixels with a score from 0 to 1 as the third number."""
    shape = (1, 9, joints)
    return np.concatenate([RNG.uniform(100, 900, (*shape, 2)), RNG.uniform(0, 1, (*shape, 1))], -1)


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "artifacts")


@pytest.mark.parametrize(
    ("labels", "first"),
    [(range(60), 0), (range(1, 61), 1), (range(59), 0), ([0, 1], 0), ([60], 1), ([0, 60], 0)],
)
def test_labels_tell_from_where_they_count(labels, first):
    assert first_label(labels, ReadContext(NTU), "file") == first


@pytest.mark.parametrize("labels", [range(1, 60), [5, 6, 7], range(55), range(48)])
def test_labels_that_do_not_tell_or_were_numbered_anew_are_asked_about(labels):
    with pytest.raises(Unreadable, match="--first-label"):
        first_label(labels, ReadContext(NTU), "file")
    assert first_label(labels, ReadContext(NTU, first_label=1), "file") == 1


def test_names_are_the_better_evidence():
    names = [f"S001C001P001R001A{c:03d}" for c in (4, 5, 9)]
    assert first_label([3, 4, 8], ReadContext(NTU), "file", names) == 0
    assert first_label([4, 5, 9], ReadContext(NTU), "file", names) == 1
    with pytest.raises(Unreadable, match="anew"):
        first_label([0, 1, 2], ReadContext(NTU), "file", names)


def test_one_label_that_contradicts_its_name_is_rejected(tmp_path, store):
    names = [f"S001C001P001R001A{c:03d}" for c in (1, 2, 3, 4)]
    pyskl(tmp_path / "raw" / "a.pkl", [annotation(n, c) for n, c in zip(names, (0, 1, 2, 40), strict=True)])
    done = prepare("ntu60", tmp_path / "raw", store=store)
    assert (done.samples, done.outcomes["label"]) == (3, 1)


def test_one_hot_rows_of_other_classes_are_refused(tmp_path, store):
    archive(tmp_path / "raw" / "a.npz", **rows(np.eye(55)))
    with pytest.raises(SemtoolError, match="55 columns"):
        prepare("ntu60", tmp_path / "raw", store=store)


@pytest.mark.parametrize("joints", [17, 18])
def test_a_third_number_of_a_flat_layout_is_a_score(tmp_path, store, joints):
    keypoint = np.concatenate(
        [RNG.uniform(100, 900, (1, 9, joints, 2)), RNG.uniform(0, 1, (1, 9, joints, 1))], -1
    )
    keypoint[0, :, 3, 2] = 0
    pyskl(
        tmp_path / "raw" / "a.pkl", [annotation("S001C001P001R001A001", 0, keypoint, img_shape=(1080, 1920))]
    )
    arrays = ArraySet.open(prepare("ntu60", tmp_path / "raw", store=store).artifact.path)
    positions = arrays.padded()
    assert not positions[:, 2].any()
    assert not positions[:, :, :, 3].any()
    assert np.abs(positions).max() < 1


def test_pixels_and_a_score_are_no_kinect_skeleton(tmp_path, store):
    keypoint = pixels(25)
    pyskl(
        tmp_path / "raw" / "a.pkl", [annotation("S001C001P001R001A001", 0, keypoint, img_shape=(1080, 1920))]
    )
    with pytest.raises(SemtoolError, match="pixels and a score"):
        prepare("ntu60", tmp_path / "raw", store=store)


def said(found):
    return {f.outcome: f.count for f in found if isinstance(f, SampleFinding)}


def test_the_person_who_moves_and_is_tracked_is_kept():
    still, moving, flicker = (np.repeat(block(1), 40, axis=1) for _ in range(3))
    moving[:, 3:] += np.sin(np.arange(37) / 3)[None, :, None, None]
    moving[:, :3] = 0
    flicker[:, 2:] = 0
    flicker[:, 1] += 50
    found = list(read_block("a", np.concatenate([still, flicker, moving], axis=3), 0, ONE))
    np.testing.assert_array_equal(found[-1].positions[:, 5, :, 0], moving[:, 5, :, 0])
    assert said(found) == {"body-extra": 2}


def test_empty_bodies_and_frames_are_counted():
    positions = np.concatenate([np.zeros((3, 20, 25, 1)), block()], axis=3)
    positions[:, 4:7] = 0
    positions[:, 18:] = 0
    found = list(read_block("a", positions, 0, NTU))
    assert found[-1].positions.shape == (3, 15, 25, 1)
    assert said(found) == {"body-empty": 1, "frames-missing": 3}


def test_annotations_given_twice_and_namesakes_in_folders(tmp_path, store):
    twice = annotation("wave/001", 0)
    pyskl(tmp_path / "raw" / "a.pkl", [twice, twice, annotation("kick/001", 1), annotation("kick/002", 1)])
    done = prepare("ntu60", tmp_path / "raw", store=store)
    assert sorted(ArraySet.open(done.artifact.path).names) == ["002", "kick/001", "wave/001"]
    assert done.outcomes["duplicate"] == 1


def test_files_of_one_name_in_two_folders_are_two(tmp_path, store):
    archive(tmp_path / "raw" / "a" / "x.npz", **rows([0, 1]))
    archive(tmp_path / "raw" / "b" / "x.npz", **rows([0, 1]))
    done = prepare("ntu60", tmp_path / "raw", store=store)
    assert (done.samples, done.outcomes["renamed"]) == (4, 2)


def test_two_archives_of_the_same_recordings_are_read_once(tmp_path, store):
    x = RNG.normal(size=(4, 8, 150)).astype(np.float32)
    archive(tmp_path / "raw" / "N_CS.npz", x_train=x[:2], y_train=[0, 1], x_test=x[2:], y_test=[2, 3])
    archive(tmp_path / "raw" / "N_CV.npz", x_train=x[1:3], y_train=[1, 2], x_test=x[[0, 3]], y_test=[0, 3])
    done = prepare("ntu60", tmp_path / "raw", store=store)
    assert (done.samples, done.outcomes["duplicate"]) == (4, 4)


@pytest.mark.parametrize(
    ("name", "encoding"),
    [
        ("NTU_samples_with_missing_skeletons.txt", "utf-8-sig"),
        ("lists/MISSING.TXT", "utf-16"),
        ("bad_samples.csv", "utf-8"),
        ("sub/deep/unusable", "utf-8"),
    ],
)
def test_lists_of_unusable_samples_are_found_and_used(tmp_path, store, name, encoding):
    names = [f"S001C001P001R001A{c:03d}" for c in (1, 2, 3)]
    pyskl(tmp_path / "raw" / "a.pkl", [annotation(n, c) for c, n in enumerate(names)])
    path = tmp_path / "raw" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        "A list of samples:\r\n" + "\r\n".join([names[0], f"{names[1]}.skeleton"]), encoding=encoding
    )
    done = prepare("ntu60", tmp_path / "raw", store=store)
    assert (done.samples, done.outcomes["listed"]) == (1, 2)


def test_a_list_by_another_name_is_said(tmp_path, store):
    archive(tmp_path / "raw" / "x.npz", **rows([0, 1]))
    (tmp_path / "raw" / "notes.txt").write_text("x\n")
    done = prepare("ntu60", tmp_path / "raw", store=store)
    assert done.outcomes["list-unused"] == 1


def test_files_of_another_format_are_said(tmp_path, store):
    archive(tmp_path / "raw" / "x.npz", **rows([0, 1]))
    pyskl(tmp_path / "raw" / "y.pkl", [])
    assert prepare("ntu60", tmp_path / "raw", store=store).outcomes["other-format"] == 1
    with pytest.raises(SemtoolError, match="--format ctr_gcn"):
        prepare(NTU.model_copy(update={"format": "pyskl"}), tmp_path / "raw", store=store)


def test_arrays_without_subjects(tmp_path, store):
    from skeleton.visual import features

    def made(name, **more):
        archive(tmp_path / name / "x.npz", **rows(np.repeat(np.arange(60), 2)), **more)
        artifact = prepare("ntu60", tmp_path / name, store=store, name=name).artifact
        return lambda: features("ntu60", store=store, visual="kinematics", arrays=artifact.reference)

    counts = made("parts")().manifest.counts
    assert counts["seen-train"] == 110
    counts = made("subjects", subject_train=np.tile([1, 3], 60))().manifest.counts
    assert (counts["seen-train"], counts["seen-test"]) == (55, 55)
    x = rows(np.repeat(np.arange(60), 2))
    archive(tmp_path / "none" / "x.npz", x=x["x_train"], y=x["y_train"])
    artifact = prepare("ntu60", tmp_path / "none", store=store, name="none").artifact
    with pytest.raises(SemtoolError, match="do not say what the subject"):
        features("ntu60", store=store, visual="kinematics", arrays=artifact.reference)


def rewritten(source, target, change):
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            new.writestr(name, change(name, old.read(name)))


def npy(shape, body=b""):
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(stream, {"descr": "<f4", "fortran_order": False, "shape": shape})
    return stream.getvalue() + body


def hostile(folder):
    """Write raw files that must each be a finding; return how many there are."""
    folder.mkdir(parents=True, exist_ok=True)
    good = rows([0, 1])
    archive(folder / "good.npz", **good, x_test=good["x_train"] + 1, y_test=good["y_train"])
    for name, shape in (("negative", (-1000000000, 8, 150)), ("huge", (2, 10**9, 150))):
        rewritten(
            folder / "good.npz",
            folder / f"{name}.npz",
            lambda n, b, s=shape: npy(s) if n == "x_train.npy" else b,
        )
    data = bytearray((folder / "good.npz").read_bytes())
    at = data.index(b"x_train.npy") + 400
    data[at : at + 50] = bytes(50)
    (folder / "damaged.npz").write_bytes(data)
    archive(folder / "record.npz", x_train=np.zeros(2, [("a", "f4")]), y_train=np.zeros(2, int))
    return 4


def test_bad_members_and_bombs_are_named_and_the_rest_is_read(tmp_path, store):
    hostile(tmp_path / "raw")
    done = prepare("ntu60", tmp_path / "raw", store=store)
    named = {source for source, f in done.findings if f.severity == "rejected"}
    assert {"negative.npz", "huge.npz", "damaged.npz", "record.npz"} <= named
    assert done.samples >= 4


@pytest.mark.parametrize(
    "data",
    [b"\x80\x05\x8e" + (2**33).to_bytes(8, "little"), b"\x80\x05\x96" + (2**33).to_bytes(8, "little")],
)
def test_a_pickle_that_asks_for_eight_gigabytes(tmp_path, data):
    (tmp_path / "x.pkl").write_bytes(data)
    reader = next(r for r in readers() if r.name == "pyskl")
    process = ReadingProcess(reader, ReadContext(NTU))
    try:
        [finding] = process.read(RawFile("x.pkl", (tmp_path / "x.pkl",)), len(data))
        assert finding.outcome in ("too-large", "damaged")
        # The process serves the next file.
        pyskl(tmp_path / "y.pkl", [annotation("a", 0)])
        assert [s.name for s in process.read(RawFile("y.pkl", (tmp_path / "y.pkl",)), 10**5)] == ["a"]
    finally:
        process.close()


def test_a_wrong_element_type_in_a_mat_file_loses_that_file_only(tmp_path, store):
    from scipy.io import savemat

    raw = tmp_path / "raw"
    raw.mkdir()
    for action in (1, 2, 3):
        savemat(raw / f"a{action}_s1_t1_skeleton.mat", {"d_skel": RNG.normal(size=(20, 3, 6))})
    data = bytearray((raw / "a2_s1_t1_skeleton.mat").read_bytes())
    data[bytes(data).index(b"d_skel") + 8] = 0xBC
    (raw / "a2_s1_t1_skeleton.mat").write_bytes(data)
    done = prepare("utd-mhad", raw, store=store)
    assert done.samples == 2
    assert {source for source, f in done.findings if f.severity == "rejected"} == {"a2_s1_t1_skeleton.mat"}


def test_sparse_matrices_pipes_devices_and_odd_names(tmp_path, store):
    from scipy.io import savemat
    from scipy.sparse import eye

    raw = tmp_path / "raw"
    raw.mkdir()
    savemat(raw / "a1_s1_t1_skeleton.mat", {"d_skel": RNG.normal(size=(20, 3, 6))})
    savemat(raw / "a2_s1_t1_skeleton.mat", {"d_skel": eye(20)})
    os.mkfifo(raw / "a3_s1_t1_skeleton.mat")
    (raw / "a4_s1_t1_skeleton.mat").symlink_to("/dev/zero")
    os.mkfifo(raw / "missing_skeletons.txt")
    Path(os.fsdecode(os.fsencode(raw) + b"/\xff_skeleton.mat")).write_bytes(b"x")
    done = prepare("utd-mhad", raw, store=store)
    assert done.samples == 1
    assert {f.outcome for _, f in done.findings if f.severity == "rejected"} == {
        "damaged",
        "not-a-file",
        "name",
    }
    assert "\\xff_skeleton.mat" in {source for source, _ in done.findings}


@pytest.mark.parametrize("reader", [r.name for r in readers()])
def test_every_reader_refuses_a_pipe(tmp_path, reader):
    names = {
        "ntu": "S001C001P001R001A001.skeleton", "pku_mmd": "0002-M.txt", "utd_mhad": "a1_s1_t1_skeleton.mat",
        "nw_ucla": "a01_s01_e00_v01.json", "pyskl": "x.pkl", "ctr_gcn": "x.npz", "aimclr": "train_data.npy",
    }  # fmt: skip
    if reader not in names:
        pytest.skip("has a test of its own")
    os.mkfifo(tmp_path / names[reader])
    found = next(r for r in readers() if r.name == reader)
    with pytest.raises(Unreadable):
        [list(found.read(file, ReadContext(NTU))) for file in found.find(tmp_path)]


def test_repeated_ranges_of_a_recording_take_no_disk(tmp_path, store):
    (tmp_path / "raw" / "skeleton").mkdir(parents=True)
    (tmp_path / "raw" / "label").mkdir()
    frames = RNG.normal(size=(50, 150))
    frames[:, 75:] = 0
    np.savetxt(tmp_path / "raw" / "skeleton" / "0002-M.txt", frames, fmt="%.4f")
    lines = ["1,0,40,1"] * 500 + [f"2,{a},{a + 30},1" for a in range(20)]
    (tmp_path / "raw" / "label" / "0002-M.txt").write_text("\n".join(lines))
    done = prepare("pku-mmd", tmp_path / "raw", store=store)
    assert done.samples <= 8
    assert done.outcomes["duplicate"] == 499
    assert done.outcomes["too-large"] == 1


def test_a_reader_that_dies_is_a_finding(tmp_path, monkeypatch):
    (tmp_path / "x.pkl").write_bytes(b"1")
    reader = Reader("pyskl", "", lambda f: walk(f, ".pkl"), lambda *_: iter(()))
    process = ReadingProcess(reader, ReadContext(NTU))
    try:
        started = process._process._started()
        os.kill(started.pid, signal.SIGSEGV)
        started.wait()
        [finding] = process.read(RawFile("x.pkl", (tmp_path / "x.pkl",)), 1)
        assert finding.outcome == "crashed"
        [finding] = process.read(RawFile("x.pkl", (tmp_path / "x.pkl",)), 1)
        assert finding.outcome == "damaged"
    finally:
        process.close()


def reading_processes(root):
    """Return the ids of the processes that read for a command with this root."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                ours = b"skeleton.process" in (folder / "cmdline").read_bytes()
                if ours and f"SEMTOOL_ROOT={root}".encode() in (folder / "environ").read_bytes():
                    found.append(int(folder.name))
            except OSError:
                continue
    return found


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="counts processes in /proc")
@pytest.mark.parametrize(
    "number",
    [
        signal.SIGKILL,
        pytest.param(signal.SIGTERM, marks=pytest.mark.slow),
        pytest.param(signal.SIGINT, marks=pytest.mark.slow),
    ],
)
def test_a_stopped_prepare_leaves_no_process(tmp_path, number):
    raw, root = tmp_path / "raw", tmp_path / "root"
    raw.mkdir()
    frame = "[" + ",".join("[0.1,0.2,0.3]" for _ in range(20)) + "]"
    text = '{"skeletons": [' + ",".join([frame] * 4000) + "]}"
    for event in range(40):
        (raw / f"a01_s01_e{event:02d}_v01.json").write_text(text)
    for name in ("yaml", "numpy", "queue", "skeleton", "pickle"):
        (tmp_path / f"{name}.py").write_text("open('ran', 'w')")
    code = (  # a shell's background jobs ignore SIGINT
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from semtool.cli import main; main()"
    )
    asked = ["prepare", "--dataset", "nw-ucla", "--raw", str(raw), "--workers", "2"]
    command = [sys.executable, "-P", "-c", code, *asked]
    process = subprocess.Popen(
        command, env=os.environ | {"SEMTOOL_ROOT": str(root)}, cwd=tmp_path, stderr=subprocess.PIPE, text=True
    )
    until = time.monotonic() + 60
    while len(reading_processes(root)) < 2 and time.monotonic() < until and process.poll() is None:
        pass
    process.send_signal(number)
    _, err = process.communicate(timeout=60)
    until = time.monotonic() + 20
    while reading_processes(root) and time.monotonic() < until:
        pass
    assert not reading_processes(root)
    assert not (tmp_path / "ran").exists()
    if number != signal.SIGKILL:
        assert "terminated" in err or "interrupted" in err
        assert not list(root.glob(".tmp-*"))

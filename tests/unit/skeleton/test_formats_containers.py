"""Formats that hold many samples in one file, and PKU-MMD's recordings."""

from __future__ import annotations

import os
import pickle
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest

from semtool.catalogue import load_dataset
from semtool.errors import UsageError
from skeleton.data.formats import RawFile, ReadContext, SampleFinding, Unreadable, find_reader, recognise
from skeleton.data.formats.pickles import load_pickle

NAME = "S001C002P003R001A005"


def read(folder, format=None, dataset="ntu60"):
    found = load_dataset(dataset)
    reader, files = recognise(folder, format or found.format)[0]
    return [o for f in files for o in reader.read(f, ReadContext(found))]


def positions(frames=6, joints=25, bodies=2, channels=3, seed=0):
    return np.random.default_rng(seed).normal(1, 0.3, (bodies, frames, joints, channels)).astype(np.float32)


def annotation(**changes):
    keypoint = positions()
    base = {"frame_dir": NAME, "label": 4, "total_frames": 6, "img_shape": (1080, 1920), "keypoint": keypoint}
    return base | changes


def dump(path, content, protocol=4):
    path.write_bytes(pickle.dumps(content, protocol=protocol))


class Evil:
    """Touches a file when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize("protocol", [0, 2, 4, 5])
def test_pickles_of_arrays_and_containers(tmp_path, protocol):
    content = {
        "a": np.arange(6.0).reshape(2, 3),
        "b": [np.float32(2), (1, {3}), b"x"],
        "c": OrderedDict(d=None),
    }
    dump(tmp_path / "x.pkl", content, protocol)
    found = load_pickle(tmp_path / "x.pkl")
    np.testing.assert_array_equal(found["a"], content["a"])
    assert found["b"] == content["b"]
    assert found["c"] == content["c"]


@pytest.mark.parametrize(
    "attack",
    [
        lambda p: Evil(p),
        lambda p: [np.array([Evil(p)], dtype=object)],
        lambda p: Path(p),
        lambda p: np.random.default_rng(0),
    ],
)
def test_a_pickle_that_asks_for_more_runs_nothing(tmp_path, attack):
    target = tmp_path / "made"
    dump(tmp_path / "x.pkl", {"annotations": attack(target)})
    with pytest.raises(Unreadable, match="asks for") as caught:
        load_pickle(tmp_path / "x.pkl")
    assert caught.value.outcome == "unsafe"
    assert not target.exists()


@pytest.mark.parametrize(
    "names", [b"cbuiltins\neval\n", b"cposix\nsystem\n", b"cnumpy\nfromfile\n", b"cnumpy\nload\n"]
)
def test_names_are_refused_before_they_are_imported(tmp_path, names):
    (tmp_path / "x.pkl").write_bytes(names + b"(S'1'\ntR.")
    with pytest.raises(Unreadable) as caught:
        load_pickle(tmp_path / "x.pkl")
    assert caught.value.outcome == "unsafe"


@pytest.mark.parametrize(
    ("data", "outcome"),
    [(b"", "empty"), (b"\x1f\x8b123", "compressed"), (b"\x80\x04garbage", "damaged"), (b"I12\n", "damaged")],
)
def test_damaged_pickles(tmp_path, data, outcome):
    (tmp_path / "x.pkl").write_bytes(data)
    with pytest.raises(Unreadable) as caught:
        load_pickle(tmp_path / "x.pkl")
    assert caught.value.outcome == outcome


def test_pyskl_in_three_dimensions(tmp_path):
    keypoint = positions()
    dump(tmp_path / "ntu60_3danno.pkl", {"split": {}, "annotations": [annotation(keypoint=keypoint)]})
    [sequence] = read(tmp_path)
    assert (sequence.name, sequence.layout, sequence.class_id) == (NAME, "kinect-v2", 4)
    assert (sequence.setup, sequence.view, sequence.subject, sequence.replication) == (1, 2, 3, 1)
    np.testing.assert_array_equal(sequence.positions, keypoint.transpose(3, 1, 2, 0))


def test_pyskl_in_two_dimensions(tmp_path):
    keypoint = np.zeros((1, 2, 17, 2), np.float16)
    keypoint[0, :, 0] = [960, 540]  # the middle
    keypoint[0, :, 1] = [960 + 540, 0]  # half a height to the right, at the upper edge
    keypoint[0, :, 2] = [5, 5]
    score = np.ones((1, 2, 17))
    score[0, :, 2] = 0
    dump(
        tmp_path / "x.pkl",
        {"annotations": [annotation(keypoint=keypoint, keypoint_score=score, total_frames=2)]},
    )
    [sequence] = read(tmp_path)
    assert sequence.layout == "coco"
    assert sequence.positions[:, 0, 0, 0].tolist() == [0, 0, 0]
    assert sequence.positions[:, 0, 1, 0].tolist() == [0.5, 0.5, 0]
    assert not sequence.positions[:, :, 2].any()
    assert not sequence.positions[:, :, 3].any()


def test_annotations_without_labels_are_read(tmp_path):
    clip = annotation()
    del clip["label"]
    dump(tmp_path / "x.pkl", {"annotations": [clip]})
    assert [s.class_id for s in read(tmp_path)] == [-1]


def test_one_bad_annotation_does_not_lose_the_others(tmp_path):
    dump(
        tmp_path / "x.pkl",
        {
            "annotations": [
                annotation(),
                annotation(frame_dir="a", label=60),
                annotation(frame_dir="b", keypoint=positions(joints=24)),
                annotation(frame_dir="c", keypoint=positions() * np.nan),
                annotation(frame_dir="d", total_frames=9),
                annotation(frame_dir="e", keypoint=np.zeros((1, 6, 25, 3))),
                annotation(frame_dir="f", keypoint="text"),
                {"frame_dir": "g"},
                7,
            ]
        },
    )
    found = read(tmp_path)
    assert [o.name for o in found if not isinstance(o, SampleFinding)] == [NAME]
    assert [o.outcome for o in found if isinstance(o, SampleFinding)] == [
        "damaged", "label", "joints", "not-a-number", "frames", "bodies", "damaged", "damaged",
    ]  # fmt: skip


def test_ctr_gcn(tmp_path):
    flat = np.zeros((2, 5, 150), np.float32)
    flat[0, :3] = np.arange(150)
    flat[1] = 1
    one_hot = np.eye(60)[[7, 59]]
    np.savez(tmp_path / "NTU60_CS.npz", x_train=flat, y_train=one_hot, x_test=flat[:1], y_test=one_hot[:1])
    found = read(tmp_path)
    assert [s.name for s in found] == [
        "NTU60_CS-test-000000",
        "NTU60_CS-train-000000",
        "NTU60_CS-train-000001",
    ]
    assert [s.class_id for s in found] == [7, 7, 59]
    assert found[0].positions.shape == (3, 3, 25, 2)  # two frames of padding are gone
    assert found[0].positions[:, 0, 1, 0].tolist() == [3, 4, 5]
    assert found[0].positions[:, 0, 0, 1].tolist() == [75, 76, 77]


def test_pku_archives(tmp_path):
    x = np.random.default_rng(0).normal(size=(2, 3, 8, 25, 2)).astype(np.float32)
    np.savez_compressed(tmp_path / "pku.npz", x=x, y=np.array([[0], [77]]))
    first, second = read(tmp_path, dataset="pku-mmd")
    np.testing.assert_array_equal(first.positions, x[0])
    assert first.class_id == 0
    assert second.outcome == "label"


@pytest.mark.parametrize(
    ("arrays", "outcome"),
    [
        ({"x": np.zeros((2, 5, 149)), "y": np.zeros(2)}, "joints"),
        ({"x": np.zeros((2, 5, 150)), "y": np.zeros(3)}, "label"),
        ({"x": np.array([{}, {}]), "y": np.zeros(2)}, "unsafe"),
    ],
)
def test_archives_that_are_something_else(tmp_path, arrays, outcome):
    np.savez(tmp_path / "x.npz", **arrays)
    try:
        [found] = read(tmp_path)
    except Unreadable as error:
        found = error
    assert found.outcome == outcome


def test_a_truncated_archive(tmp_path):
    np.savez(tmp_path / "x.npz", x=np.ones((2, 5, 150)), y=np.zeros(2))
    (tmp_path / "x.npz").write_bytes((tmp_path / "x.npz").read_bytes()[:3000])
    with pytest.raises(Unreadable) as caught:
        read(tmp_path)
    assert caught.value.outcome == "damaged"


def test_aimclr_arrays(tmp_path):
    x = np.ones((2, 3, 50, 25, 2), np.float32)
    np.save(tmp_path / "train_position.npy", x)
    dump(tmp_path / "train_label.pkl", ([f"{NAME}.skeleton", "S001C002P003R002A005.skeleton"], [4, 4]))
    np.save(tmp_path / "unseen_data.npy", x)
    np.save(tmp_path / "unseen_label.npy", np.array([10, 99]))
    found = read(tmp_path)
    assert [o.name for o in found[:3]] == [NAME, "S001C002P003R002A005", "unseen-000000"]
    assert found[0].subject == 3
    assert isinstance(found[3], SampleFinding)


def test_aimclr_arrays_without_labels(tmp_path):
    np.save(tmp_path / "train_position.npy", np.ones((2, 3, 50, 25, 2), np.float32))
    with pytest.raises(Unreadable, match=r"train_label\.pkl"):
        read(tmp_path)


def pku(tmp_path, frames=10, labels="1,0,4,1\r\n51,4,10,1\r\n", text=None):
    data = np.round(np.random.default_rng(0).normal(size=(frames, 150)), 4)
    data[:, 75:] = 0
    (tmp_path / "skeleton").mkdir()
    (tmp_path / "Train_Label").mkdir()
    lines = [" ".join(f"{v:g}" for v in row) for row in data]
    (tmp_path / "skeleton" / "0002-M.txt").write_text(text or "\n".join(lines) + "\n")
    if labels:
        (tmp_path / "Train_Label" / "0002-M.txt").write_text(labels)
    return data


def test_pku_recordings_are_cut(tmp_path):
    data = pku(tmp_path)
    first, second = read(tmp_path, dataset="pku-mmd")
    assert (first.name, first.class_id, first.view) == ("0002-M-001", 0, 2)
    assert (second.name, second.class_id) == ("0002-M-002", 50)
    assert second.positions.shape == (3, 6, 25, 1)
    expected = data[4:, :75].reshape(6, 25, 3).transpose(2, 0, 1)[..., None].astype(np.float32)
    np.testing.assert_array_equal(second.positions, expected)


@pytest.mark.parametrize(
    ("labels", "outcomes"),
    [
        ("52,0,4,1", ["label"]),
        ("0,0,4,1", ["label"]),
        ("1,4,4,1\n1,5,99,1", ["frames", "frames"]),
        ("one,0,4,1\n\n1,2", ["label", "label"]),
    ],
)
def test_pku_labels_that_do_not_fit(tmp_path, labels, outcomes):
    pku(tmp_path, labels=labels)
    assert [o.outcome for o in read(tmp_path, dataset="pku-mmd")] == outcomes


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("1 2 3\n", "truncated"),
        (" ".join(["1"] * 151) + "\n", "joints"),
        (" ".join(["x"] * 150), "not-a-number"),
    ],
)
def test_pku_recordings_that_are_damaged(tmp_path, text, outcome):
    pku(tmp_path, text=text)
    with pytest.raises(Unreadable) as caught:
        read(tmp_path, dataset="pku-mmd")
    assert caught.value.outcome == outcome


def test_pku_without_labels(tmp_path):
    pku(tmp_path, labels="")
    with pytest.raises(Unreadable, match="no label file"):
        read(tmp_path, dataset="pku-mmd")


def test_what_is_no_skeleton_data_lists_what_was_tried(tmp_path):
    (tmp_path / "readme.md").write_text("nothing")
    with pytest.raises(UsageError) as caught:
        recognise(tmp_path)
    for name in ("ntu", "pku_mmd", "utd_mhad", "nw_ucla", "pyskl", "ctr_gcn", "aimclr"):
        assert f"{name}:" in str(caught.value)
    with pytest.raises(UsageError, match="no file or folder"):
        recognise(tmp_path / "nowhere")
    with pytest.raises(UsageError, match="utd_mhad"):
        find_reader("utd-mhad")


@pytest.mark.parametrize("name", ["pyskl", "ctr_gcn", "aimclr"])
def test_a_folder_where_a_file_should_be(tmp_path, name):
    path = tmp_path / {"pyskl": "x.pkl", "ctr_gcn": "x.npz", "aimclr": "x_data.npy"}[name]
    path.mkdir()
    np.save(tmp_path / "x_label.npy", np.zeros(1))
    with pytest.raises(Unreadable) as caught:
        list(
            find_reader(name).read(
                RawFile(path.name, (path, tmp_path / "x_label.npy")), ReadContext(load_dataset("ntu60"))
            )
        )
    assert caught.value.outcome == "not-a-file"

from __future__ import annotations

import numpy as np
import pytest

from semtool.artifacts import Store
from semtool.errors import SemtoolError
from skeleton.data.arrays import ArraySet, ArrayWriter
from skeleton.data.sequence import SkeletonSequence


def sequence(name, frames, bodies=1, value=1.0, **numbers):
    positions = np.full((3, frames, 20, bodies), value, dtype=np.float32)
    return SkeletonSequence(name, "kinect-v1", positions, **numbers)


def write(tmp_path, sequences, **options):
    store = Store(tmp_path / "artifacts")
    with store.create("arrays", "utd-mhad/raw") as draft:
        with ArrayWriter(draft.folder, "utd-mhad", "kinect-v1", **options) as writer:
            for sequence in sequences:
                writer.append(sequence)
        draft.details |= writer.details
        draft.counts |= writer.counts
    return draft.result


def test_sequences_come_back_padded_with_zeros(tmp_path):
    artifact = write(
        tmp_path,
        [
            sequence("a", 3, value=1, class_id=4, subject=2),
            sequence("b", 5, 2, value=2, view=1),
            sequence("c", 1),
        ],
    )
    arrays = ArraySet.open(artifact.path)
    assert arrays.positions.shape == (3 * 20 * (3 * 1 + 5 * 2 + 1 * 1),)  # no padding on disk
    assert isinstance(arrays.positions, np.memmap)
    padded = arrays.padded(slice(0, 3))
    assert padded.shape == (3, 3, 5, 20, 2)
    assert padded.dtype == np.float32
    assert (padded[0, :, :3, :, 0] == 1).all()
    assert not padded[0, :, 3:].any()
    assert not padded[0, ..., 1].any()
    assert (padded[1] == 2).all()
    assert arrays.padded(slice(1, 3), step=2).shape == (2, 3, 3, 20, 2)
    assert arrays.bodies.tolist() == [1, 2, 1]
    assert arrays.length.tolist() == [3, 5, 1]
    assert arrays.class_id.tolist() == [4, -1, -1]
    assert arrays.names == ("a", "b", "c")
    assert (arrays.dataset, arrays.layout, arrays.simulated) == ("utd-mhad", "kinect-v1", False)
    assert artifact.manifest.details == {"layout": "kinect-v1", "frames": 5, "bodies": 2}
    assert artifact.manifest.counts == {"samples": 3, "classes": 1}
    back = arrays.sequence(0)
    assert back.positions.shape == (3, 3, 20, 2)
    assert (back.name, back.class_id, back.subject) == ("a", 4, 2)


def test_only_the_two_files_are_left(tmp_path):
    artifact = write(tmp_path, [sequence("a", 2)], bodies=2)
    assert sorted(artifact.manifest.files) == ["positions.npy", "samples.csv"]
    assert ArraySet.open(artifact.path).padded(slice(0, 1)).shape[-1] == 2


def test_bodies_that_are_zero_throughout_take_no_space(tmp_path):
    positions = np.zeros((3, 4, 20, 3), np.float32)
    positions[..., 1] = 5
    one = SkeletonSequence("a", "kinect-v1", positions)
    arrays = ArraySet.open(write(tmp_path, [one, sequence("b", 2, 3, value=0)]).path)
    assert arrays.bodies.tolist() == [2, 1]
    assert np.array_equal(arrays.sequence(0).positions, positions)


def test_same_sequences_same_bytes(tmp_path):
    first = write(tmp_path / "1", [sequence("a", 2), sequence("b", 7)])
    second = write(tmp_path / "2", [sequence("a", 2), sequence("b", 7)])
    assert first.manifest.files == second.manifest.files


def test_no_sequences(tmp_path):
    assert len(ArraySet.open(write(tmp_path, []).path)) == 0


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (SkeletonSequence("x", "kinect-v2", np.zeros((3, 1, 25, 1), np.float32)), "layout kinect-v2"),
        (SkeletonSequence("x", "kinect-v1", np.zeros((3, 1, 24, 1), np.float32)), "shape"),
        (SkeletonSequence("x", "kinect-v1", np.zeros((3, 0, 20, 1), np.float32)), "0 frames"),
        (SkeletonSequence("x", "kinect-v1", np.zeros((3, 1, 20, 3), np.float32)), "3 bodies"),
        (SkeletonSequence("x", "kinect-v1", np.full((3, 1, 20, 1), np.nan, np.float32)), "finite"),
    ],
)
def test_what_does_not_fit_is_refused(tmp_path, bad, message):
    with (
        pytest.raises(SemtoolError, match=message),
        ArrayWriter(tmp_path, "d", "kinect-v1", bodies=2) as writer,
    ):
        writer.append(bad)
    assert not list(tmp_path.iterdir())


def test_damaged_arrays_are_named(tmp_path):
    artifact = write(tmp_path, [sequence("a", 2)])
    (artifact.path / "samples.csv").write_text("name,class_id\na,1\n")
    with pytest.raises(SemtoolError, match="cannot open the arrays"):
        ArraySet.open(artifact.path)

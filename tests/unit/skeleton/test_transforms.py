from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from semtool.errors import UsageError
from skeleton.data.layouts import layout
from skeleton.data.transforms import (
    align_view,
    centre,
    in_image,
    present,
    resample,
    scale_by_trunk,
)

V2 = layout("kinect-v2")


def person(frames=6, bodies=2, seed=0, name="kinect-v2"):
    """Bodies with different joints; the second comes in frame 2."""
    rng = np.random.default_rng(seed)
    found = layout(name)
    positions = rng.normal(0, 0.2, (3, frames, len(found), bodies)).astype(np.float32)
    positions[1] += 1
    positions[2] += 3
    for left, right in found.swaps:
        positions[0, :, left] -= 0.5
        positions[0, :, right] += 0.5
    if bodies > 1:
        positions[:, :2, :, 1] = 0
    return positions


def turned(positions, angle):
    cos, sin = np.cos(angle), np.sin(angle)
    x, y, z = positions
    return np.stack([cos * x - sin * z, y, sin * x + cos * z]).astype(np.float32)


EVERY = [
    partial(centre, layout=V2),
    partial(centre, layout=V2, each_frame=True),
    partial(scale_by_trunk, layout=V2),
    partial(align_view, layout=V2),
    partial(resample, frames=9),
]


@pytest.mark.parametrize("transform", EVERY, ids=range(len(EVERY)))
def test_batches_are_as_one_by_one_and_the_input_is_untouched(transform):
    batch = np.stack([person(seed=s) for s in range(3)])
    before = batch.copy()
    together = transform(batch)
    assert together.dtype == np.float32
    np.testing.assert_array_equal(together, np.stack([transform(p) for p in batch]))
    np.testing.assert_array_equal(batch, before)


@pytest.mark.parametrize("transform", EVERY[:5], ids=range(5))
def test_absent_bodies_stay_absent(transform):
    result = transform(person(bodies=2))
    assert not result[:, 0, :, 1].any()
    assert result[:, -1, :, 1].any()


def test_nobody_at_all():
    nothing = np.zeros((3, 4, 25, 2), np.float32)
    for transform in EVERY:
        assert not transform(nothing).any()


def test_centre_on_the_first_frame_keeps_the_path():
    positions = person()
    moved = centre(positions, V2)
    assert not moved[:, 0, 1, 0].any()
    np.testing.assert_allclose(moved[:, 3, 7, 1], positions[:, 3, 7, 1] - positions[:, 0, 1, 0], atol=1e-6)
    assert not centre(positions, V2, each_frame=True)[:, :, 1, 0].any()


def test_centre_waits_for_the_main_actor():
    positions = person(bodies=1)
    positions[:, :2] = 0
    assert not centre(positions, V2)[:, 2, 1, 0].any()


def test_scale_makes_trunks_equal():
    positions = person(bodies=1)
    np.testing.assert_allclose(
        scale_by_trunk(positions, V2), scale_by_trunk((positions * 3).astype(np.float32), V2), atol=1e-4
    )
    scaled = scale_by_trunk(positions, V2)
    shoulders, hips = scaled[:, :, [4, 8], 0].mean(-1), scaled[:, :, [12, 16], 0].mean(-1)
    assert np.median(np.linalg.norm(shoulders - hips, axis=0)) == pytest.approx(1, abs=1e-5)


@given(st.floats(-3.1, 3.1))
def test_align_view_undoes_any_turn(angle):
    positions = person()
    aligned = align_view(turned(positions, angle), V2)
    np.testing.assert_allclose(aligned, align_view(positions, V2), atol=1e-4)
    across = aligned[:, 0, [8, 16], 0].mean(-1) - aligned[:, 0, [4, 12], 0].mean(-1)
    assert across[0] > 0
    assert across[2] == pytest.approx(0, abs=1e-4)


def test_resample_keeps_ends_and_is_linear_between():
    positions = np.zeros((3, 3, 25, 1), np.float32)
    positions[0, :, :, 0] = np.array([1, 2, 5])[:, None]
    assert resample(positions, 5)[0, :, 0, 0].tolist() == [1, 1.5, 2, 3.5, 5]
    assert resample(positions, 5, length=2)[0, :, 0, 0].tolist() == [1, 1.25, 1.5, 1.75, 2]
    assert resample(positions, 1)[0, :, 0, 0].tolist() == [1]
    np.testing.assert_array_equal(resample(positions, 3), positions)


def test_resample_takes_a_length_for_each_sequence():
    batch = np.stack([person(seed=s) for s in range(2)])
    found = resample(batch, 50, np.array([6, 3]))
    assert found.shape == (2, 3, 50, 25, 2)
    np.testing.assert_array_equal(found[1], resample(batch[1, :, :3], 50))


def test_resample_does_not_blend_with_nobody():
    found = resample(person(frames=4), 13)
    shown = present(found)[:, 1]
    assert shown.any()
    np.testing.assert_array_less(2, found[2, shown, :, 1].mean(-1))


def test_resample_to_nothing_is_refused():
    with pytest.raises(UsageError, match="cannot resample"):
        resample(person(), 0)


@pytest.mark.real
def test_real_people_face_the_sensor_and_have_one_size(data_folder, cli):
    from skeleton.data.arrays import ArraySet

    v1 = layout("kinect-v1")
    arrays = ArraySet.open(cli("prepare", "-d", "nw-ucla", "--json").json()["path"])
    rows = np.arange(0, len(arrays), 25)
    raw = arrays.padded(slice(0, None, 25))
    found = resample(scale_by_trunk(align_view(centre(raw, v1), v1), v1), 50, arrays.length[rows])
    assert found.shape == (len(rows), 3, 50, 20, 1)
    # From the front, the right shoulder is at larger x; before, people were seen from three sides.
    across = found[:, 0, 0, 8, 0] - found[:, 0, 0, 4, 0]
    depth = found[:, 2, 0, 8, 0] - found[:, 2, 0, 4, 0]
    raw_depth = raw[:, 2, 0, 8, 0] - raw[:, 2, 0, 4, 0]
    assert (across > 0).all()
    assert np.abs(depth).mean() < 0.5 * np.abs(raw_depth).mean()
    height = np.median(found[:, 1, :, 3, 0] - found[:, 1, :, 15, 0], axis=1)
    assert height.std() / height.mean() < 0.25


def test_the_image_shows_nearer_people_larger_and_no_depth():
    seen = in_image(np.stack([person(), person() * np.float32(2)]))
    assert not seen[:, 2].any()
    np.testing.assert_allclose(seen[0], seen[1], atol=1e-5)

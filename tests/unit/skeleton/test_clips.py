"""What a visual encoder sees of a sequence."""

import numpy as np
import pytest
import torch

from skeleton.data.layouts import layout
from skeleton.visual.clips import augment, canonical, streams

V1 = layout("kinect-v1")


def person(frames=30, seed=0):
    """A standing person, left at negative x, who moves a little."""
    rng = np.random.default_rng(seed)
    still = np.zeros((3, len(V1)), dtype=np.float32)
    for index, name in enumerate(V1.joints):
        side = -0.2 if name.startswith("left") else 0.2 if name.startswith("right") else 0.0
        height = 0.5 if "shoulder" in name else 0.7 if name == "head" else 0.0 if "hip" in name else 0.2
        still[:, index] = side, height, 3.0
    moved = still[:, None, :] + 0.02 * rng.normal(size=(3, frames, len(V1)))
    return moved[..., None].astype(np.float32)


def turned(positions, angle):
    cos, sin = np.cos(angle), np.sin(angle)
    turn = np.array([[cos, 0, sin], [0, 1, 0], [-sin, 0, cos]])
    return np.einsum("ij,jtvm->itvm", turn, positions).astype(np.float32)


def test_viewpoint_place_and_size_do_not_matter():
    clip = canonical(person(), V1, 50)
    moved = turned(person(), 0.7) * 1.3 + np.array([0.5, 0.1, 1.0]).reshape(3, 1, 1, 1)
    assert np.allclose(canonical(moved.astype(np.float32), V1, 50), clip, atol=1e-4)


def test_mirrored_people_stay_mirrored():
    clip = canonical(person(), V1, 50)
    left, right = V1.index("left_hand"), V1.index("right_hand")
    assert (clip[0, :, left] < 0).all()
    assert (clip[0, :, right] > 0).all()


def test_padding_is_not_seen():
    alone = canonical(person(20), V1, 50)
    padded = np.zeros((1, 3, 45, len(V1), 1), dtype=np.float32)
    padded[0, :, :20] = person(20)
    assert np.allclose(canonical(padded, V1, 50, np.array([20]))[0], alone, atol=1e-6)


def test_streams_are_position_bone_and_step():
    clip = torch.from_numpy(canonical(person(), V1, 16))[None]
    joint, bone, motion = streams(clip, V1).split(3, dim=1)
    elbow, shoulder = V1.index("left_elbow"), V1.index("left_shoulder")
    assert torch.equal(joint, clip)
    assert torch.allclose(bone[:, :, :, elbow], clip[:, :, :, elbow] - clip[:, :, :, shoulder])
    assert torch.count_nonzero(motion[:, :, 0]) == 0
    assert torch.allclose(motion[:, :, 1], 5 * (clip[:, :, 1] - clip[:, :, 0]))


def test_augmentation_keeps_absent_bodies_absent_and_is_drawn_by_seed():
    clip = torch.from_numpy(canonical(person(), V1, 16))[None].repeat(4, 1, 1, 1, 1)
    both = torch.cat([clip, torch.zeros_like(clip)], dim=4)
    first = augment(both, torch.Generator().manual_seed(1))
    assert torch.count_nonzero(first[..., 1]) == 0
    assert torch.equal(first, augment(both, torch.Generator().manual_seed(1)))
    assert not torch.equal(first[0], first[1])


@pytest.mark.parametrize("turn", [0.1, 1.0])
def test_augmentation_turns_by_at_most_what_is_asked(turn):
    turned = augment(torch.ones(200, 3, 2, 1, 1), torch.Generator().manual_seed(1), turn)[:, :, 0, 0, 0]
    angle = (torch.atan2(turned[:, 2], turned[:, 0]) - torch.pi / 4).abs()
    assert 0.9 * turn < angle.max() < turn + 0.11  # resized by another factor along each axis
    assert (turned[:, 1] > 0.89).all()  # only resized

"""What a depth sensor adds to true joints: drift, noise, and limbs that tracking loses for a moment."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from skeleton.simulation.figure import JOINTS
from skeleton.simulation.rotation import Array

__all__ = ["add_noise", "drift"]

_WHITE = {"hand_tip": 0.008, "thumb": 0.008, "hand": 0.002, "wrist": 0.001, "foot": 0.002, "ankle": 0.001}
_SLOW = {"hand_tip": 0.012, "thumb": 0.014, "hand": 0.009, "wrist": 0.007, "elbow": 0.007, "knee": 0.007,
         "foot": 0.012, "ankle": 0.008}  # fmt: skip
_TRUNK_WHITE, _TRUNK_SLOW = 0.0003, 0.003
"""Standard deviations in metres, after recordings of a Kinect v2 of people who keep still."""
_LOSS = 0.12
"""Chance that a limb is lost once in a sample."""
_LIMBS = (("wrist", "hand", "hand_tip", "thumb"), ("ankle", "foot"))


def drift(random: np.random.Generator, frames: int, curves: int, spacing: int) -> Array:
    """Return smooth random curves (T, ``curves``) of about unit variance, a knot every ``spacing`` frames.

    Args:
        random: source of everything that is drawn.
        frames: T.
        curves: how many.
        spacing: frames from one knot to the next.
    """
    knots = frames // spacing + 3
    position = np.arange(frames) / spacing
    index = position.astype(int)
    share = position - index
    share = share * share * (3.0 - 2.0 * share)
    values = random.normal(size=(knots, curves))
    return np.asarray(values[index] * (1.0 - share)[:, None] + values[index + 1] * share[:, None])


def add_noise(joints: Array, random: np.random.Generator) -> tuple[Array, NDArray[np.int64]]:
    """Return noisy joints (T, 25, 3) and the tracking state (T, 25): 2 tracked, 1 inferred.

    Args:
        joints: (T, 25, 3) of one body, in metres.
        random: source of everything that is drawn.
    """
    frames = len(joints)
    slow = drift(random, frames, joints.shape[1] * 3, spacing=9).reshape(joints.shape)
    noisy = joints + _SCALES[1] * slow + _SCALES[0] * random.normal(size=joints.shape)
    state = np.full(joints.shape[:2], 2, dtype=np.int64)
    for side in ("left", "right"):
        for limb in _LIMBS:
            if random.random() >= _LOSS:
                continue
            start, length = int(random.integers(0, frames)), int(random.integers(4, 15))
            lost = slice(start, start + length)
            count = len(joints[lost])
            bump = np.sin(np.pi * (np.arange(count) + 0.5) / length)[:, None, None]
            members = [JOINTS.index(f"{side}_{part}") for part in limb]
            noisy[lost, members] += bump * random.normal(0.0, 0.035, 3)
            state[lost, members] = 1
    return noisy, state


def _scale(table: dict[str, float], trunk: float) -> Array:
    parts = [name.removeprefix("left_").removeprefix("right_") for name in JOINTS]
    return np.array([table.get(part, trunk) for part in parts])[:, None]


_SCALES = (_scale(_WHITE, _TRUNK_WHITE), _scale(_SLOW, _TRUNK_SLOW))

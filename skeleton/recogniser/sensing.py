"""What sensors make of people: an angle, a tilt, trunks and thighs taken wrongly, noise.

A depth sensor thinks that everybody faces it. Who turns away has left and right exchanged, trunks turned
aside are taken to be more frontal than they are, and thighs that point at it to slope.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from skeleton.simulation import JOINTS, MIRRORED, add_noise, drift

__all__ = ["sensed"]

Points = NDArray[np.float64]
_ANYWHERE = 0.35
"""How often somebody is seen from anywhere, not from about the front."""
_FRONT, _PITCH = 20.0, 7.0
"""Degrees from the front, and by which sensors look up or down; standard deviations."""
_AWAY = np.radians(110)
"""Whoever is turned away by more is taken to face the sensor."""
_SQUASHED, _DEPTH = (0.5, 1.0), (0.4, 1.0)
"""What is left of the angle of a trunk, and of the depth of a thigh."""
_NOISE = (0.002, 0.03)
"""Metres by which joints wander, least and most."""
_RIGHT, _LEFT, _MIDDLE = (JOINTS.index(j) for j in ("right_shoulder", "left_shoulder", "hip_centre"))
_TRUNK = [JOINTS.index(f"{side}_{joint}") for side in ("left", "right") for joint in ("shoulder", "hip")]
_THIGHS = [(JOINTS.index(f"{side}_hip"), JOINTS.index(f"{side}_knee")) for side in ("left", "right")]


def sensed(figures: Points, random: np.random.Generator) -> Points:
    """Return the joints of people as some sensor somewhere has them.

    Args:
        figures: (M, T, 25, 3) in metres, y up, z away from the sensor.
        random: source of everything that is drawn.

    Returns:
        (M, T, 25, 3), in the sensor's frame.
    """
    return np.stack([_noisy(body, random) for body in _seen(figures, random)])


def _seen(figures: Points, random: np.random.Generator) -> Points:
    anywhere = random.random() < _ANYWHERE
    angle = np.radians(random.uniform(-180, 180) if anywhere else random.normal(0.0, _FRONT))
    squash, depth = random.uniform(*_SQUASHED), random.uniform(*_DEPTH)
    pitch = np.radians(random.normal(0.0, _PITCH))
    seen = _turned(figures, np.array(angle))
    for body in seen:
        across = body[:, _RIGHT] - body[:, _LEFT]
        heading = np.arctan2(across[:, 2], across[:, 0])
        away = np.abs(heading) > _AWAY
        body[away] = body[away][:, MIRRORED]
        heading = np.where(away, heading - np.sign(heading) * np.pi, heading)
        for hip, knee in _THIGHS:
            ahead = body[:, knee, 2] - body[:, hip, 2]
            body[:, knee, 1:] -= (1 - depth) * np.stack([np.abs(ahead), ahead], axis=-1)
        middle = body[:, [_MIDDLE]]
        body[:, _TRUNK] = middle + _turned(body[:, _TRUNK] - middle, ((squash - 1) * heading)[:, None])
    x, y, z = np.moveaxis(seen, -1, 0)
    return np.stack(
        [x, np.cos(pitch) * y - np.sin(pitch) * z, np.sin(pitch) * y + np.cos(pitch) * z], axis=-1
    )


def _turned(points: Points, angle: Points) -> Points:
    """Return points (..., 3) turned about the vertical by radians from x towards z."""
    x, y, z = np.moveaxis(points, -1, 0)
    return np.stack(
        [np.cos(angle) * x - np.sin(angle) * z, y, np.sin(angle) * x + np.cos(angle) * z], axis=-1
    )


def _noisy(body: Points, random: np.random.Generator) -> Points:
    noisy, _ = add_noise(body, random)
    size = float(np.exp(random.uniform(*np.log(_NOISE))))
    frames, joints, axes = body.shape
    slow = drift(random, frames, joints * axes, spacing=int(random.integers(5, 20)))
    jitter = random.normal(0.0, 0.2 * size, body.shape)
    return np.asarray(noisy + 0.7 * size * slow.reshape(body.shape) + jitter)

"""Two-bone inverse kinematics: where elbow or knee must be for a hand or foot to be at its target."""

from __future__ import annotations

import numpy as np

from skeleton.simulation.rotation import Array, unit

__all__ = ["two_bones"]

_STRETCH = 0.998
"""Share of its full length to which a limb stretches: joints never lock."""


def two_bones(root: Array, target: Array, first: float, second: float, towards: Array) -> tuple[Array, Array]:
    """Return the middle joint and the end, each (T, 3), of two bones of lengths ``first`` and ``second``.

    A target out of reach is approached as far as the limb goes; one too near is left at the closest fold.

    Args:
        root: shoulder or hip, (T, 3).
        target: where the end should be, (T, 3).
        first: length of the bone at the root, in metres.
        second: length of the bone at the end, in metres.
        towards: direction to which the middle joint points, (T, 3); only its part across the limb counts.
    """
    line = target - root
    distance = np.sqrt((line**2).sum(-1, keepdims=True))
    axis = line / (distance + 1e-9)
    near = np.sqrt(first**2 + second**2 - 2 * first * second * np.cos(np.radians(28)))
    reach = np.clip(distance, near, _STRETCH * (first + second))
    along = (first**2 - second**2 + reach**2) / (2 * reach)
    across = np.sqrt(np.maximum(first**2 - along**2, 0.0))
    side = unit(towards - (towards * axis).sum(-1, keepdims=True) * axis)
    return root + along * axis + across * side, root + reach * axis

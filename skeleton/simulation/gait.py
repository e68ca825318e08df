"""Feet that step: where each foot stands while the body covers ground.

A foot never slides: it stays where it was set until it swings to its next place.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from skeleton.simulation.rotation import Array
from skeleton.simulation.tracks import Stride, eased

__all__ = ["Footing", "footing"]

_LENGTH = 0.55
"""Metres that the body advances with each footfall."""
_TURN = 65.0
"""Degrees that it turns with each footfall."""
_LIFT = 0.09
"""Height of a swinging ankle above its place on the floor."""


@dataclass(frozen=True)
class Footing:
    """One foot over T frames: its way (travel, aside, turn) as (T, 3), and its lift in metres (T,)."""

    way: Array
    lift: Array


def footing(strides: tuple[Stride, ...], frames: int, start: Array) -> dict[str, Footing]:
    """Return the ``left`` and ``right`` footing of a body that covers ``strides`` from ``start`` (3,)."""
    state = {"right": start.copy(), "left": start.copy()}
    ways = {side: np.tile(start, (frames, 1)) for side in state}
    lifts = {side: np.zeros(frames) for side in state}
    for stride in strides:
        change = stride.after - stride.before
        falls = int(np.ceil(max(np.hypot(change[0], change[1]) / _LENGTH, abs(change[2]) / _TURN, 1.0))) + 1
        for index in range(falls):
            # Stepping to the left begins with the left foot, everything else with the right one.
            side = "right" if (index + (change[1] < -0.1 or change[2] > 20)) % 2 == 0 else "left"
            window = np.clip(stride.window * falls - index, 0.0, 1.0)
            middle = np.array(min((index + 1.5) / falls, 1.0))
            share = 1.0 if index >= falls - 2 else float(eased(middle, stride.ease))
            goal = stride.before + share * change
            swing = window**2 * (3.0 - 2.0 * window)
            ways[side] += swing[:, None] * (goal - state[side])
            lifts[side] += _LIFT * np.sin(np.pi * window)
            state[side] = goal
    return {side: Footing(ways[side], lifts[side]) for side in state}

"""Which columns of the kinematic features tell of a depth, and of the way through the room."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

__all__ = ["PHASES", "depth_columns", "place_columns"]

PHASES = 4
"""Into how many equal times an action is cut."""

# Positions in the block of what only a depth can tell: each third number of points, ...
_Z = range(2, 3 * PHASES, 3)
_DEPTH: Mapping[str, Sequence[int]] = {
    "position": _Z, "range": (2, 5, 8), "velocity": _Z, "speed": range(PHASES + 2, 4 * PHASES, 3),
    "shape": (2, 3, 4, 5, 10), "elbow": _Z, "lean": _Z, "lean_range": (2, 5), "turn": range(PHASES + 1),
    "head": _Z,
}  # fmt: skip


def depth_columns(blocks: Sequence[tuple[str, int]]) -> tuple[int, ...]:
    """Return the columns that only a depth can tell: positions along z, turns, areas seen from the side.

    Without depth the other columns are those of the motion's picture on the frontal plane.
    """
    found: list[int] = []
    start = 0
    for name, width in blocks:
        found += [start + at for at in _DEPTH.get(name.partition(".")[2], ()) if at < width]
        start += width
    return tuple(found)


def place_columns(blocks: Sequence[tuple[str, int]]) -> tuple[int, ...]:
    """Return the columns that tell of the way of the hips through the room."""
    found: list[int] = []
    start = 0
    for name, width in blocks:
        if name.startswith("body.") and name not in ("body.hip_height", "body.duration"):
            found += range(start, start + width)
        start += width
    return tuple(found)

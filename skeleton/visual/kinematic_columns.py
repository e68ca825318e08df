"""Which columns of the kinematic features tell of what: of a body part, of a phase, of depth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

__all__ = ["PHASES", "depth_columns", "place_columns", "regions"]

PHASES = 4
"""Into how many equal times an action is cut."""

_OF_PART = {
    "arms": ("left_arm.", "right_arm.", "limbs.hands", "limbs.likeness"),
    "legs": ("left_leg.", "right_leg.", "limbs.feet", "body."),
    "torso": ("torso.", "body."),
}
"""How the names of a body part's blocks begin. The way of the hips is told of the legs and of the torso;
shares of the work and a partner are told of the whole body only."""
_OF_PHASE = {"start": (0,), "middle": (1, 2), "end": (3,)}
_PIECES = {
    "position": (3,), "velocity": (3,), "speed": (1, 3, -3), "elbow": (3,), "bend": (1, -2),
    "to_head": (1, -1), "hands": (1, -2), "feet": (1, -1), "lean": (3,), "turn": (1, -1), "head": (3,),
    "hip_height": (1, -3), "distance": (1, -1, 1, 1),
}  # fmt: skip
"""What the descriptors that go phase by phase are made of, in order: so many numbers in each phase or, if
negative, so many numbers of the whole action. The others have no phases."""

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


def regions(blocks: Sequence[tuple[str, int]]) -> dict[str, tuple[int, ...]]:
    """Return which columns describe what, from the names and widths of all blocks in order.

    Returns:
        the columns, ascending, of each body part (`arms`, `legs`, `torso` with the head) and of each phase
        (`start`, `middle`, `end`: the first, the two middle and the last quarter). A column may be of a part
        and of a phase, of two parts, or of none. What has no columns is left out.
    """
    found: dict[str, list[int]] = {name: [] for name in (*_OF_PART, *_OF_PHASE)}
    start = 0
    for name, width in blocks:
        for part, beginnings in _OF_PART.items():
            if name.startswith(beginnings):
                found[part] += range(start, start + width)
        at = start
        for size in _PIECES.get(name.partition(".")[2], ()):
            if size > 0:
                for phase, quarters in _OF_PHASE.items():
                    found[phase] += range(at + quarters[0] * size, at + (quarters[-1] + 1) * size)
            at += PHASES * size if size > 0 else -size
        start += width
    return {name: tuple(columns) for name, columns in found.items() if columns}


def place_columns(blocks: Sequence[tuple[str, int]]) -> tuple[int, ...]:
    """Return the columns that tell of the way of the hips through the room."""
    found: list[int] = []
    start = 0
    for name, width in blocks:
        if name.startswith("body.") and name not in ("body.hip_height", "body.duration"):
            found += range(start, start + width)
        start += width
    return tuple(found)

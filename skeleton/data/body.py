"""One body inside: any layout is read into the same seventeen landmarks (the layout ``body``).

    bodies = as_body(positions, layout("mediapipe"))

A landmark that a layout lacks is derived from neighbours where that is anatomy (`RECIPES`: the hand lies
beyond the wrist, the head's middle between the ears); otherwise it is missing and said to be. Joints that
are not seen in some frames are put on the straight way between the frames that show them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from skeleton.data.layouts import Layout, layout
from skeleton.data.transforms import align_view, centre, resample, scale_by_trunk

__all__ = ["BODY", "Bodies", "as_body", "bridge", "canonical_bodies", "lacking", "standard_proportions"]

BODY = layout("body")
"""The landmarks that every layout is read into."""
_BEYOND_WRIST = 0.3
"""From wrist to hand, as a share of the forearm: 0.29 in UTD-MHAD and 0.34 in NW-UCLA (medians)."""

Recipe = Mapping[str, float]


def _recipes() -> dict[str, tuple[Recipe, ...]]:
    beyond = _BEYOND_WRIST
    made: dict[str, tuple[Recipe, ...]] = {
        "hip_centre": ({"left_hip": 0.5, "right_hip": 0.5}, {"hip_centre": 1}),
        "shoulder_centre": ({"left_shoulder": 0.5, "right_shoulder": 0.5},),
        "head": (
            {"head": 0.5, "head_top": 0.5},  # a rig's head is where the skull begins
            {"head": 1},
            {"left_ear": 0.5, "right_ear": 0.5},
            {"nose": 0.5, "head_top": 0.5},
            {"left_eye": 0.5, "right_eye": 0.5},
            {"nose": 1},
            {"head_top": 1},
        ),
    }
    for side in ("left_", "right_"):
        wrist, hand, elbow = (side + j for j in ("wrist", "hand", "elbow"))
        made |= {side + j: ({side + j: 1},) for j in ("shoulder", "elbow", "hip", "knee")}
        made[wrist] = ({wrist: 1}, {hand: 1 / (1 + beyond), elbow: beyond / (1 + beyond)})
        made[hand] = ({hand: 1}, {wrist: 1 + beyond, elbow: -beyond})
        made[side + "ankle"] = ({side + "ankle": 1}, {side + "heel": 1}, {side + "foot": 1})
    return made


RECIPES: Mapping[str, tuple[Recipe, ...]] = MappingProxyType(_recipes())
"""For each landmark how it is made of joints; the first of which all joints are there is taken."""

# Where a landmark that is missing is taken to be, from another, in trunk lengths (x right, y up, z back): a
# person at rest (medians of UTD-MHAD). Only so that numbers can be made; they are marked as unknown.
_AT_REST: Mapping[str, tuple[str, tuple[float, float, float]]] = MappingProxyType(
    {"head": ("shoulder_centre", (0, 0.75, 0))}
    | {
        f"{side}_{joint}": (f"{side}_{origin}", (0, -down, 0))
        for side in ("left", "right")
        for joint, origin, down in (
            ("elbow", "shoulder", 0.7),
            ("wrist", "elbow", 0.6),
            ("hand", "wrist", 0.18),
            ("knee", "hip", 1.24),
            ("ankle", "knee", 0.97),
        )
    }
)


@dataclass(frozen=True)
class Bodies:
    """Bodies in the layout ``body``.

    Attributes:
        positions: float32 (N, 3, T, 17, M).
        missing: bool (N, 17, M): landmarks that nothing in the sequence tells of.
        flat: bool (N,): sequences without depth (every z is zero).
    """

    positions: NDArray[np.float32]
    missing: NDArray[np.bool_]
    flat: NDArray[np.bool_]


def lacking(source: Layout) -> tuple[str, ...]:
    """Return the landmarks that a layout does not tell of; without hips or shoulders it is no body."""
    _, missing = _combination(source, (True,) * len(source))
    return tuple(joint for joint, gone in zip(BODY.joints, missing, strict=True) if gone)


def as_body(positions: NDArray[np.float32], source: Layout) -> Bodies:
    """Return sequences (N, C, T, V, M) of a layout as bodies; C is 2 or 3."""
    n, channels, frames, joints, people = positions.shape
    deep = np.zeros((n, people, 3, frames, joints), dtype=np.float32)
    deep[:, :, :channels] = np.moveaxis(positions, -1, 1)
    flat = np.asarray(~deep[:, :, 2].any(axis=(1, 2, 3)))
    single = deep.reshape(n * people, 3, frames, joints)
    shown = (single != 0).any(axis=1)  # (B, T, V)
    there = shown.any(axis=2, keepdims=True)
    if (there & ~shown).any():
        bridge(single)
    never = there.any(axis=1) & ~shown.any(axis=1)  # (B, V)
    made = np.zeros((len(single), 3, frames, len(BODY)), dtype=np.float32)
    missing = np.zeros((len(single), len(BODY)), dtype=bool)
    for pattern in np.unique(never, axis=0):
        rows = np.flatnonzero((never == pattern).all(axis=1))
        weights, gone = _combination(source, tuple((~pattern).tolist()))
        made[rows] = single[rows] @ weights
        missing[rows] = gone & there[rows].any(axis=1)
    return Bodies(
        np.ascontiguousarray(np.moveaxis(made.reshape(n, people, 3, frames, -1), 1, -1)),
        np.moveaxis(missing.reshape(n, people, -1), 1, -1),
        flat,
    )


def canonical_bodies(
    positions: NDArray[np.float32], source: Layout, frames: int, length: NDArray[np.int64] | None = None
) -> Bodies:
    """Return sequences as bodies that start at zero facing the sensor, the trunk one long, ``frames`` frames.

    Args:
        positions: (N, C, T, V, M).
        source: their layout.
        frames: to which they are resampled.
        length: (N,) valid frames; without it all T.
    """
    bodies = as_body(positions, source)
    turned = align_view(centre(bodies.positions, BODY), BODY)
    made = resample(scale_by_trunk(turned, BODY), frames, length)
    if bodies.missing.any():
        _put_at_rest(made, bodies.missing)
    return Bodies(made, bodies.missing, bodies.flat)


def standard_proportions(positions: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return bodies (N, 3, T, 17, M) with the bones of one standard person: directions kept, lengths set.

    Sensors disagree on where hips and shoulders are (the trunk of a Kinect v1 is a fifth shorter than that of
    a v2), and every length in trunk lengths with them. The way of the hips is scaled as the main actor's legs
    are, so that feet that stand stay where they are.
    """
    made = positions.copy()
    legs = [_bone(positions, *pair)[1] for pair in _LEG]
    with np.errstate(all="ignore"):
        own = np.nanmedian(np.where(sum(legs) > 0, sum(legs), np.nan)[..., 0], axis=-1) / 2
    ratio = np.where(np.isfinite(own) & (own > 0), (STANDARD["knee"] + STANDARD["ankle"]) / own, 1.0)
    made[:, :, :, BODY.index("hip_centre")] *= ratio[:, None, None, None].astype(np.float32)
    for origin, joint in _CHAIN:
        way, length = _bone(positions, origin, joint)
        size = STANDARD[joint.removeprefix("left_").removeprefix("right_")]
        placed = made[:, :, :, BODY.index(origin)] + way * (size / np.maximum(length, 1e-6))[:, None]
        made[:, :, :, BODY.index(joint)] = placed
    gone = ~(positions != 0).any(axis=(1, 3))[:, None, :, None]
    return np.where(gone, np.float32(0), made)


STANDARD: Mapping[str, float] = MappingProxyType(
    {
        "shoulder_centre": 1.0, "head": 0.6, "shoulder": 0.36, "elbow": 0.57, "wrist": 0.5, "hand": 0.15,
        "hip": 0.18, "knee": 0.85, "ankle": 0.8,
    }
)  # fmt: skip
"""Length of the bone that ends at a landmark, in trunk lengths, of the person that everybody is made."""
_CHAIN = (
    ("hip_centre", "shoulder_centre"),
    ("shoulder_centre", "head"),
    *(
        (origin if origin.endswith("centre") else f"{side}_{origin}", f"{side}_{joint}")
        for side in ("left", "right")
        for origin, joint in (
            ("shoulder_centre", "shoulder"),
            ("shoulder", "elbow"),
            ("elbow", "wrist"),
            ("wrist", "hand"),
            ("hip_centre", "hip"),
            ("hip", "knee"),
            ("knee", "ankle"),
        )
    ),
)
_LEG = tuple(
    (f"{s}_{a}", f"{s}_{b}") for s in ("left", "right") for a, b in (("hip", "knee"), ("knee", "ankle"))
)


def _bone(
    positions: NDArray[np.float32], origin: str, joint: str
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the way (N, 3, T, M) from one landmark to another and its length (N, T, M)."""
    way = positions[:, :, :, BODY.index(joint)] - positions[:, :, :, BODY.index(origin)]
    return way, np.linalg.norm(way, axis=1)


def bridge(single: NDArray[np.float32], bodies: bool = False) -> None:
    """Fill joints of (B, 3, T, V), in place, in frames that do not show them between such that do.

    Before the first and after the last of these a joint stays where it was. A joint that no frame shows, and
    unless ``bodies`` a frame that shows nobody, are left alone.
    """
    shown = (single != 0).any(axis=1)  # (B, T, V)
    there = shown.any(axis=2, keepdims=True) | bodies
    holes = (there & ~shown).any(axis=1) & shown.any(axis=1)
    for body, joint in np.argwhere(holes):
        at = np.flatnonzero(shown[body, :, joint])
        gaps = np.flatnonzero(there[body, :, 0] & ~shown[body, :, joint])
        for c in range(3):
            single[body, c, gaps, joint] = np.interp(gaps, at, single[body, c, at, joint])


@cache
def _combination(source: Layout, seen: tuple[bool, ...]) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Return the weights (V, 17) that make landmarks of the joints that are seen, and which are missing."""
    known = {joint for joint, there in zip(source.joints, seen, strict=True) if there}
    weights = np.zeros((len(source), len(BODY)), dtype=np.float32)
    missing = np.zeros(len(BODY), dtype=bool)
    for column, landmark in enumerate(BODY.joints):
        recipe = next((r for r in RECIPES[landmark] if set(r) <= known), None)
        missing[column] = recipe is None
        for joint, weight in (recipe or {}).items():
            weights[source.index(joint), column] = weight
    return weights, missing


def _put_at_rest(positions: NDArray[np.float32], missing: NDArray[np.bool_]) -> None:
    """Give missing landmarks of (N, 3, T, 17, M), in place, the place that they have in a person at rest."""
    for joint, (origin, offset) in _AT_REST.items():
        here, there = BODY.index(joint), BODY.index(origin)
        stand_in = positions[:, :, :, there] + np.array(offset, np.float32)[:, None, None]
        gone = missing[:, here][:, None, None]
        positions[:, :, :, here] = np.where(gone, stand_in, positions[:, :, :, here])

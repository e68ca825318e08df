"""Pelvis, spine and head of one figure, from its channels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from skeleton.simulation.body import Body
from skeleton.simulation.gait import Footing
from skeleton.simulation.rotation import Array, apply, lean_right, offset, pitch_forward, turn_left

__all__ = ["Stage", "Trunk", "build_trunk", "stance"]


@dataclass(frozen=True)
class Stage:
    """Where a figure begins: a point on the floor (3,) and its heading in degrees to the left."""

    origin: Array
    heading: float = 0.0


@dataclass(frozen=True)
class Trunk:
    """Points (T, 3) and frames (T, 3, 3) with the columns right, up and backward."""

    root: Array
    upright: Array
    pelvis: Array
    pelvis_frame: Array
    middle: Array
    middle_frame: Array
    shoulders: Array
    upper_frame: Array
    neck: Array
    head: Array
    head_frame: Array
    hips: Mapping[str, Array]
    shoulder: Mapping[str, Array]


def stance(body: Body, stage: Stage, foot: Footing, side: int) -> tuple[Array, Array]:
    """Return the place of a standing ankle (T, 3) and the heading frame (T, 3, 3) of its foot."""
    frame = turn_left(stage.heading + foot.way[:, 2])
    out = side * (body.hip_width + 0.035 * body.scale)
    place = _on_floor(stage, foot.way[:, 0], foot.way[:, 1], body) + frame @ offset(out, 0.0, 0.0)
    place[:, 1] = body.ankle + foot.lift * body.scale
    return place, frame


def build_trunk(
    body: Body, stage: Stage, channel: Mapping[str, Array], feet: Mapping[str, tuple[Array, Array]]
) -> Trunk:
    """Return the trunk. ``feet`` is `stance` of each side: hips stay within reach of feet that stand."""
    size = body.scale
    upright = turn_left(stage.heading + channel["turn"])
    root = _on_floor(stage, channel["travel"], channel["aside"], body)
    bend, lean, twist = channel["bend"], channel["lean"], channel["twist"]

    def frame(bends: float, leans: float, twists: float) -> Array:
        leaning = lean_right(channel["roll"] + leans * lean)
        return upright @ leaning @ pitch_forward(channel["tilt"] + bends * bend) @ turn_left(twists * twist)

    pelvis_frame, middle_frame, upper_frame = (
        frame(0.35, 0.15, 0.1),
        frame(0.7, 0.6, 0.5),
        frame(1.0, 1.0, 1.0),
    )
    # A trunk that bends forward pushes the hips back, or its owner would topple.
    seat = channel["seat"]
    shift = channel["shift"] - _SEAT_BACK * seat - 0.11 * np.sin(np.radians(np.clip(bend, -30.0, 90.0)))
    pelvis = root + size * apply(upright, np.stack([channel["sway"], 0 * shift, -shift], axis=-1))
    pelvis[:, 1] = _standing_height(body, root, feet) + size * (channel["rise"] - _SEAT_DEPTH * seat)
    pelvis[:, 1] = np.maximum(pelvis[:, 1], 0.11 * size)
    middle = pelvis + middle_frame @ offset(0, body.lower_spine, 0)
    shoulders = middle + upper_frame @ offset(0, body.upper_spine, 0)
    neck = shoulders + upper_frame @ offset(0, body.neck, 0)
    head_frame = (
        upper_frame @ turn_left(channel["look"]) @ lean_right(channel["cock"]) @ pitch_forward(channel["nod"])
    )
    head = neck + head_frame @ offset(0, 0.985 * body.head, 0.17 * body.head)
    hip = {n: offset(s * body.hip_width, -body.hip_drop, 0) for n, s in _SIDES}
    shoulder = {n: offset(s * body.shoulder_width, -body.shoulder_drop, 0) for n, s in _SIDES}
    return Trunk(
        root, upright, pelvis, pelvis_frame, middle, middle_frame, shoulders, upper_frame,
        neck, head, head_frame,
        hips={side: pelvis + pelvis_frame @ place for side, place in hip.items()},
        shoulder={side: shoulders + upper_frame @ place for side, place in shoulder.items()},
    )  # fmt: skip


_SEAT_DEPTH, _SEAT_BACK = 0.37, 0.26
"""Metres by which hips on a seat are lower and further back than above the feet."""
_SIDES = (("right", 1), ("left", -1))


def _on_floor(stage: Stage, travel: Array, aside: Array, body: Body) -> Array:
    way = np.stack([aside * body.scale, np.zeros_like(aside), -travel * body.scale], axis=-1)
    return np.asarray(stage.origin + way @ turn_left(np.array(stage.heading)).T)


def _standing_height(body: Body, root: Array, feet: Mapping[str, tuple[Array, Array]]) -> Array:
    """Return the height at which the hips stand so that the legs reach both feet, (T,)."""
    leg = 0.996 * (body.thigh + body.shank)
    height = np.full(len(root), body.hip_height)
    for place, _ in feet.values():
        away = np.hypot(place[:, 0] - root[:, 0], place[:, 2] - root[:, 2]) - body.hip_width
        reached = body.ankle + body.hip_drop + np.sqrt(np.maximum(leg**2 - np.maximum(away, 0.0) ** 2, 0.0))
        height = np.minimum(height, reached)
    return height

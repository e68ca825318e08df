"""Training-free kinematic features: what each part of the body does, phase by phase, in numbers.

    made = describe(positions, layout("kinect-v2"), length)    # made.features, made.blocks, made.unknown

Any layout is read into one body first (`skeleton.data.body`), so that a column means the same whatever the
sensor was; columns that need what a sequence lacks (a depth, a joint) are marked as unknown.

Nothing is learned, so nothing can be learned from unseen classes. Each descriptor of each part is a *block*:
where the hand is in each quarter of the action, which way it goes, how fast, the shape of its path
(signed areas tell clockwise from counter-clockwise), how bent the elbow is, ... Kernels that are added over
blocks recognise a new class by parts that it shares with different known classes.

Lengths are in trunk lengths, directions in the performer's own frame at the start (x to the right, y up,
z backwards), times in frames of a recording of 30 a second.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, islice

import numpy as np
from numpy.typing import NDArray

from skeleton.data import BODY, Layout, SkeletonSequence, canonical_bodies, standard_proportions
from skeleton.data import layout as find_layout

__all__ = [
    "FRAMES",
    "NAME",
    "VERSION",
    "Blocks",
    "Described",
    "depth_columns",
    "describe",
    "describe_all",
    "kinematic_features",
]

NAME = "kinematics"
"""What this visual encoder is called."""
FRAMES = 50
"""T, to which every sequence is resampled."""
VERSION = 2
"""Raised when the numbers change: features of another version are other features."""
_FIXED = 1e-3
"""Trunk lengths: hips that move less are the file's zero, and tell nothing of the person's way."""
_CHUNK = 256  # sequences at a time: memory does not grow with their number
_PLANES = ((0, 1), (1, 2), (0, 2))  # frontal, sagittal, horizontal
PHASES = 4
"""Into how many equal times an action is cut."""

# Positions in the block of what only a depth can tell: each third number of points, ...
_Z = range(2, 3 * PHASES, 3)
_DEPTH: Mapping[str, Sequence[int]] = {
    "position": _Z, "range": (2, 5, 8), "velocity": _Z, "speed": range(PHASES + 2, 4 * PHASES, 3),
    "shape": (2, 3, 4, 5, 10), "elbow": _Z, "lean": _Z, "lean_range": (2, 5), "turn": range(PHASES + 1),
    "head": _Z,
}  # fmt: skip

Numbers = NDArray[np.float64]
Blocks = tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Described:
    """Kinematic features of sequences.

    Attributes:
        features: float32 (N, Dv), always numbers: what is missing is taken to be at rest, a depth to be zero.
        blocks: name and width of each block, in order.
        unknown: bool (N, Dv), the numbers that need a joint or a depth which the sequence does not tell.
    """

    features: NDArray[np.float32]
    blocks: Blocks
    unknown: NDArray[np.bool_]


def describe(
    positions: NDArray[np.float32],
    layout: Layout,
    length: NDArray[np.int64] | None = None,
    *,
    standard: bool = False,
) -> Described:
    """Describe the motion of sequences of any layout.

    Args:
        positions: (N, C, T, V, M), 30 frames a second; C is 2 or 3.
        layout: names the joints.
        length: (N,) valid frames; without it all T.
        standard: whether everybody gets the bones of one standard person, so that sensors agree.
    """
    if length is None:
        length = np.full(len(positions), positions.shape[2])
    bodies = canonical_bodies(positions, layout, FRAMES, length)
    made = standard_proportions(bodies.positions) if standard else bodies.positions
    features, blocks = kinematic_features(made, length)
    unknown = np.zeros(features.shape, dtype=bool)
    unknown[np.ix_(np.flatnonzero(bodies.flat), np.array(depth_columns(blocks)))] = True
    hips = bodies.positions[:, :, :, BODY.index("hip_centre"), 0]
    fixed = (length > 1) & (np.ptp(hips, axis=2).max(axis=1) < _FIXED)
    unknown[np.ix_(np.flatnonzero(fixed), np.array(place_columns(blocks)))] = True
    if len(rows := np.flatnonzero(bodies.missing[:, :, 0].any(axis=1))):
        holed = np.where(bodies.missing[rows][:, None, None], np.nan, made[rows])
        with np.errstate(invalid="ignore"):
            unknown[rows] |= np.isnan(kinematic_features(holed.astype(np.float32), length[rows])[0])
    return Described(features, blocks, unknown)


def describe_all(sequences: Sequence[SkeletonSequence], *, standard: bool = False) -> Described:
    """Describe sequences of whatever layouts and lengths, those of like ones together; see `describe`."""
    order = sorted(range(len(sequences)), key=lambda i: (sequences[i].layout, sequences[i].positions.shape))
    made: dict[int, tuple[NDArray[np.float32], NDArray[np.bool_]]] = {}
    blocks: Blocks = ()
    for name, members in groupby(order, key=lambda i: sequences[i].layout):
        for chunk in _batched(members, _CHUNK):
            length = np.array([sequences[i].positions.shape[1] for i in chunk])
            people = max(sequences[i].positions.shape[3] for i in chunk)
            joints = find_layout(name)
            padded = np.zeros((len(chunk), 3, int(length.max()), len(joints), people), np.float32)
            for row, i in enumerate(chunk):
                found = sequences[i].positions
                padded[row, : len(found), : found.shape[1], :, : found.shape[3]] = found
            part = describe(padded, joints, length, standard=standard)
            blocks = part.blocks
            made |= dict(zip(chunk, zip(part.features, part.unknown, strict=True), strict=True))
    rows = [made[i] for i in range(len(sequences))]
    return Described(np.stack([f for f, _ in rows]), blocks, np.stack([u for _, u in rows]))


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


def kinematic_features(
    clips: NDArray[np.float32], length: NDArray[np.int64]
) -> tuple[NDArray[np.float32], Blocks]:
    """Describe the motion of bodies.

    Args:
        clips: (N, 3, T, 17, M) as `skeleton.data.body.canonical_bodies` makes them.
        length: (N,) frames that the recordings had.

    Returns:
        float32 (N, Dv), and name and width of each block, in order.
    """
    body = _Body.of(clips[..., 0])
    duration = np.maximum(length.astype(np.float64), 1)[:, None]
    blocks: dict[str, Numbers] = {}
    for side in ("left", "right"):
        blocks |= _named(f"{side}_arm", _arm(body, side, duration))
        blocks |= _named(f"{side}_leg", _leg(body, side, duration))
    blocks |= _named("limbs", _together(body, blocks))
    blocks |= _named("torso", _torso(body))
    blocks |= _named("body", {**_path(body["hips"], duration), **_height(body), "duration": np.log(duration)})
    blocks |= _named("partner", _partner(body, clips))
    widths = tuple((name, values.shape[1]) for name, values in blocks.items())
    return np.concatenate(list(blocks.values()), axis=1).astype(np.float32), widths


def _batched(items: Iterable[int], size: int) -> Iterator[tuple[int, ...]]:
    waiting = iter(items)
    while batch := tuple(islice(waiting, size)):
        yield batch


def _named(part: str, found: Mapping[str, Numbers]) -> dict[str, Numbers]:
    return {f"{part}.{name}": values for name, values in found.items()}


@dataclass(frozen=True)
class _Body:
    """Joints of one body by name, each (N, T, 3)."""

    joints: Mapping[str, Numbers]

    @classmethod
    def of(cls, clips: NDArray[np.float32]) -> _Body:
        """Take the landmarks of (N, 3, T, 17)."""
        points = clips.astype(np.float64).transpose(3, 0, 2, 1)
        joints = dict(zip(BODY.joints, points, strict=True))
        return cls(joints | {"hips": joints["hip_centre"], "shoulders": joints["shoulder_centre"]})

    def __getitem__(self, joint: str) -> Numbers:
        return self.joints[joint]


def _arm(body: _Body, side: str, duration: Numbers) -> dict[str, Numbers]:
    hand = (body[f"{side}_wrist"] + body[f"{side}_hand"]) / 2
    shoulder, elbow, wrist = (body[f"{side}_{j}"] for j in ("shoulder", "elbow", "wrist"))
    near = _length(hand - body["head"])
    return {
        **_path(hand - body["shoulders"], duration),
        "elbow": _phases(elbow - body["shoulders"]),
        "bend": _course(_angle(shoulder, elbow, wrist)),
        "to_head": np.concatenate([_phases(near), near.min(axis=1)], axis=1),
    }


def _leg(body: _Body, side: str, duration: Numbers) -> dict[str, Numbers]:
    hip, knee, ankle = (body[f"{side}_{j}"] for j in ("hip", "knee", "ankle"))
    return {**_path(ankle - body["hips"], duration), "bend": _course(_angle(hip, knee, ankle))}


def _together(body: _Body, blocks: Mapping[str, Numbers]) -> dict[str, Numbers]:
    """Describe how the two sides go together: distances, likeness of the hands' ways, shares of the work."""
    hands = _length(body["left_hand"] - body["right_hand"])
    feet = _length(body["left_ankle"] - body["right_ankle"])
    left, right = (np.diff(_smooth(body[f"{s}_hand"] - body["shoulders"]), axis=1) for s in ("left", "right"))
    mirrored = left * np.array([-1.0, 1.0, 1.0])
    norm = np.sqrt((left**2).sum((1, 2)) * (right**2).sum((1, 2))) + 1e-3
    likeness = [(way * right).sum((1, 2)) / norm for way in (left, mirrored)]
    way = {
        name: blocks[f"{name}.speed"][:, -2:-1] for name in ("left_arm", "right_arm", "left_leg", "right_leg")
    }
    arms, legs = way["left_arm"] + way["right_arm"], way["left_leg"] + way["right_leg"]
    shares = [
        (way["right_arm"] - way["left_arm"]) / (arms + 0.1),
        (way["right_leg"] - way["left_leg"]) / (legs + 0.1),
        np.minimum(way["left_arm"], way["right_arm"]),
        np.maximum(way["left_arm"], way["right_arm"]),
    ]
    return {
        "hands": np.concatenate([_phases(hands), hands.min(axis=1), hands.max(axis=1)], axis=1),
        "likeness": np.stack(likeness, axis=1),
        "shares": np.concatenate(shares, axis=1),
        "feet": np.concatenate([_phases(feet), feet.max(axis=1)], axis=1),
    }


def _torso(body: _Body) -> dict[str, Numbers]:
    trunk = body["shoulders"] - body["hips"]
    upright = trunk / np.maximum(_length(trunk), 1e-6)
    across = body["right_shoulder"] - body["left_shoulder"]
    turned = np.unwrap(np.arctan2(across[..., 2], across[..., 0]), axis=1)[..., None]
    return {
        "lean": _phases(upright),
        "lean_range": np.concatenate([upright.max(axis=1), upright.min(axis=1)], axis=1),
        "turn": np.concatenate([_phases(turned), turned.max(axis=1) - turned.min(axis=1)], axis=1),
        "head": _phases(body["head"] - body["shoulders"]),
    }


def _height(body: _Body) -> dict[str, Numbers]:
    lowest = np.minimum(body["left_ankle"][..., 1], body["right_ankle"][..., 1])
    hips = (body["hips"][..., 1] - lowest)[..., None]
    return {"hip_height": np.concatenate([_course(hips), hips[:, -1] - hips[:, 0]], axis=1)}


def _partner(body: _Body, clips: NDArray[np.float32]) -> dict[str, Numbers]:
    """Describe a second person: how long there, how far, how near the hands come. Zero if nobody is."""
    count = len(clips)
    if clips.shape[-1] < 2:
        return {"presence": np.zeros((count, 1)), "distance": np.zeros((count, 3 * PHASES + 1))}
    there = (clips[..., 1] != 0).any(axis=(1, 3))[..., None].astype(np.float64)
    other = _Body.of(clips[..., 1])
    apart = _length(other["hips"] - body["hips"]) * there
    touch = [_length(body[f"{s}_hand"] - other["shoulders"]) * there for s in ("left", "right")]
    distance = [_phases(apart), (apart[:, -1] - apart[:, 0]), *(_phases(t) for t in touch)]
    return {"presence": there.mean(axis=1), "distance": np.concatenate(distance, axis=1)}


def _path(points: Numbers, duration: Numbers) -> dict[str, Numbers]:
    """Describe the path of a point (N, T, 3)."""
    points = _smooth(points)
    steps = np.diff(points, axis=1)
    size, frames = _length(steps), points.shape[1]
    way = size.sum(axis=1)
    low, high = points.min(axis=1), points.max(axis=1)
    rates = np.concatenate([_phases(size), _phases(np.abs(steps)), size.max(axis=1)], axis=1) * frames
    return {
        "position": _phases(points),
        "range": np.concatenate([high, low, high - low], axis=1),
        "velocity": _phases(steps) * frames,
        "speed": np.concatenate([rates, way, way / duration], axis=1),
        "shape": _shape(points, steps, way[:, 0]),
        "rhythm": _rhythm(points),
    }


def _shape(points: Numbers, steps: Numbers, way: Numbers) -> Numbers:
    """Return signed areas in three planes, straightness, and how often each coordinate goes to and fro."""
    around = points - points.mean(axis=1, keepdims=True)
    found = []
    for a, b in _PLANES:
        swept = around[:, :-1, a] * steps[..., b] - around[:, :-1, b] * steps[..., a]
        most = np.linalg.norm(around[:, :-1][..., [a, b]], axis=-1) * np.linalg.norm(
            steps[..., [a, b]], axis=-1
        )
        found += [swept.sum(axis=1), swept.sum(axis=1) / np.maximum(most.sum(axis=1), 1e-3)]
    net = np.linalg.norm(points[:, -1] - points[:, 0], axis=-1)
    far = np.linalg.norm(points - points[:, :1], axis=-1).max(axis=1)
    found += [net / np.maximum(way, 0.3), far / np.maximum(way, 0.3)]
    reach = points.max(axis=1) - points.min(axis=1)
    again = np.log1p(np.abs(steps).sum(axis=1) / np.maximum(reach, 0.2))
    return np.concatenate([np.stack(found, axis=1), again], axis=1)


def _rhythm(points: Numbers) -> Numbers:
    """Return the share of each of the eight lowest frequencies in the movement."""
    around = (points - points.mean(axis=1, keepdims=True)) * np.hanning(points.shape[1])[None, :, None]
    power = np.sqrt((np.abs(np.fft.rfft(around, axis=1))[:, 1:9] ** 2).sum(axis=-1))
    return np.asarray(power / np.maximum(power.sum(axis=1, keepdims=True), 1e-3))


def _smooth(points: Numbers) -> Numbers:
    """Return the points (N, T, 3) averaged over three frames, ends kept."""
    out = points.copy()
    out[:, 1:-1] = (points[:, :-2] + 2 * points[:, 1:-1] + points[:, 2:]) / 4
    return out


def _phases(values: Numbers) -> Numbers:
    """Return the means over equal phases: (N, T, D) -> (N, phases * D)."""
    return np.concatenate(list(_means(values)), axis=-1)


def _means(values: Numbers) -> Iterator[Numbers]:
    for part in np.array_split(np.arange(values.shape[1]), PHASES):
        yield values[:, part].mean(axis=1)


def _course(values: Numbers) -> Numbers:
    """Return the phases' means, the greatest and the least value."""
    return np.concatenate([_phases(values), values.max(axis=1), values.min(axis=1)], axis=1)


def _length(vectors: Numbers) -> Numbers:
    return np.asarray(np.linalg.norm(vectors, axis=-1, keepdims=True))


def _angle(a: Numbers, b: Numbers, c: Numbers) -> Numbers:
    """Return the angle at ``b``, radians, (N, T, 1)."""
    u, v = a - b, c - b
    norm = np.maximum(np.linalg.norm(u, axis=-1) * np.linalg.norm(v, axis=-1), 1e-6)
    return np.asarray(np.arccos(np.clip((u * v).sum(axis=-1) / norm, -1, 1))[..., None])

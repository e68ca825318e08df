"""What a tool recorded, before it is known whose joints, which way up, how large or how fast it is.

The readers of pose estimators, motion capture and the plain format give a `Recording`; `sequences` makes it
what every sequence is: a layout's joints in its order, metres, y up, 30 frames a second. What the file does
not say is judged by what it shows, and said; a file ``skeleton.yaml`` beside it settles it (`Hints`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from semtool.errors import SemtoolError, UsageError
from skeleton.data.body import bridge, lacking
from skeleton.data.formats.hints import Hints
from skeleton.data.formats.outcomes import SampleFinding, Unreadable
from skeleton.data.formats.reader import RawSample, ReadContext
from skeleton.data.joints import place_joints
from skeleton.data.layouts import LAYOUTS, Layout, layout, layout_of_joints
from skeleton.data.orientation import Seen, metres, mirrored, towards, turned, upright
from skeleton.data.sequence import SkeletonSequence
from skeleton.data.transforms import resample

__all__ = ["RATE", "Recording", "Sample", "sequences"]

RATE = 30.0
"""Frames a second of every sequence."""
_MIRRORED = -0.3
_ASPECT = 16 / 9
Frames = NDArray[np.float32]


@dataclass(frozen=True)
class Sample:
    """One clip of a recording: (T, M, V, D), zeros (or no numbers) where a person or joint is not seen."""

    name: str
    frames: Frames
    label: str | int = ""
    subject: int = -1
    replication: int = -1


@dataclass(frozen=True)
class Recording:
    """Samples that one tool made in one go.

    Attributes:
        where: names the file in messages.
        samples: the clips.
        joints: the joints as the tool calls them; empty if it names none.
        layout: name of the layout, if the tool has one.
        fps: frames a second, None if the file does not say.
        unit: ``m``, ``cm``, ``mm``; empty if it does not say.
        up: the axis that points up (``+y``, ``-y``, ...); empty if it does not say.
    """

    where: str
    samples: Sequence[Sample]
    joints: tuple[str, ...] = ()
    layout: str = ""
    fps: float | None = None
    unit: str = ""
    up: str = ""


def sequences(recording: Recording, hints: Hints, context: ReadContext) -> Iterator[RawSample]:
    """Yield the samples as sequences, after what had to be assumed or changed.

    Args:
        recording: what a tool wrote.
        hints: what somebody says of it.
        context: whose classes the labels are, if they matter, and how many people a sample may have.

    Raises:
        Unreadable: if no frame shows anybody, or the joints make no body.
    """
    where = recording.where
    frames = [np.nan_to_num(s.frames, nan=0.0, posinf=0.0, neginf=0.0) for s in recording.samples]
    shown = [f[:, 0][f[:, 0].any(axis=(1, 2))] for f in frames]
    every = np.concatenate(shown) if shown else np.zeros((0, 0, 0), np.float32)
    if not len(every):
        raise Unreadable("bodies", f"{where}: no frame shows anybody")
    joints, order, notes = _joints(recording, hints, every)
    if in_shares := _in_shares(every, joints):
        frames = [f[..., :2] * (hints.aspect or _ASPECT, 1.0) for f in frames]
        every = every[..., :2] * (hints.aspect or _ASPECT, 1.0)
    if gone := [j for j in lacking(joints) if "shoulder" in j or "hip" in j]:
        raise Unreadable(
            "joints", f"{where}: too few joints to be a body, it lacks {', '.join(gone)}. " + " ".join(notes)
        )
    seen = Seen.of(every[:, order], joints)
    if "hip_centre" not in seen.points or "shoulder_centre" not in seen.points:
        raise Unreadable("joints", f"{where}: hips or shoulders are never seen, so that it shows no body")
    turn, scale, said = _frame(recording, hints, seen)
    rate, assumed = _rate(recording, hints, joints)
    if in_shares and not hints.aspect:
        text = (
            "its coordinates are shares of the image, taken to be 16 wide and 9 high (aspect: says otherwise)"
        )
        assumed.append(("assumed", text))
    for outcome, text in [("joints-unplaced", n) for n in notes] + said + assumed:
        yield SampleFinding(outcome, f"{where}: {text}")
    for sample, values in zip(recording.samples, frames, strict=True):
        if not values.any():
            yield SampleFinding("bodies", f"{sample.name}: no frame shows anybody", sample.name)
            continue
        values = _main_first(values)
        people = context.dataset.bodies
        if values[:, people:].any():
            text = f"{sample.name} shows more than {people} people; the others are left out"
            yield SampleFinding("body-extra", text, sample.name)
        positions = _finished(turned(values[:, :people, order], turn, scale), rate)
        try:
            label = _label(sample, context)
        except SemtoolError as error:
            yield SampleFinding("label", f"{sample.name}: {error}", sample.name)
            continue
        yield SkeletonSequence(
            sample.name,
            joints.name,
            positions,
            class_id=label,
            subject=sample.subject,
            replication=sample.replication,
        )


def _in_shares(frames: Frames, joints: Layout) -> bool:
    """Tell whether points (F, V, D) are shares of an image's width and height; their depth is none."""
    seen = frames[frames.any(axis=-1)]
    if frames.shape[-1] == 3:
        if not joints.name.startswith("mediapipe"):
            return False
        hips = frames[:, [joints.index("left_hip"), joints.index("right_hip")]].mean(axis=1)
        if np.median(np.abs(hips[:, 2])) > 0.2 or np.abs(hips[:, :2]).mean() < 0.05:
            return False  # in the world the hips are zero, or the depth is one
    inside = ((seen[:, :2] > -0.5) & (seen[:, :2] < 1.5)).all(axis=1)
    return bool(inside.mean() > 0.99 and ((seen[:, :2] >= 0) & (seen[:, :2] <= 1)).mean() > 0.9)


def _main_first(values: Frames) -> Frames:
    """Order the people of (T, M, V, D) by how much they move: the sum of their joints' steps."""
    if values.shape[1] < 2:
        return values
    both = values[1:].any(axis=-1) & values[:-1].any(axis=-1)
    steps = np.linalg.norm(np.diff(values, axis=0), axis=-1) * both
    return values[:, np.argsort(-steps.sum(axis=(0, 2)), kind="stable")]


def _joints(recording: Recording, hints: Hints, frames: Frames) -> tuple[Layout, list[int], list[str]]:
    """Return the layout, where its joints are in the data, and what is to be said of the others."""
    count, where = frames.shape[1], recording.where
    name = hints.layout or recording.layout
    if name:
        known = layout(name)
        if len(known) != count:
            text = f"{where} has {count} joints, the layout {name} has {len(known)}"
            raise Unreadable("joints", text)
        return known, list(range(count)), []
    if not recording.joints:
        known = _by_count(frames, where)
        return known, list(range(count)), []
    if len(recording.joints) != count:
        raise Unreadable("joints", f"{where} names {len(recording.joints)} joints and holds {count}")
    try:
        placement = place_joints(recording.joints, hints.joints)
    except UsageError as error:
        raise Unreadable("joints", f"{where}: {error}") from None
    placed = {mark: i for i, mark in enumerate(placement.landmarks) if mark}
    notes = []
    if placement.unplaced:
        names = ", ".join(placement.unplaced[:8]) + (", ..." if len(placement.unplaced) > 8 else "")
        text = f"not understood as landmarks: {names}; --mapping FILE, or skeleton.yaml beside it, can say"
        notes.append(f"{text} what they are, such as joints: {{{placement.unplaced[0]}: left_hand}}")
    try:
        known = layout_of_joints(placed)
    except UsageError:
        raise Unreadable("joints", f"{where}: too few joints to be a body. " + " ".join(notes)) from None
    return known, [placed[joint] for joint in known.joints], notes


def _by_count(frames: Frames, where: str) -> Layout:
    """Return the layout with this number of joints in which the body is most like one."""
    fitting = [x for x in LAYOUTS.values() if len(x) == frames.shape[1] and x.name != "body"]
    if not fitting:
        known = ", ".join(f"{len(x)} ({x.name})" for x in LAYOUTS.values() if x.name != "body")
        raise Unreadable("joints", f"{where} has {frames.shape[1]} joints without names; known are {known}")
    return min(fitting, key=lambda x: _unlike(frames[:: max(1, len(frames) // 200)], x))


def _unlike(frames: Frames, joints: Layout) -> float:
    """Return how much a layout's limbs change their length, differ between the sides and are too long."""
    pairs = [(joints.index(f"{s}_{a}"), joints.index(f"{s}_{b}")) for s in ("left", "right")
             for a, b in (("shoulder", "elbow"), ("hip", "knee"), ("shoulder", "hip"))]  # fmt: skip
    length = np.stack([np.linalg.norm(frames[:, a] - frames[:, b], axis=-1) for a, b in pairs])
    typical = np.median(length, axis=1) + 1e-9
    sides = np.abs(np.log(typical[:3] / typical[3:])).sum()
    return float(
        (length.std(axis=1) / typical).sum() + sides + np.abs(np.log(typical / typical.mean())).sum()
    )


def _frame(
    recording: Recording, hints: Hints, seen: Seen
) -> tuple[NDArray[np.float64], float, list[tuple[str, str]]]:
    """Return the rotation (or reflection), the factor to metres, and what is to be said of both."""
    said: list[tuple[str, str]] = []
    given = hints.up or recording.up
    if given:
        turn = np.diag([1.0, -1.0, 1.0]) if seen.flat and given == "-y" else towards(given)
        judged = upright(seen)[0][:2]
        if judged != (given if given[0] in "+-" else f"+{given}"):
            said.append(("turned", f"up is {given} as it says, though its people stand along {judged}"))
    else:
        name, turn = upright(seen)
        if name != "+y" and not seen.flat:  # in an image y usually points down
            said.append(("turned", f"its people stand along {name}; turned upright (up: says otherwise)"))
    level = Seen({k: v @ turn.T for k, v in seen.points.items()}, seen.flat)
    flip = hints.mirrored if hints.mirrored is not None else mirrored(level) < _MIRRORED
    if flip:
        turn = np.diag([-1.0, 1.0, 1.0]) @ turn
        if hints.mirrored is None:
            text = "mirrored: its people's fronts are where their backs should be; x is negated"
            said.append(("mirrored", text + " (mirrored: no says otherwise)"))
    scale, unit = metres(seen, hints.unit or recording.unit)
    if unit == "trunk" and not seen.flat:
        text = "its people have no human size in metres, centimetres or millimetres; the trunk is made 0.5 m"
        said.append(("assumed", text))
    return turn, scale, said


def _rate(recording: Recording, hints: Hints, joints: Layout) -> tuple[float, list[tuple[str, str]]]:
    rate = hints.fps or recording.fps
    if rate and np.isfinite(rate) and rate > 0:
        return float(rate), []
    assumed = f"{joints.fps:g} are assumed (fps: in a skeleton.yaml says otherwise)"
    text = f"it does not say its frames a second; {assumed}"
    return joints.fps, [("assumed", text)]


def _finished(frames: Frames, rate: float) -> Frames:
    """Return (3, T', V, M): joints bridged over frames that miss them, `RATE` frames a second."""
    there = np.flatnonzero(frames.any(axis=(1, 2, 3)))
    frames = frames[there[0] : there[-1] + 1]
    single = np.ascontiguousarray(frames.transpose(1, 3, 0, 2))  # (M, 3, T, V)
    bridge(single[:1], bodies=True)
    bridge(single[1:])
    positions = np.ascontiguousarray(single.transpose(1, 2, 3, 0))
    if abs(rate / RATE - 1) < 0.01:
        return positions
    return resample(positions, round((positions.shape[1] - 1) * RATE / rate) + 1)


def _label(sample: Sample, context: ReadContext) -> int:
    if not context.labelled or sample.label == "":
        return -1
    return context.dataset.find_class(sample.label).id

"""One sample that is a block of numbers: checked and made a sequence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from semtool.catalogue import Dataset
from skeleton.data.formats.ntu import class_code
from skeleton.data.formats.outcomes import SampleFinding, Unreadable
from skeleton.data.formats.reader import RawSample, finite
from skeleton.data.layouts import layout
from skeleton.data.sequence import SkeletonSequence

__all__ = ["NO_LABEL", "layout_of", "read_block"]

# What the containers of the field hold; their readers know no names.
_BY_JOINTS = {len(layout(name)): name for name in ("coco", "openpose", "kinect-v1", "kinect-v2")}
NO_LABEL = -(2**31)
"""The label of a sample for which nobody gives one; -1 is what numbers that count from 1 make of a 0."""
_SHARE_TRACKED = 0.25
"""Of the frames of the best tracked body: a body with fewer is taken for a mistake of the tracker."""


def layout_of(joints: int, name: str, expected: str = "") -> str:
    """Return the layout with this number of joints, ``expected`` if it has; else raise `Unreadable`."""
    if expected and len(layout(expected)) == joints:
        return expected
    if joints not in _BY_JOINTS:
        known = ", ".join(f"{n} ({layout})" for n, layout in sorted(_BY_JOINTS.items()))
        raise Unreadable("joints", f"{name} has {joints} joints; known are {known}")
    return _BY_JOINTS[joints]


def read_block(
    name: str,
    positions: NDArray[np.generic],
    label: int,
    dataset: Dataset,
    numbers: Mapping[str, int] | None = None,
) -> Iterator[RawSample]:
    """Yield the sequence of a block of numbers and what was changed, or why it cannot be used.

    Frames of zeros are left out; at the end they are padding, elsewhere they are counted. Bodies of zeros
    are left out; of more bodies than the data set has, those are kept that are tracked and move most. In a
    layout of two dimensions the third number is a score.

    Args:
        name: the sample's name.
        positions: (C, T, V, M).
        label: canonical class id, or `NO_LABEL`.
        dataset: whose sample it is.
        numbers: subject, view, setup, replication, part.
    """
    findings: list[SampleFinding] = []
    try:
        if positions.ndim != 4 or positions.shape[0] != 3 or positions.dtype.kind not in "fiub":
            text = f"{name} has shape {positions.shape} and type {positions.dtype}, not (3, T, V, M) numbers"
            raise Unreadable("damaged", text)
        skeleton = layout_of(positions.shape[2], name, dataset.layout)
        if label != NO_LABEL and not 0 <= label < len(dataset.classes):
            raise Unreadable("label", f"{name}: {dataset.name} has no class {label}")
        if (
            label >= 0
            and (code := class_code(name))
            and code in {c.code for c in dataset.classes} - {dataset.classes[label].code}
        ):
            raise Unreadable("label", f"{name} has the class {dataset.classes[label].code} as its label")
        with np.errstate(over="ignore"):
            found = finite(positions.astype(np.float32), name)
        if layout(skeleton).dimensions == 2:
            found = _without_score(found, name)
        found = _shown_frames(found, name, findings)
        found = _people(found, dataset.bodies, name, findings)
    except Unreadable as error:
        yield error.finding(name)
        return
    yield from findings
    label = max(label, -1)
    yield SkeletonSequence(name, skeleton, np.ascontiguousarray(found), class_id=label, **(numbers or {}))


def _without_score(positions: NDArray[np.float32], name: str) -> NDArray[np.float32]:
    """Take a third number as what a detector gives: a score, zero for a joint that is not there."""
    score = positions[2]
    if not score.any():
        return positions
    if score.min() < 0 or score.max() > 1:
        text = f"{name} has {positions.shape[2]} joints and a third coordinate that is no score from 0 to 1"
        raise Unreadable("joints", f"{text}: no known layout has so many in three dimensions")
    flat = np.where(score > 0, positions, 0)
    flat[2] = 0
    return flat


def _shown_frames(
    positions: NDArray[np.float32], name: str, findings: list[SampleFinding]
) -> NDArray[np.float32]:
    shown: NDArray[np.bool_] = np.any(positions != 0, axis=(0, 2, 3))
    if not shown.any():
        raise Unreadable("bodies", f"{name}: every coordinate is zero")
    last = int(np.flatnonzero(shown)[-1]) + 1
    if missing := last - int(shown.sum()):
        text = f"{name}: {missing} of {last} frames show nobody and were left out"
        findings.append(SampleFinding("frames-missing", text, name, missing))
    return positions[:, shown]


def _people(
    positions: NDArray[np.float32], most: int, name: str, findings: list[SampleFinding]
) -> NDArray[np.float32]:
    """Leave out bodies of zeros, then, beyond ``most``, those that are hardly tracked or move least."""
    tracked = np.any(positions != 0, axis=(0, 2))  # (T, M)
    there = np.flatnonzero(tracked.any(axis=0))
    if empty := int(there[-1]) + 1 - len(there):
        text = f"{name}: {empty} bodies before body {there[-1] + 1} have no coordinates; the others moved up"
        findings.append(SampleFinding("body-empty", text, name, empty))
    if len(there) <= most:
        return positions[..., there]
    frames = tracked[:, there].sum(axis=0)
    motion = [float(positions[:, tracked[:, m], :, m].var(axis=1, dtype=np.float64).sum()) for m in there]
    enough = frames >= _SHARE_TRACKED * frames.max()
    order = sorted(range(len(there)), key=lambda i: (not enough[i], -motion[i], i))
    extra = len(there) - most
    text = f"{name}: {extra} of {len(there)} bodies are more than the data set's {most}; the best tracked"
    findings.append(SampleFinding("body-extra", f"{text} that move most were kept", name, extra))
    return positions[..., there[order[:most]]]

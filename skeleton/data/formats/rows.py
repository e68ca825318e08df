"""One sample that is a block of numbers in a larger file: checked and made a sequence."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from semtool.catalogue import Dataset
from skeleton.data.formats.source import Finding, Outcome, Unreadable, finite
from skeleton.data.layouts import LAYOUTS
from skeleton.data.sequence import SkeletonSequence

__all__ = ["layout_of", "row"]

_BY_JOINTS = {len(layout): layout.name for layout in LAYOUTS.values()}


def layout_of(joints: int, name: str) -> str:
    """Return the layout with this number of joints; raise `Unreadable` if there is none."""
    if joints not in _BY_JOINTS:
        known = ", ".join(f"{n} ({layout})" for n, layout in sorted(_BY_JOINTS.items()))
        raise Unreadable("joints", f"{name} has {joints} joints; known are {known}")
    return _BY_JOINTS[joints]


def row(
    name: str,
    positions: NDArray[np.floating],
    label: int,
    dataset: Dataset,
    numbers: Mapping[str, int] | None = None,
    holes: bool = False,
) -> Outcome:
    """Return the sequence of positions (C, T, V, M), or why it cannot be used.

    Frames of zeros at the end are padding and removed; with ``holes`` all frames of zeros are removed.
    Bodies of zeros after the last one are removed too; more bodies than the data set has are left out.
    """
    try:
        layout = layout_of(positions.shape[2], name)
        if not 0 <= label < len(dataset.classes):
            raise Unreadable("label", f"{name}: {dataset.name} has no class {label}")
        with np.errstate(over="ignore"):
            positions = finite(positions.astype(np.float32), name)
        shown: NDArray[np.bool_] = np.any(positions != 0, axis=(0, 2, 3))
        if not shown.any():
            raise Unreadable("bodies", f"{name}: every coordinate is zero")
    except Unreadable as error:
        return Finding(error.outcome, str(error), name)
    keep = shown if holes else np.arange(len(shown)) <= np.flatnonzero(shown)[-1]
    positions = positions[:, keep]
    bodies = 1 + int(np.flatnonzero(positions.any(axis=(0, 1, 2)))[-1])
    positions = np.ascontiguousarray(positions[..., : min(bodies, dataset.bodies)])
    return SkeletonSequence(name, layout, positions, class_id=label, **(numbers or {}))

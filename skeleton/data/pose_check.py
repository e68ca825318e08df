"""Whether sequences look like people in the layout's order of joints: heads up, feet down, equal sides."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from skeleton.data.formats import SampleFinding
from skeleton.data.layouts import Layout, layout
from skeleton.data.sequence import SkeletonSequence

__all__ = ["PoseCheck"]

_FRAMES = 16
_MOST_SAMPLES = 2000
_FACTOR = 1.5
"""By which the left and right of a limb may differ in length: no person's do by so much."""
_LIMBS = (("shoulder", "elbow"), ("elbow", "wrist"), ("hip", "knee"), ("knee", "ankle"))
_HEAD_DOWN = "the head is below the shoulders or hips"
_FEET_UP = "the feet are above the knees"
_EXCHANGED = "the feet point backwards, so that left and right may be exchanged or mirrored"
_UNEQUAL = "a left limb is much longer or shorter than the right one"


@dataclass
class PoseCheck:
    """Counts what is odd in the sequences that it is shown, of which the first 2,000 are looked at."""

    seen: int = 0
    odd: Counter[str] = field(default_factory=Counter)
    _layout: str = ""

    def look(self, sequence: SkeletonSequence) -> None:
        """Look at the main actor in some frames of a sequence."""
        if self.seen >= _MOST_SAMPLES:
            return
        self.seen += 1
        self._layout = sequence.layout
        frames = np.linspace(0, sequence.positions.shape[1] - 1, _FRAMES).astype(int)
        self.odd.update(_oddities(sequence.positions[:, frames][..., 0], layout(sequence.layout)))

    def findings(self) -> list[SampleFinding]:
        """Return a finding for everything that is odd in more than half of the samples."""
        return [
            SampleFinding(
                "pose",
                f"in {count} of {self.seen} samples {what}: are the joints in the order of {self._layout}, "
                "and is y up?",
                count=count,
            )
            for what, count in sorted(self.odd.items())
            if 2 * count > self.seen
        ]


def _oddities(points: NDArray[np.float32], joints: Layout) -> list[str]:
    """Return what is odd of one person's points (C, T, V)."""
    place = {joint: index for index, joint in enumerate(joints.joints)}

    def height(*names: str) -> float | None:
        there = [place[name] for name in names if name in place]
        return float(np.median(points[1][:, there].mean(axis=1))) if there else None

    odd = []
    head = height("head", "nose")
    below = [height("left_hip", "right_hip"), height("left_shoulder", "right_shoulder")]
    if head is not None and any(b is not None and head < b for b in below):
        odd.append(_HEAD_DOWN)
    feet, knees = height("left_ankle", "right_ankle"), height("left_knee", "right_knee")
    if feet is not None and knees is not None and feet > knees:
        odd.append(_FEET_UP)
    if joints.dimensions == 3 and any(_unequal(points, place, limb) for limb in _LIMBS):
        odd.append(_UNEQUAL)
    if joints.dimensions == 3 and _turned(points, place):
        odd.append(_EXCHANGED)
    return odd


def _turned(points: NDArray[np.float32], place: dict[str, int]) -> bool:
    """Tell whether the toes point to where the back is, by left, right and up; y is up, z away."""
    needed = [f"{side}_{joint}" for side in ("left", "right") for joint in ("hip", "ankle", "foot")]
    if not set(needed) <= set(place):
        return False
    left_hip, left_ankle, left_foot, right_hip, right_ankle, right_foot = (
        points[:, :, place[n]] for n in needed
    )
    forward = (left_foot - left_ankle + right_foot - right_ankle).mean(axis=1)
    right = (right_hip - left_hip).mean(axis=1)
    return bool(np.dot(np.cross(forward, (0.0, 1.0, 0.0)), right) < 0)


def _unequal(points: NDArray[np.float32], place: dict[str, int], limb: tuple[str, str]) -> bool:
    lengths = []
    for side in ("left", "right"):
        ends = [place.get(f"{side}_{joint}") for joint in limb]
        if None in ends:
            return False
        difference = points[:, :, ends[0]] - points[:, :, ends[1]]
        lengths.append(float(np.median(np.sqrt((difference**2).sum(axis=0)))))
    return max(lengths) > _FACTOR * min(lengths)

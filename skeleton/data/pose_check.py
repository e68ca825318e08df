"""Whether sequences look like people in the order of the layout: upright, not mirrored, of equal sides."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import numpy as np

from skeleton.data.formats import SampleFinding
from skeleton.data.layouts import layout
from skeleton.data.orientation import Seen, mirrored, upright
from skeleton.data.sequence import SkeletonSequence

__all__ = ["PoseCheck"]

_FRAMES = 16
_MOST_SAMPLES = 500
_MIRRORED = -0.3
_FACTOR = 1.5
"""By which the left and right of a limb may differ in length: no person's do by so much."""
_LIMBS = (("shoulder", "elbow"), ("elbow", "wrist"), ("hip", "knee"), ("knee", "ankle"))


@dataclass
class PoseCheck:
    """Counts what is odd in the sequences that it is shown, of which the first 500 are looked at."""

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
        points = sequence.positions[:, frames][..., 0].transpose(1, 2, 0)
        if points.any():
            self.odd.update(_oddities(Seen.of(points, layout(sequence.layout))))

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


def _oddities(seen: Seen) -> list[str]:
    """Return what is odd of one person."""
    if not {"hip_centre", "shoulder_centre"} <= seen.points.keys():
        return []
    odd = []
    up = upright(seen)[0][:2]
    if up != "+y":
        odd.append(f"people stand along {up}")
    elif mirrored(seen) < _MIRRORED:
        odd.append("the feet and arms point backwards, so that left and right may be exchanged or mirrored")
    if not seen.flat and any(_unequal(seen, *limb) for limb in _LIMBS):
        odd.append("a left limb is much longer or shorter than the right one")
    return odd


def _unequal(seen: Seen, *limb: str) -> bool:
    ways = [seen.way(*(f"{side}_{joint}" for joint in limb)) for side in ("left", "right")]
    lengths = [float(np.median(np.linalg.norm(way, axis=1))) for way in ways if way is not None]
    return len(lengths) == 2 and max(lengths) > _FACTOR * min(lengths)

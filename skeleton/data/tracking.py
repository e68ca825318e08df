"""People over time: detections of single frames become persons, through gaps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

__all__ = ["Detection", "tracked"]

_FAR = 1.0
"""How far a person may have moved, in heights of the person and a frame of gap in ten, to be the same."""


@dataclass(frozen=True)
class Detection:
    """One person in one frame: points (V, D), zero where unseen; ``person`` if the detector tells persons."""

    points: NDArray[np.float32]
    person: str = ""


@dataclass
class _Track:
    person: str
    frames: dict[int, NDArray[np.float32]] = field(default_factory=dict)

    @property
    def last(self) -> int:
        return max(self.frames)

    @property
    def weight(self) -> float:
        """How long and how large a person is there: who matters most comes first."""
        return float(sum(_size(points) for points in self.frames.values()))


def tracked(frames: Sequence[Sequence[Detection]], gap: int = 30) -> NDArray[np.float32]:
    """Return detections as persons over time, float32 (T, M, V, D), the one who is most there first.

    Persons whom the detector names are taken as named. Others go on as the nearest person of the frames
    before, up to ``gap`` frames back, if that is nearer than a height of the body; else somebody new appears.
    Who is there for less than a tenth of the longest stay is taken for a mistake of the detector.

    Args:
        frames: the detections of each frame.
        gap: frames that somebody may be out of sight and come back as the same.
    """
    tracks: list[_Track] = []
    for time, detections in enumerate(frames):
        for track, found in _matched(tracks, [d for d in detections if d.points.any()], time, gap):
            track.frames[time] = found.points
    most = max((len(t.frames) for t in tracks), default=0)
    kept = sorted((t for t in tracks if 10 * len(t.frames) >= most), key=lambda t: -t.weight)
    if not kept:
        return np.zeros((len(frames), 1, 0, 2), np.float32)
    shape = next(iter(kept[0].frames.values())).shape
    made = np.zeros((len(frames), len(kept), *shape), np.float32)
    for person, track in enumerate(kept):
        for time, points in track.frames.items():
            made[time, person] = points
    return made


def _matched(
    tracks: list[_Track], detections: Sequence[Detection], time: int, gap: int
) -> list[tuple[_Track, Detection]]:
    """Pair the detections of a frame with tracks, new ones where none fits."""
    from scipy.optimize import linear_sum_assignment

    pairs: list[tuple[_Track, Detection]] = []
    rest: list[Detection] = []
    for found in detections:
        named = next((t for t in tracks if found.person and t.person == found.person), None)
        if named and time not in named.frames and all(named is not t for t, _ in pairs):
            pairs.append((named, found))
        else:
            rest.append(found)
    taken = {id(t) for t, _ in pairs}
    open_tracks = [t for t in tracks if not t.person and time - t.last <= gap and id(t) not in taken]
    cost = np.array([[_distance(t.frames[t.last], d.points) for d in rest] for t in open_tracks])
    if cost.size:
        nameless = np.array([not d.person for d in rest])
        cost = np.where(nameless[None], cost, np.inf)
        limit = np.array([_FAR * (1 + (time - t.last) / 10) for t in open_tracks])[:, None]
        rows, columns = linear_sum_assignment(np.where(cost <= limit, cost, 1e6))
        pairs += [
            (open_tracks[i], rest[j]) for i, j in zip(rows, columns, strict=True) if cost[i, j] <= limit[i]
        ]
    matched = {id(d) for _, d in pairs}
    for found in rest:
        if id(found) not in matched:
            tracks.append(_Track(found.person))
            pairs.append((tracks[-1], found))
    return pairs


def _size(points: NDArray[np.float32]) -> float:
    shown = points[points.any(axis=-1)]
    return float(np.linalg.norm(shown.max(axis=0) - shown.min(axis=0))) if len(shown) else 0.0


def _distance(before: NDArray[np.float32], now: NDArray[np.float32]) -> float:
    """Return the mean distance of the joints that both show, in sizes of the person before."""
    both = before.any(axis=-1) & now.any(axis=-1)
    if not both.any():
        return float("inf")
    return float(np.linalg.norm(before[both] - now[both], axis=-1).mean() / max(_size(before), 1e-9))

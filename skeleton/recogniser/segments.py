"""Long recordings: what each person does when."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np

from semtool.disk import write_atomically
from semtool.errors import UsageError
from skeleton.data import SkeletonSequence
from skeleton.recogniser.recogniser import Recogniser

__all__ = ["Segment", "timeline", "write_timeline"]

_RATE = 30.0
"""Frames a second to which every recording is read."""
_THERE = 0.5
"""Share of a window in which a person must be seen."""


@dataclass(frozen=True)
class Segment:
    """Seconds in which one person (from 1) does the same; the mean probability over its windows."""

    person: int
    start: float
    end: float
    label: str
    probability: float

    def record(self) -> dict[str, Any]:
        """Return it as plain values by name."""
        return {k: round(v, 3) if isinstance(v, float) else v for k, v in asdict(self).items()}


def timeline(
    model: Recogniser,
    sequence: SkeletonSequence,
    labels: Sequence[str],
    *,
    window: float = 2.0,
    hop: float = 0.5,
    act: bool = True,
) -> list[Segment]:
    """Say what each person of a recording does when, by windows; neighbours that agree become one segment.

    Args:
        model: the recogniser.
        sequence: 30 frames a second, any number of people; who else is there counts as the partner.
        labels: what may be done.
        window: seconds that are looked at together.
        hop: seconds from one window to the next.
        act: as `Recogniser.predict`.

    Returns:
        Segments person by person, in time, in seconds.

    Raises:
        UsageError: if ``hop`` is longer than ``window``.
    """
    if hop > window:
        raise UsageError("--hop is longer than --window: something would be seen by no window")
    found: list[Segment] = []
    cuts = [
        cut
        for person in range(sequence.positions.shape[3])
        for cut in _windows(sequence, person, window, hop)
    ]
    answers = model.predict([clip for *_, clip in cuts], labels, act=act)
    pieces = [
        Segment(person + 1, start, end, answer.label, answer.probabilities[0] if answer.fits else 0.0)
        for (person, start, end, _), answer in zip(cuts, answers, strict=True)
    ]
    for _, own in groupby(pieces, key=lambda piece: piece.person):
        found += _merged(list(own), hop)
    return found


def _windows(
    sequence: SkeletonSequence, person: int, window: float, hop: float
) -> Iterator[tuple[int, float, float, SkeletonSequence]]:
    """Yield person, start, end and clip of each window in which somebody is seen, that person first."""
    positions = sequence.positions
    there = (positions != 0).any(axis=(0, 2))  # (T, M)
    frames, size = len(there), max(2, round(window * _RATE))
    starts = range(0, max(frames - size, 0) + 1, max(1, round(hop * _RATE)))
    for start in starts:
        end = min(start + size, frames)
        seen = there[start:end]
        if seen[:, person].mean() < _THERE:
            continue
        others = [
            m
            for m in np.argsort(-seen.mean(axis=0), kind="stable").tolist()
            if m != person and seen[:, m].any()
        ]
        clip = np.ascontiguousarray(positions[:, start:end][..., [person, *others[:1]]])
        yield person, start / _RATE, end / _RATE, replace(sequence, positions=clip)


def _merged(pieces: list[Segment], hop: float) -> Iterator[Segment]:
    """Join windows that agree; each counts for the time around its middle, the outer ones to the edge."""
    runs: list[list[Segment]] = []
    for piece in pieces:
        near = runs and piece.start - runs[-1][-1].start < 1.5 * hop
        if near and runs[-1][-1].label == piece.label:
            runs[-1].append(piece)
        else:
            runs.append([piece])
    for at, run in enumerate(runs):
        before, after = (runs[at - 1][-1] if at else None), (runs[at + 1][0] if at + 1 < len(runs) else None)
        start, end = run[0].start, run[-1].end
        if before is not None and before.end > start:
            start = _middle(before, run[0])
        if after is not None and after.start < end:
            end = _middle(run[-1], after)
        yield replace(run[0], start=start, end=end, probability=float(np.mean([p.probability for p in run])))


def _middle(one: Segment, other: Segment) -> float:
    """Return the time between the middles of two windows."""
    return (one.start + one.end + other.start + other.end) / 4


def write_timeline(path: Path, found: Sequence[tuple[SkeletonSequence, Sequence[Segment]]]) -> None:
    """Write timelines of recordings: ``.csv``, ``.json``, or ``.html`` of one recording with the player.

    Args:
        path: its suffix says the format.
        found: each recording with its segments.

    Raises:
        UsageError: for another suffix, or ``.html`` of several recordings.
    """
    rows = [{"name": s.name, **part.record()} for s, parts in found for part in parts]
    if path.suffix == ".csv":
        with path.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, ("name", "person", "start", "end", "label", "probability"))
            writer.writeheader()
            writer.writerows(rows)
    elif path.suffix == ".json":
        write_atomically(path, json.dumps(rows, indent=1) + "\n", option="--out")
    elif path.suffix == ".html" and len(found) == 1:
        from skeleton.data import timeline_page

        sequence, parts = found[0]
        bars = [(p.person, p.start, p.end, p.label) for p in parts]
        write_atomically(path, timeline_page(sequence, bars), option="--out")
    else:
        raise UsageError(f"cannot write {path.name}: .csv, .json, or .html of one recording")

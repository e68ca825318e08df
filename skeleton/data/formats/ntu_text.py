"""The text of NTU RGB+D ``.skeleton`` files -> recordings: who was tracked in which frames, and where.

A file is: number of frames; for each frame the number of bodies; for each body a line of 10 numbers (the
first is the tracking id), the number of joints, 25, and a line of 12 numbers for each joint, of which the
first three are x, y, z in metres (x to the sensor's left, y up, z away from it). Joints are named from the
person's own view.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from skeleton.data.formats.outcomes import Unreadable

__all__ = ["Recording", "Track", "parse_recording"]

_JOINTS = 25
_NUMBERS = 12
_BODY_NUMBERS = 10
_MOST_BODIES = 64  # the sensor tracks six


@dataclass(frozen=True)
class Track:
    """One tracking id: the frames (n,) in which it was seen, ascending, and points (n, 25, 3) in metres."""

    id: int
    frames: NDArray[np.int64]
    points: NDArray[np.float32]


@dataclass(frozen=True)
class Recording:
    """A file's content: its number of frames and its tracks in the order in which they first appear."""

    frames: int
    tracks: tuple[Track, ...]


def parse_recording(text: bytes, name: str) -> Recording:
    """Parse the text of a ``.skeleton`` file; ``name`` is for the messages.

    Time and memory are linear in the length of the text, whatever counts it announces.

    Raises:
        Unreadable: ``frames``, ``bodies``, ``joints``, ``truncated``, ``not-a-number`` or ``damaged``.
    """
    lines = _Lines(text, name)
    frames = lines.count("the number of frames", "frames")
    if not frames:
        raise Unreadable("frames", f"{name} announces no frames")
    frame_of: list[int] = []
    ids: list[int] = []
    words: list[bytes] = []
    for frame in range(frames):
        if lines.done():
            raise Unreadable("frames", f"{name} announces {frames} frames and holds {frame}")
        for _ in range(lines.count("the number of bodies", "damaged", most=_MOST_BODIES)):
            ids.append(lines.tracking_id())
            frame_of.append(frame)
            if (joints := lines.count("the number of joints", "joints")) != _JOINTS:
                raise Unreadable("joints", f"{lines.here()} announces {joints} joints, not {_JOINTS}")
            words += lines.points()
    if not lines.done():
        raise Unreadable("frames", f"{name} goes on after the {frames} frames that it announces")
    if not ids:
        raise Unreadable("bodies", f"{name}: nobody is tracked in any of its {frames} frames")
    return Recording(frames, tuple(_tracks(frame_of, ids, _coordinates(words, frame_of, name))))


def _coordinates(words: list[bytes], frame_of: list[int], name: str) -> NDArray[np.float32]:
    """Return the points (bodies, 25, 3) that the words stand for."""
    try:
        if any(b"_" in word for word in words):  # float() takes 1_000
            raise ValueError
        values = np.fromiter(map(float, words), np.float64, len(words))
        with np.errstate(over="ignore"):
            points = values.astype(np.float32)
        bad = int(np.argmin(np.isfinite(points))) if not np.isfinite(points).all() else -1
    except ValueError:
        bad = next(i for i, word in enumerate(words) if not _is_number(word))
    if bad >= 0:
        where = f"frame {frame_of[bad // (3 * _JOINTS)] + 1}, joint {bad // 3 % _JOINTS + 1}"
        text = f"{name}: {where} has a coordinate that is not a finite number: {_short([words[bad]])}"
        raise Unreadable("not-a-number", text)
    return points.reshape(-1, _JOINTS, 3)


def _is_number(word: bytes) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return b"_" not in word


def _tracks(frame_of: list[int], ids: list[int], points: NDArray[np.float32]) -> Iterator[Track]:
    """Group bodies by id. Ids stay Python integers: they exceed what a float keeps apart."""
    rows: dict[int, list[int]] = {}
    for row, id in enumerate(ids):
        group = rows.setdefault(id, [])
        if not group or frame_of[group[-1]] != frame_of[row]:  # an id twice in a frame: the first counts
            group.append(row)
    frames = np.array(frame_of, np.int64)
    for id, group in rows.items():
        yield Track(id, frames[group], points[group])


class _Lines:
    """The lines of a file, one after the other, with their number for messages."""

    def __init__(self, text: bytes, name: str) -> None:
        self._lines = text.rstrip().split(b"\n") if text.strip() else []
        self._name = name
        self._next = 0

    def here(self) -> str:
        """Name the line that was read last."""
        return f"{self._name}, line {self._next}"

    def done(self) -> bool:
        """Tell whether nothing is left."""
        return self._next >= len(self._lines)

    def _words(self, what: str) -> list[bytes]:
        if self.done():
            raise Unreadable("truncated", f"{self._name} ends in line {self._next}, before {what}")
        self._next += 1
        return self._lines[self._next - 1].split()

    def count(self, what: str, outcome: str, most: int = 2**31) -> int:
        """Read a line that is one count."""
        words = self._words(what)
        if len(words) != 1 or not words[0].isdigit() or len(words[0]) > 18 or int(words[0]) > most:
            raise Unreadable(outcome, f"{self.here()} is not {what}: {_short(words)}")
        return int(words[0])

    def tracking_id(self) -> int:
        """Read a body's line; return its id."""
        words = self._words("a body's line")
        if len(words) != _BODY_NUMBERS or not words[0].isdigit() or len(words[0]) > 20:
            raise Unreadable("damaged", f"{self.here()} is not a body's line of 10 numbers: {_short(words)}")
        return int(words[0])

    def points(self) -> list[bytes]:
        """Read the lines of a body's joints; return x, y, z of each as they are written."""
        coordinates: list[bytes] = []
        for _ in range(_JOINTS):
            words = self._words("a joint's line")
            if len(words) != _NUMBERS:
                # The last line of a file that was cut is usually cut itself.
                outcome = "truncated" if self.done() and len(words) < _NUMBERS else "damaged"
                text = f"{self.here()} has {len(words)} numbers, not {_NUMBERS}: {_short(words)}"
                raise Unreadable(outcome, text)
            coordinates += words[:3]
        return coordinates


def _short(words: list[bytes]) -> str:
    return repr(b" ".join(words)[:40].decode("ascii", "replace"))

"""The text of NTU RGB+D ``.skeleton`` files -> recordings: who was tracked in which frames, and where.

A file is: number of frames; for each frame the number of bodies; for each body a line of 10 numbers (the
first is the tracking id), the number of joints, 25, and a line of 12 numbers for each joint, of which the
first three are x, y, z in metres (x to the sensor's left, y up, z away from it). Joints are named from the
person's own left and right. The other numbers of a line are counted but not parsed.

Regular files are read in bulk: positions of line ends and blanks by numpy, one pass over the frames for the
counts and ids, all coordinates at once. A file with anything unusual is read again line by line, which gives
the same result or names the line that is wrong.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from skeleton.data.formats.decimals import parse_decimals
from skeleton.data.formats.source import Unreadable

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
    try:
        frame_of, ids, points = _in_bulk(text)
    except _Irregular:
        frame_of, ids, points = _line_by_line(text, name)
    frames = int(text.split(b"\n", 1)[0])
    if not len(ids):
        raise Unreadable("bodies", f"{name}: nobody is tracked in any of its {frames} frames")
    with np.errstate(over="ignore"):
        single = points.astype(np.float32)
    if not np.isfinite(single).all():
        body, joint, _ = (int(i) for i in np.argwhere(~np.isfinite(single))[0])
        where = f"frame {int(frame_of[body]) + 1}, joint {joint + 1}"
        raise Unreadable("not-a-number", f"{name}: {where} has a coordinate that is not a finite number")
    return Recording(frames, tuple(_tracks(frame_of, ids, single)))


_Bodies = tuple[NDArray[np.int64], list[int], NDArray[np.float64]]
"""Frame of each body, tracking id of each body, points (bodies, 25, 3)."""


def _tracks(frame_of: NDArray[np.int64], ids: list[int], points: NDArray[np.float32]) -> Iterator[Track]:
    """Group bodies by id. Ids stay Python integers: they exceed what a float keeps apart."""
    rows: dict[int, list[int]] = {}
    for row, id in enumerate(ids):
        group = rows.setdefault(id, [])
        if not group or frame_of[group[-1]] != frame_of[row]:  # an id twice in a frame: the first counts
            group.append(row)
    for id, group in rows.items():
        yield Track(id, frame_of[group], points[group])


class _Irregular(Exception):
    """The text is not laid out as the bulk reader expects."""


def _in_bulk(text: bytes) -> _Bodies:
    buffer = np.frombuffer(text, np.uint8)
    ends = np.flatnonzero(buffer == ord("\n"))
    if len(ends) < 2 or ends[-1] != len(text) - 1:
        raise _Irregular
    if any(odd in text for odd in (b"_", b"+", b"\t", b"\v", b"\f")):
        raise _Irregular
    returns = np.count_nonzero(buffer == ord("\r"))
    if returns and (returns != len(ends) or (buffer[ends - 1] != ord("\r")).any()):
        raise _Irregular
    ends_list = ends.tolist()
    lines = len(ends_list)
    frame_of: list[int] = []
    ids: list[int] = []
    first_lines: list[int] = []
    try:
        frames = int(text[: ends_list[0]])
        line = 1
        for frame in range(frames):
            bodies = int(text[ends_list[line - 1] : ends_list[line]])
            if not 0 <= bodies <= _MOST_BODIES:
                raise _Irregular
            line += 1
            for _ in range(bodies):
                start = ends_list[line - 1] + 1
                ids.append(int(text[start : text.index(b" ", start)]))
                if int(text[ends_list[line] : ends_list[line + 1]]) != _JOINTS:
                    raise _Irregular
                first_lines.append(line + 2)
                frame_of.append(frame)
                line += 2 + _JOINTS
    except (ValueError, IndexError):
        raise _Irregular from None
    if line != lines or frames < 1:
        raise _Irregular
    if ids and not 0 <= min(ids) <= max(ids) < 10**20:
        raise _Irregular
    blank = buffer == ord(" ")
    last = ends - (2 if returns else 1)
    if (blank[1:] & blank[:-1]).any() or blank[ends[:-1] + 1].any() or blank[last].any():
        raise _Irregular  # only single blanks between two numbers can be counted
    blanks = np.flatnonzero(blank)
    first_line = np.array(first_lines, np.int64)
    _blanks_of(blanks, ends, first_line - 2, _BODY_NUMBERS)
    joint_lines = (first_line[:, None] + np.arange(_JOINTS)).ravel()
    first = _blanks_of(blanks, ends, joint_lines, _NUMBERS)
    stops = np.stack([blanks[first], blanks[first + 1], blanks[first + 2]], axis=1).ravel()
    starts = np.stack([ends[joint_lines - 1], blanks[first], blanks[first + 1]], axis=1).ravel() + 1
    if (starts >= stops).any():
        raise _Irregular
    try:
        points = parse_decimals(text, starts, stops)
    except ValueError:
        raise _Irregular from None
    return np.array(frame_of, np.int64), ids, points.reshape(-1, _JOINTS, 3)


def _blanks_of(
    blanks: NDArray[np.int64], ends: NDArray[np.int64], lines: NDArray[np.int64], numbers: int
) -> NDArray[np.int64]:
    """Return where in ``blanks`` each line's first one is; raise unless it has one less than ``numbers``."""
    first = np.searchsorted(blanks, ends[lines - 1])
    if len(lines) and first[-1] + numbers - 2 >= len(blanks):
        raise _Irregular
    inside = blanks[first + numbers - 2]
    outside = blanks[np.minimum(first + numbers - 1, len(blanks) - 1)]
    if (inside > ends[lines]).any() or ((outside < ends[lines]) & (outside != inside)).any():
        raise _Irregular
    return first


def _line_by_line(text: bytes, name: str) -> _Bodies:
    """Read any layout of blanks and line ends; name the first line that is wrong."""
    lines = _Lines(text, name)
    frames = lines.count("the number of frames", "frames")
    if not frames:
        raise Unreadable("frames", f"{name} announces no frames")
    frame_of: list[int] = []
    ids: list[int] = []
    points: list[list[float]] = []
    for frame in range(frames):
        if lines.done():
            raise Unreadable("frames", f"{name} announces {frames} frames and holds {frame}")
        for _ in range(lines.count("the number of bodies", "damaged", most=_MOST_BODIES)):
            ids.append(lines.tracking_id())
            frame_of.append(frame)
            if (joints := lines.count("the number of joints", "joints")) != _JOINTS:
                raise Unreadable("joints", f"{lines.here()} announces {joints} joints, not {_JOINTS}")
            points += [lines.point() for _ in range(_JOINTS)]
    if not lines.done():
        raise Unreadable("frames", f"{name} goes on after the {frames} frames that it announces")
    return np.array(frame_of, np.int64), ids, np.array(points).reshape(-1, _JOINTS, 3)


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

    def point(self) -> list[float]:
        """Read a joint's line; return x, y, z, which may be nan or infinite."""
        words = self._words("a joint's line")
        if len(words) != _NUMBERS:
            # The last line of a file that was cut is usually cut itself.
            outcome = "truncated" if self.done() and len(words) < _NUMBERS else "damaged"
            raise Unreadable(
                outcome, f"{self.here()} has {len(words)} numbers, not {_NUMBERS}: {_short(words)}"
            )
        try:
            if any(b"_" in word for word in words[:3]):
                raise ValueError
            return [float(word) for word in words[:3]]
        except ValueError:
            raise Unreadable(
                "not-a-number", f"{self.here()} is not a joint's line: {_short(words)}"
            ) from None


def _short(words: list[bytes]) -> str:
    return repr(b" ".join(words)[:40].decode("ascii", "replace"))

"""BVH of motion capture: a hierarchy of bones with offsets, and for each frame their turns in degrees.

A joint's place follows from its parent's: turn the offset by the product of all turns above it (Meredith and
Maddock, Motion Capture File Formats Explained, 2001). Names are those of rigs (`skeleton.data.joints`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from skeleton.data.formats.hints import labels_of, read_hints, with_companions
from skeleton.data.formats.outcomes import Unreadable
from skeleton.data.formats.reader import RawFile, RawSample, ReadContext, Reader, load, walk
from skeleton.data.formats.recording import Recording, Sample, sequences

__all__ = ["READER", "places"]

_MOTION = re.compile(r"MOTION\s+Frames:\s*(\d+)\s+Frame Time:\s*([\d.eE+-]+)")


@dataclass
class _Joint:
    name: str
    parent: int
    offset: NDArray[np.float64]
    channels: tuple[str, ...] = ()


def _find(folder: Path) -> list[RawFile]:
    return [with_companions(folder, s.name, s.path) for s in walk(folder, ".bvh")]


def _read(file: RawFile, context: ReadContext) -> Iterator[RawSample]:
    text = load(file.path).decode("utf-8", errors="replace")
    try:
        names, points, rate = places(text)
    except (ValueError, IndexError) as error:
        raise Unreadable("damaged", f"{file.path.name} is not a readable BVH file: {error}") from error
    frames = points[:, None].astype(np.float32)
    sample = Sample(file.stem, frames, **labels_of(file, file.stem, context))
    recording = Recording(file.path.name, [sample], names, fps=rate)
    yield from sequences(recording, read_hints(file.paths, context.hints), context)


def places(text: str) -> tuple[tuple[str, ...], NDArray[np.float64], float]:
    """Return the joints' names, their places (T, V, 3) in the file's unit, and the frames a second.

    Raises:
        ValueError: if hierarchy and motion do not fit each other.
    """
    if not (motion := _MOTION.search(text)):
        raise ValueError("it has no MOTION with Frames and Frame Time")
    joints = _hierarchy(text[: motion.start()].split())
    count, width = int(motion[1]), sum(len(j.channels) for j in joints)
    values = np.array(text[motion.end() :].split(), dtype=np.float64)
    if values.size != count * width or not count:
        raise ValueError(f"{count} frames of {width} channels announced, {values.size} numbers found")
    values = values.reshape(count, width)
    turns: list[NDArray[np.float64]] = []
    points: list[NDArray[np.float64]] = []
    column = 0
    for joint in joints:
        here = {c: values[:, column + i] for i, c in enumerate(joint.channels)}
        column += len(joint.channels)
        moved = np.tile(joint.offset, (count, 1))
        for axis, letter in enumerate("XYZ"):
            if f"{letter}position" in here:  # a root's place; of other joints it replaces the offset
                moved[:, axis] = here[f"{letter}position"]
        turn = np.tile(np.eye(3), (count, 1, 1))
        for channel, angle in here.items():
            if channel.endswith("rotation"):
                turn = turn @ _turn(channel[0], np.deg2rad(angle))
        if joint.parent >= 0:
            moved = points[joint.parent] + (turns[joint.parent] @ moved[..., None])[..., 0]
            turn = turns[joint.parent] @ turn
        turns.append(turn)
        points.append(moved)
    return tuple(j.name for j in joints), np.stack(points, axis=1), 1 / float(motion[2])


def _hierarchy(words: list[str]) -> list[_Joint]:
    joints: list[_Joint] = []
    above: list[int] = []
    position = 0
    while position < len(words):
        word = words[position]
        if word in ("ROOT", "JOINT", "End"):
            end = words.index("{", position)
            name = " ".join(words[position + 1 : end])
            name = f"{joints[above[-1]].name}_End" if word == "End" else name
            joints.append(_Joint(name, above[-1] if above else -1, np.zeros(3)))
            above.append(len(joints) - 1)
            position = end
        elif word == "OFFSET":
            joints[above[-1]].offset = np.array(words[position + 1 : position + 4], dtype=np.float64)
        elif word == "CHANNELS":
            number = int(words[position + 1])
            joints[above[-1]].channels = tuple(words[position + 2 : position + 2 + number])
        elif word == "}":
            above.pop()
        position += 1
    if not joints:
        raise ValueError("it has no HIERARCHY")
    return joints


def _turn(axis: str, angle: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return rotations (T, 3, 3) about an axis."""
    a, b = {"X": (1, 2), "Y": (2, 0), "Z": (0, 1)}[axis]
    made = np.tile(np.eye(3), (len(angle), 1, 1))
    made[:, a, a] = made[:, b, b] = np.cos(angle)
    made[:, b, a] = np.sin(angle)
    made[:, a, b] = -np.sin(angle)
    return made


READER = Reader("bvh", ".bvh files of motion capture", _find, _read, isolated=False, needs_classes=False)

"""PKU-MMD: long untrimmed recordings ``XXXX-V`` (V is L, M or R: views 1, 2, 3), cut by their label files.

A recording is text, a line a frame: x y z of 25 joints (Kinect v2, metres) of one person, then of a second or
zeros. The label file of the same name, in a folder with "label" in its name, has lines ``class,start,end,
confidence``: classes from 1, frames from ``start`` up to but not including ``end``. Every line is one sample,
``XXXX-V-NNN`` with its place in the label file. Frames in which nobody is tracked are removed; subjects are
not published with the recordings.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from skeleton.data.formats.outcomes import SampleFinding, Unreadable
from skeleton.data.formats.reader import RawFile, RawSample, ReadContext, Reader, load, walk
from skeleton.data.formats.rows import read_block

__all__ = ["READER"]

_NAME = re.compile(r"(\d{4})-([LMR])")
_VIEWS = {"L": 1, "M": 2, "R": 3}
_NUMBERS = 2 * 25 * 3
_MOST_BYTES = 32 * 2**20
_MOST_USES = 4
"""How often a frame may be used on average: actions overlap here and there, but not all of them."""


def _find(folder: Path) -> list[RawFile]:
    files = walk(folder, ".skeleton", ".txt")
    labels = {f.stem: f.path for f in files if _is_label(f)}
    if folder.is_file():
        labels |= {p.stem: p for p in folder.parent.parent.glob("*[Ll]abel*/*.txt") if p.stem == folder.stem}
    recordings = [f for f in files if not _is_label(f) and _NAME.fullmatch(f.stem)]
    return [RawFile(f.name, (f.path, labels[f.stem]) if f.stem in labels else (f.path,)) for f in recordings]


def _is_label(file: RawFile) -> bool:
    return any("label" in part.lower() for part in Path(file.name).parts[:-1])


def _read(file: RawFile, context: ReadContext) -> Iterator[RawSample]:
    name = file.stem
    match = _NAME.fullmatch(name)
    if not match:
        raise Unreadable("name", f"{name} is not of the form XXXX-V with V one of L, M, R")
    if len(file.paths) < 2:
        raise Unreadable("label", f"{name} has no label file {name}.txt in a folder with 'label' in its name")
    frames = _frames(load(file.path, _MOST_BYTES), name)
    seen: set[tuple[int, ...]] = set()
    used = 0
    for number, line in enumerate(load(file.paths[1], 2**20).split(b"\n"), start=1):
        if not line.strip():
            continue
        sample = f"{name}-{number:03d}"
        fields = [int(f) if f.strip().isdigit() and len(f) < 10 else -1 for f in line.split(b",")]
        if len(fields) not in (3, 4) or min(fields[:3]) < 0:
            text = f"line {number} of the labels of {name} is not class,start,end,confidence"
            yield SampleFinding("label", text, sample)
            continue
        action, start, end = fields[:3]
        if not start < end <= len(frames):
            text = f"{sample}: frames {start} to {end} are not within the {len(frames)} of the recording"
            yield SampleFinding("frames", text, sample)
            continue
        if (action, start, end) in seen:
            text = f"{sample}: class {action}, frames {start} to {end}, is in the label file twice"
            yield SampleFinding("duplicate", text, sample)
            continue
        seen.add((action, start, end))
        used += end - start
        if used > _MOST_USES * len(frames):
            text = f"the label file of {name} uses its {len(frames)} frames more than {_MOST_USES} times over"
            raise Unreadable("too-large", text)
        people = frames[start:end].reshape(-1, 2, 25, 3).transpose(3, 0, 2, 1)
        yield from read_block(sample, people, action - 1, context.dataset, {"view": _VIEWS[match[2]]})


def _frames(text: bytes, name: str) -> NDArray[np.float32]:
    """Return the numbers of a recording, (frames, 150)."""
    lines = text.rstrip().split(b"\n")
    if not text.strip():
        raise Unreadable("frames", f"{name} has no frames")
    frames = np.empty((len(lines), _NUMBERS), np.float32)
    with np.errstate(over="ignore"):
        for index, line in enumerate(lines):
            words = line.split()
            if len(words) != _NUMBERS:
                outcome = "truncated" if index == len(lines) - 1 and len(words) < _NUMBERS else "joints"
                text_of = f"{name}, line {index + 1} has {len(words)} numbers, not {_NUMBERS}"
                raise Unreadable(outcome, text_of)
            try:
                frames[index] = np.array([float(word) for word in words])
            except ValueError as error:
                raise Unreadable("not-a-number", f"{name}, line {index + 1}: {error}") from None
    return frames


READER = Reader(
    "pku_mmd", "XXXX-V text files, with label files of the same names", _find, _read, isolated=False,
    rank=2, names_identify=True,
)  # fmt: skip

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

from semtool.catalogue import Dataset
from skeleton.data.formats.decimals import parse_decimals, tokens
from skeleton.data.formats.rows import row
from skeleton.data.formats.source import Finding, Format, Outcome, Source, Unreadable, load, walk

__all__ = ["FORMAT"]

_NAME = re.compile(r"(\d{4})-([LMR])")
_VIEWS = {"L": 1, "M": 2, "R": 3}
_NUMBERS = 2 * 25 * 3
_MOST_BYTES = 32 * 2**20


def _find(folder: Path) -> list[Source]:
    files = walk(folder, ".skeleton", ".txt")
    labels = {s.stem: s.path for s in files if _is_label(s)}
    if folder.is_file():
        labels |= {p.stem: p for p in folder.parent.parent.glob("*[Ll]abel*/*.txt") if p.stem == folder.stem}
    recordings = [s for s in files if not _is_label(s) and _NAME.fullmatch(s.stem)]
    return [Source(s.name, (s.path, labels[s.stem]) if s.stem in labels else (s.path,)) for s in recordings]


def _is_label(source: Source) -> bool:
    return any("label" in part.lower() for part in Path(source.name).parts[:-1])


def _read(source: Source, dataset: Dataset) -> Iterator[Outcome]:
    name = source.stem
    match = _NAME.fullmatch(name)
    if not match:
        raise Unreadable("name", f"{name} is not of the form XXXX-V with V one of L, M, R")
    if len(source.paths) < 2:
        raise Unreadable("label", f"{name} has no label file {name}.txt in a folder with 'label' in its name")
    frames = _frames(load(source.path, _MOST_BYTES), name)
    for number, line in enumerate(load(source.paths[1], 2**20).split(b"\n"), start=1):
        if not line.strip():
            continue
        sample = f"{name}-{number:03d}"
        fields = [int(f) if f.strip().isdigit() and len(f) < 10 else -1 for f in line.split(b",")]
        if len(fields) not in (3, 4) or min(fields[:3]) < 0:
            text = f"line {number} of the labels of {name} is not class,start,end,confidence"
            yield Finding("label", text, sample)
            continue
        action, start, end = fields[:3]
        if not start < end <= len(frames):
            text = f"{sample}: frames {start} to {end} are not within the {len(frames)} of the recording"
            yield Finding("frames", text, sample)
            continue
        people = frames[start:end].reshape(-1, 2, 25, 3).transpose(3, 0, 2, 1)
        yield row(sample, people, action - 1, dataset, {"view": _VIEWS[match[2]]}, holes=True)


def _frames(text: bytes, name: str) -> NDArray[np.float32]:
    """Return the numbers of a recording, (frames, 150); the last line of a file may be blank."""
    starts, ends, line_of = tokens(text)
    lines = int(line_of[-1]) + 1 if len(line_of) else 0
    if not lines:
        raise Unreadable("frames", f"{name} has no frames")
    counts = np.bincount(line_of, minlength=lines)
    if (counts != _NUMBERS).any():
        line = int(np.flatnonzero(counts != _NUMBERS)[0])
        outcome = "truncated" if line == lines - 1 and counts[line] < _NUMBERS else "joints"
        raise Unreadable(outcome, f"{name}, line {line + 1} has {counts[line]} numbers, not {_NUMBERS}")
    try:
        values = parse_decimals(text, starts, ends)
    except ValueError as error:
        raise Unreadable("not-a-number", f"{name}: {error}") from None
    with np.errstate(over="ignore"):
        return values.astype(np.float32).reshape(lines, _NUMBERS)


FORMAT = Format("pku_mmd", "XXXX-V text files, with label files of the same names", _find, _read)

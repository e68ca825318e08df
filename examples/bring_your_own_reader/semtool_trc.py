"""Motion capture in .trc files, as OpenSim and OpenCap write them: a row a frame, markers by name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from skeleton.data.formats import (
    RawFile,
    RawSample,
    ReadContext,
    Reader,
    Recording,
    Sample,
    Unreadable,
    labels_of,
    load,
    read_hints,
    sequences,
    walk,
    with_companions,
)

__all__ = ["READER"]

HEAD = 5
"""Lines before the first frame; the third holds rate and unit, the fourth the markers' names."""


def _find(folder: Path) -> list[RawFile]:
    return [with_companions(folder, found.name, found.path) for found in walk(folder, ".trc")]


def _read(file: RawFile, context: ReadContext) -> Iterator[RawSample]:
    lines = load(file.path).decode("utf-8", "replace").splitlines()
    if len(lines) <= HEAD:
        raise Unreadable("truncated", f"{file.path.name} ends before its first frame")
    about = dict(zip(lines[1].split("\t"), lines[2].split("\t"), strict=False))
    names = tuple(name for name in lines[3].split("\t")[2:] if name.strip())
    try:
        rows = [
            [float(x or "nan") for x in line.split("\t")[2 : 2 + 3 * len(names)]]
            for line in lines[HEAD:]
            if line.strip()
        ]
        frames = np.array(rows, np.float32).reshape(len(rows), 1, len(names), 3)
        fps = float(about["DataRate"])
    except (KeyError, ValueError) as error:
        raise Unreadable("damaged", f"{file.path.name} is no table of frames and markers: {error}") from error
    clip = Sample(file.stem, frames, **labels_of(file, file.stem, context))
    recording = Recording(file.path.name, [clip], names, fps=fps, unit=about.get("Units", ""))
    yield from sequences(recording, read_hints(file.paths, context.hints), context)


READER = Reader("trc", "a .trc file of motion capture", _find, _read, isolated=False, needs_classes=False)

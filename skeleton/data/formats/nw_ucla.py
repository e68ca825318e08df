"""NW-UCLA: ``aXX_sXX_eXX_vXX.json`` with ``skeletons``, T x 20 x 3, metres, in the order of ``kinect-v1``.

The numbers are action, subject, trial (the replication, from 0) and view (1 to 3).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from semtool.catalogue import Dataset
from skeleton.data.formats.source import Format, Outcome, Source, Unreadable, class_id, finite, load, walk
from skeleton.data.sequence import SkeletonSequence

__all__ = ["FORMAT"]

_NAME = re.compile(r"(a\d+)_s(\d+)_e(\d+)_v(\d+)")
_JOINTS = 20


def _find(folder: Path) -> list[Source]:
    return walk(folder, ".json")


def _read(source: Source, dataset: Dataset) -> Iterator[Outcome]:
    name = source.stem
    match = _NAME.fullmatch(name)
    if not match:
        raise Unreadable("name", f"{name} is not of the form aXX_sXX_eXX_vXX")
    label = class_id(dataset, match[1], name)
    try:
        frames = json.loads(load(source.path))["skeletons"]
        raw = np.asarray(frames, dtype=np.float64)
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        raise Unreadable(
            "damaged", f"{name} does not hold skeletons as T x 20 x 3 numbers: {error}"
        ) from error
    if not raw.size:
        raise Unreadable("frames", f"{name} has no frames")
    if raw.ndim != 3 or raw.shape[1:] != (_JOINTS, 3):
        raise Unreadable("joints", f"{name}: skeletons have shape {raw.shape}, not T x 20 x 3")
    positions = np.ascontiguousarray(raw.transpose(2, 0, 1)[..., None], dtype=np.float32)
    if not positions.any():
        raise Unreadable("bodies", f"{name}: every coordinate is zero")
    yield SkeletonSequence(
        name,
        "kinect-v1",
        finite(positions, name),
        class_id=label,
        subject=int(match[2]),
        replication=int(match[3]),
        view=int(match[4]),
    )


FORMAT = Format("nw_ucla", "aXX_sXX_eXX_vXX.json files", _find, _read)

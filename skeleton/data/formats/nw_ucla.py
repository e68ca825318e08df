"""NW-UCLA: ``aXX_sXX_eXX_vXX.json`` with ``skeletons``, T x 20 x 3, metres, in the order of ``kinect-v1``.

The numbers are action, subject, trial (the replication, from 0) and view (1 to 3).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from skeleton.data.formats.outcomes import Unreadable
from skeleton.data.formats.reader import RawFile, RawSample, ReadContext, Reader, class_id, load, walk
from skeleton.data.formats.rows import read_block

__all__ = ["READER"]

_NAME = re.compile(r"(a\d+)_s(\d+)_e(\d+)_v(\d+)")
_JOINTS = 20


def _find(folder: Path) -> list[RawFile]:
    files = walk(folder, ".json")
    return files if any(_NAME.fullmatch(file.stem) for file in files) else []


def _read(file: RawFile, context: ReadContext) -> Iterator[RawSample]:
    name = file.stem
    match = _NAME.fullmatch(name)
    if not match:
        raise Unreadable("name", f"{name} is not of the form aXX_sXX_eXX_vXX")
    label = class_id(context.dataset, match[1], name)
    try:
        raw = np.asarray(json.loads(load(file.path))["skeletons"], dtype=np.float64)
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        text = f"{name} does not hold skeletons as T x 20 x 3 numbers: {error}"
        raise Unreadable("damaged", text) from error
    if not raw.size:
        raise Unreadable("frames", f"{name} has no frames")
    if raw.ndim != 3 or raw.shape[1:] != (_JOINTS, 3):
        raise Unreadable("joints", f"{name}: skeletons have shape {raw.shape}, not T x 20 x 3")
    numbers = {"subject": int(match[2]), "replication": int(match[3]), "view": int(match[4])}
    yield from read_block(name, raw.transpose(2, 0, 1)[..., None], label, context.dataset, numbers)


READER = Reader(
    "nw_ucla", "aXX_sXX_eXX_vXX.json files", _find, _read, isolated=False, rank=4, names_identify=True
)

"""UTD-MHAD: ``aX_sY_tZ_skeleton.mat`` with the variable ``d_skel``, 20 x 3 x T, metres, Kinect v1.

Subjects are 1 to 8; the trial is the replication. The file's joint order starts at the head; sequences come
in the order of the layout ``kinect-v1``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import numpy as np

from semtool.catalogue import Dataset
from skeleton.data.formats.source import Format, Outcome, Source, Unreadable, class_id, finite, load, walk
from skeleton.data.layouts import layout
from skeleton.data.sequence import SkeletonSequence

__all__ = ["FORMAT"]

_NAME = re.compile(r"(a\d+)_s(\d+)_t(\d+)_skeleton")
_LAYOUT = layout("kinect-v1")
_TRUNK = ("head", "shoulder_centre", "spine", "hip_centre")
_FILE_ORDER = (*_TRUNK, *(n for n in _LAYOUT.joints if n not in _TRUNK))
_TO_LAYOUT = [_FILE_ORDER.index(name) for name in _LAYOUT.joints]


def _find(folder: Path) -> list[Source]:
    return walk(folder, "_skeleton.mat")


def _read(source: Source, dataset: Dataset) -> Iterator[Outcome]:
    from scipy.io import loadmat

    name = source.stem
    match = _NAME.fullmatch(name)
    if not match:
        raise Unreadable("name", f"{name} is not of the form aX_sY_tZ_skeleton")
    label = class_id(dataset, match[1], name)
    data = load(source.path)
    try:
        raw = loadmat(BytesIO(data), variable_names=["d_skel"])["d_skel"]
    except KeyError:
        raise Unreadable("damaged", f"{name} has no variable d_skel") from None
    except Exception as error:  # scipy raises many kinds on damaged files
        raise Unreadable("damaged", f"{name} is not a readable MATLAB file: {error}") from error
    if raw.ndim == 2:  # MATLAB drops a last dimension of one
        raw = raw[..., None]
    if raw.ndim != 3 or raw.dtype.kind not in "fiu":
        raise Unreadable(
            "damaged", f"{name}: d_skel has shape {raw.shape} and type {raw.dtype}, not 20 x 3 x T"
        )
    if raw.shape[:2] != (len(_LAYOUT), 3):
        raise Unreadable("joints", f"{name}: d_skel is {raw.shape[0]} x {raw.shape[1]} x T, not 20 x 3 x T")
    if not raw.shape[2]:
        raise Unreadable("frames", f"{name} has no frames")
    positions = raw[_TO_LAYOUT].transpose(1, 2, 0)[..., None].astype(np.float32)
    if not positions.any():
        raise Unreadable("bodies", f"{name}: every coordinate is zero")
    yield SkeletonSequence(
        name.removesuffix("_skeleton"),
        _LAYOUT.name,
        np.ascontiguousarray(finite(positions, name)),
        class_id=label,
        subject=int(match[2]),
        replication=int(match[3]),
    )


FORMAT = Format("utd_mhad", "aX_sY_tZ_skeleton.mat files", _find, _read)

"""UTD-MHAD: ``aX_sY_tZ_skeleton.mat`` with the variable ``d_skel``, 20 x 3 x T, metres, Kinect v1.

Subjects are 1 to 8; the trial is the replication. The file's joint order starts at the head; sequences come
in the order of the layout ``kinect-v1``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from skeleton.data.formats.outcomes import Unreadable
from skeleton.data.formats.reader import RawFile, RawSample, ReadContext, Reader, class_id, load, walk
from skeleton.data.formats.rows import read_block
from skeleton.data.layouts import layout

__all__ = ["READER"]

_NAME = re.compile(r"(a\d+)_s(\d+)_t(\d+)_skeleton")
_LAYOUT = layout("kinect-v1")
_TRUNK = ("head", "shoulder_centre", "spine", "hip_centre")
_FILE_ORDER = (*_TRUNK, *(n for n in _LAYOUT.joints if n not in _TRUNK))
_TO_LAYOUT = [_FILE_ORDER.index(name) for name in _LAYOUT.joints]


def _find(folder: Path) -> list[RawFile]:
    return walk(folder, "_skeleton.mat")


def _read(file: RawFile, context: ReadContext) -> Iterator[RawSample]:
    from scipy.io import loadmat

    name = file.stem
    match = _NAME.fullmatch(name)
    if not match:
        raise Unreadable("name", f"{name} is not of the form aX_sY_tZ_skeleton")
    label = class_id(context.dataset, match[1], name)
    data = load(file.path)
    try:
        raw = loadmat(BytesIO(data), variable_names=["d_skel"])["d_skel"]
    except KeyError:
        raise Unreadable("damaged", f"{name} has no variable d_skel") from None
    except MemoryError:
        raise
    except Exception as error:  # scipy raises many kinds on damaged files
        raise Unreadable("damaged", f"{name} is not a readable MATLAB file: {error}") from error
    if raw.ndim == 2 and raw.dtype.kind in "fiu" and raw.shape == (20, 3):
        raw = raw[..., None]  # MATLAB drops a last dimension of one
    if raw.ndim != 3 or raw.dtype.kind not in "fiu":
        text = f"{name}: d_skel has shape {raw.shape} and type {raw.dtype}, not 20 x 3 x T"
        raise Unreadable("damaged", text)
    if raw.shape[:2] != (len(_LAYOUT), 3):
        raise Unreadable("joints", f"{name}: d_skel is {raw.shape[0]} x {raw.shape[1]} x T, not 20 x 3 x T")
    if not raw.shape[2]:
        raise Unreadable("frames", f"{name} has no frames")
    numbers = {"subject": int(match[2]), "replication": int(match[3])}
    positions = raw[_TO_LAYOUT].transpose(1, 2, 0)[..., None]
    yield from read_block(name.removesuffix("_skeleton"), positions, label, context.dataset, numbers)


READER = Reader("utd_mhad", "aX_sY_tZ_skeleton.mat files", _find, _read, rank=3, names_identify=True)

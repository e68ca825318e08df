"""CTR-GCN archives: ``.npz`` with ``x_train, y_train, x_test, y_test`` (or ``x, y``).

``x`` is (N, T, 150), two bodies of 25 joints of x y z a frame, or (N, 3, T, 25, 2); ``y`` is one-hot (N,
classes), (N,) or (N, 1). Samples have no names in there: they are ``<part>-<row>``. What divides them is the
part, or ``subject_train``, ``view_train``, ``setup_train``, ..., (N,), if the archive has them. Samples are
read one by one from the archive, so memory does not depend on its size.
"""

from __future__ import annotations

import math
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from skeleton.data.formats.labels import first_label, one_hot_labels
from skeleton.data.formats.npy import open_member, read_member
from skeleton.data.formats.outcomes import SampleFinding, Unreadable
from skeleton.data.formats.reader import RawFile, RawSample, ReadContext, Reader, walk
from skeleton.data.formats.rows import read_block
from skeleton.data.sequence import part_of

__all__ = ["READER"]

_MOST_BYTES = 2**28
_FAILURES = (zipfile.BadZipFile, zipfile.LargeZipFile, EOFError, OSError, ValueError, RuntimeError)
_NUMBERS = ("subject", "view", "setup", "replication")


def _find(folder: Path) -> list[RawFile]:
    return [file for file in walk(folder, ".npz") if _may_hold_samples(file.path)]


def _may_hold_samples(path: Path) -> bool:
    """Tell whether an archive has arrays x..., or cannot be opened, which is told when it is read."""
    if not path.is_file():
        return True
    try:
        with zipfile.ZipFile(path) as archive:
            return any(name.startswith("x") for name in archive.namelist())
    except _FAILURES:
        return True


def _read(file: RawFile, context: ReadContext) -> Iterator[RawSample]:
    name = file.path.name
    if not file.path.is_file():
        raise Unreadable("not-a-file", f"{name} is not a file")
    try:
        archive = zipfile.ZipFile(file.path)
    except _FAILURES as error:
        raise Unreadable("damaged", f"{name} is not a readable archive: {error}") from error
    with archive:
        keys = {Path(n).stem for n in archive.namelist() if n.endswith(".npy")}
        parts = sorted(k[1:] for k in keys if k[:1] == "x" and "y" + k[1:] in keys)
        if not parts:
            have = ", ".join(sorted(keys)) or "nothing"
            raise Unreadable("damaged", f"{name} holds {have}, not x_train and y_train or x and y")
        labels: dict[str, NDArray[np.int64]] = {}
        for part in parts:
            try:
                labels[part] = _labels(archive, f"y{part}.npy", context)
            except Exception as error:  # zlib, zipfile and numpy raise many kinds on a damaged member
                yield _unusable(file, f"y{part}", error)
        numeric = [y for y in labels.values() if y.ndim == 1]
        first = first_label(np.unique(np.concatenate(numeric)).tolist(), context, name) if numeric else 0
        for part, numbers in labels.items():
            own = numbers - first if numbers.ndim == 1 else numbers[:, 0]
            try:
                yield from _part(archive, part, own, file, context)
            except Exception as error:
                yield _unusable(file, f"x{part}", error)


def _unusable(file: RawFile, member: str, error: Exception) -> SampleFinding:
    if isinstance(error, Unreadable):
        return error.finding(f"{file.stem}/{member}")
    return SampleFinding("damaged", f"{member} is damaged: {error!r}", f"{file.stem}/{member}")


def _labels(archive: zipfile.ZipFile, member: str, context: ReadContext) -> NDArray[np.int64]:
    """Return the labels (N,) as they are written, or those of one-hot rows, counted from 0, as (N, 1)."""
    values = read_member(archive, member)
    if values.ndim == 2 and values.shape[1] > 1:
        return one_hot_labels(values, context.dataset, member)[:, None]
    if values.size != len(values) or (values % 1 != 0).any():
        raise Unreadable("label", f"{member} has shape {values.shape}: no whole number a sample")
    return values.reshape(-1).astype(np.int64)


def _part(
    archive: zipfile.ZipFile, part: str, labels: NDArray[np.int64], file: RawFile, context: ReadContext
) -> Iterator[RawSample]:
    known = _numbers(archive, part, len(labels))
    with open_member(archive, f"x{part}.npy") as (stream, shape, dtype):
        per_frame = len(shape) == 3 and shape[2] == 150
        if not per_frame and not (len(shape) == 5 and shape[1] == 3):
            raise Unreadable("joints", f"x{part} has shape {shape}, not (N, T, 150) or (N, 3, T, V, M)")
        if shape[0] != len(labels):
            raise Unreadable("label", f"x{part} has {shape[0]} rows and y{part} {len(labels)}")
        size = math.prod(shape[1:]) * dtype.itemsize
        if size > _MOST_BYTES:
            raise Unreadable("too-large", f"a sample of x{part} has {size} bytes")
        for index, label in enumerate(labels.tolist()):
            raw = stream.read(size)
            if len(raw) < size:
                raise Unreadable("truncated", f"x{part} ends in row {index} of {shape[0]}")
            block = np.frombuffer(raw, dtype).reshape(shape[1:])
            if per_frame:
                block = block.reshape(-1, 2, 25, 3).transpose(3, 0, 2, 1)
            numbers = {key: int(values[index]) for key, values in known.items()}
            name = f"{file.stem}{part.replace('_', '-')}-{index:06d}"
            yield from read_block(name, block, label, context.dataset, numbers)


def _numbers(archive: zipfile.ZipFile, part: str, samples: int) -> dict[str, NDArray[np.int64]]:
    """Return what the archive says of each sample of a part besides its class."""
    known = {"part": np.full(samples, part_of(part))}
    for key in _NUMBERS:
        member = f"{key}{part}.npy"
        if member in archive.namelist():
            values = read_member(archive, member).reshape(-1)
            if len(values) != samples:
                raise Unreadable("damaged", f"{member} has {len(values)} numbers for {samples} samples")
            known[key] = values.astype(np.int64)
    return known


READER = Reader("ctr_gcn", "CTR-GCN archives (.npz with x_train and y_train)", _find, _read, container=True)

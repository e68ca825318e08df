"""CTR-GCN archives: ``.npz`` with ``x_train, y_train, x_test, y_test`` (or ``x, y``).

``x`` is (N, T, 150), two bodies of 25 joints of x y z a frame, or (N, 3, T, 25, 2); ``y`` is one-hot (N,
classes), (N,) or (N, 1). Samples have no names in there: they are ``<part>-<row>``, and subject and view
are unknown. Samples are read one by one from the archive, so memory does not depend on its size.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from semtool.catalogue import Dataset
from skeleton.data.formats.rows import row
from skeleton.data.formats.source import Format, Outcome, Source, Unreadable, walk

__all__ = ["FORMAT"]

_MOST_BYTES = 2**28


def _find(folder: Path) -> list[Source]:
    return walk(folder, ".npz")


def _read(source: Source, dataset: Dataset) -> Iterator[Outcome]:
    name = source.path.name
    if not source.path.is_file():
        raise Unreadable("not-a-file", f"{name} is not a file")
    try:
        with zipfile.ZipFile(source.path) as archive:
            keys = {Path(n).stem for n in archive.namelist() if n.endswith(".npy")}
            parts = sorted(k.removeprefix("x") for k in keys if k[0] == "x" and "y" + k[1:] in keys)
            if not parts:
                have = ", ".join(sorted(keys)) or "nothing"
                raise Unreadable("damaged", f"{name} holds {have}, not x_train and y_train or x and y")
            for part in parts:
                yield from _part(archive, part, source, dataset)
    except (zipfile.BadZipFile, EOFError, OSError, ValueError, NotImplementedError, RuntimeError) as error:
        raise Unreadable("damaged", f"{name} is not a readable archive: {error}") from error


def _part(archive: zipfile.ZipFile, part: str, source: Source, dataset: Dataset) -> Iterator[Outcome]:
    labels = _labels(archive, f"y{part}.npy")
    with _array(archive, f"x{part}.npy") as (stream, shape, dtype):
        per_frame = len(shape) == 3 and shape[2] == 150
        if not per_frame and not (len(shape) == 5 and shape[1] == 3):
            raise Unreadable("joints", f"x{part} has shape {shape}, not (N, T, 150) or (N, 3, T, V, M)")
        if shape[0] != len(labels):
            raise Unreadable("label", f"x{part} has {shape[0]} rows and y{part} {len(labels)}")
        size = int(np.prod(shape[1:], dtype=object)) * dtype.itemsize
        if size > _MOST_BYTES:
            raise Unreadable("too-large", f"a sample of x{part} has {size} bytes")
        for index, label in enumerate(labels.tolist()):
            raw = stream.read(size)
            if len(raw) < size:
                raise Unreadable("truncated", f"x{part} ends in row {index} of {shape[0]}")
            block = np.frombuffer(raw, dtype).reshape(shape[1:])
            if per_frame:
                block = block.reshape(-1, 2, 25, 3).transpose(3, 0, 2, 1)
            yield row(f"{source.stem}{part.replace('_', '-')}-{index:06d}", block, label, dataset)


def _labels(archive: zipfile.ZipFile, member: str) -> NDArray[np.int64]:
    with _array(archive, member) as (stream, shape, dtype):
        size = int(np.prod(shape, dtype=object)) * dtype.itemsize
        if size > _MOST_BYTES:
            raise Unreadable("too-large", f"{member} has {size} bytes")
        raw = stream.read(size)
        if len(raw) < size:
            raise Unreadable("truncated", f"{member} ends early")
        values = np.frombuffer(raw, dtype).reshape(shape)
    if values.ndim == 2 and values.shape[1] > 1:
        return np.where(values.any(axis=1), values.argmax(axis=1), -1).astype(np.int64)
    return values.reshape(len(values)).astype(np.int64)


_Opened = tuple[IO[bytes], tuple[int, ...], "np.dtype[Any]"]


@contextmanager
def _array(archive: zipfile.ZipFile, member: str) -> Iterator[_Opened]:
    """Open an array in the archive: the stream at its first number, its shape and type."""
    with archive.open(member) as stream:
        old = np.lib.format.read_magic(stream) == (1, 0)
        header = np.lib.format.read_array_header_1_0 if old else np.lib.format.read_array_header_2_0
        shape, fortran, dtype = header(stream)
        if dtype.hasobject:
            raise Unreadable("unsafe", f"{member} holds pickled objects, not numbers")
        if fortran or dtype.kind not in "fiub":
            raise Unreadable("damaged", f"{member} is not an array of numbers in C order")
        yield stream, shape, dtype


FORMAT = Format("ctr_gcn", "CTR-GCN archives (*.npz with x_train and y_train)", _find, _read, container=True)

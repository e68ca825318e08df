"""Arrays of numbers in ``.npy`` files and ``.npz`` archives, opened without believing what they announce."""

from __future__ import annotations

import math
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from skeleton.data.formats.outcomes import Unreadable

__all__ = ["map_npy", "open_member", "read_member"]

_Opened = tuple[IO[bytes], tuple[int, ...], "np.dtype[Any]"]


def _header(stream: IO[bytes], name: str, size: int) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Read the header; refuse what is no array of plain numbers, or is not as long as it says."""
    try:
        old = np.lib.format.read_magic(stream) == (1, 0)
        read = np.lib.format.read_array_header_1_0 if old else np.lib.format.read_array_header_2_0
        shape, fortran, dtype = read(stream)
    except Exception as error:  # the header is parsed as Python: it fails in many ways
        raise Unreadable("damaged", f"{name} is not a readable array: {error}") from error
    if dtype.hasobject:
        raise Unreadable("unsafe", f"{name} holds pickled objects, not numbers")
    if dtype.kind not in "fiub" or not shape or min(shape) < 0:
        raise Unreadable("damaged", f"{name} is no array of numbers: shape {shape}, type {dtype}")
    if math.prod(shape) * dtype.itemsize > size:
        raise Unreadable("truncated", f"{name} announces shape {shape}, which is more than it holds")
    return shape, fortran, dtype


def map_npy(path: Path) -> NDArray[Any]:
    """Return the array of a ``.npy`` file as a read-only memory map.

    Raises:
        Unreadable: if it is no file, or no whole array of numbers.
    """
    if not path.is_file():
        raise Unreadable("not-a-file", f"{path.name} is not a file")
    try:
        with path.open("rb") as stream:
            shape, fortran, dtype = _header(stream, path.name, path.stat().st_size)
            start = stream.tell()
        if not math.prod(shape):
            return np.zeros(shape, dtype)
        return np.memmap(path, dtype, "r", start, shape, "F" if fortran else "C")
    except (OSError, ValueError) as error:
        raise Unreadable("damaged", f"{path.name} is not a readable array: {error}") from error


@contextmanager
def open_member(archive: zipfile.ZipFile, member: str) -> Iterator[_Opened]:
    """Open an array in an archive: the stream at its first number, its shape and type; C order only.

    Raises:
        Unreadable: if it is no array of numbers, or shorter than it says.
    """
    with archive.open(member) as stream:
        shape, fortran, dtype = _header(stream, member, archive.getinfo(member).file_size)
        if fortran and len(shape) > 1:
            raise Unreadable("damaged", f"{member} is in Fortran order; save it in C order")
        yield stream, shape, dtype


def read_member(archive: zipfile.ZipFile, member: str, most: int = 2**28) -> NDArray[Any]:
    """Return an array of an archive, of at most ``most`` bytes."""
    with open_member(archive, member) as (stream, shape, dtype):
        size = math.prod(shape) * dtype.itemsize
        if size > most:
            raise Unreadable("too-large", f"{member} has {size} bytes")
        raw = stream.read(size)
        if len(raw) < size:
            raise Unreadable("truncated", f"{member} ends early")
        return np.frombuffer(raw, dtype).reshape(shape)

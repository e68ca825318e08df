"""The few things that an artifact store asks of a disk: checksums, syncing, plain words when it fails."""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from semtool.errors import SemtoolError

__all__ = ["file_sha256", "plain_disk_errors", "size_of", "sync"]

_FULL = (errno.ENOSPC, errno.EDQUOT)
_REFUSED = (errno.EACCES, errno.EPERM, errno.EROFS)


def file_sha256(path: Path) -> str:
    """Return the sha256 of a file's bytes."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def size_of(folder: Path) -> int:
    """Return how many bytes the files below ``folder`` (or the file itself) hold."""
    if folder.is_file() or folder.is_symlink():
        return folder.lstat().st_size
    return sum(p.lstat().st_size for p in folder.rglob("*") if not p.is_dir())


def sync(path: Path) -> None:
    """Make the file or folder survive a power cut."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def plain_disk_errors(root: Path) -> Iterator[None]:
    """Turn "disk full" and "not allowed to write" below ``root`` into one sentence; let all else pass."""
    try:
        yield
    except SemtoolError:
        raise
    except Exception as error:
        if _is_full(error):
            raise SemtoolError(
                f"the disk is full: nothing was kept under {root}; free some space or use another --root"
            ) from error
        if isinstance(error, OSError) and error.errno in _REFUSED and _is_below(error.filename, root):
            raise SemtoolError(
                f"cannot write to {root}: {error.strerror}; name another folder with --root"
            ) from error
        raise


def _is_full(error: Exception) -> bool:
    if isinstance(error, OSError):
        return error.errno in _FULL
    # safetensors reports the system's error as text.
    return any(f"(os error {number})" in str(error) for number in _FULL)


def _is_below(filename: object, root: Path) -> bool:
    return isinstance(filename, str) and Path(filename).absolute().is_relative_to(root.absolute())

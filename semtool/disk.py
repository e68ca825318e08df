"""What both sides ask of a disk: checksums, whole files or none, plain words when it fails."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import stat
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from semtool.errors import SemtoolError, UsageError

__all__ = [
    "atomic",
    "digest",
    "file_sha256",
    "plain_disk_errors",
    "read_plain",
    "refuse_full",
    "size_of",
    "sync",
    "write_atomically",
]

_FULL = (errno.ENOSPC, errno.EDQUOT)
_REFUSED = (
    errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST, errno.EISDIR, errno.ENAMETOOLONG,
    errno.ELOOP,
)  # fmt: skip
"""Not allowed to write there, or the folder (or one above it) is a file."""


def read_plain(path: Path, most: int = 64_000_000) -> bytes:
    """Return a file's bytes: never those of a pipe, a device, or of a file of more than ``most`` bytes.

    Raises:
        UsageError: saying what it is instead, or what the system says.
    """
    try:
        kind = path.stat()
        if not stat.S_ISREG(kind.st_mode):
            what = "a folder" if stat.S_ISDIR(kind.st_mode) else "a pipe or a device"
            raise UsageError(f"cannot read {path}: it is {what}, not a file")
        if kind.st_size > most:
            raise UsageError(f"cannot read {path}: it has {kind.st_size} bytes, at most {most} are read")
        with path.open("rb") as stream:
            return stream.read(kind.st_size)  # a limit here would be allocated whole
    except (OSError, ValueError) as error:
        raise UsageError(f"cannot read {path}: {getattr(error, 'strerror', None) or error}") from error


def digest(value: Any) -> str:
    """Return the sha256 of a JSON value in canonical form."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def file_sha256(path: Path) -> str:
    """Return the sha256 of a file's bytes."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def size_of(folder: Path) -> int:
    """Return how many bytes the files below ``folder`` (or the file itself) hold."""
    if folder.is_file() or folder.is_symlink():
        return folder.lstat().st_size
    return sum(p.lstat().st_size for p in folder.rglob("*") if not p.is_dir())


def refuse_full(what: str, wanted: float, folder: Path) -> None:
    """Raise `SemtoolError` if ``wanted`` bytes do not fit on the disk of ``folder``; say what would help."""
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    if wanted > free:
        raise SemtoolError(
            f"{what} would take about {wanted / 1e9:.1f} GB of disk, of which {free / 1e9:.1f} GB are free "
            f"in {folder}; a --root on a larger disk fits"
        )


def sync(path: Path) -> None:
    """Make the file or folder survive a power cut."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def atomic(path: Path, *, durable: bool = True, option: str = "--root") -> Iterator[Path]:
    """Yield a temporary path beside ``path`` to write to; it takes the name of ``path`` if the body succeeds.

    A command that is killed leaves the file as it was. Missing folders above it are made.

    Args:
        durable: also survive a power cut, for some milliseconds a file; not worth it for what can be made
            again, such as a cache.
        option: of the command line, that names another place.

    Raises:
        SemtoolError: if the disk is full or the folder may not be written to.
    """
    temporary = path.with_name(f".tmp-{uuid.uuid4().hex[:12]}{path.suffix}")
    with plain_disk_errors(path.parent, option):
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            yield temporary
            if durable:
                sync(temporary)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)


def write_atomically(
    path: Path, content: str | bytes, *, durable: bool = True, option: str = "--root"
) -> None:
    """Write ``content`` (a text as UTF-8, its line ends as they are) to ``path``, all of it or nothing."""
    with atomic(path, durable=durable, option=option) as temporary:
        temporary.write_bytes(content.encode() if isinstance(content, str) else content)


@contextmanager
def plain_disk_errors(root: Path, option: str = "--root") -> Iterator[None]:
    """Turn "disk full" and "not allowed to write" below ``root`` into one sentence; let all else pass."""
    try:
        yield
    except SemtoolError:
        raise
    except Exception as error:
        if _is_full(error):
            raise SemtoolError(
                f"the disk is full: nothing was kept under {root}; free some space or use another {option}"
            ) from error
        if isinstance(error, OSError) and error.errno in _REFUSED and _is_below(error.filename, root):
            raise SemtoolError(
                f"cannot write to {root}: {error.strerror}; name another folder with {option}"
            ) from error
        raise


def _is_full(error: Exception) -> bool:
    if isinstance(error, OSError):
        return error.errno in _FULL
    # safetensors reports the system's error as text.
    return any(f"(os error {number})" in str(error) for number in _FULL)


def _is_below(filename: object, root: Path) -> bool:
    return isinstance(filename, str) and Path(filename).absolute().is_relative_to(root.absolute())

"""What every reader shares: sources, findings, the error for what cannot be read, guarded file access."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from semtool.catalogue import Dataset
from semtool.errors import SemtoolError
from skeleton.data.sequence import SkeletonSequence

__all__ = [
    "OUTCOMES",
    "Finding",
    "Format",
    "Outcome",
    "Source",
    "Unreadable",
    "class_id",
    "finite",
    "load",
    "walk",
]

Severity = Literal["rejected", "dropped", "note"]

OUTCOMES: Mapping[str, tuple[Severity, str]] = MappingProxyType(
    {
        "not-a-file": ("rejected", "a folder, a device or nothing at all where a file should be"),
        "compressed": ("rejected", "the file is compressed; unpack it first"),
        "too-large": ("rejected", "the file is larger than any of its format"),
        "empty": ("rejected", "the file holds nothing"),
        "damaged": ("rejected", "the file does not have the structure of its format"),
        "truncated": ("rejected", "the file ends before what it announces"),
        "frames": ("rejected", "no frames, or not as many as the file announces"),
        "bodies": ("rejected", "no frame shows anybody"),
        "joints": ("rejected", "the number of joints is not that of the layout"),
        "not-a-number": ("rejected", "a coordinate is not a finite number"),
        "name": ("rejected", "the name does not say what the sample is"),
        "label": ("rejected", "the class is not one of the data set's"),
        "duplicate": ("rejected", "a sample of this name was read from another file"),
        "unsafe": ("rejected", "a pickle asks for more than arrays and plain containers"),
        "listed": ("dropped", "the sample is on the list of unusable samples"),
        "body-short": ("dropped", "a body was tracked for too few frames to be a person"),
        "body-shape": ("dropped", "a body is wider than tall in most frames: furniture or a reflection"),
        "body-extra": ("dropped", "a body beyond the data set's most, with less motion than those kept"),
        "body-joined": ("note", "tracks that do not overlap in time were joined into one person"),
        "frames-missing": ("note", "frames in which nobody was tracked were left out"),
    }
)
"""Every named outcome: how grave it is, and what it means. Only what is ``rejected`` is fatal when strict."""


class Unreadable(SemtoolError):
    """A file or sample that cannot be read; ``outcome`` is a key of `OUTCOMES`."""

    def __init__(self, outcome: str, message: str) -> None:
        super().__init__(message)
        self.outcome = outcome

    def __reduce__(self) -> tuple[type[Unreadable], tuple[str, str]]:
        return type(self), (self.outcome, str(self))


@dataclass(frozen=True)
class Finding:
    """Something that the user should know of one sample: why it, or a part of it, is not in the arrays."""

    outcome: str
    message: str
    sample: str = ""

    @property
    def severity(self) -> Severity:
        """``rejected``, ``dropped`` (as the published cleaning does) or ``note``."""
        return OUTCOMES[self.outcome][0]


Outcome = SkeletonSequence | Finding


@dataclass(frozen=True)
class Source:
    """One unit of reading: a file, with the files that it cannot be read without.

    Attributes:
        name: path below the raw folder, with forward slashes.
        paths: the file, then its companions (label files).
    """

    name: str
    paths: tuple[Path, ...]

    @property
    def path(self) -> Path:
        """The file itself."""
        return self.paths[0]

    @property
    def stem(self) -> str:
        """The file's name without folders and suffixes."""
        return self.path.name.split(".", 1)[0]

    def stat(self) -> tuple[int, int]:
        """Return bytes and the newest modification time (ns) over all files; (-1, 0) if one is no file."""
        try:
            found = [path.stat() for path in self.paths]
        except OSError:
            return -1, 0
        if not all(path.is_file() for path in self.paths):
            return -1, 0
        return sum(s.st_size for s in found), max(s.st_mtime_ns for s in found)

    def sha256(self) -> str:
        """Return the checksum of all files' bytes; of nothing for what is no file."""
        total = hashlib.sha256()
        for path in self.paths:
            if path.is_file():
                with path.open("rb") as stream:
                    total.update(hashlib.file_digest(stream, "sha256").digest())
        return total.hexdigest()


@dataclass(frozen=True)
class Format:
    """One file format of skeleton data.

    Attributes:
        name: how the catalogue and ``--format`` call it.
        looks_like: what its files look like, for the message that lists what was tried.
        find: returns the sources below a folder (or the source that a file is), sorted by name.
        read: yields a source's sequences and findings; raises `Unreadable` for the source as a whole.
        version: raised when the same bytes give other sequences than before.
        container: whether one file holds many samples, so that it is read in one process.
    """

    name: str
    looks_like: str
    find: Callable[[Path], list[Source]]
    read: Callable[[Source, Dataset], Iterator[Outcome]]
    version: int = 1
    container: bool = False


def walk(folder: Path, *suffixes: str) -> list[Source]:
    """Return all below ``folder`` whose name has one of the suffixes, sorted; a file stands for itself.

    A folder with such a name is returned too, so that it is reported and not passed over.
    """
    if folder.is_file():
        return [Source(folder.name, (folder,))] if folder.name.lower().endswith(suffixes) else []
    found = []
    for base, folders, files in os.walk(folder):
        for name in (*files, *folders):
            if name.lower().endswith(suffixes):
                path = Path(base, name)
                found.append(Source(path.relative_to(folder).as_posix(), (path,)))
    return sorted(found, key=lambda s: s.name)


def load(path: Path, most: int = 256 * 2**20) -> bytes:
    """Return a file's bytes, at most ``most`` of them.

    Raises:
        Unreadable: if it is no file, empty, compressed or larger.
    """
    try:
        if not path.is_file():
            raise Unreadable("not-a-file", f"{path.name} is not a file")
        if path.stat().st_size > most:
            raise Unreadable("too-large", f"{path.name} has more than {most // 2**20} MiB")
        data = path.read_bytes()
    except OSError as error:
        raise Unreadable("not-a-file", f"{path.name} cannot be opened: {error.strerror}") from error
    if not data:
        raise Unreadable("empty", f"{path.name} is empty")
    if data.startswith((b"\x1f\x8b", b"PK\x03\x04", b"BZh", b"\xfd7zXZ")):
        raise Unreadable("compressed", f"{path.name} is compressed; unpack it first")
    return data


def finite(positions: NDArray[np.float32], sample: str) -> NDArray[np.float32]:
    """Return ``positions`` (C, T, V, M); raise `Unreadable` naming frame and joint of what is no number."""
    bad = ~np.isfinite(positions)
    if bad.any():
        _, frame, joint, _ = (int(i) for i in np.argwhere(bad)[0])
        text = f"{sample}: frame {frame + 1}, joint {joint + 1} has a coordinate that is not a finite number"
        raise Unreadable("not-a-number", text)
    return positions


def class_id(dataset: Dataset, code: str, sample: str) -> int:
    """Return the canonical id of the class that the data set writes as ``code`` (``A012``, ``a3``)."""
    try:
        return dataset.find_class(code).id
    except SemtoolError:
        raise Unreadable("label", f"{sample}: {dataset.name} has no class {code}") from None

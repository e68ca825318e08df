"""What a reader of a raw format is: it finds files below a folder and reads sequences from each."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from semtool.catalogue import Dataset
from semtool.errors import SemtoolError
from skeleton.data.formats.outcomes import SampleFinding, Unreadable
from skeleton.data.sequence import SkeletonSequence

__all__ = ["RawFile", "RawSample", "ReadContext", "Reader", "class_id", "finite", "load", "walk"]

RawSample = SkeletonSequence | SampleFinding
"""What reading gives: a sequence, or what there is to say of one."""


@dataclass(frozen=True)
class RawFile:
    """One unit of reading: a file, with the files that it cannot be read without.

    Attributes:
        name: path below the raw folder, with forward slashes; bytes that are no text are written ``\\xNN``.
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
        return self.name.rsplit("/", 1)[-1].split(".", 1)[0]

    def size(self) -> int:
        """Return the bytes of all files; -1 if one is no file."""
        try:
            return (
                sum(path.stat().st_size for path in self.paths) if all(map(Path.is_file, self.paths)) else -1
            )
        except OSError:
            return -1

    def sha256(self) -> str:
        """Return the checksum of all files' bytes; of nothing for what is no file."""
        total = hashlib.sha256()
        for path in self.paths:
            if path.is_file():
                with path.open("rb") as stream:
                    total.update(hashlib.file_digest(stream, "sha256").digest())
        return total.hexdigest()


@dataclass(frozen=True)
class ReadContext:
    """What a reader has to know besides the file.

    Attributes:
        dataset: whose classes and layout the samples have.
        first_label: 0 or 1, from where numeric labels count; None: the labels tell, or are refused.
        labelled: whether a sample must have one of the classes if it has any; else no reader needs to look.
        hints: what the user says of recordings (`skeleton.data.formats.hints.Hints`), by field.
    """

    dataset: Dataset
    first_label: int | None = None
    labelled: bool = True
    hints: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Reader:
    """One file format of skeleton data. A module of this package, or a plug-in, has one as ``READER``.

    Attributes:
        name: how the catalogue and ``--format`` call it.
        looks_like: what its files look like, for the message that lists what was tried.
        find: returns the files below a folder (or the one that a file is), sorted by name.
        read: yields a file's sequences and findings; raises `Unreadable` for the file as a whole.
        version: raised when the same bytes give other sequences than before.
        container: whether one file holds many samples: they are handed on one by one.
        isolated: whether files are read in a process that may die of them, as a parser in C might.
        rank: readers are tried in ascending order of (rank, name).
        names_identify: whether a sample's name says which recording it is, so that two files of one name
            are the same recording.
        needs_classes: whether a sample must have a class of the data set; without, it may have none.
    """

    name: str
    looks_like: str
    find: Callable[[Path], list[RawFile]]
    read: Callable[[RawFile, ReadContext], Iterator[RawSample]]
    version: int = 1
    container: bool = False
    isolated: bool = True
    rank: int = 5
    names_identify: bool = False
    needs_classes: bool = True

    def samples(self, file: RawFile, context: ReadContext) -> Iterator[RawSample]:
        """Yield what `read` does; an error, of any kind, becomes a finding after what was read before."""
        try:
            yield from self.read(file, context)
        except Unreadable as error:
            yield error.finding(file.stem)
        except MemoryError:
            text = f"{file.name} needs more memory than a file of its size may"
            yield SampleFinding("too-large", text, file.stem)
        except SemtoolError as error:
            yield SampleFinding("damaged", f"{file.name}: {error}", file.stem)
        except (Exception, SystemExit) as error:  # a damaged file makes a library fail in any way it likes
            words = " ".join(f"{type(error).__name__}: {error}".split())[:200]
            yield SampleFinding("damaged", f"{file.name} cannot be read: {words}", file.stem)


def walk(folder: Path, *suffixes: str) -> list[RawFile]:
    """Return all below ``folder`` whose name has one of the suffixes, sorted; a file stands for itself.

    A folder with such a name is returned too, so that it is reported and not passed over.
    """
    if folder.is_file():
        return [_raw_file(folder, folder.parent)] if folder.name.lower().endswith(suffixes) else []
    files = []
    for base, folders, names in os.walk(folder):
        for name in (*names, *folders):
            if name.lower().endswith(suffixes):
                files.append(_raw_file(Path(base, name), folder))
    return sorted(files, key=lambda f: f.name)


def _raw_file(path: Path, folder: Path) -> RawFile:
    name = os.fsencode(path.relative_to(folder).as_posix()).decode("utf-8", "backslashreplace")
    return RawFile(name, (path,))


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

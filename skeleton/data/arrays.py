"""The array format: every sequence of a data set in one memory-mapped file, and a table of what they are.

``positions.npy``: float32, one sequence after another, each (C=3, T, V, M) with its own number of frames and
bodies. ``samples.csv``: a row a sequence with ``name, class_id, subject, view, setup, replication, part,
length, bodies``; -1 is unknown. The manifest's details hold ``layout`` and the most ``frames`` and
``bodies``.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from semtool.artifacts import Manifest
from semtool.errors import SemtoolError, UsageError
from skeleton.data.layouts import layout as find_layout
from skeleton.data.sequence import SkeletonSequence

__all__ = ["POSITIONS", "SAMPLES", "SCHEMA", "SIMULATED", "ArraySet", "ArrayWriter"]

SCHEMA = 3
"""Version of the files; arrays of another one are made again."""
POSITIONS = "positions.npy"
SAMPLES = "samples.csv"
SIMULATED = "SIMULATED.txt"
"""The file that marks a folder of simulated raw files."""
_NUMBERS = ("class_id", "subject", "view", "setup", "replication", "part", "length", "bodies")
_CHANNELS = 3


@dataclass(frozen=True)
class ArraySet:
    """Arrays on disk; every number is int64 (N,).

    Attributes:
        positions: memory map of all coordinates, sequence by sequence.
        people: most bodies M of a sequence; to so many every one is padded when it is read.
        start: place in ``positions`` at which each sequence begins.
        length, bodies: frames and bodies of each sequence.
    """

    dataset: str
    layout: str
    simulated: bool
    people: int
    positions: NDArray[np.float32]
    start: NDArray[np.int64]
    class_id: NDArray[np.int64]
    subject: NDArray[np.int64]
    view: NDArray[np.int64]
    setup: NDArray[np.int64]
    replication: NDArray[np.int64]
    part: NDArray[np.int64]
    length: NDArray[np.int64]
    bodies: NDArray[np.int64]
    names: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.names)

    @classmethod
    def open(cls, path: str | Path) -> ArraySet:
        """Open an ``arrays`` artifact by its folder.

        Raises:
            SemtoolError: if files are missing, damaged or do not fit each other.
        """
        import pandas as pd

        folder = Path(path)
        manifest = Manifest.read(folder)
        try:
            positions = np.load(folder / POSITIONS, mmap_mode="r")
            table = pd.read_csv(folder / SAMPLES, dtype={"name": str}, keep_default_na=False)
            if missing := {"name", *_NUMBERS} - set(table):
                raise SemtoolError(
                    f"cannot open the arrays {folder}: they have no {', '.join(sorted(missing))}; "
                    "another version made them: make them again (semtool prepare or semtool simulate)"
                )
            numbers = {key: table[key].to_numpy(np.int64) for key in _NUMBERS}
            names = tuple(table["name"])
            layout, people = str(manifest.details["layout"]), int(manifest.details["bodies"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise SemtoolError(f"cannot open the arrays {folder}: {error}") from error
        joints = len(find_layout(layout))
        ends = np.cumsum(numbers["length"] * numbers["bodies"]) * _CHANNELS * joints
        start, wanted = np.r_[0, ends[:-1]], int(ends[-1]) if len(ends) else 0
        if positions.shape != (wanted,):
            raise SemtoolError(
                f"the arrays {folder} do not fit together: {POSITIONS} has shape {positions.shape}, the "
                f"{len(names)} rows of {SAMPLES} and the layout {layout} ask for ({wanted},); prepare them "
                "again"
            )
        dataset = manifest.reference.split("/", 1)[0]
        return cls(dataset, layout, manifest.simulated, people, positions, start, names=names, **numbers)

    def labelled(self) -> ArraySet:
        """Return the samples that have a class.

        Raises:
            UsageError: if none has.
        """
        rows = np.flatnonzero(self.class_id >= 0)
        if not len(rows):
            raise UsageError(
                f"no sample of {self.dataset} has a class: put a labels.csv (name,label,subject) beside the "
                "recordings and prepare them again"
            )
        if len(rows) == len(self):
            return self
        numbers = {key: getattr(self, key)[rows] for key in ("start", *_NUMBERS)}
        return replace(self, names=tuple(self.names[i] for i in rows), **numbers)

    def _read(self, index: int) -> NDArray[np.float32]:
        """Return one sequence (C, T, V, M) as it is stored; a view of the file."""
        frames, bodies = int(self.length[index]), int(self.bodies[index])
        shape = (_CHANNELS, frames, len(find_layout(self.layout)), bodies)
        start = int(self.start[index])
        return self.positions[start : start + int(np.prod(shape))].reshape(shape)

    def padded(self, rows: slice = slice(None), step: int = 1) -> NDArray[np.float32]:
        """Return some sequences (n, C, T, V, M), every ``step``-th frame, with zeros behind the shorter.

        Args:
            rows: which samples; all by default.
            step: take every ``step``-th frame.

        Returns:
            float32 (n, C=3, T, V, M), metres; T of the longest, M the bodies of the data set.
        """
        found = [self._read(index)[:, ::step] for index in range(*rows.indices(len(self)))]
        frames = max((one.shape[1] for one in found), default=0)
        joints = len(find_layout(self.layout))
        out = np.zeros((len(found), _CHANNELS, frames, joints, self.people), np.float32)
        for place, one in zip(out, found, strict=True):
            place[:, : one.shape[1], :, : one.shape[3]] = one
        return out

    def sequence(self, index: int) -> SkeletonSequence:
        """Return one sample."""
        own = (key for key in _NUMBERS if key not in ("length", "bodies"))
        numbers = {key: int(getattr(self, key)[index]) for key in own}
        positions = self.padded(slice(index, index + 1))[0]
        return SkeletonSequence(self.names[index], self.layout, positions, **numbers)


@dataclass
class ArrayWriter:
    """Writes arrays sequence by sequence, in memory that does not depend on how many there are.

    Sequences may differ in length and have fewer bodies than the array. On leaving the ``with`` block the
    files are complete; `details` and `counts` are what the manifest should say of them.

    Attributes:
        folder: where ``positions.npy`` and ``samples.csv`` go.
        dataset: name of the data set, for error messages.
        layout: name of the joint layout that every sequence must have; empty takes that of the first.
        bodies: bodies of the array; 0 takes the most that any sequence has.
    """

    folder: Path
    dataset: str
    layout: str = ""
    bodies: int = 0
    _rows: list[tuple[str, tuple[int, ...]]] = field(default_factory=list, init=False, repr=False)
    _shapes: list[tuple[int, int]] = field(default_factory=list, init=False, repr=False)
    _size: int = field(default=0, init=False, repr=False)
    _stream: BinaryIO | None = field(default=None, init=False, repr=False)

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def unlabelled(self) -> int:
        """How many sequences have no class."""
        return sum(numbers[0] < 0 for _, numbers in self._rows)

    @property
    def details(self) -> dict[str, Any]:
        """The manifest's ``details`` of these arrays."""
        return {
            "layout": self.layout,
            "frames": max((t for t, _ in self._shapes), default=0),
            "bodies": self._most(),
        }

    @property
    def counts(self) -> dict[str, int]:
        """The manifest's ``counts`` of these arrays."""
        classes = {numbers[0] for _, numbers in self._rows}
        return {"samples": len(self._rows), "classes": len(classes - {-1})}

    def __enter__(self) -> ArrayWriter:
        self._stream = (self.folder / POSITIONS).open("wb")  # closed in __exit__
        self._write_header(self._stream)
        return self

    def append(self, sequence: SkeletonSequence) -> None:
        """Add one sequence; its positions are (C, T, V, M) with V joints of the layout.

        Raises:
            SemtoolError: if shape, layout or values do not fit.
        """
        if self._stream is None:
            raise RuntimeError("append() only works inside the with block")
        positions = sequence.positions
        where = f"{self.dataset}: sequence {sequence.name}"
        self.layout = self.layout or sequence.layout
        joints = len(find_layout(self.layout))
        if sequence.layout != self.layout:
            raise SemtoolError(f"{where} has layout {sequence.layout}, these arrays have {self.layout}")
        if positions.ndim != 4 or positions.shape[0] != _CHANNELS or positions.shape[2] != joints:
            raise SemtoolError(f"{where} has shape {positions.shape}, expected (3, T, {joints}, M)")
        _, frames, _, bodies = positions.shape
        if not frames or not bodies or (self.bodies and bodies > self.bodies):
            most = self.bodies or "some"
            raise SemtoolError(
                f"{where} has {frames} frames and {bodies} bodies; the arrays hold {most} bodies"
            )
        if not np.isfinite(positions).all():
            raise SemtoolError(f"{where} holds a coordinate that is not a finite number")
        # Bodies behind the last that is there are padding.
        there = int(np.flatnonzero(positions.any(axis=(0, 1, 2))).max(initial=0)) + 1
        numbers = (*(getattr(sequence, key) for key in _NUMBERS[:-2]), frames, there)
        self._stream.write(np.ascontiguousarray(positions[..., :there], dtype="<f4").data)
        self._size += _CHANNELS * frames * joints * there
        self._rows.append((sequence.name, numbers))
        self._shapes.append((frames, bodies))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        stream, self._stream = self._stream, None
        if stream is None:
            return
        with stream:
            if kind is None:
                self._write_header(stream)
        if kind is None:
            self._write_samples()
        else:
            (self.folder / POSITIONS).unlink()

    def _most(self) -> int:
        return self.bodies or max((m for _, m in self._shapes), default=1)

    def _write_header(self, stream: BinaryIO) -> None:
        """Write the header, which numpy keeps as long whatever the number of coordinates."""
        stream.seek(0)
        header = {"descr": "<f4", "fortran_order": False, "shape": (self._size,)}
        np.lib.format.write_array_header_1_0(stream, header)

    def _write_samples(self) -> None:
        import pandas as pd

        rows = [(name, *numbers) for name, numbers in self._rows]
        table = pd.DataFrame(rows, columns=["name", *_NUMBERS])
        table.to_csv(self.folder / SAMPLES, index=False, lineterminator="\n")

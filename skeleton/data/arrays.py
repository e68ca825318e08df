"""The array format: every sequence of a data set in one memory-mapped file, and a table of what they are.

``positions.npy``: float32 (N, C=3, T, V, M), zero-padded to the longest sequence and the most bodies; the
padding takes no space on file systems with sparse files. ``samples.csv``: a row a sequence with ``name,
class_id, subject, view, setup, replication, part, length``; -1 is unknown. The manifest's details hold
``layout``, ``frames`` and ``bodies``.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable
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

SCHEMA = 2
"""Version of the files; arrays of another one are made again."""
POSITIONS = "positions.npy"
SAMPLES = "samples.csv"
SIMULATED = "SIMULATED.txt"
"""The file that marks a folder of simulated raw files."""
_NUMBERS = ("class_id", "subject", "view", "setup", "replication", "part", "length")
_CHANNELS = 3


@dataclass(frozen=True)
class ArraySet:
    """Arrays on disk. ``positions`` is a memory map (N, C, T, V, M); every number below is int64 (N,)."""

    dataset: str
    layout: str
    simulated: bool
    positions: NDArray[np.float32]
    class_id: NDArray[np.int64]
    subject: NDArray[np.int64]
    view: NDArray[np.int64]
    setup: NDArray[np.int64]
    replication: NDArray[np.int64]
    part: NDArray[np.int64]
    length: NDArray[np.int64]
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
            layout = str(manifest.details["layout"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise SemtoolError(f"cannot open the arrays {folder}: {error}") from error
        if (
            positions.ndim != 5
            or len(positions) != len(names)
            or positions.shape[3] != len(find_layout(layout))
        ):
            raise SemtoolError(
                f"the arrays {folder} do not fit together: {POSITIONS} has shape {positions.shape}, "
                f"{SAMPLES} has {len(names)} rows, the layout is {layout}; prepare them again"
            )
        return cls(
            manifest.reference.split("/", 1)[0], layout, manifest.simulated, positions, names=names, **numbers
        )

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
        numbers = {key: getattr(self, key)[rows] for key in _NUMBERS}
        names = tuple(self.names[i] for i in rows)
        return replace(self, positions=self.positions[rows], names=names, **numbers)

    def sequence(self, index: int) -> SkeletonSequence:
        """Return one sample without its padding in time."""
        numbers = {key: int(getattr(self, key)[index]) for key in _NUMBERS if key != "length"}
        positions = np.array(self.positions[index, :, : int(self.length[index])])
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
    _spool: BinaryIO | None = field(default=None, init=False, repr=False)

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
        self._spool = tempfile.TemporaryFile(dir=self.folder)  # closed in __exit__
        return self

    def append(self, sequence: SkeletonSequence) -> None:
        """Add one sequence; its positions are (C, T, V, M) with V joints of the layout.

        Raises:
            SemtoolError: if shape, layout or values do not fit.
        """
        if self._spool is None:
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
        numbers = (*(getattr(sequence, key) for key in _NUMBERS[:-1]), frames)
        self._spool.write(np.ascontiguousarray(positions, dtype=np.float32).data)
        self._rows.append((sequence.name, numbers))
        self._shapes.append((frames, bodies))

    def extend(self, sequences: Iterable[SkeletonSequence]) -> None:
        """Add several sequences."""
        for sequence in sequences:
            self.append(sequence)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        spool, self._spool = self._spool, None
        if spool is None:
            return
        with spool:
            if kind is None:
                spool.seek(0)
                self._write_positions(spool)
                self._write_samples()

    def _most(self) -> int:
        return self.bodies or max((m for _, m in self._shapes), default=1)

    def _write_positions(self, spool: BinaryIO) -> None:
        """Copy the spooled sequences to their padded places; padding is skipped, not written."""
        joints = len(find_layout(self.layout)) if self.layout else 0
        bodies = self._most()
        frames = max((t for t, _ in self._shapes), default=0)
        shape = (len(self._rows), _CHANNELS, frames, joints, bodies)
        channel = frames * joints * bodies * 4
        with (self.folder / POSITIONS).open("wb") as stream:
            header = {"descr": "<f4", "fortran_order": False, "shape": shape}
            np.lib.format.write_array_header_1_0(stream, header)
            start = stream.tell()
            for index, (length, found) in enumerate(self._shapes):
                raw = spool.read(_CHANNELS * length * joints * found * 4)
                block = np.frombuffer(raw, dtype=np.float32).reshape(_CHANNELS, length, joints, found)
                if found < bodies:
                    block = np.pad(block, ((0, 0), (0, 0), (0, 0), (0, bodies - found)))
                for c in range(_CHANNELS):
                    stream.seek(start + (index * _CHANNELS + c) * channel)
                    stream.write(np.ascontiguousarray(block[c], dtype="<f4").data)
            stream.flush()
            os.truncate(stream.fileno(), start + len(self._rows) * _CHANNELS * channel)

    def _write_samples(self) -> None:
        import pandas as pd

        rows = [(name, *numbers) for name, numbers in self._rows]
        table = pd.DataFrame(rows, columns=["name", *_NUMBERS])
        table.to_csv(self.folder / SAMPLES, index=False, lineterminator="\n")

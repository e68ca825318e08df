"""Embedding files: every description of a description set under one encoder, in one safetensors file.

Tensors: ``embeddings`` float32 (n, d) and ``class_id`` int64 (n,). The header's metadata holds, as JSON
strings, ``dataset``, ``encoder``, ``normalized``, and the lists ``granularity``, ``slot`` and ``variant`` of
the n rows, so that the file alone is enough to train. Some encoders add ``dimensions``, names of the d axes.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from semtool.errors import SemtoolError
from semtool.tensors import save_tensors

__all__ = ["FILE", "MOTION_ORDER", "EmbeddingFile", "write_embeddings"]

FILE = "embeddings.safetensors"
MOTION_ORDER = ("motion", "global", "label")
"""Granularities that may fill a motion slot, the first that there is."""


class EmbeddingFile:
    """An open embedding file. Only its header is read until vectors are asked for.

    Attributes:
        class_id: int64 (n,).
        granularity, slot: str (n,).
        variant: int64 (n,).
        dim: length d of a vector; ``dimensions`` names the axes where the encoder does.

    Raises:
        SemtoolError: if the file cannot be opened, or its parts do not fit each other.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path) / FILE if Path(path).is_dir() else Path(path)
        with self._open() as stream:
            metadata = stream.metadata() or {}
            lacking = {"embeddings", "class_id"} - set(stream.keys())
            lacking |= {"dataset", "encoder", "normalized", "granularity", "slot", "variant"} - set(metadata)
            if lacking:
                raise SemtoolError(f"{self.path} is not an embedding file: it lacks {sorted(lacking)[0]!r}")
            vectors, class_id = stream.get_slice("embeddings"), stream.get_slice("class_id")
            shapes = (vectors.get_shape(), class_id.get_shape())
            types = (vectors.get_dtype(), class_id.get_dtype())
            try:
                self.dataset = str(json.loads(metadata["dataset"]))
                self.encoder = str(json.loads(metadata["encoder"]))
                self.normalized = bool(json.loads(metadata["normalized"]))
                self.granularity = np.array(json.loads(metadata["granularity"]), dtype=str)
                self.slot = np.array(json.loads(metadata["slot"]), dtype=str)
                self.variant = np.array(json.loads(metadata["variant"]), dtype=np.int64)
                self.dimensions: list[str] = json.loads(metadata.get("dimensions", "[]"))
                counts = [len(self.granularity), len(self.slot), len(self.variant), *shapes[1]]
            except (ValueError, TypeError, OverflowError, RecursionError) as error:
                raise SemtoolError(f"{self.path} is damaged: unreadable metadata ({error})") from error
            if types != ("F32", "I64") or len(shapes[0]) != 2 or {*counts} != {shapes[0][0]}:
                raise SemtoolError(
                    f"{self.path} is damaged: vectors {types[0]} {tuple(shapes[0])}, "
                    f"class ids {types[1]} {tuple(shapes[1])}, "
                    f"{counts[0]} granularities, {counts[1]} slots, {counts[2]} variants"
                )
            self.dim = int(shapes[0][1])
            self.class_id: NDArray[np.int64] = stream.get_tensor("class_id")

    def _open(self) -> Any:
        from safetensors import SafetensorError, safe_open

        try:
            return safe_open(self.path, framework="numpy")
        except (OSError, SafetensorError, ValueError) as error:
            raise SemtoolError(f"cannot open the embedding file {self.path}: {error}") from error

    def __len__(self) -> int:
        return len(self.class_id)

    def rows(
        self,
        *,
        granularity: str | Sequence[str] | None = None,
        slot: str | None = None,
        class_id: int | None = None,
    ) -> NDArray[np.int64]:
        """Return the indices of the rows that fit all that is given, in file order.

        Args:
            granularity: one granularity, or several of which any fits; None: all.
            slot: slot of a part or phase text, or ``codes``; None: all.
            class_id: canonical class id, counted from 0; None: all classes.

        Returns:
            int64 (m,); empty if no row fits.
        """
        mask = np.ones(len(self), dtype=bool)
        if granularity is not None:
            wanted = [granularity] if isinstance(granularity, str) else list(granularity)
            mask &= np.isin(self.granularity, wanted)
        if slot is not None:
            mask &= self.slot == slot
        if class_id is not None:
            mask &= self.class_id == class_id
        return np.flatnonzero(mask)

    def vectors(self, rows: NDArray[np.int64] | None = None) -> NDArray[np.float32]:
        """Return the vectors of ``rows`` (all if None), float32 (len(rows), d), reading only those.

        Raises:
            IndexError: if there is no such row.
            SemtoolError: if the file was damaged after it was opened.
        """
        rows = np.arange(len(self)) if rows is None else np.asarray(rows, dtype=np.int64)
        if len(rows) and not (rows.min() >= 0 and rows.max() < len(self)):
            raise IndexError(f"rows are 0 to {len(self) - 1}, not {rows.min()} to {rows.max()}")
        out = np.empty((len(rows), self.dim), dtype=np.float32)
        with self._open() as stream:
            stored = stream.get_slice("embeddings")
            # Neighbouring rows are read in one piece.
            for run in np.split(np.arange(len(rows)), np.flatnonzero(np.diff(rows) != 1) + 1):
                if len(run):
                    first = int(rows[run[0]])
                    out[run] = stored[first : first + len(run)]
        return out


def write_embeddings(
    folder: Path,
    *,
    vectors: NDArray[np.float32],
    class_id: NDArray[np.int64],
    granularity: Sequence[str],
    slot: Sequence[str],
    variant: Sequence[int],
    dataset: str,
    encoder: str,
    normalized: bool = True,
    dimensions: Sequence[str] = (),
) -> None:
    """Write ``embeddings.safetensors`` into ``folder``; the same arguments give the same bytes."""
    if not (len(vectors) == len(class_id) == len(granularity) == len(slot) == len(variant)):
        raise SemtoolError(
            "an embedding file needs a class id, granularity, slot and variant for each vector"
        )
    metadata = {
        "dataset": json.dumps(dataset),
        "encoder": json.dumps(encoder),
        "normalized": json.dumps(normalized),
        "granularity": json.dumps(list(granularity)),
        "slot": json.dumps(list(slot)),
        "variant": json.dumps([int(v) for v in variant]),
    }
    if dimensions:
        metadata["dimensions"] = json.dumps(list(dimensions))
    tensors: dict[str, NDArray[Any]] = {
        "embeddings": np.ascontiguousarray(vectors, dtype=np.float32),
        "class_id": np.ascontiguousarray(class_id, dtype=np.int64),
    }
    save_tensors(folder / FILE, tensors, metadata)

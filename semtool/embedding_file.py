"""Embedding files: every description of a description set under one encoder, in one safetensors file.

Tensors: ``embeddings`` float32 (n, d) and ``class_id`` int64 (n,). The header's metadata holds, as JSON
strings, ``dataset``, ``encoder``, ``normalized``, and the lists ``granularity``, ``slot`` and ``variant`` of
the n rows, so that the file alone is enough to train. Some encoders add ``dimensions``, names of the d axes.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from semtool.artifacts.tensors import save_tensors
from semtool.errors import SemtoolError

__all__ = ["FILE", "EmbeddingFile", "write_embeddings"]

FILE = "embeddings.safetensors"
_MOST = 100_000_000  # bytes of a header; the format allows no more
_WIDTHS = {"F64": 8, "I64": 8, "F32": 4, "I32": 4, "F16": 2, "BF16": 2}


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
        header, start = self._header()
        metadata = header.get("__metadata__", {})
        try:
            self.dataset = str(json.loads(metadata["dataset"]))
            self.encoder = str(json.loads(metadata["encoder"]))
            self.normalized = bool(json.loads(metadata["normalized"]))
            self.granularity = np.array(json.loads(metadata["granularity"]), dtype=str)
            self.slot = np.array(json.loads(metadata["slot"]), dtype=str)
            self.variant = np.array(json.loads(metadata["variant"]), dtype=np.int64)
            self.dimensions: list[str] = json.loads(metadata.get("dimensions", "[]"))
            vectors, class_id = header["embeddings"], header["class_id"]
        except KeyError as error:
            raise SemtoolError(f"{self.path} is not an embedding file: it lacks {error}") from error
        except (ValueError, TypeError) as error:
            raise SemtoolError(f"{self.path} is damaged: unreadable metadata ({error})") from error
        shape = vectors["shape"]
        counts = [len(self.granularity), len(self.slot), len(self.variant), *class_id["shape"]]
        if (
            (vectors["dtype"], class_id["dtype"]) != ("F32", "I64")
            or len(shape) != 2
            or {*counts} != {shape[0]}
        ):
            raise SemtoolError(
                f"{self.path} is damaged: vectors {vectors['dtype']} {tuple(shape)}, "
                f"class ids {class_id['dtype']} {tuple(class_id['shape'])}, "
                f"{counts[0]} granularities, {counts[1]} slots, {counts[2]} variants"
            )
        self.dim = int(shape[1])
        self._start = start + vectors["data_offsets"][0]
        with self.path.open("rb") as stream:
            stream.seek(start + class_id["data_offsets"][0])
            self.class_id: NDArray[np.int64] = np.fromfile(stream, dtype="<i8", count=shape[0]).astype(
                np.int64
            )

    def __len__(self) -> int:
        return len(self.class_id)

    def rows(
        self,
        *,
        granularity: str | Sequence[str] | None = None,
        slot: str | None = None,
        class_id: int | None = None,
    ) -> NDArray[np.int64]:
        """Return the indices of the rows that fit all that is given, in file order."""
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
        """Return the vectors of ``rows`` (all if None), float32 (len(rows), d), reading only those."""
        rows = np.arange(len(self)) if rows is None else np.asarray(rows, dtype=np.int64)
        if len(rows) and not (rows.min() >= 0 and rows.max() < len(self)):
            raise IndexError(f"rows are 0 to {len(self) - 1}, not {rows.min()} to {rows.max()}")
        out = np.empty((len(rows), self.dim), dtype="<f4")
        with self.path.open("rb") as stream:
            # Neighbouring rows are read in one piece; a mapped file would read far around each of them.
            for run in np.split(np.arange(len(rows)), np.flatnonzero(np.diff(rows) != 1) + 1):
                if len(run):
                    stream.seek(self._start + 4 * self.dim * int(rows[run[0]]))
                    piece = out[run[0] : run[-1] + 1].data.cast("B")
                    if stream.readinto(piece) != len(piece):
                        raise SemtoolError(f"{self.path} is damaged: it ends too early")
        return out.astype(np.float32, copy=False)

    def _header(self) -> tuple[dict[str, Any], int]:
        """Return the header and where the tensors start; the library would map the file to tell less."""
        try:
            with self.path.open("rb") as stream:
                size = int.from_bytes(stream.read(8), "little")
                end = os.fstat(stream.fileno()).st_size - 8 - size
                if not 0 < size <= _MOST or end < 0:
                    raise ValueError("it has no header of the format safetensors")
                header: dict[str, Any] = json.loads(stream.read(size))
            tensors = [tensor for name, tensor in header.items() if name != "__metadata__"]
            if max((tensor["data_offsets"][1] for tensor in tensors), default=0) != end:
                raise ValueError("its length is not what its header says")
            if any(_bytes(tensor) != np.diff(tensor["data_offsets"])[0] for tensor in tensors):
                raise ValueError("a tensor's length does not fit its shape")
        except (
            OSError,
            ValueError,
            KeyError,
            TypeError,
            AttributeError,
            IndexError,
            RecursionError,
        ) as error:
            raise SemtoolError(f"cannot open the embedding file {self.path}: {error}") from error
        return header, 8 + size


def _bytes(tensor: dict[str, Any]) -> int:
    return int(math.prod(tensor["shape"])) * _WIDTHS.get(tensor["dtype"], 0)


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

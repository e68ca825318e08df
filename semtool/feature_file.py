"""Feature files: one visual vector a skeleton sequence, for one class split, in one safetensors file.

Tensors: ``features`` float32 (n, Dv); ``class_id``, ``subject``, ``view`` and ``subset`` int64 (n,); ``test``
int64 (n,), where it is known, is 1 for the samples of the protocol's test part.
The header's metadata holds, as JSON strings, ``dataset``, ``split``, ``protocol``, ``visual``, ``simulated``
and the n sample ``names``; ``blocks``, where the encoder has them, says which columns belong together: pairs
of name and width, in order. The visual encoder saw seen-train samples only.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from semtool.errors import SemtoolError
from semtool.tensors import save_tensors

__all__ = ["FILE", "SUBSETS", "FeatureFile"]

FILE = "features.safetensors"
SUBSETS = ("seen-train", "seen-test", "unseen-test")
"""What the numbers of the tensor ``subset`` mean."""


@dataclass(frozen=True)
class FeatureFile:
    """Visual features and what is known of each sample. Unknown subject or view is -1."""

    dataset: str
    split: str
    protocol: str
    visual: str
    simulated: bool
    features: NDArray[np.float32]
    class_id: NDArray[np.int64]
    subject: NDArray[np.int64]
    view: NDArray[np.int64]
    subset: NDArray[np.int64]
    names: Sequence[str]
    blocks: Sequence[tuple[str, int]] = ()
    test: NDArray[np.int64] | None = None

    @property
    def widths(self) -> tuple[int, ...]:
        """Widths of the blocks; one block of all columns where the encoder has none."""
        return tuple(int(width) for _, width in self.blocks) or (self.features.shape[1],)

    def rows(self, subset: str) -> NDArray[np.int64]:
        """Return the indices of the samples of a subset, in file order."""
        return np.flatnonzero(self.subset == SUBSETS.index(subset))

    def write(self, folder: Path) -> None:
        """Write ``features.safetensors`` into ``folder``; the same content gives the same bytes."""
        metadata = {
            key: json.dumps(getattr(self, key))
            for key in ("dataset", "split", "protocol", "visual", "simulated")
        } | {"names": json.dumps(list(self.names))}
        if self.blocks:
            metadata["blocks"] = json.dumps(list(self.blocks))
        tensors: dict[str, NDArray[Any]] = {
            "features": np.ascontiguousarray(self.features, dtype=np.float32),
            **{
                key: np.ascontiguousarray(getattr(self, key), dtype=np.int64)
                for key in ("class_id", "subject", "view", "subset", "test")
                if getattr(self, key) is not None
            },
        }
        save_tensors(folder / FILE, tensors, metadata)

    @classmethod
    def read(cls, path: str | Path) -> FeatureFile:
        """Read a feature file (or the folder that holds one)."""
        from safetensors import SafetensorError, safe_open

        source = Path(path) / FILE if Path(path).is_dir() else Path(path)
        try:
            with safe_open(source, framework="numpy") as stream:
                metadata = {k: json.loads(v) for k, v in (stream.metadata() or {}).items()}
                tensors = {key: stream.get_tensor(key) for key in stream.keys()}  # noqa: SIM118
            return cls(**metadata, **tensors)
        except (OSError, SafetensorError, TypeError, ValueError) as error:
            raise SemtoolError(f"cannot open the feature file {source}: {error}") from error

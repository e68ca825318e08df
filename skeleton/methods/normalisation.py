"""Normalisation of visual features, settled on seen training samples."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Normalisation"]

Vectors = NDArray[np.float32]


@dataclass(frozen=True)
class Normalisation:
    """What is done to visual features before anything else: ``(v - mean) / scale``, then L2 if asked for."""

    kind: str
    mean: Vectors
    scale: Vectors

    @classmethod
    def of(cls, kind: str, features: Vectors) -> Normalisation:
        """Settle the normalisation on seen training features (n, Dv); see `base.FeatureNorm`.

        Args:
            kind: ``none``, ``l2`` or ``standard``.
            features: float32 (n, Dv) of seen training samples.

        Returns:
            The normalisation; mean and scale are per column for ``standard``, else 0 and 1.
        """
        mean, scale = np.zeros(features.shape[1], np.float32), np.ones(features.shape[1], np.float32)
        if kind == "standard":
            mean, scale = features.mean(axis=0), features.std(axis=0)
            scale = np.where(scale > 0, scale, 1).astype(np.float32)
        return cls(kind, mean, scale)

    @classmethod
    def restore(cls, kind: str, tensors: Mapping[str, NDArray[Any]]) -> Normalisation:
        """Return the normalisation of a checkpoint.

        Args:
            kind: as it was fitted.
            tensors: of the checkpoint, by name.

        Raises:
            KeyError: if mean or scale is lacking.
        """
        return cls(kind, tensors["normalise/mean"], tensors["normalise/scale"])

    def tensors(self) -> dict[str, NDArray[Any]]:
        """Return what a checkpoint holds of it."""
        return {"normalise/mean": self.mean, "normalise/scale": self.scale}

    def __call__(self, features: Vectors) -> Vectors:
        """Return features (n, Dv) normalised."""
        if self.kind == "none":
            return features
        out = (features - self.mean) / self.scale
        if self.kind == "l2":
            out = out / np.maximum(np.linalg.norm(out, axis=1, keepdims=True), 1e-12)
        return np.asarray(out, dtype=np.float32)

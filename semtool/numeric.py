"""Arithmetic of vectors that both sides share."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["unit"]

_SMALLEST = 1e-12


def unit(vectors: NDArray[np.floating], axis: int = -1) -> NDArray[np.float64]:
    """Return ``vectors`` divided by their Euclidean lengths along ``axis``, float64, of the same shape.

    A vector of zeros stays one. Whoever keeps float32 converts the result.
    """
    wide = np.asarray(vectors, dtype=np.float64)
    lengths = np.linalg.norm(wide, axis=axis, keepdims=True)
    return np.asarray(wide / np.maximum(lengths, _SMALLEST))

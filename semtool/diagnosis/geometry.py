"""How alike classes are, by their vectors. Pure functions on arrays.

A class's prototype is the unit mean of its vectors. The zero-shot classifiers of `skeleton.methods.kernel`
compare prototypes minus a centre (the mean of the seen classes' prototypes), so that is the space measured
here: after centring, unrelated classes have cosine 0 and the likeness that all descriptions share is gone.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from semtool.numeric import unit

__all__ = [
    "Matrix",
    "centred",
    "class_sums",
    "correlation",
    "cosines",
    "nearest_pairs",
    "prototypes",
    "rank_correlation",
    "ranks",
    "triangle",
]

Matrix = NDArray[np.float64]
Labels = NDArray[np.int64]


def prototypes(vectors: NDArray[np.floating[Any]], rows: Labels, classes: int) -> Matrix:
    """Return one unit vector a class (C, d).

    Args:
        vectors: (n, d) unit vectors.
        rows: (n,) place of each vector's class, 0 to ``classes`` - 1; every class has at least one.
        classes: their number C.
    """
    return unit(class_sums(vectors, rows, classes))


def class_sums(vectors: NDArray[np.floating[Any]], rows: Labels, classes: int) -> Matrix:
    """Return the sum of each class's vectors (C, d)."""
    return np.stack([vectors[rows == c].sum(axis=0, dtype=np.float64) for c in range(classes)])


def centred(vectors: Matrix, centre: Matrix) -> Matrix:
    """Return vectors (C, d) minus ``centre`` (d,), at unit length again."""
    return unit(vectors - centre)


def cosines(vectors: Matrix) -> Matrix:
    """Return the cosines of unit vectors (C, C)."""
    return np.clip(vectors @ vectors.T, -1.0, 1.0)


def triangle(matrix: Matrix) -> Matrix:
    """Return what stands above the diagonal, row by row (C (C - 1) / 2,)."""
    return matrix[np.triu_indices(len(matrix), 1)]


def nearest_pairs(similarity: Matrix, count: int) -> list[tuple[int, int]]:
    """Return the ``count`` most alike pairs (a < b), most alike first; of equals the first in class order."""
    left, right = np.triu_indices(len(similarity), 1)
    order = np.argsort(-similarity[left, right], kind="stable")[:count]
    return [(int(left[i]), int(right[i])) for i in order]


def correlation(left: Matrix, right: Matrix) -> float:
    """Return Pearson's correlation, 0 if one side does not vary."""
    one, other = left - left.mean(), right - right.mean()
    size = float(np.sqrt((one**2).sum() * (other**2).sum()))
    return float((one * other).sum() / size) if size > 1e-15 else 0.0


def rank_correlation(left: NDArray[np.floating[Any]], right: NDArray[np.floating[Any]]) -> float:
    """Return Spearman's rank correlation, ties at their mean rank; 0 if one side does not vary."""
    return correlation(ranks(left), ranks(right))


def ranks(values: NDArray[np.floating[Any]]) -> Matrix:
    """Return the rank of each value (n,), from 1; equals share their mean rank."""
    from scipy.stats import rankdata

    return np.asarray(rankdata(values), np.float64)

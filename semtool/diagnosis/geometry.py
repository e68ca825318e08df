"""What a set of class vectors looks like: margins, hubs, effective rank, retrieval. Pure functions on arrays.

A class's prototype is the unit mean of its vectors. The zero-shot classifiers of `skeleton.methods.kernel`
compare prototypes minus a centre (the mean of the seen classes' prototypes), so that is the space measured
here: after centring, unrelated classes have cosine 0 and the likeness that all descriptions share is gone.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "Matrix",
    "centred",
    "class_sums",
    "correlation",
    "cosines",
    "effective_rank",
    "hubness",
    "margins",
    "nearest_pairs",
    "occurrences",
    "profile_cosines",
    "prototypes",
    "rank_correlation",
    "ranks",
    "retrieval",
    "triangle",
    "unit",
]

Matrix = NDArray[np.float64]
Labels = NDArray[np.int64]


def unit(vectors: NDArray[np.floating[Any]]) -> Matrix:
    """Return the rows (..., d) scaled to unit length; a zero row stays zero."""
    found = np.asarray(vectors, dtype=np.float64)
    return np.asarray(found / np.maximum(np.linalg.norm(found, axis=-1, keepdims=True), 1e-12), np.float64)


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


def margins(similarity: Matrix) -> Matrix:
    """Return for each class 1 minus its cosine with the nearest other class (C,): 0 for twins."""
    others = similarity.copy()
    np.fill_diagonal(others, -np.inf)
    return np.asarray(1.0 - others.max(axis=1))


def nearest_pairs(similarity: Matrix, count: int) -> list[tuple[int, int]]:
    """Return the ``count`` most alike pairs (a < b), most alike first; of equals the first in class order."""
    left, right = np.triu_indices(len(similarity), 1)
    order = np.argsort(-similarity[left, right], kind="stable")[:count]
    return [(int(left[i]), int(right[i])) for i in order]


def occurrences(similarity: Matrix, k: int | None = None) -> NDArray[np.int64]:
    """Return N_k (C,): among the k nearest classes of how many others each class is.

    Without ``k`` it is 5, less for fewer than 11 classes: at most half of the others.
    """
    classes = len(similarity)
    k = k or max(1, min(5, (classes - 1) // 2))
    others = similarity.copy()
    np.fill_diagonal(others, -np.inf)
    nearest = np.argsort(-others, axis=1, kind="stable")[:, :k]
    return np.bincount(nearest.ravel(), minlength=classes)


def hubness(counts: NDArray[np.int64]) -> float:
    """Return the skewness of N_k (Radovanovic, Nanopoulos and Ivanovic, JMLR 2010); 0 if all are equal.

    High values mean that few classes are everybody's neighbour: hubs attract samples that are not theirs.
    """
    from scipy.stats import skew

    return float(skew(counts)) if counts.std() > 0 else 0.0


def effective_rank(vectors: Matrix) -> float:
    """Return the effective rank over its greatest possible value C - 1, in (0, 1].

    The effective rank is exp of the entropy of the normalised singular values (Roy and Vetterli, EUSIPCO
    2007): in how many directions C centred classes (C, d) differ from each other.
    """
    moved = vectors - vectors.mean(axis=0)
    # The Gram matrix is the small one: its eigenvalues are the squares of the singular values.
    found = np.sqrt(np.maximum(np.linalg.eigvalsh(moved @ moved.T), 0.0))
    total = found.sum()
    if total <= 1e-12 or len(vectors) < 2:
        return 0.0
    share = found[found > 1e-7 * found.max()] / total
    return float(np.exp(-(share * np.log(share)).sum()) / (len(vectors) - 1))


def retrieval(vectors: NDArray[np.floating[Any]], rows: Labels, classes: int) -> Matrix:
    """Return for each vector (n,) whether its own class is the nearest, itself left out; NaN if it is alone.

    The class's prototype is formed without the vector that asks. A tie among k nearest counts 1 / k.
    """
    found = np.asarray(vectors, dtype=np.float64)
    counts = np.bincount(rows, minlength=classes)
    sums = class_sums(found, rows, classes)
    whole = unit(sums)
    centre = whole.mean(axis=0)
    asked = found - centre
    scores = asked @ centred(whole, centre).T
    own = centred(unit(sums[rows] - found), centre)
    scores[np.arange(len(found)), rows] = (asked * own).sum(axis=1)
    best = scores.max(axis=1, keepdims=True)
    ties = scores >= best - 1e-9
    right = ties[np.arange(len(found)), rows] / ties.sum(axis=1)
    return np.where(counts[rows] > 1, right, np.nan)


def profile_cosines(vectors: Matrix, known: NDArray[np.int64]) -> Matrix:
    """Return how alike classes are as told by their likeness to the ``known`` classes alone (C, C).

    A closed form knows a new class only through its cosines with the seen classes; each class's row of them
    (itself and the other class of the pair left out) is centred and compared by cosine.
    """
    every = cosines(vectors)
    similarity = every[:, known]
    found = np.eye(len(vectors))
    places = {int(c): i for i, c in enumerate(known)}
    for a in range(len(vectors)):
        for b in range(a + 1, len(vectors)):
            kept = [i for c, i in places.items() if c not in (a, b)]
            left, right = similarity[a, kept], similarity[b, kept]
            found[a, b] = found[b, a] = correlation(left, right)
    return found


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

"""How alike classes are, by their vectors, and whether text and motion agree about it. Functions on arrays.

A class's prototype is the unit mean of its vectors. The zero-shot classifiers of `skeleton.methods.kernel`
compare prototypes minus a centre (the mean of the seen classes' prototypes), so that is the space measured
here: after centring, unrelated classes have cosine 0 and the likeness that all descriptions share is gone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from semtool.numeric import unit

__all__ = ["Matrix", "MotionAgreement", "agreement", "nearest_pairs", "prototypes", "similarity"]

Matrix = NDArray[np.float64]
Labels = NDArray[np.int64]
PERMUTATIONS = 999


def prototypes(vectors: NDArray[np.floating[Any]], rows: Labels, classes: int) -> Matrix:
    """Return one unit vector a class (C, d).

    Args:
        vectors: (n, d) unit vectors.
        rows: (n,) place of each vector's class, 0 to ``classes`` - 1; every class has at least one.
        classes: their number C.
    """
    return unit(np.stack([vectors[rows == c].sum(axis=0, dtype=np.float64) for c in range(classes)]))


def similarity(vectors: Matrix, centre: Matrix) -> Matrix:
    """Return the cosines (C, C) of vectors (C, d) minus ``centre`` (d,)."""
    centred = unit(vectors - centre)
    return np.clip(centred @ centred.T, -1.0, 1.0)


def nearest_pairs(similarity: Matrix, count: int) -> list[tuple[int, int]]:
    """Return the ``count`` most alike pairs (a < b), most alike first; of equals the first in class order."""
    left, right = np.triu_indices(len(similarity), 1)
    order = np.argsort(-similarity[left, right], kind="stable")[:count]
    return [(int(left[i]), int(right[i])) for i in order]


@dataclass(frozen=True)
class MotionAgreement:
    """How well text and motion agree about which classes are alike.

    Attributes:
        rho: Spearman's correlation of the class similarities, over all pairs of seen classes.
        p: share of random relabellings of the classes that agree at least as well (Mantel, 1967; one-sided).
        classes: number of seen classes.
    """

    rho: float
    p: float
    classes: int


def agreement(text: Matrix, motion: Matrix, *, seed: int = 0) -> MotionAgreement:
    """Compare class similarities of text and motion, both (S, S) in the same order of classes."""
    from scipy.stats import rankdata

    upper = np.triu_indices(len(motion), 1)
    of_text, of_motion = rankdata(text[upper]), np.zeros_like(motion)
    of_motion[upper] = rankdata(motion[upper])
    of_motion += of_motion.T
    rho = _correlation(of_text, of_motion[upper])
    rng = np.random.default_rng(seed)
    better = 0
    for _ in range(PERMUTATIONS):
        order = rng.permutation(len(motion))
        better += _correlation(of_text, of_motion[np.ix_(order, order)][upper]) >= rho - 1e-12
    return MotionAgreement(rho, (1 + better) / (1 + PERMUTATIONS), len(motion))


def _correlation(left: Matrix, right: Matrix) -> float:
    """Return Pearson's correlation, 0 if one side does not vary."""
    one, other = left - left.mean(), right - right.mean()
    size = float(np.sqrt((one**2).sum() * (other**2).sum()))
    return float((one * other).sum() / size) if size > 1e-15 else 0.0

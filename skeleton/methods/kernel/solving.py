"""Kernel ridge regression solved for all training samples: exactly, or in the span of some landmarks.

Exactly, the dual of n samples is ``(K + l W^-1)^-1 T``, with W the samples' weights and l the ridge. That
needs n^2 numbers. Beyond `EXACT` samples f is sought among the functions ``k(x, Z) b`` of m landmarks Z
(Nystroem approximation, Williams and Seeger, NIPS 2000; as subset of regressors, Smola and Bartlett, NIPS
2000), on all samples still:

    b = (K_mn W K_nm + l K_mm)^-1 K_mn W T

Landmarks that span everything, as the axes do for a linear kernel, make that exact again.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["EXACT", "LANDMARKS", "Solution", "solve", "spread"]

Matrix = NDArray[np.float32]
Wide = NDArray[np.float64]
EXACT = 8000
"""Most samples that are solved for exactly: 2 GB, half a minute."""
LANDMARKS = 4000
"""m; memory is that of n x m numbers in single precision."""
_CHUNK = 1000
_JITTER = 1e-8


@dataclass(frozen=True)
class Solution:
    """f(x) = k(x, ``support``) ``dual``, and what it gives for the training samples: ``fitted`` (n, d)."""

    support: Matrix
    dual: Matrix
    fitted: Matrix


def solve(
    kernel: Callable[[Matrix, Matrix], Matrix],
    points: Matrix,
    targets: Wide,
    weight: Wide,
    ridge: float,
    landmarks: Matrix | None = None,
) -> Solution:
    """Fit kernel ridge regression.

    Args:
        kernel: K (n, m) between the rows of two matrices.
        points: (n, Dv).
        targets: T (n, d).
        weight: (n,), 1 in the mean.
        ridge: l.
        landmarks: Z (m, Dv); None: solved exactly.
    """
    from scipy.linalg import solve as solved

    root = np.sqrt(weight)
    if landmarks is None:
        known = kernel(points, points)
        system = known * np.outer(root, root)
        system.flat[:: len(system) + 1] += ridge
        dual = np.asarray(
            root[:, None] * solved(system, root[:, None] * targets, assume_a="pos", overwrite_a=True),
            np.float32,
        )
        return Solution(points, dual, np.asarray(known.astype(np.float64) @ dual, np.float32))
    known = np.empty((len(points), len(landmarks)), np.float32)
    square: Wide = np.zeros((len(landmarks), len(landmarks)))
    onto: Wide = np.zeros((len(landmarks), targets.shape[1]))
    for start in range(0, len(points), _CHUNK):
        rows = slice(start, start + _CHUNK)
        known[rows] = kernel(points[rows], landmarks)
        part = known[rows] * root[rows, None]
        square += part.T @ part
        onto += part.T @ (targets[rows] * root[rows, None])
    for start in range(0, len(landmarks), _CHUNK):
        square[start : start + _CHUNK] += ridge * kernel(landmarks[start : start + _CHUNK], landmarks)
    square.flat[:: len(square) + 1] += _JITTER * square.trace() / len(square)
    dual = np.asarray(solved(square, onto, assume_a="pos", overwrite_a=True), np.float32)
    return Solution(landmarks, dual, known @ dual)


def spread(groups: NDArray[np.int64], limit: int) -> NDArray[np.int64]:
    """Return at most ``limit`` places of ``groups`` (n,), each group's share spread evenly over it.

    What groups smaller than an equal share leave goes to the others: each acted class of `best` has one.
    """
    labels, sizes = np.unique(groups, return_counts=True)
    shares = range(1, limit + 1)
    share = max(1, bisect_right(shares, limit, key=lambda s: int(np.minimum(sizes, s).sum())))
    kept = []
    for label in labels:
        at = np.flatnonzero(groups == label)
        kept.append(at[np.linspace(0, len(at) - 1, min(share, len(at))).round().astype(int)])
    return np.sort(np.concatenate(kept))

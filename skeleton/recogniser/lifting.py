"""Random features: a kernel as an inner product, so that no training sample travels with the package.

The kernel is the sum over feature blocks of ``exp(-|x_b - z_b|^2 / m_b)``, as in `skeleton.methods.kernel`,
and `_SHARE` times the same over all columns at once; m is a median squared distance. The blocks let motion
be new as a whole and known in its parts, the whole tells combinations apart. Both are approximated by random
Fourier features (Rahimi and Recht, NIPS 2007, algorithm 1).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from skeleton.visual import Blocks

__all__ = ["Lifting", "draw_lifting"]

Matrix = NDArray[np.float32]
_A_BLOCK, _ALL = 64, 2400
"""Random features a block, and of all columns."""
_SHARE = 25.0
_PAIRS = 1500


@dataclass(frozen=True)
class Lifting:
    """From standardised features to random features.

    Attributes:
        widths: width of each feature block, in order.
        parts: (Dv, `_A_BLOCK`) frequencies; rows of a block in which nothing varies are zero.
        part_phase: (blocks, `_A_BLOCK`).
        whole: (Dv, `_ALL`) frequencies; ``whole_phase`` (`_ALL`,).
    """

    widths: NDArray[np.int64]
    parts: Matrix
    part_phase: Matrix
    whole: Matrix
    whole_phase: Matrix

    def __call__(self, points: Matrix) -> Matrix:
        """Return random features (n, blocks * `_A_BLOCK` + `_ALL`) of standardised features (n, Dv)."""
        ends = np.cumsum(self.widths)
        size = np.sqrt(2 / self.parts.shape[1])
        waves = [
            size * np.cos(points[:, end - width : end] @ self.parts[end - width : end] + phase)
            for end, width, phase in zip(ends, self.widths, self.part_phase, strict=True)
        ]
        over_all = np.cos(points @ self.whole + self.whole_phase)
        waves.append(np.sqrt(2 * _SHARE / self.whole.shape[1]) * over_all)
        return np.concatenate(waves, axis=1, dtype=np.float32)

    def tensors(self) -> dict[str, NDArray[np.generic]]:
        """Return all of it, by name."""
        return {f.name: getattr(self, f.name) for f in fields(self)}

    @classmethod
    def restore(cls, tensors: Mapping[str, NDArray[np.generic]]) -> Lifting:
        """Return the random features of `tensors`."""
        return cls(**{f.name: np.asarray(tensors[f.name]) for f in fields(cls)})


def draw_lifting(points: Matrix, blocks: Blocks, random: np.random.Generator) -> Lifting:
    """Draw random features as wide as ``points`` (n, Dv) lie apart."""
    widths = np.array([width for _, width in blocks])
    ends = np.cumsum(widths)
    parts = [_frequencies(points[:, e - w : e], _A_BLOCK, random) for e, w in zip(ends, widths, strict=True)]
    return Lifting(
        widths,
        np.concatenate(parts),
        _phases((len(widths), _A_BLOCK), random),
        _frequencies(points, _ALL, random),
        _phases((_ALL,), random),
    )


def _frequencies(points: Matrix, count: int, random: np.random.Generator) -> Matrix:
    one, other = (points[random.integers(len(points), size=_PAIRS)] for _ in range(2))
    distance = ((one - other) ** 2).sum(axis=1)
    apart = distance[distance > 1e-6]
    scale = np.sqrt(2 / np.median(apart)) if apart.size else 0.0
    return (random.normal(size=(points.shape[1], count)) * scale).astype(np.float32)


def _phases(shape: tuple[int, ...], random: np.random.Generator) -> Matrix:
    return random.uniform(0, 2 * np.pi, shape).astype(np.float32)

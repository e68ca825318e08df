"""From kinematic features to attribute codes: ridge regression on random features of a summed kernel.

The kernel is the mean over feature blocks of ``exp(-|x_b - z_b|^2 / m_b)``, as in `skeleton.methods.kernel`,
approximated by random Fourier features (Rahimi and Recht, NIPS 2007, algorithm 1), so that neither training
samples nor their number travel with the package. Scores compare predicted and stated codes in the metric
of what the estimator gets wrong: a field that cannot be seen in a skeleton weighs little.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from skeleton.visual import Blocks, Described

__all__ = ["Estimator", "Level", "fit_estimator", "fit_ridge_on"]

Matrix = NDArray[np.float32]
CLIP = 4.0
"""Deviations at which standardised features end."""
_WIDTH = 24
"""Random features a block."""
RIDGE = 0.1
_SHRINKAGE = 3.0
"""Of the covariance of errors, in mean variances."""
_FOLDS = 5


@dataclass(frozen=True)
class Level:
    """Mean and deviation of every feature among some people."""

    mean: Matrix
    deviation: Matrix

    @classmethod
    def of(cls, features: Matrix) -> Level:
        """Take the level of features (n, Dv)."""
        return cls(features.mean(axis=0), features.std(axis=0))

    def __call__(self, found: Described) -> Matrix:
        """Return features (n, Dv) standardised; what a sequence does not tell is average."""
        made = (found.features - self.mean) / (self.deviation + 0.01)
        return np.where(found.unknown, 0, np.clip(made, -CLIP, CLIP)).astype(np.float32)


@dataclass(frozen=True)
class Estimator:
    """A fitted estimator of D attribute codes.

    Attributes:
        widths: width of each feature block, in order.
        project: (Dv, `_WIDTH`) frequencies; rows of a block in which nothing varies are zero.
        phase: (blocks, `_WIDTH`) phases of the random features.
        weights: (blocks * `_WIDTH`, D); ``offset`` (D,) is the mean code.
        origin: mean random features of the training samples.
        metric: (D, D) inverse of the covariance of errors.
        spread: (D, D) covariance of predicted codes among the training samples; ``usual`` (D,) their mean.
    """

    widths: NDArray[np.int64]
    project: Matrix
    phase: Matrix
    weights: Matrix
    origin: Matrix
    offset: Matrix
    metric: Matrix
    spread: Matrix
    usual: Matrix

    def lift(self, points: Matrix) -> Matrix:
        """Return random features (n, blocks * `_WIDTH`) of standardised features."""
        return _lift(points, self.widths, self.project, self.phase)

    def codes(self, points: Matrix) -> Matrix:
        """Return predicted codes (n, D) of standardised features (n, Dv)."""
        return np.asarray((self.lift(points) - self.origin) @ self.weights + self.offset, np.float32)

    def scores(self, codes: Matrix, labels: Matrix) -> Matrix:
        """Return (n, C), how predicted codes (n, D) agree with the codes (C, D) that labels say.

        Labels compete by what tells them apart; each one's scores are standardised over simulated motion of
        every kind, so that no label is an answer to everything.
        """
        return self.agreement(codes, labels - labels.mean(axis=0))

    def agreement(self, codes: Matrix, ways: Matrix) -> Matrix:
        """Return (n, C), how far predicted codes (n, D) lie along differences of codes (C, D)."""
        apart = ways @ self.metric
        deviation = np.sqrt(np.maximum(((apart @ self.spread) * apart).sum(axis=1), 1e-9))
        return np.asarray((codes - self.usual) @ apart.T / deviation, np.float32)

    def tensors(self) -> dict[str, NDArray[np.generic]]:
        """Return all of it, by name."""
        return {f.name: np.asarray(getattr(self, f.name)) for f in fields(self)}

    @classmethod
    def restore(cls, tensors: Mapping[str, NDArray[np.generic]]) -> Estimator:
        """Return the estimator of `tensors`."""
        return cls(**{f.name: np.asarray(tensors[f.name]) for f in fields(cls)})


def fit_estimator(
    points: Matrix, codes: Matrix, groups: NDArray[np.int64], blocks: Blocks, doubt: Matrix, seed: int
) -> Estimator:
    """Fit an estimator.

    Args:
        points: (n, Dv) standardised features of simulated motion.
        codes: (n, D) codes of what was simulated.
        groups: (n,) samples of one class or combination have one number: errors are those on groups unseen.
        blocks: name and width of each feature block.
        doubt: (D, D) covariance of the errors of label codes.
        seed: of the random features.
    """
    random = np.random.default_rng(seed)
    widths = np.array([width for _, width in blocks])
    project, phase = _draw(points, widths, random)
    lifted = _lift(points, widths, project, phase)
    errors = np.zeros_like(codes)
    for fold in range(_FOLDS):
        held = groups % _FOLDS == fold
        weights, origin, offset = fit_ridge_on(lifted[~held], codes[~held], RIDGE)
        errors[held] = codes[held] - ((lifted[held] - origin) @ weights + offset)
    weights, origin, offset = fit_ridge_on(lifted, codes, RIDGE)
    found = (lifted - origin) @ weights + offset
    wrong = errors.T @ errors / len(errors)
    size = np.trace(wrong) / len(wrong)
    metric = np.linalg.inv(wrong + doubt + _SHRINKAGE * size * np.eye(len(wrong)))
    return Estimator(
        widths, project, phase, weights, origin, offset, metric.astype(np.float32),
        np.cov(found.T).astype(np.float32), found.mean(axis=0),
    )  # fmt: skip


def fit_ridge_on(lifted: Matrix, targets: Matrix, ridge: float) -> tuple[Matrix, Matrix, Matrix]:
    """Return weights (d, D), mean input and mean target of ridge regression."""
    origin, offset = lifted.mean(axis=0), targets.mean(axis=0)
    inputs = (lifted - origin).astype(np.float64)
    system = inputs.T @ inputs + ridge * len(inputs) * np.eye(inputs.shape[1])
    weights = np.linalg.solve(system, inputs.T @ (targets - offset))
    return weights.astype(np.float32), origin, offset


def _draw(
    points: Matrix, widths: Sequence[int] | NDArray[np.int64], random: np.random.Generator
) -> tuple[Matrix, Matrix]:
    """Return frequencies (Dv, `_WIDTH`) and phases (blocks, `_WIDTH`), scaled by median squared distances."""
    project = np.zeros((points.shape[1], _WIDTH), np.float32)
    start = 0
    for width in widths:
        block = points[:, start : start + width]
        one, other = (block[random.integers(len(block), size=1500)] for _ in range(2))
        distance = ((one - other) ** 2).sum(axis=1)
        frequencies = random.normal(size=(width, _WIDTH))
        if (positive := distance[distance > 1e-6]).size:
            project[start : start + width] = frequencies * np.sqrt(2 / np.median(positive))
        start += width
    return project, random.uniform(0, 2 * np.pi, (len(widths), _WIDTH)).astype(np.float32)


def _lift(points: Matrix, widths: NDArray[np.int64], project: Matrix, phase: Matrix) -> Matrix:
    ends = np.cumsum(widths)
    parts = [
        np.cos(points[:, end - width : end] @ project[end - width : end] + shift)
        for end, width, shift in zip(ends, widths, phase, strict=True)
    ]
    return np.asarray(np.concatenate(parts, axis=1) * np.sqrt(2 / project.shape[1]), np.float32)

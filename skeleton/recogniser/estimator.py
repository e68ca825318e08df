"""From kinematic features to attribute codes: ridge regression on random features.

Scores compare predicted and stated codes in the metric of what the estimator gets wrong: a field that cannot
be seen in a skeleton weighs little.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from skeleton.recogniser.lifting import Lifting, draw_lifting
from skeleton.visual import Blocks, Described

__all__ = ["Estimator", "Level", "fit_estimator", "fit_ridge_on", "moved"]

Matrix = NDArray[np.float32]
CLIP = 4.0
"""Deviations at which standardised features end."""
_RIDGE = 0.03
_SHRINKAGE = 3.0
"""Of the covariance of errors, in mean variances."""
_FOLDS = 5
_ASTRAY = 1.5
"""How far, at most, moved samples go towards the level of a data set: 1 is there."""
_APART, _WIDER = 3.0, 3.0
"""Deviations by which the mean of a data set differs at most, and factor by which its deviation does."""
_CODES = ("weights", "origin", "offset", "metric", "spread", "usual")


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


def moved(points: Matrix, levels: Sequence[Level], usual: Level, random: np.random.Generator) -> Matrix:
    """Return simulated samples as sensors and people with a level of their own would have them.

    Nobody has the mean level: each sample is moved part of the way to, or beyond, the level of a data set
    drawn at random, so that what depends on the level is not relied on.

    Args:
        points: (n, Dv) standardised features.
        levels: of real data sets.
        usual: by which real people are standardised.
        random: source of everything that is drawn.
    """
    size = usual.deviation + 0.01
    shift = np.stack([np.clip((v.mean - usual.mean) / size, -_APART, _APART) for v in levels])
    ratio = np.stack([np.clip((v.deviation + 0.01) / size, 1 / _WIDER, _WIDER) for v in levels])
    which = random.integers(len(levels), size=len(points))
    far = random.uniform(0, _ASTRAY, (len(points), 1))
    return np.asarray(points * ratio[which] ** far + far * shift[which], np.float32)


@dataclass(frozen=True)
class Estimator:
    """A fitted estimator of D attribute codes.

    Attributes:
        lift: standardised features -> L random features.
        weights: (L, D); ``offset`` (D,) is the mean code.
        origin: mean random features of the training samples.
        metric: (D, D) inverse of the covariance of errors.
        spread: (D, D) covariance of predicted codes among the training samples; ``usual`` (D,) their mean.
    """

    lift: Lifting
    weights: Matrix
    origin: Matrix
    offset: Matrix
    metric: Matrix
    spread: Matrix
    usual: Matrix

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
        own: dict[str, NDArray[np.generic]] = {name: getattr(self, name) for name in _CODES}
        return own | self.lift.tensors()

    @classmethod
    def restore(cls, tensors: Mapping[str, NDArray[np.generic]]) -> Estimator:
        """Return the estimator of `tensors`."""
        return cls(Lifting.restore(tensors), *(np.asarray(tensors[name], np.float32) for name in _CODES))


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
    lift = draw_lifting(points, blocks, np.random.default_rng(seed))
    inputs = lift(points)
    origin, offset = inputs.mean(axis=0), codes.mean(axis=0)
    inputs -= origin
    targets = codes - offset
    folds = [groups % _FOLDS == fold for fold in range(_FOLDS)]
    products = [(inputs[held].T @ inputs[held], inputs[held].T @ targets[held]) for held in folds]
    gram, onto = (np.sum(parts, axis=0) for parts in zip(*products, strict=True))

    def solved(gram: Matrix, onto: Matrix, count: int) -> Matrix:
        return np.linalg.solve(gram + np.float32(_RIDGE * count) * np.eye(len(gram), dtype=np.float32), onto)

    errors = np.zeros_like(codes)
    for held, (own, toward) in zip(folds, products, strict=True):
        weights = solved(gram - own, onto - toward, int((~held).sum()))
        errors[held] = targets[held] - inputs[held] @ weights
    weights = solved(gram, onto, len(inputs))
    found = inputs @ weights
    wrong = errors.T @ errors / len(errors)
    size = np.trace(wrong) / len(wrong)
    metric = np.linalg.inv(wrong + doubt + _SHRINKAGE * size * np.eye(len(wrong)))
    return Estimator(
        lift, weights, origin, offset, metric.astype(np.float32), np.cov(found.T).astype(np.float32),
        found.mean(axis=0) + offset,
    )  # fmt: skip


def fit_ridge_on(lifted: Matrix, targets: Matrix, ridge: float) -> tuple[Matrix, Matrix, Matrix]:
    """Return weights (d, D), mean input and mean target of ridge regression; d may be many, samples few."""
    origin, offset = lifted.mean(axis=0), targets.mean(axis=0)
    inputs = (lifted - origin).astype(np.float64)
    system = inputs @ inputs.T + ridge * len(inputs) * np.eye(len(inputs))
    weights = inputs.T @ np.linalg.solve(system, targets - offset)
    return weights.astype(np.float32), origin, offset

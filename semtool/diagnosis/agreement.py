"""Is alike in text what moves alike? Class geometry of text against that of motion, seen classes only.

Nothing here looks at a sample or a label of an unseen class: the rows are those of the subset ``seen-train``,
and of these only samples of classes that the split calls seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from semtool.diagnosis.geometry import (
    Matrix,
    centred,
    class_sums,
    correlation,
    cosines,
    rank_correlation,
    ranks,
    triangle,
)
from semtool.errors import SemtoolError

if TYPE_CHECKING:
    from semtool.feature_file import FeatureFile

__all__ = ["MotionAgreement", "MotionGeometry", "agreement", "motion_geometry"]

PERMUTATIONS = 999


@dataclass(frozen=True)
class MotionGeometry:
    """How alike seen classes move: ``cosines`` (S, S) of the centred mean features of ``classes``."""

    classes: tuple[int, ...]
    cosines: Matrix
    samples: int


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


def motion_geometry(features: FeatureFile, seen: tuple[int, ...]) -> MotionGeometry:
    """Return the geometry of the seen classes that have training samples.

    Features are standardised on the seen training samples; a class is the mean of its own.

    Raises:
        SemtoolError: if there are fewer than three such classes, or a feature is not finite.
    """
    rows = features.rows("seen-train")
    rows = rows[np.isin(features.class_id[rows], list(seen))]
    labels = features.class_id[rows]
    classes, places = np.unique(labels, return_inverse=True)
    values = features.features[rows].astype(np.float64)
    if len(classes) < 3 or not np.isfinite(values).all():
        what = "features that are not finite" if len(classes) >= 3 else f"{len(classes)} seen classes"
        raise SemtoolError(
            f"the features of {features.dataset}, split {features.split}, hold training samples of {what}; "
            "motion can be compared with text over at least 3 seen classes, so make the features again"
        )
    scale = values.std(axis=0)
    values = (values - values.mean(axis=0)) / np.where(scale > 0, scale, 1.0)
    means = class_sums(values, places, len(classes)) / np.bincount(places)[:, None]
    return MotionGeometry(
        tuple(int(c) for c in classes), cosines(centred(means, means.mean(axis=0))), len(rows)
    )


def agreement(text: Matrix, motion: Matrix, *, seed: int = 0) -> MotionAgreement:
    """Compare class similarities of text and motion, both (S, S) in the same order of classes."""
    rho = rank_correlation(triangle(text), triangle(motion))
    rng = np.random.default_rng(seed)
    of_text = ranks(triangle(text))
    square = np.zeros_like(motion)
    upper = np.triu_indices(len(motion), 1)
    square[upper] = ranks(triangle(motion))
    square += square.T
    better = 0
    for _ in range(PERMUTATIONS):
        order = rng.permutation(len(motion))
        better += correlation(of_text, square[np.ix_(order, order)][upper]) >= rho - 1e-12
    return MotionAgreement(rho, (1 + better) / (1 + PERMUTATIONS), len(motion))

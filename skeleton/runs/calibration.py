"""Generalised recognition: making the scores of seen and unseen classes comparable.

A model trained on seen classes scores them too high. Two remedies, both fitted on seen classes that were
held out of a pilot training (they play the unseen ones), never on test samples:

- calibrated stacking: subtract a constant from every seen class's score;
- a gate: a logistic regression over a sample's scores decides whether its class is a seen one, then the best
  class of that side is taken.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from skeleton.runs.metrics import harmonic
from skeleton.runs.records import Calibration

__all__ = ["fit_calibration", "gate_features", "predict"]

Scores = NDArray[np.floating[Any]]


def gate_features(scores: Scores, unseen: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return what the gate looks at (n, 5): best score of each side, their difference, each side's lead.

    Args:
        scores: (n, C).
        unseen: (C,) which columns are unseen classes.
    """
    sides = [np.sort(np.asarray(scores[:, side], dtype=np.float64), axis=1) for side in (~unseen, unseen)]
    best = [s[:, -1] for s in sides]
    lead = [s[:, -1] - s[:, -2] if s.shape[1] > 1 else np.zeros(len(s)) for s in sides]
    return np.stack([best[0], best[1], best[1] - best[0], lead[0], lead[1]], axis=1)


def predict(
    scores: Scores, unseen: NDArray[np.bool_], calibration: Calibration | None = None, *, gate: bool = False
) -> NDArray[np.int64]:
    """Return the column each sample is given (n,): plain arg max, with a constant, or through the gate."""
    if calibration is None:
        return np.asarray(scores.argmax(axis=1), dtype=np.int64)
    if not gate:
        return np.asarray(
            (scores - np.where(unseen, 0.0, calibration.constant)).argmax(axis=1), dtype=np.int64
        )
    found = (gate_features(scores, unseen) - calibration.gate_mean) / np.asarray(calibration.gate_scale)
    says_unseen = found @ np.asarray(calibration.gate[:-1]) + calibration.gate[-1] > 0
    allowed = np.where(says_unseen[:, None] == unseen[None, :], scores, -np.inf)
    return np.asarray(allowed.argmax(axis=1), dtype=np.int64)


def fit_calibration(
    seen_scores: Scores,
    seen_columns: NDArray[np.int64],
    held_scores: Scores,
    held_columns: NDArray[np.int64],
    unseen: NDArray[np.bool_],
    chosen_on: tuple[int, ...],
) -> Calibration:
    """Choose constant and gate on held-out seen classes.

    Args:
        seen_scores: (n, C) scores of test samples of the classes the pilot trained on.
        seen_columns: (n,) their true columns.
        held_scores: (m, C) scores of samples of the held-out classes.
        held_columns: (m,) their true columns.
        unseen: (C,) which columns are held-out classes.
        chosen_on: ids of the held-out classes, for the record.
    """
    from sklearn.linear_model import LogisticRegression

    # The constant that maximises the harmonic mean. It only matters where it crosses a sample's own gap.
    seen_gap, seen_right = _gaps(seen_scores, seen_columns, unseen, side=False)
    held_gap, held_right = _gaps(held_scores, held_columns, unseen, side=True)
    crossings = np.unique(np.concatenate([seen_gap, held_gap]))
    tried = np.concatenate(
        [crossings[:1] - 1e-6, (crossings[1:] + crossings[:-1]) / 2, crossings[-1:] + 1e-6]
    )
    if len(tried) > 2000:
        tried = tried[np.linspace(0, len(tried) - 1, 2000).round().astype(int)]
    worth = [
        harmonic(float((seen_right & (seen_gap > c)).mean()), float((held_right & (held_gap < c)).mean()))
        for c in tried
    ]
    constant = float(tried[int(np.argmax(worth))])

    inputs = np.concatenate([gate_features(seen_scores, unseen), gate_features(held_scores, unseen)])
    target = np.r_[np.zeros(len(seen_scores)), np.ones(len(held_scores))]
    mean, scale = inputs.mean(axis=0), inputs.std(axis=0)
    scale[scale == 0] = 1.0
    model = LogisticRegression(class_weight="balanced", max_iter=1000).fit((inputs - mean) / scale, target)
    return Calibration(
        constant=constant,
        gate=(*model.coef_[0].tolist(), float(model.intercept_[0])),
        gate_mean=tuple(mean.tolist()),
        gate_scale=tuple(scale.tolist()),
        chosen_on=chosen_on,
    )


def _gaps(
    scores: Scores, columns: NDArray[np.int64], unseen: NDArray[np.bool_], *, side: bool
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return best seen minus best unseen score, and whether the best of the sample's own side is right."""
    own = np.where(unseen[None, :] == side, scores, -np.inf)
    gap = scores[:, ~unseen].max(axis=1) - scores[:, unseen].max(axis=1)
    return np.asarray(gap, dtype=np.float64), np.asarray(own.argmax(axis=1) == columns)

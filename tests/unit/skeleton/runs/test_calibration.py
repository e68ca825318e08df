"""Calibration, metrics and intervals."""

from __future__ import annotations

import numpy as np
import pytest

from skeleton.runs.calibration import fit_calibration, predict
from skeleton.runs.metrics import gzsl_metrics, harmonic, interval, spread, zsl_metrics


def world(offset, seed=0, n=200):
    """Scores of 6 classes, the last 2 unseen; seen ones are ``offset`` too high."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 6, n)
    scores = rng.normal(size=(n, 6)) * 0.3
    scores[np.arange(n), labels] += 2
    scores[:, :4] += offset
    return scores, labels


UNSEEN = np.array([False] * 4 + [True] * 2)


@pytest.mark.parametrize("gate", [False, True])
def test_calibration_undoes_the_bias_towards_seen_classes(gate):
    scores, labels = world(3.0)
    held = labels >= 4
    rule = fit_calibration(scores[~held], labels[~held], scores[held], labels[held], UNSEEN, chosen_on=(7, 9))
    fresh, truth = world(3.0, seed=1)
    plain = (predict(fresh, UNSEEN) == truth)[truth >= 4].mean()
    assert plain < 0.1
    assert (predict(fresh, UNSEEN, rule, gate=gate) == truth).mean() > 0.9
    assert rule.constant == pytest.approx(3.0, abs=1.0)


def test_gzsl_counts_samples():
    result = gzsl_metrics(np.array([0, 0, 1, 2]), np.array([0, 0, 1, 1]), np.array([2, 3]), np.array([2, 2]))
    assert (result.seen, result.unseen) == (0.75, 0.5)
    assert result.harmonic == pytest.approx(0.6)
    assert harmonic(0, 0) == 0


def test_zero_shot_numbers_against_hand_values():
    # Class 4: three of four right; class 7: one of two; class 9 has no samples.
    labels, predicted = np.array([4, 4, 4, 4, 7, 7]), np.array([4, 4, 7, 4, 9, 7])
    result = zsl_metrics(predicted, labels, {4: "wave", 7: "kick", 9: "sit"})
    assert result.accuracy == pytest.approx(4 / 6)
    assert result.class_mean == pytest.approx((3 / 4 + 1 / 2) / 2)
    assert result.confusion.counts == ((3, 1, 0), (0, 1, 1), (0, 0, 0))
    assert [entry.accuracy for entry in result.per_class.values()] == [0.75, 0.5, None]
    assert (result.n, result.chance) == (6, pytest.approx(1 / 3))


def test_interval_of_five_seeds():
    low, high = interval([0.1, 0.2, 0.3, 0.4, 0.5])
    assert (low + high) / 2 == pytest.approx(0.3)
    assert high - 0.3 == pytest.approx(2.776 * 0.158114 / 5**0.5, abs=1e-3)  # t of 4 degrees of freedom
    assert interval([0.1]) is None
    assert spread({0: 0.5}).std == 0.0

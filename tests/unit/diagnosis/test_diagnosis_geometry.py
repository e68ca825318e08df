"""The figures of class vectors, on cases whose answer is known."""

import numpy as np
import pytest

from semtool.diagnosis import geometry
from semtool.diagnosis.geometry import agreement
from semtool.numeric import unit


def at_angles(*degrees):
    radians = np.radians(degrees)
    return np.stack([np.cos(radians), np.sin(radians)], axis=1)


def test_nearest_pairs_find_the_twins():
    similarity = geometry.similarity(at_angles(0, 5, 120, 240), np.zeros(2))
    assert geometry.nearest_pairs(similarity, 1) == [(0, 1)]
    assert len(geometry.nearest_pairs(similarity, 9)) == 6


def test_a_prototype_is_the_unit_mean():
    vectors = at_angles(10, 30, 200)
    found = geometry.prototypes(vectors, np.array([0, 0, 1]), 2)
    assert found == pytest.approx(at_angles(20, 200))


def test_agreement_is_the_rank_correlation_of_scipy():
    from scipy.stats import spearmanr

    rng = np.random.default_rng(0)
    upper = np.triu_indices(6, 1)
    for _ in range(5):
        left, right = (m + m.T for m in rng.integers(0, 6, (2, 6, 6)).astype(float))
        expected = spearmanr(left[upper], right[upper]).statistic
        assert agreement(left, right).rho == pytest.approx(expected)
    assert agreement(np.ones((6, 6)), right).rho == 0


def test_agreement_knows_the_same_geometry_from_a_shuffled_one():
    rng = np.random.default_rng(1)
    points = unit(rng.normal(size=(14, 6)))
    similarity = geometry.similarity(points, np.zeros(6))
    moved = points + 0.2 * rng.normal(size=points.shape)
    same = agreement(similarity, geometry.similarity(moved, np.zeros(6)))
    assert same.rho > 0.6
    assert same.p < 0.01
    assert same.classes == 14
    found = []
    for _ in range(10):
        order = rng.permutation(14)
        other = agreement(similarity, similarity[np.ix_(order, order)])
        found.append((other.rho, other.p))
    rho, p = np.mean(found, axis=0)
    assert abs(rho) < 0.2
    assert p > 0.2

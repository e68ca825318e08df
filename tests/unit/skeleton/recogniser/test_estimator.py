"""The estimator of attribute codes and what it is made of."""

import numpy as np
import pytest

from skeleton.recogniser.estimator import Estimator, Level, fit_estimator, fit_ridge_on, moved
from skeleton.recogniser.lifting import draw_lifting

BLOCKS = (("arm.position", 12), ("leg.speed", 8))


@pytest.fixture
def random():
    return np.random.default_rng(0)


@pytest.fixture
def points(random):
    return random.normal(size=(300, 20)).astype(np.float32)


def test_random_features_stand_for_a_sum_of_kernels(points, random):
    lift = draw_lifting(points, BLOCKS, random)
    made = lift(points[:80])

    def kernel(x):
        distance = ((x[:, None] - x[None]) ** 2).sum(axis=-1)
        return np.exp(-distance / np.median(distance[distance > 0]))

    x = points[:80]
    exact = kernel(x[:, :12]) + kernel(x[:, 12:]) + 25 * kernel(x)
    assert np.corrcoef((made @ made.T).ravel(), exact.ravel())[0, 1] > 0.97


def test_a_block_in_which_nothing_varies_says_nothing(points, random):
    points[:, 12:] = 1
    lift = draw_lifting(points, BLOCKS, random)
    assert not lift.parts[12:].any()
    assert lift.parts[:12].any()


def test_samples_move_towards_a_level(points, random):
    usual = Level(np.zeros(20, np.float32), np.ones(20, np.float32))
    assert np.allclose(moved(points, [usual], usual, random), points)
    higher = Level(np.full(20, 2, np.float32), np.ones(20, np.float32))
    way = (moved(points, [higher], usual, random) - points) / (2 / 1.01)
    assert np.allclose(way, way[:, :1], atol=1e-5)
    assert way.min() >= 0
    assert 1 < way.max() <= 1.5


def test_what_is_learned_is_kept(points, random, monkeypatch):
    monkeypatch.setattr("skeleton.recogniser.lifting._ALL", 400)
    codes = points[:, :3] + 0.1 * random.normal(size=(300, 3)).astype(np.float32)
    model = fit_estimator(points, codes, np.arange(300), BLOCKS, 0.1 * np.eye(3), 0)
    found = model.codes(points)
    assert np.corrcoef(found[:, 0], codes[:, 0])[0, 1] > 0.9
    assert np.array_equal(Estimator.restore(model.tensors()).codes(points), found)


def test_few_samples_are_solved_like_many(points, random):
    targets = random.normal(size=(300, 2)).astype(np.float32)
    weights, origin, offset = fit_ridge_on(points, targets, 0.1)
    inputs = (points - origin).astype(np.float64)
    system = inputs.T @ inputs + 0.1 * 300 * np.eye(20)
    assert np.allclose(weights, np.linalg.solve(system, inputs.T @ (targets - offset)), atol=1e-5)

"""The kernel ridge of `best`: a plain solution beside it, by parts, hub correction, near classes."""

from functools import partial

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from semtool.catalogue import load_vocabulary
from semtool.errors import SemtoolError
from skeleton.data.body import BODY
from skeleton.methods import Examples, load_scorer, preset, save_checkpoint
from skeleton.methods.kernel import regression
from skeleton.methods.kernel.recombining import recombined
from skeleton.methods.kernel.regression import RIDGE, SHARE, fit_eszsl, fit_ridge
from skeleton.methods.kernel.solving import solve, spread
from skeleton.methods.text import TextBank, code_widths
from skeleton.visual import find_visual


def bank(vectors):
    vectors = np.asarray(vectors, np.float32)
    vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    count = len(vectors)
    motion = np.zeros_like(vectors)
    return TextBank(
        tuple(range(count)), vectors[:, None], np.ones(count, np.int64), motion, ("label",), "none"
    )


def examples(rng, classes, per_class=6, dim=7, text=5):
    rows = np.repeat(np.arange(classes), per_class)
    features = rng.normal(size=(len(rows), dim)).astype(np.float32) + rows[:, None] % 3
    return Examples(features.astype(np.float32), rows, bank(rng.normal(size=(classes, text))))


def test_it_solves_what_the_docstring_says():
    rng = np.random.default_rng(0)
    seen, extra = examples(rng, 4), examples(rng, 3)
    model = fit_ridge(seen, extra, widths=(4, 3), clip=4.0, target="centred")
    points, n = [], len(seen.rows)
    for e in (seen, extra):
        points.append(np.clip((e.features - e.features.mean(0)) / e.features.std(0), -4, 4))
    x = np.concatenate(points).astype(np.float64)
    kernel = 0
    for part in (slice(0, 4), slice(4, 7)):
        distance = ((x[:, None, part] - x[None, :, part]) ** 2).sum(-1)
        ours = distance[:n, :n]
        kernel = kernel + np.exp(-distance / np.median(ours[ours > 1e-6])) / 2
    targets = []
    for e in (seen, extra):
        p = e.bank.codebook[:, 0]
        targets.append((p - p.mean(0))[e.rows])
    weight = np.concatenate(
        [np.full(len(e.rows), s / len(e.rows)) for s, e in ((1 - SHARE, seen), (SHARE, extra))]
    )
    weight /= weight.mean()
    dual = np.linalg.solve(kernel + RIDGE["rbf"] * len(x) * np.diag(1 / weight), np.concatenate(targets))
    expected = kernel[:n] @ dual
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    assert np.allclose(model.predict(seen.features), expected, atol=2e-3)


def test_a_class_never_met_is_put_together_from_parts():
    # Arms and legs are two blocks; the unseen class has the arms of one seen class and the legs of another.
    rng = np.random.default_rng(1)
    parts = [(0, 0), (0, 1), (1, 0), (2, 1), (1, 2), (2, 2), (0, 2)]
    text = np.array([np.concatenate([np.eye(3)[a], np.eye(3)[b]]) for a, b in [*parts, (1, 1), (2, 0)]])
    centres = rng.normal(size=(2, 3, 4)) * 3

    def draw(a, b, count=12):
        means = np.concatenate([centres[0, a], centres[1, b]])
        return (means + rng.normal(size=(count, 8))).astype(np.float32)

    seen = Examples(
        np.concatenate([draw(*p) for p in parts]), np.repeat(np.arange(7), 12), bank(text).take(range(7))
    )
    tests = np.concatenate([draw(1, 1), draw(2, 0)])
    model = fit_ridge(seen, widths=(4, 4))
    guess = model.scores(tests, bank(text).take([7, 8])).argmax(1)
    assert (guess == np.repeat([0, 1], 12)).mean() > 0.9


def test_recombined_samples_have_the_arms_of_one_class_and_the_legs_of_another():
    encoder = find_visual("kinematics")
    blocks = encoder(encoder.Settings(), BODY).blocks()
    widths, axes = tuple(width for _, width in blocks), code_widths()
    arms = np.repeat([f.part == "arms" for f in load_vocabulary().fields.values()], axes)
    text = bank(np.random.default_rng(9).normal(size=(2, sum(axes))))
    features = np.repeat([[0.0], [1.0]], sum(widths), axis=1).astype(np.float32)
    seen = Examples(features, np.array([0, 1]), text)
    made = recombined(seen, widths, seed=0)
    starts = dict(zip((name for name, _ in blocks), np.cumsum([0, *widths[:-1]]), strict=True))
    of = {name: made.features[:, start].astype(int) for name, start in starts.items()}
    assert len({*zip(of["left_arm.speed"], of["left_leg.speed"], strict=True)}) == 4
    assert np.array_equal(of["limbs.hands"], of["right_arm.bend"])
    assert np.array_equal(of["limbs.feet"], of["torso.turn"])
    known, code = text.codebook[:, 0], made.bank.codebook[:, 0]
    expected = np.where(arms, known[of["left_arm.speed"]], known[of["left_leg.speed"]])
    np.testing.assert_allclose(code, expected, atol=1e-6)
    assert recombined(seen, (sum(widths),), 0) is None


def test_hub_correction_standardises_over_seen_samples():
    rng = np.random.default_rng(2)
    seen = examples(rng, 4)
    found = fit_ridge(seen).scores(seen.features, seen.bank)
    assert np.allclose(found.mean(0), 0, atol=1e-4)
    assert np.allclose(found.std(0), 1, atol=1e-3)
    plain = fit_ridge(seen, hub_correction=False).scores(seen.features, seen.bank)
    assert np.abs(plain).max() <= 1.0001


def test_decorrelation_takes_back_what_always_comes_together():
    # The first two dimensions of the training text are one and the same; the third is on its own.
    rng = np.random.default_rng(6)
    pair = rng.normal(size=(8, 1))
    text = np.concatenate([pair, pair, rng.normal(size=(8, 1))], axis=1)
    features = rng.normal(size=(48, 4)).astype(np.float32)
    metric = fit_ridge(Examples(features, np.repeat(np.arange(8), 6), bank(text)), decorrelate=True).metric
    assert np.allclose(metric, metric.T, atol=1e-6)
    assert metric[0, 1] < 0  # agreeing in both counts for less than twice agreeing in one
    assert abs(metric[0, 2]) < abs(metric[0, 1])


def test_a_checkpoint_gives_the_same_scores(tmp_path):
    rng = np.random.default_rng(3)
    seen = examples(rng, 4)
    model = fit_ridge(seen, examples(rng, 3), widths=(4, 3), decorrelate=True)
    save_checkpoint(model, preset("best"), tmp_path / "c.safetensors")
    again = load_scorer(tmp_path / "c.safetensors", preset("best"))
    assert np.array_equal(again.scores(seen.features, seen.bank), model.scores(seen.features, seen.bank))
    with pytest.raises(SemtoolError, match="length 7"):
        again.scores(seen.features[:, :5], seen.bank)


def test_auxiliary_features_of_another_length_are_refused():
    rng = np.random.default_rng(4)
    with pytest.raises(SemtoolError, match="--auxiliary none"):
        fit_ridge(examples(rng, 3), examples(rng, 3, dim=6))


def test_a_block_in_which_nothing_varies_is_left_out():
    rng = np.random.default_rng(5)
    seen = examples(rng, 3)
    flat = np.concatenate([seen.features, np.zeros((len(seen.rows), 2), np.float32)], axis=1)
    wide = fit_ridge(Examples(flat, seen.rows, seen.bank), widths=(7, 2))
    assert np.allclose(wide.scores(flat, seen.bank), fit_ridge(seen).scores(seen.features, seen.bank))


def test_plain_ridge_is_its_formula():
    rng = np.random.default_rng(7)
    seen, tests = examples(rng, 4), rng.normal(size=(9, 7)).astype(np.float32)
    mean, scale = seen.features.mean(0), seen.features.std(0)
    x, z = (np.clip((f - mean) / scale, -4, 4).astype(np.float64) for f in (seen.features, tests))
    apart = ((x[:, None] - x[None]) ** 2).sum(-1)
    median = np.median(apart[np.triu_indices(len(x), 1)])
    text = seen.bank.codebook[:, 0].astype(np.float64)
    text -= text.mean(0)
    text /= np.linalg.norm(text, axis=1, keepdims=True)
    dual = np.linalg.solve(np.exp(-apart / median) + 1e-3 * len(x) * np.eye(len(x)), text[seen.rows])
    found = np.exp(-((z[:, None] - x[None]) ** 2).sum(-1) / median) @ dual
    expected = found @ text.T / np.linalg.norm(found, axis=1, keepdims=True)
    model = fit_ridge(seen, hub_correction=False, clip=4.0)
    np.testing.assert_allclose(model.scores(tests, seen.bank), expected, atol=2e-4)


def test_eszsl_is_its_formula():
    # W = X^T (X X^T + a n Dv I)^-1 Y P (P^T P + I)^-1 up to the scale of the kernel: x.z / Dv.
    rng = np.random.default_rng(8)
    seen, tests = examples(rng, 4), rng.normal(size=(9, 7)).astype(np.float32)
    mean, scale = seen.features.mean(0), seen.features.std(0)
    x, z = (np.clip((f - mean) / scale, -4, 4).astype(np.float64) for f in (seen.features, tests))
    p = seen.bank.codebook[:, 0].astype(np.float64)
    p -= p.mean(0)
    p /= np.linalg.norm(p, axis=1, keepdims=True)
    y = np.where(seen.rows[:, None] == np.arange(4), 1.0, -1.0)
    ridge = RIDGE["linear"] * len(x) * 7
    left = np.linalg.solve(x.T @ x + ridge * np.eye(7), x.T @ y)
    expected = z @ left @ p @ np.linalg.inv(p.T @ p + np.eye(p.shape[1])) @ p.T
    model = fit_eszsl(seen, hub_correction=False, clip=4.0)
    np.testing.assert_allclose(model.scores(tests, seen.bank), expected, atol=1e-4)


def rbf(left, right):
    return np.exp(cdist(left, right, "sqeuclidean") / -8).astype(np.float32)


@pytest.fixture
def drawn():
    rng = np.random.default_rng(0)
    points = rng.normal(size=(300, 4)).astype(np.float32)
    return points, np.sin(points @ rng.normal(size=(4, 2))), rng.uniform(0.5, 1.5, 300)


def test_all_points_as_landmarks_are_the_exact_solution(drawn):
    points, targets, weight = drawn
    exact = solve(rbf, points, targets, weight, 0.3)
    near = solve(rbf, points, targets, weight, 0.3, landmarks=points)
    np.testing.assert_allclose(near.fitted, exact.fitted, atol=2e-4)


def test_a_few_landmarks_come_close_and_learn_from_all_samples(drawn):
    points, targets, weight = drawn
    exact = solve(rbf, points, targets, weight, 0.3).fitted
    few = points[::3]
    near = solve(rbf, points, targets, weight, 0.3, landmarks=few).fitted
    thinned = solve(rbf, few, targets[::3], weight[::3], 0.1)
    alone = rbf(points, few) @ thinned.dual
    assert np.abs(near - exact).mean() < 0.2 * np.abs(alone - exact).mean()


@pytest.mark.parametrize("fit", [fit_eszsl, partial(fit_ridge, widths=(4, 3))])
def test_beyond_the_limit_the_scores_stay(monkeypatch, fit):
    rng = np.random.default_rng(1)
    seen, tests = examples(rng, 5, 40), rng.normal(size=(20, 7)).astype(np.float32)
    exact = fit(seen)
    assert exact.solved(200) == {"samples": 200, "solver": "exact"}
    monkeypatch.setattr(regression, "EXACT", 100)
    monkeypatch.setattr(regression, "LANDMARKS", 150)
    near = fit(seen)
    linear = near.kernel == "linear"
    assert near.solved(200)["solver"] == ("exact" if linear else "nystroem, 150 landmarks")
    assert len(near.anchors) == 200  # hub correction, too, is over all samples
    np.testing.assert_allclose(
        near.scores(tests, seen.bank), exact.scores(tests, seen.bank), atol=1e-4 if linear else 0.1
    )


def test_landmarks_are_spread_over_the_classes():
    groups = np.repeat([0, 1, 2], [100, 10, 2])
    kept = spread(groups, 30)
    assert np.bincount(groups[kept]).tolist() == [18, 10, 2]
    assert kept.tolist() == sorted(set(kept.tolist()))

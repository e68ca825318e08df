"""Scores at inference equal the slow reference, whichever way they are computed."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from skeleton.methods.mla import scoring
from skeleton.methods.mla.model import MLA, TextTensors, top_softmax
from skeleton.methods.mla.scoring import scores
from skeleton.methods.text import TextBank

ESTIMATORS = ["mlp", "bilinear", "cosine"]
PUBLISHED = (1, 2, 5, 6, 7)


def world(
    *,
    samples=7,
    counts=(1, 7, 4),
    visual_dim=10,
    dtype=torch.float64,
    hidden=(24, 12),
    seed=0,
    top_k=PUBLISHED,
    **kwargs,
):
    rng = np.random.default_rng(seed)
    d = 16
    codebook = np.zeros((len(counts), max(counts), d), dtype=np.float32)
    for c, n in enumerate(counts):
        rows = rng.normal(size=(n, d))
        codebook[c, :n] = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    motion = rng.normal(size=(len(counts), d)).astype(np.float32)
    motion /= np.linalg.norm(motion, axis=1, keepdims=True)
    bank = TextBank(tuple(range(len(counts))), codebook, np.array(counts), motion, ("label",), "motion")
    model = MLA(visual_dim, d, top_k, hidden=hidden, seed=seed, **kwargs).to(dtype)
    text = TextTensors.of(bank)
    text = TextTensors(text.book.to(dtype), text.counts, text.motion.to(dtype))
    return model, torch.from_numpy(rng.normal(size=(samples, visual_dim))).to(dtype), text


@pytest.fixture
def tiled(monkeypatch):
    """Go through the tiles even for few samples."""
    monkeypatch.setattr(scoring, "FEW", 0)
    monkeypatch.setattr(scoring, "TILE", 3)


@pytest.mark.parametrize("few", [0, 100])
@pytest.mark.parametrize("estimator", ESTIMATORS)
@pytest.mark.parametrize(("visual_dim", "layernorm"), [(10, False), (10, True), (20, False)])
def test_scores_equal_the_reference(few, estimator, visual_dim, layernorm, reference, monkeypatch):
    monkeypatch.setattr(scoring, "FEW", few)
    monkeypatch.setattr(scoring, "TILE", 3)
    model, visual, text = world(estimator=estimator, visual_dim=visual_dim, visual_layernorm=layernorm)
    with torch.no_grad():
        expected = reference.scores(model, visual, text.books, text.motion)
    torch.testing.assert_close(scores(model, visual, text), expected, rtol=1e-9, atol=1e-9)


def test_scores_do_not_depend_on_who_else_is_scored(tiled):
    model, visual, text = world()
    together = scores(model, visual, text)
    alone = torch.cat([scores(model, v[None], text) for v in visual])
    torch.testing.assert_close(together, alone)
    assert scores(model, visual[:0], text).shape == (0, 3)


@pytest.mark.usefixtures("tiled")
def test_single_precision_scores_agree_to_1e_5(reference):
    model, visual, text = world(dtype=torch.float32)
    with torch.no_grad():
        expected = reference.scores(model, visual, text.books, text.motion)
    torch.testing.assert_close(scores(model, visual, text), expected, rtol=1e-5, atol=1e-5)


def test_bfloat16_stays_within_the_tolerance_it_promises():
    # Wide layers, as in earnest: rounding errors of many units cancel.
    model, visual, text = world(samples=200, counts=(9,) * 12, dtype=torch.float32, hidden=(1024, 512))
    exact, rounded = (scores(model, visual, text, half=half) for half in (False, True))
    assert not torch.equal(exact, rounded)
    error = (exact - rounded).abs() / exact.std(1, keepdim=True)
    assert error.max() < 0.03
    assert error.square().mean().sqrt() < 5e-3


def test_bfloat16_is_for_much_work_on_processors_that_have_it(monkeypatch):
    model, visual, text = world(samples=40, dtype=torch.float32)
    exact, rounded = (scores(model, visual, text, half=half) for half in (False, True))
    assert torch.equal(scores(model, visual, text), exact)
    monkeypatch.setattr(scoring, "MANY", 100)
    for has, expected in ((True, rounded), (False, exact)):
        monkeypatch.setattr(scoring, "multiplies_bfloat16", lambda _, has=has: has)
        assert torch.equal(scores(model, visual, text), expected)
    assert scores(model.double(), visual.double(), world(samples=0)[2]).dtype == torch.float64


@pytest.mark.parametrize("k", [1, 2, 3, 5, 8])
def test_top_softmax_keeps_exactly_k_also_among_equals(k):
    rng = np.random.default_rng(k)
    for values in (rng.normal(size=(50, 6)), rng.integers(0, 3, size=(50, 6)), np.zeros((3, 6))):
        logits = torch.from_numpy(values.astype(np.float32))
        before = logits.clone()
        found = top_softmax(logits, k)
        kept = min(k, 6)
        assert ((found > 0).sum(1) == kept).all()
        best = logits.sort(1, descending=True).values[:, :kept].softmax(1)
        torch.testing.assert_close(found.sort(1, descending=True).values[:, :kept], best)
        assert torch.equal(logits, before)

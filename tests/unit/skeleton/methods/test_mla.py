"""The engine computes what the slow reference computes: losses, gradients, scores."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch

from skeleton.methods import preset
from skeleton.methods.mla.fitting import batches, fit, gradients
from skeleton.methods.mla.model import MLA, TextTensors
from skeleton.methods.mla.objective import all_pairs, class_loss, draw_negatives, pairs_of, sampling_loss
from skeleton.methods.mla.scoring import scores
from skeleton.methods.text import TextBank

SHAPES = {
    # name: batch labels, descriptions a class, heads, R
    "plain": ([0, 1, 2, 3, 0, 1], [12, 12, 12, 12], (1, 5, 10), 2),
    "one large class": ([0] * 9 + [1, 2], [8, 8, 8], (1, 5), 4),
    "fewer than R": ([0, 0, 1], [6, 6], (1, 5), 8),
    "two samples": ([1, 0], [3, 3], (1, 3), 8),
    "ragged": ([2, 0, 1, 2, 0], [1, 7, 4], (1, 5, 7), 3),
    "one text": ([0, 1, 2], [1, 1, 1], (1,), 2),
    "two groups of heads": ([0, 1, 1, 2], [9, 9, 9], (1, 2, 3, 4, 5, 6, 7, 9), 2),
}


def world(name, *, seed=0, dtype=torch.float64, estimator="mlp", **kwargs):
    labels, counts, heads, wanted = SHAPES[name]
    rng = np.random.default_rng(seed)
    d, dv = 16, 10
    codebook = np.zeros((len(counts), max(counts), d), dtype=np.float32)
    for c, n in enumerate(counts):
        rows = rng.normal(size=(n, d))
        codebook[c, :n] = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    motion = rng.normal(size=(len(counts), d)).astype(np.float32)
    motion /= np.linalg.norm(motion, axis=1, keepdims=True)
    bank = TextBank(tuple(range(len(counts))), codebook, np.array(counts), motion, ("label",), "motion")
    text = TextTensors.of(bank)
    text = TextTensors(text.book.to(dtype), text.counts, text.motion.to(dtype))
    model = MLA(dv, d, heads, hidden=(24, 12), estimator=estimator, seed=seed, **kwargs).to(dtype)
    visual = torch.from_numpy(rng.normal(size=(len(labels), dv))).to(dtype)
    labels = np.array(labels)
    drawn = np.stack([draw_negatives(labels, wanted, rng) for _ in heads])
    return model, visual, labels, text, drawn


def gradients_of(model, loss):
    model.zero_grad()
    loss.backward()
    return {name: p.grad.clone() for name, p in model.named_parameters()}


def close(ours, theirs, tolerance):
    assert ours.keys() == theirs.keys()
    for name in ours:
        torch.testing.assert_close(ours[name], theirs[name], rtol=tolerance, atol=tolerance, msg=name)


@pytest.mark.parametrize("inverse", [False, True])
@pytest.mark.parametrize("name", SHAPES)
def test_sampling_loss_and_gradients_equal_the_reference(name, inverse, reference):
    model, visual, labels, text, negatives = world(name)
    pairs, index = pairs_of(labels, negatives)
    ours = sampling_loss(model(visual, text, pairs, inverse=inverse), index)
    theirs = reference.sampling_loss(
        model, visual, labels, negatives, text.books, text.motion, sign=-1 if inverse else 1
    )
    torch.testing.assert_close(ours, theirs, rtol=1e-9, atol=1e-9)
    close(gradients_of(model, ours), gradients_of(model, theirs), 1e-9)


def test_single_precision_agrees_to_1e_5(reference):
    model, visual, labels, text, negatives = world("plain", dtype=torch.float32, seed=3)
    pairs, index = pairs_of(labels, negatives)
    ours = sampling_loss(model(visual, text, pairs), index)
    theirs = reference.sampling_loss(model, visual, labels, negatives, text.books, text.motion)
    torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-5)
    close(gradients_of(model, ours), gradients_of(model, theirs), 1e-5)


def test_bfloat16_rounds_products_and_leaves_the_rest_as_it_was():
    found = {}
    for precision in ("float32", "bfloat16"):
        model, visual, labels, text, negatives = world("plain", dtype=torch.float32, precision=precision)
        pairs, index = pairs_of(labels, negatives)
        loss = sampling_loss(model(visual, text, pairs), index)
        found[precision] = [loss.detach(), *gradients_of(model, loss).values()]
    for exact, rounded in zip(*found.values(), strict=True):
        assert rounded.dtype == torch.float32
        assert (rounded - exact).norm() <= 0.02 * exact.norm() + 1e-6
    assert not torch.equal(found["float32"][0], found["bfloat16"][0])


def test_what_is_scored_alone_and_among_many_is_rounded_alike():
    found = {}
    for precision in ("float32", "bfloat16"):
        model, visual, _, text, _ = world("plain", dtype=torch.float32, precision=precision)
        found[precision] = scores(model, visual, text)
    assert torch.equal(*found.values())


@pytest.mark.parametrize("estimator", ["mlp", "bilinear", "cosine"])
@pytest.mark.parametrize("layernorm", [False, True])
def test_every_estimator_trains_as_the_reference(estimator, layernorm, reference):
    model, visual, labels, text, negatives = world("ragged", estimator=estimator, visual_layernorm=layernorm)
    pairs, index = pairs_of(labels, negatives)
    ours = sampling_loss(model(visual, text, pairs), index)
    theirs = reference.sampling_loss(model, visual, labels, negatives, text.books, text.motion)
    close(gradients_of(model, ours), gradients_of(model, theirs), 1e-9)


@pytest.mark.parametrize("loss", ["sampling", "cross-entropy"])
def test_a_training_step_sums_the_groups(loss, reference):
    model, visual, labels, text, _ = world("two groups of heads")
    settings = preset("paper", loss=loss, negatives=2)
    value = gradients(model, visual, labels, text, settings, 20, np.random.default_rng(5))
    ours = {name: p.grad.clone() for name, p in model.named_parameters()}
    if loss == "sampling":
        rng = np.random.default_rng(5)
        negatives = np.stack([draw_negatives(labels, 2, rng) for _ in model.top_k])
        theirs = reference.sampling_loss(model, visual, labels, negatives, text.books, text.motion)
    else:
        theirs = reference.class_loss(model, visual, labels, text.books, text.motion)
    assert value == pytest.approx(theirs.item(), abs=1e-9)
    close(ours, gradients_of(model, theirs), 1e-9)


@pytest.mark.parametrize("name", SHAPES)
def test_cross_entropy_over_all_classes_equals_the_reference(name, reference):
    model, visual, labels, text, _ = world(name)
    pairs = all_pairs(len(labels), len(text.motion))
    ours = class_loss(model(visual, text, pairs), torch.from_numpy(labels))
    theirs = reference.class_loss(model, visual, labels, text.books, text.motion)
    torch.testing.assert_close(ours, theirs, rtol=1e-9, atol=1e-9)
    close(gradients_of(model, ours), gradients_of(model, theirs), 1e-9)


def test_a_training_follows_the_published_schedule(reference):
    """Same batches and draws: the same loss in every epoch, through warm-up and attention-inverse."""
    model, _, _, text, _ = world("plain", seed=2)
    theirs = copy.deepcopy(model)
    settings = preset("paper", epochs=5, warmup=2, attention_inverse=2, lr=1e-2, batch=8, negatives=3)
    rng = np.random.default_rng(4)
    rows, features = np.arange(18) % 4, rng.normal(size=(18, 10))
    counts = np.array([len(b) for b in text.books])
    codebook = torch.stack(text.books).numpy()
    bank = TextBank((0, 1, 2, 3), codebook, counts, text.motion.numpy(), ("label",), "motion")
    found = fit(model, features, rows, bank, settings, seed=7)
    drawn = []
    for epoch in range(settings.epochs):
        rng = np.random.default_rng([7, epoch])
        steps = batches(len(rows), settings.batch, rng)
        drawn.append([(b, [draw_negatives(rows[b], 3, rng) for _ in model.top_k]) for b in steps])
    expected = reference.training(theirs, torch.from_numpy(features), rows, drawn, text, settings)
    assert [e["loss"] for e in found.history] == pytest.approx(expected, abs=1e-12)
    assert expected[0] != pytest.approx(expected[-1], abs=1e-3)


def test_identical_descriptions_do_not_change_what_top_k_means(reference):
    model, visual, labels, text, negatives = world("plain")
    for book in text.books:
        book[1::2] = book[::2]  # every description twice: the k-th best is often tied
    pairs, index = pairs_of(labels, negatives)
    ours = sampling_loss(model(visual, text, pairs), index)
    theirs = reference.sampling_loss(model, visual, labels, negatives, text.books, text.motion)
    close(gradients_of(model, ours), gradients_of(model, theirs), 1e-9)


def test_the_published_model_starts_from_the_weights_it_always_had():
    model = MLA(4, 6, (1, 2, 3, 4, 5), hidden=(8, 4), seed=1)
    found = {name: p.flatten()[0].item() for name, p in model.named_parameters()}
    known = {
        "groups.0.project_weight": 0.2576316,
        "groups.0.text_weight": -0.2713853,
        "groups.0.last_bias": 0.2015072,
        "groups.1.project_weight": -0.3188853,
        "groups.1.last_weight": -0.4875159,
        "groups.1.last_bias": -0.0123729,
    }
    assert {name: found[name] for name in known} == pytest.approx(known, abs=1e-6)


def test_the_seed_decides_the_starting_weights():
    first, again, other = (MLA(4, 6, (1, 2), hidden=(8, 4), seed=s) for s in (1, 1, 2))
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), again.parameters(), strict=True))
    assert not torch.equal(first.groups[0].text_weight, other.groups[0].text_weight)

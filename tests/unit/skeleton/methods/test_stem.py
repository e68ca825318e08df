"""MLA behind a closed form: what the heads start as, what they read, and that they come back from disk."""

import numpy as np
import pytest

from semtool.catalogue import load_bank, load_dataset
from semtool.errors import UsageError
from skeleton.methods import Context, Examples, TextBank, load_scorer, preset, save_checkpoint
from skeleton.methods.registry import method_of
from skeleton.runs.auxiliary import _codes


@pytest.fixture(scope="module")
def examples():
    """Six classes of NW-UCLA; features are a linear image of their codes, with noise."""
    rng = np.random.default_rng(0)
    classes = sorted(load_bank(load_dataset("nw-ucla")))[:6]
    codes = _codes(load_dataset("nw-ucla"), classes, None)
    rows = np.repeat(np.arange(6), 8)
    features = (codes @ rng.normal(size=(codes.shape[1], 12)))[rows] + 0.05 * rng.normal(size=(48, 12))
    bank = TextBank(
        tuple(classes), codes[:, None], np.ones(6, np.int64), np.zeros_like(codes), ("attribute",), "none"
    )
    return Examples(features.astype(np.float32), rows, bank)


def fitted(examples, **switches):
    settings = preset("best-mla", auxiliary="none", **switches)
    return settings, method_of(settings).fit(examples, Context(widths=(5, 7)))


def test_untrained_heads_rank_as_the_closed_form_does(examples):
    _, scorer = fitted(examples, epochs=1, lr=0.0, top_k=(41,))
    closed = scorer.stem.regression.scores(examples.features, examples.bank)
    found = scorer.scores(examples.features, examples.bank)
    assert (found.argmax(axis=1) == closed.argmax(axis=1)).mean() > 0.95


def test_a_class_is_read_as_its_facts(examples):
    _, scorer = fitted(examples, epochs=1)
    read = scorer.stem.read(examples.bank)
    np.testing.assert_allclose(read.codebook.sum(axis=1), read.motion, atol=1e-6)
    assert ((read.codebook != 0).sum(axis=1) <= 1).all()  # every axis belongs to one fact


def test_it_comes_back_from_disk(examples, tmp_path):
    settings, scorer = fitted(examples, epochs=1)
    save_checkpoint(scorer, settings, tmp_path / "checkpoint.safetensors")
    back = load_scorer(tmp_path / "checkpoint.safetensors", settings)
    np.testing.assert_allclose(
        back.scores(examples.features, examples.bank),
        scorer.scores(examples.features, examples.bank),
        atol=1e-5,
    )


def test_what_a_stem_cannot_read_or_start_is_said(examples):
    wrong = TextBank(
        (0, 1),
        np.ones((2, 1, 5), np.float32),
        np.ones(2, np.int64),
        np.ones((2, 5), np.float32),
        ("label",),
        "none",
    )
    with pytest.raises(UsageError, match="attribute codes"):
        fitted(Examples(examples.features[:16], examples.rows[:16], wrong))
    with pytest.raises(UsageError, match="bilinear"):
        fitted(examples, estimator="mlp")

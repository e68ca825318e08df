"""Rows that look at unlabelled test samples: marked, chosen on seen classes, blind to who is seen."""

from __future__ import annotations

import numpy as np
import pytest

from skeleton.methods import load_scorer, preset, presets
from skeleton.methods.transductive import _adapted
from skeleton.runs.training import train


@pytest.mark.parametrize("name", ["transductive-prototypes", "transductive-cache"])
def test_a_run_is_marked_and_comes_back_from_disk(world, name):
    result = train(world.embeddings, world.features, store=world.store, settings=preset(name))
    assert result.summary.inductive is False
    (folder,) = result.path.glob("seed-0")
    scorer = load_scorer(folder / "checkpoint.safetensors", preset(name))
    assert scorer.inductive is False
    assert scorer.adapt == name.rpartition("-")[2]
    assert not set(scorer_chosen(result)) & {1, 4}  # the unseen classes of the default split


def scorer_chosen(result):
    from skeleton.runs import read_metrics

    return read_metrics(result.path, 0).fitted["chosen_on"]


def test_all_other_presets_are_inductive():
    assert [n for n, s in presets().items() if not s.inductive] == [
        "transductive-prototypes",
        "transductive-cache",
    ]


@pytest.mark.parametrize("adapt", ["prototypes", "cache"])
def test_adaptation_recovers_classes_whose_text_is_off(adapt):
    """Two clusters; the texts point between them, but nearer to their own."""
    rng = np.random.default_rng(0)
    centres = np.eye(2, 6)
    labels = np.arange(80) % 2
    points = centres[labels] + 0.25 * rng.normal(size=(80, 6))
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    text = np.array([[1, 0.75, 0.6, 0, 0, 0], [0.1, 0.6, -0.2, 0, 0, 0.9]])
    text /= np.linalg.norm(text, axis=1, keepdims=True)

    def right(weight):
        return (_adapted(points, text, adapt, weight, 10.0).argmax(axis=1) == labels).mean()

    assert right(0.75) > right(0.0) + 0.05

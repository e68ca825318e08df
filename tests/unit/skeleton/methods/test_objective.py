"""Which pairs the loss reads."""

from __future__ import annotations

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from skeleton.methods.mla.objective import draw_negatives, pairs_of, sampling_loss

LABELS = st.lists(st.integers(0, 4), min_size=2, max_size=30)


@given(LABELS, st.integers(1, 9), st.integers(0, 5))
def test_negatives_are_distinct_samples_of_other_classes(labels, wanted, seed):
    labels = np.array(labels)
    found = draw_negatives(labels, wanted, np.random.default_rng(seed))
    largest = np.unique(labels, return_counts=True)[1].max()
    assert found.shape == (len(labels), min(wanted, len(labels) - largest))
    for i, row in enumerate(found):
        assert len(set(row.tolist())) == len(row)
        assert (labels[row] != labels[i]).all()


@given(LABELS, st.integers(1, 9), st.integers(0, 5))
def test_pairs_are_distinct_and_every_sample_finds_its_own(labels, wanted, seed):
    labels = np.array(labels)
    rng = np.random.default_rng(seed)
    negatives = np.stack([draw_negatives(labels, wanted, rng) for _ in range(2)])  # two heads
    pairs, index = pairs_of(labels, negatives)
    classes = np.concatenate([np.full(b - a, c) for c, a, b in pairs.spans])
    for head in range(2):
        listed = list(zip(pairs.sample[head].tolist(), classes.tolist(), strict=True))
        assert len(set(listed)) == len(listed)
        for i, row in enumerate(index[head].tolist()):
            assert [listed[p] for p in row] == [(j, labels[i]) for j in (i, *negatives[head, i])]
        read = {p for row in index[head].tolist() for p in row}
        assert read == set(range(len(listed)))  # nothing is scored in vain


def test_every_other_class_sample_is_drawn_equally_often():
    labels = np.array([0, 0, 1, 1, 1, 2, 2, 2])
    rng = np.random.default_rng(0)
    counts = np.zeros((8, 8))
    for _ in range(4000):
        found = draw_negatives(labels, 2, rng)
        counts[np.arange(8)[:, None], found] += 1
    # A class of 2 draws from the first 5 places only, as the largest class leaves five.
    assert (counts[labels[:, None] == labels[None, :]] == 0).all()
    assert np.allclose(counts[2:5][:, labels != 1] / 4000, 2 / 5, atol=0.05)


def test_a_batch_of_one_class_has_no_negatives_and_no_loss():
    labels = np.array([3, 3, 3])
    negatives = draw_negatives(labels, 8, np.random.default_rng(0))
    assert negatives.shape == (3, 0)
    _, index = pairs_of(labels, np.stack([negatives, negatives]))
    assert sampling_loss(torch.randn(2, 3), index).item() == 0

"""Which descriptions the heads of an MLA attended to, averaged over the test samples of a class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from semtool.descriptions import GRANULARITIES

if TYPE_CHECKING:
    from semtool.embedding_file import EmbeddingFile
    from skeleton.methods import MLAScorer
    from skeleton.runs import Task

__all__ = ["attention"]

TOP = 6
"""Descriptions listed a class and head."""
SAMPLES = 200
"""Most test samples of a class that are averaged over."""


def attention(
    scorer: MLAScorer,
    task: Task,
    file: EmbeddingFile,
    places: Mapping[tuple[int, str, str, int], int],
) -> dict[str, Any]:
    """Return the mean attention of each head over each unseen class's own text.

    Returns:
        ``heads``: their top-k; ``classes``: for each id the
        number of samples and, for the mean over heads and for every head, the top descriptions as [place in
        the class's list, share in thousandths]; ``share``: for each head what it gives to each of
        ``granularities`` over all these samples.
    """
    import torch

    from skeleton.methods import top_softmax

    bank = task.bank
    heads = scorer.model.top_k
    present = [g for g in GRANULARITIES if g in bank.codebook_from]
    share = np.zeros((len(heads), len(present)))
    classes: dict[str, Any] = {}
    total = 0
    for c in task.unseen:
        at = np.flatnonzero(task.unseen_test.labels == c)
        if not len(at):
            continue
        at = at[np.linspace(0, len(at) - 1, min(SAMPLES, len(at))).round().astype(int)]
        row = bank.classes.index(c)
        book = bank.codebook[row, : bank.counts[row]]
        rows = file.rows(granularity=bank.codebook_from, class_id=c)
        queries = scorer.queries(task.unseen_test.features[at])
        weights = np.zeros((len(heads), len(book)))
        for h, k in enumerate(heads):
            logits = torch.from_numpy(queries[h] @ book.T / np.sqrt(bank.dim))
            weights[h] = top_softmax(logits, k).numpy().mean(axis=0)
        keys = ((c, str(file.granularity[r]), str(file.slot[r]), int(file.variant[r])) for r in rows)
        known = [places.get(key) for key in keys]
        classes[str(c)] = {
            "n": len(at),
            "mean": _top(weights.mean(axis=0), known),
            "heads": [_top(w, known) for w in weights],
        }
        for index, granularity in enumerate(present):
            of = file.granularity[rows] == granularity
            share[:, index] += len(at) * weights[:, of].sum(axis=1)
        total += len(at)
    return {
        "heads": list(heads),
        "classes": classes,
        "granularities": present,
        "share": np.round(share / max(total, 1), 4),
        "texts": {g: int((file.granularity == g).sum()) for g in present},
        "motion": bank.motion_from,
    }


def _top(weights: NDArray[np.float64], places: Sequence[int | None]) -> list[list[int]]:
    order = np.argsort(-weights, kind="stable")[:TOP]
    found = [(places[i], round(1000 * float(weights[i]))) for i in order]
    return [[place, share] for place, share in found if place is not None and share > 0]

"""Confusion matrices of a cell: among the unseen classes, and among all of them (generalised)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from semtool.experiments.measured import Predictions

__all__ = ["confusion", "sparse_counts"]


def confusion(
    metrics: dict[int, dict[str, Any]], answers: dict[int, Predictions], *, summed: bool = False
) -> dict[str, Any]:
    """Return ``{zero_shot, generalised}``; each ``{classes, seeds: {seed: [[row, column, n], ...]}}``.

    Rows are true classes, columns answers, both as places in ``classes``; a part without data is None.

    Args:
        metrics: ``metrics.json`` by seed.
        answers: predictions by seed; seeds whose file is gone are left out.
        summed: whether to add the seeds up, as the one "seed" ``all``: smaller.
    """
    found: dict[str, Any] = {"zero_shot": None, "generalised": None}
    by_seed, classes = {}, None
    for seed, record in metrics.items():
        table = record["zsl"].get("confusion")
        if table and (classes is None or table["classes"] == classes):
            classes = table["classes"]
            by_seed[str(seed)] = np.array(table["counts"], dtype=np.int64)
    if classes is not None:
        found["zero_shot"] = {"classes": classes, "seeds": _packed(by_seed, summed)}
    if any(not a.unseen.all() for a in answers.values()):  # some seen classes were tested too
        ids = sorted({int(c) for a in answers.values() for c in (*np.unique(a.truth), *np.unique(a.general))})
        place = {c: i for i, c in enumerate(ids)}
        general = {}
        for seed, answer in answers.items():
            counts = np.zeros((len(ids), len(ids)), dtype=np.int64)
            rows = [place[int(c)] for c in answer.truth]
            columns = [place[int(c)] for c in answer.general]
            np.add.at(counts, (rows, columns), 1)
            general[str(seed)] = counts
        found["generalised"] = {"classes": ids, "seeds": _packed(general, summed)}
    return found


def _packed(by_seed: dict[str, NDArray[np.int64]], summed: bool) -> dict[str, list[list[int]]]:
    if summed and len(by_seed) > 1:
        by_seed = {"all": np.sum(list(by_seed.values()), axis=0)}
    return {seed: sparse_counts(counts) for seed, counts in by_seed.items()}


def sparse_counts(counts: NDArray[np.int64]) -> list[list[int]]:
    """Return the cells of a matrix that are not zero, as [row, column, n]."""
    return [[int(i), int(j), int(counts[i, j])] for i, j in zip(*np.nonzero(counts), strict=True)]

"""Confusion matrices of a cell: among the unseen classes, and among all of them (generalised)."""

from __future__ import annotations

from typing import Any

import numpy as np

from semtool.analysis.report.predictions import Predictions

__all__ = ["confusion", "sparse_counts"]


def confusion(metrics: dict[int, dict[str, Any]], answers: dict[int, Predictions]) -> dict[str, Any]:
    """Return ``{zero_shot, generalised}``; each ``{classes, seeds: {seed: [[row, column, n], ...]}}``.

    Rows are true classes, columns answers, both as places in ``classes``; a part without data is None.

    Args:
        metrics: ``metrics.json`` by seed.
        answers: predictions by seed; seeds whose file is gone are left out.
    """
    found: dict[str, Any] = {"zero_shot": None, "generalised": None}
    by_seed, classes = {}, None
    for seed, record in metrics.items():
        table = record["zsl"].get("confusion")
        if table and (classes is None or table["classes"] == classes):
            classes = table["classes"]
            counts = np.array(table["counts"], dtype=np.int64)
            by_seed[str(seed)] = sparse_counts(counts)
    if classes is not None:
        found["zero_shot"] = {"classes": classes, "seeds": by_seed}
    if any(not a.unseen.all() for a in answers.values()):  # some seen classes were tested too
        ids = sorted({int(c) for a in answers.values() for c in (*np.unique(a.truth), *np.unique(a.general))})
        place = {c: i for i, c in enumerate(ids)}
        general = {}
        for seed, answer in answers.items():
            counts = np.zeros((len(ids), len(ids)), dtype=np.int64)
            rows = [place[int(c)] for c in answer.truth]
            columns = [place[int(c)] for c in answer.general]
            np.add.at(counts, (rows, columns), 1)
            general[str(seed)] = sparse_counts(counts)
        found["generalised"] = {"classes": ids, "seeds": general}
    return found


def sparse_counts(counts: np.ndarray[Any, np.dtype[np.int64]]) -> list[list[int]]:
    """Return the cells of a matrix that are not zero, as [row, column, n]."""
    return [[int(i), int(j), int(counts[i, j])] for i, j in zip(*np.nonzero(counts), strict=True)]

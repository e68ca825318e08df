"""``predictions.csv``: what a run said of each test sample."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from skeleton.runs.task import Task

__all__ = ["Predictions", "write_predictions"]

SUBSETS = ("unseen-test", "seen-test")


@dataclass(frozen=True)
class Predictions:
    """The test samples of one subset.

    Attributes:
        subset: `unseen-test` or `seen-test`.
        names: of the samples.
        labels: (n,) true class ids.
        in_test: (n,) whether the sample is of the protocol's test part.
        predicted: (n,) the class among the unseen ones (`unseen-test`), or among all.
        generalised: (n,) the class among all, by the rule that is shown.
        scores: (n, U) against the unseen classes.
    """

    subset: str
    names: tuple[str, ...]
    labels: NDArray[np.int64]
    in_test: NDArray[np.bool_]
    predicted: NDArray[np.int64]
    generalised: NDArray[np.int64]
    scores: NDArray[np.float32]


def write_predictions(path: Path, tables: Sequence[Predictions], task: Task) -> None:
    """Write both subsets to a csv file with a header."""
    columns = (
        "name", "subset", "class_id", "class_name", "protocol_test", "predicted", "predicted_name",
        "gzsl_predicted", *(f"score_{c}" for c in task.unseen),
    )  # fmt: skip
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(columns)
        for table in tables:
            for i, name in enumerate(table.names):
                truth, guess = int(table.labels[i]), int(table.predicted[i])
                known = name, table.subset, truth, task.name_of(truth), int(table.in_test[i])
                said = guess, task.name_of(guess), int(table.generalised[i])
                writer.writerow([*known, *said, *(f"{x:.6g}" for x in table.scores[i])])

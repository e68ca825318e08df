"""What a run answered for each test sample: ``predictions.csv``."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from semtool.errors import SemtoolError

__all__ = ["Predictions"]


@dataclass(frozen=True)
class Predictions:
    """Test samples and the answers for them, a row a sample.

    Attributes:
        names: sample names.
        unseen: bool (n,): whether the sample's class is an unseen one.
        truth, said, general: class ids (n,): true, answered among the candidates of the sample's kind
            (unseen classes for unseen ones), answered among all classes.
        columns: ids of the unseen classes.
        scores: float32 (n, U), a column each of ``columns``.
    """

    names: tuple[str, ...]
    unseen: NDArray[np.bool_]
    truth: NDArray[np.int64]
    said: NDArray[np.int64]
    general: NDArray[np.int64]
    columns: tuple[int, ...]
    scores: NDArray[np.float32]

    @classmethod
    def read(cls, path: Path) -> Predictions:
        """Read the file; one that is missing or damaged is named."""
        try:
            with path.open(encoding="utf-8", newline="") as stream:
                reader = csv.reader(stream)
                header = next(reader)
                rows = list(reader)
            at = {name: index for index, name in enumerate(header)}
            columns = tuple(int(name.removeprefix("score_")) for name in header if name.startswith("score_"))

            def numbers(name: str) -> NDArray[np.int64]:
                return np.array([int(row[at[name]]) for row in rows], dtype=np.int64)

            first = at[f"score_{columns[0]}"] if columns else len(header)
            return cls(
                names=tuple(row[at["name"]] for row in rows),
                unseen=np.array([row[at["subset"]] == "unseen-test" for row in rows], dtype=np.bool_),
                truth=numbers("class_id"),
                said=numbers("predicted"),
                general=numbers("gzsl_predicted"),
                columns=columns,
                scores=np.array(
                    [[float(x) for x in row[first : first + len(columns)]] for row in rows], dtype=np.float32
                ).reshape(len(rows), len(columns)),
            )
        except (OSError, StopIteration, KeyError, IndexError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else error
            raise SemtoolError(f"cannot read {path.parent.name}/{path.name}: {reason}") from error

"""``predictions.csv``: test samples, and what a run predicted for them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from semtool.errors import SemtoolError

__all__ = ["Predictions"]


@dataclass(frozen=True)
class Predictions:
    """Test samples and what a run predicted for them, a row a sample.

    Attributes:
        names: sample names.
        unseen: bool (n,): whether the sample's class is an unseen one.
        in_test: bool (n,): whether the sample is of the protocol's test part.
        truth, predicted, general: class ids (n,): true, predicted among the candidates of the sample's kind
            (unseen classes for unseen ones), predicted among all classes by the rule that is shown.
        columns: ids of the unseen classes.
        scores: float32 (n, U), a column each of ``columns``.
    """

    names: tuple[str, ...]
    unseen: NDArray[np.bool_]
    in_test: NDArray[np.bool_]
    truth: NDArray[np.int64]
    predicted: NDArray[np.int64]
    general: NDArray[np.int64]
    columns: tuple[int, ...]
    scores: NDArray[np.float32]

    def write(self, path: Path, name_of: Callable[[int], str]) -> None:
        """Write them to a csv file with a header; ``name_of`` gives the name of a class."""
        from pandas import DataFrame

        table = DataFrame(
            {
                "name": self.names,
                "subset": np.where(self.unseen, "unseen-test", "seen-test"),
                "class_id": self.truth,
                "class_name": [name_of(int(c)) for c in self.truth],
                "protocol_test": self.in_test.astype(int),
                "predicted": self.predicted,
                "predicted_name": [name_of(int(c)) for c in self.predicted],
                "gzsl_predicted": self.general,
            }
        ).join(DataFrame(self.scores, columns=[f"score_{c}" for c in self.columns]))
        table.to_csv(path, index=False, float_format="%.6g", lineterminator="\n")

    @classmethod
    def read(cls, path: Path) -> Predictions:
        """Read a file that `write` wrote; one that is missing or damaged is named.

        Raises:
            SemtoolError: with the file's name and what is wrong with it.
        """
        import pandas as pd

        try:
            table = pd.read_csv(path, dtype={"name": str, "subset": str}, keep_default_na=False)
            scores = [name for name in table.columns if name.startswith("score_")]
            return cls(
                names=tuple(table["name"]),
                unseen=(table["subset"] == "unseen-test").to_numpy(),
                in_test=(table["protocol_test"] == 1).to_numpy(),
                truth=table["class_id"].to_numpy(np.int64),
                predicted=table["predicted"].to_numpy(np.int64),
                general=table["gzsl_predicted"].to_numpy(np.int64),
                columns=tuple(int(name.removeprefix("score_")) for name in scores),
                scores=table[scores].to_numpy(np.float32),
            )
        except KeyError as error:
            reason = f"the column {error} is missing"
        except OSError as error:
            reason = error.strerror or str(error)
        except (TypeError, ValueError) as error:
            reason = " ".join(str(error).split())
        raise SemtoolError(f"cannot read {path.parent.name}/{path.name}: {reason}")

    def take(self, rows: NDArray[np.bool_]) -> Predictions:
        """Return the samples at which ``rows`` (n,) holds."""
        arrays = ("unseen", "in_test", "truth", "predicted", "general", "scores")
        names = tuple(name for name, kept in zip(self.names, rows, strict=True) if kept)
        return replace(self, names=names, **{key: getattr(self, key)[rows] for key in arrays})

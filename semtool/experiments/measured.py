"""What runs measured, as experiments read it: the one place that knows ``metrics.json``, ``summary.json`` and
``predictions.csv``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from semtool.artifacts import Store
from semtool.errors import SemtoolError

if TYPE_CHECKING:
    from skeleton.runs import Metrics

__all__ = [
    "GENERALISED", "PARTS", "RULES", "Predictions", "common_rule", "part_named", "read_seed", "row_of",
    "rule_named",
]  # fmt: skip

PARTS = ("test", "all")
"""The samples that a number may be over, see `skeleton.runs.records.Part`."""
RULES = ("stacking", "gate", "none")
"""How seen and unseen scores are made comparable, see `skeleton.runs.calibration`; the first is shown."""
GENERALISED = ("seen", "unseen", "harmonic")


def rule_named(rule: str) -> str:
    """Return what tables call a rule."""
    return {"stacking": "calibrated stacking", "none": "uncalibrated"}.get(rule, rule)


def part_named(part: str) -> str:
    """Return what tables call a part."""
    return "the protocol's test part" if part == "test" else "all samples"


@dataclass(frozen=True)
class Predictions:
    """Test samples and what a run predicted for them, a row a sample.

    Attributes:
        names: sample names.
        unseen: bool (n,): whether the sample's class is an unseen one.
        in_test: bool (n,): whether the sample is of the protocol's test part.
        truth, predicted, general: class ids (n,): true, predicted among the candidates of the sample's kind
            (unseen classes for unseen ones), predicted among all classes.
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

    @classmethod
    def read(cls, path: Path) -> Predictions:
        """Read ``predictions.csv``; one that is missing or damaged is named.

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


def read_seed(store: Store, run: str, seed: int) -> tuple[Metrics, Predictions]:
    """Return the metrics of a seed and its predictions for the unseen classes' samples that decide.

    The two are checked against each other.

    Raises:
        SemtoolError: if a file is damaged; says which folder to remove so that it is trained again.
    """
    from skeleton.runs import read_metrics, runs_folder, seed_folder

    folder = seed_folder(runs_folder(store) / run, seed)
    metrics = read_metrics(runs_folder(store) / run, seed)
    try:
        table = Predictions.read(folder / "predictions.csv")
        table = table.take(table.unseen & (table.in_test | (metrics.part == "all")))
        right = table.predicted == table.truth
        if len(right) != metrics.zsl.n or abs(float(right.mean()) - metrics.zsl.accuracy) > 1e-9:
            raise SemtoolError(f"{folder.name}/predictions.csv does not fit metrics.json")
    except SemtoolError as error:
        raise SemtoolError(
            f"{error}; remove the folder {folder} and run the same command again, which trains that seed anew"
        ) from error
    return metrics, table


def row_of(metrics: Metrics) -> dict[str, Any]:
    """Return the numbers of a seed that the table of a sweep holds.

    ``accuracy`` is over the ``part`` that decides. Behind it every number of both parts has its part in its
    name, and those of the generalised task their rule: ``test_stacking_harmonic``.
    """
    row: dict[str, Any] = {
        "part": metrics.part,
        **{key: getattr(metrics.zsl, key) for key in ("accuracy", "class_mean", "chance", "n")},
    }
    for part in PARTS:
        result = metrics if part == metrics.part else getattr(metrics, part)
        row |= {f"{part}_accuracy": result and result.zsl.accuracy, f"{part}_n": result and result.zsl.n}
        for rule in RULES:
            found = {str(k): v for k, v in ((result and result.gzsl) or {}).items()}.get(rule)
            row |= {f"{part}_{rule}_{key}": found and getattr(found, key) for key in GENERALISED}
    return row | {
        "train_seconds": metrics.timing["train_seconds"],
        "simulated": metrics.simulated,
        "leaky": metrics.leaky,
        "auxiliary": metrics.auxiliary.source if metrics.auxiliary else None,
        "inductive": metrics.inductive,
    }


def common_rule(results: Iterable[Mapping[str, Any] | None]) -> str | None:
    """Return the first of `RULES` by which all results of the generalised task were made; None without one.

    Rows that stand in one table are all by this rule.
    """
    found = [set(result or ()) for result in results]
    return next((rule for rule in RULES if found and all(rule in rules for rules in found)), None)

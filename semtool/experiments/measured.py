"""What runs measured, as experiments read it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from semtool.artifacts import Store
from semtool.errors import SemtoolError

if TYPE_CHECKING:
    from skeleton.runs import Metrics, Predictions

__all__ = [
    "GENERALISED", "PARTS", "RULES", "common_rule", "part_named", "read_seed", "row_of",
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


def read_seed(store: Store, run: str, seed: int) -> tuple[Metrics, Predictions]:
    """Return the metrics of a seed and its predictions for the unseen classes' samples that decide.

    The two are checked against each other.

    Raises:
        SemtoolError: if a file is damaged; says which folder to remove so that it is trained again.
    """
    from skeleton.runs import Predictions, read_metrics, runs_folder, seed_folder

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


def common_rule(results: Iterable[Iterable[str] | None]) -> str | None:
    """Return the first of `RULES` by which all results of the generalised task were made; None without one.

    Rows that stand in one table are all by this rule.
    """
    found = [set(result or ()) for result in results]
    return next((rule for rule in RULES if found and all(rule in rules for rules in found)), None)

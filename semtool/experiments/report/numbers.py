"""The numbers of a cell: accuracies with their intervals, and confusion matrices.

An interval is over seeds where there are several, over samples where there is one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from semtool.experiments.measured import GENERALISED, RULES, part_named, rule_named

if TYPE_CHECKING:
    from semtool.experiments.comparison import Result
    from skeleton.runs import Metrics, Predictions, Spread

__all__ = ["BASES", "accuracies", "confusion", "measured", "wilson"]

BASES = {
    "seeds": "Interval: 95 % of the mean over the seeds (Student's t)",
    "samples": "Interval: one seed, 95 % over its test samples (Wilson); it says nothing of other trainings",
    "none": "No interval: one seed, and a number that is no share of samples",
}
"""What an interval means, by its basis."""


def accuracies(result: Result) -> dict[str, Any]:
    """Return the accuracies that are known, each with its interval and how it is called."""
    other = result.other
    listed = [
        ("accuracy", f"Zero-shot accuracy, {part_named(result.part)}", measured(result.accuracy, result.n)),
        ("class_mean", "Mean over classes", measured(result.class_mean)),
    ]
    if other:
        title = f"Zero-shot accuracy, {part_named(other.part)}"
        listed.append(("other", title, measured(other.accuracy, other.n)))
    found = {key: {"title": title, "chance": True, **value} for key, title, value in listed if value}
    for rule in RULES:
        if general := (result.gzsl or {}).get(rule):
            for key in GENERALISED:
                title = f"All classes, {rule_named(rule)}: {'harmonic mean' if key == 'harmonic' else key}"
                value = measured(getattr(general, key)) or {}
                found[f"{rule}_{key}"] = {"title": title, "chance": False, **value}
    return found


def measured(spread: Spread | None, n: int | None = None) -> dict[str, Any] | None:
    """Return a record ``{mean, low, high, basis, values}`` of a number.

    Args:
        spread: mean and values per seed; None where a seed does not know the number.
        n: samples that the number is a share of; None if it is no such share.
    """
    if spread is None:
        return None
    found: dict[str, Any] = {"mean": spread.mean, "values": spread.values}
    if spread.ci95:
        low, high = (min(1.0, max(0.0, v)) for v in spread.ci95)
        return found | {"low": low, "high": high, "basis": "seeds"}
    if n and len(spread.values) <= 1:
        low, high = wilson(spread.mean, n)
        return found | {"low": low, "high": high, "basis": "samples"}
    return found | {"low": None, "high": None, "basis": "none"}


def wilson(share: float, n: int) -> tuple[float, float]:
    """Return the 95 % score interval of a share of ``n`` samples (Wilson, 1927)."""
    if n < 1:
        return 0.0, 1.0
    from scipy.stats import binomtest

    found = binomtest(round(share * n), n).proportion_ci(method="wilson")
    return float(found.low), float(found.high)


def confusion(
    metrics: Mapping[int, Metrics], answers: Mapping[int, Predictions], *, summed: bool = False
) -> dict[str, Any]:
    """Return ``{zero_shot, generalised}``; each ``{classes, seeds: {seed: [[row, column, n], ...]}}``.

    The first is among the unseen classes, the second among all. Rows are true classes, columns answers, both
    as places in ``classes``; a part without data is None.

    Args:
        metrics: ``metrics.json`` by seed.
        answers: predictions by seed; seeds whose file is gone are left out.
        summed: whether to add the seeds up, as the one "seed" ``all``: smaller.
    """
    found: dict[str, Any] = {"zero_shot": None, "generalised": None}
    tables = {seed: m.zsl.confusion for seed, m in metrics.items() if m.zsl.confusion}
    if tables:
        classes = next(iter(tables.values())).classes
        counts = {s: np.array(t.counts) for s, t in tables.items() if t.classes == classes}
        found["zero_shot"] = {"classes": list(classes), "seeds": _packed(counts, summed)}
    if any(not a.unseen.all() for a in answers.values()):  # some seen classes were tested too
        ids = np.unique(np.concatenate([x for a in answers.values() for x in (a.truth, a.general)]))
        counts = {}
        for seed, answer in answers.items():
            counts[seed] = np.zeros((len(ids), len(ids)), dtype=np.int64)
            np.add.at(counts[seed], (ids.searchsorted(answer.truth), ids.searchsorted(answer.general)), 1)
        found["generalised"] = {"classes": ids.tolist(), "seeds": _packed(counts, summed)}
    return found


def _packed(by_seed: Mapping[int, NDArray[np.int64]], summed: bool) -> dict[str, list[list[int]]]:
    """Return the cells of each matrix that are not zero, as [row, column, n]."""
    named = {str(seed): counts for seed, counts in by_seed.items()}
    if summed and len(named) > 1:
        named = {"all": np.sum(list(named.values()), axis=0)}
    return {
        seed: [[int(i), int(j), int(counts[i, j])] for i, j in np.argwhere(counts)]
        for seed, counts in named.items()
    }

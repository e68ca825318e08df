"""`summarise`: the metrics of a run's seeds as one record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from skeleton.runs import folder as runs
from skeleton.runs.metrics import spread
from skeleton.runs.records import Metrics, Summary

__all__ = ["summarise", "summarise_metrics"]

SHARED = (
    "name", "dataset", "split", "protocol", "method", "preset", "embeddings", "features", "simulated",
    "codebook", "motion", "selection", "leaky", "inductive", "auxiliary", "part", "versions",
)  # fmt: skip
SAME = {"name", "n", "chance"}
"""Fields of results that do not depend on the seed."""


def summarise(folder: Path, seeds: Sequence[int]) -> Summary:
    """Return the summary of a run's folder over some finished seeds.

    Args:
        folder: of the run.
        seeds: at least one.

    Raises:
        SemtoolError: if the metrics of a seed are missing or damaged.
    """
    return summarise_metrics({s: runs.read_metrics(folder, s) for s in seeds})


def summarise_metrics(by_seed: Mapping[int, Metrics]) -> Summary:
    """Return what the seeds share (as the first says it), and each number over them."""
    first = next(iter(by_seed.values()))

    def over(field: str) -> Any:
        return _over({seed: m.model_dump(include={field})[field] for seed, m in by_seed.items()})

    piloted = {seed: m.validation.accuracy for seed, m in by_seed.items() if m.validation}
    return Summary(
        **{key: getattr(first, key) for key in SHARED},
        **{key: over(key) for key in ("zsl", "gzsl", "test", "all")},
        seeds=tuple(by_seed),
        validation=spread(piloted) if len(piloted) == len(by_seed) else None,
        runs=tuple(f"seed-{s}" for s in by_seed),
        timing={k: v for k, v in over("timing").items() if k != "total_seconds"},
    )


def _over(values: Mapping[int, Any]) -> Any:
    """Return the values of the seeds as one: numbers as spreads; None if a seed has none."""
    if any(value is None for value in values.values()):
        return None
    first = next(iter(values.values()))
    if not isinstance(first, dict):
        return spread(values)
    return {
        key: value if key in SAME else _over({seed: v[key] for seed, v in values.items()})
        for key, value in first.items()
        if key != "confusion"
    }

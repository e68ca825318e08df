"""`summarise`: the metrics of a run's seeds as one record."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from skeleton.runs import folder as runs
from skeleton.runs.metrics import spread
from skeleton.runs.records import ClassResult, Generalised, Metrics, PartResult, Spread, Summary, ZeroShot

__all__ = ["summarise", "summarise_metrics"]

SHARED = (
    "name", "dataset", "split", "protocol", "method", "preset", "embeddings", "features", "simulated",
    "codebook", "motion", "selection", "leaky", "inductive", "auxiliary", "part", "versions",
)  # fmt: skip


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

    def over(number: Callable[[Metrics], float]) -> Spread:
        return spread({seed: number(m) for seed, m in by_seed.items()})

    def part(results: Mapping[int, PartResult[float] | None]) -> PartResult[Spread] | None:
        known = {s: r for s, r in results.items() if r is not None}
        return _part(known) if len(known) == len(results) else None

    decides = _part({s: PartResult[float](zsl=m.zsl, gzsl=m.gzsl) for s, m in by_seed.items()})
    return Summary(
        **{key: getattr(first, key) for key in SHARED},
        seeds=tuple(by_seed),
        zsl=decides.zsl,
        gzsl=decides.gzsl,
        test=part({s: m.test for s, m in by_seed.items()}),
        all=part({s: m.all for s, m in by_seed.items()}),
        validation=(
            over(lambda m: m.validation.accuracy if m.validation else 0.0)
            if all(m.validation for m in by_seed.values())
            else None
        ),
        runs=tuple(f"seed-{s}" for s in by_seed),
        timing={
            key: spread({seed: m.timing[key] for seed, m in by_seed.items()})
            for key in ("train_seconds", "pilot_seconds")
        },
    )


def _part(results: Mapping[int, PartResult[float]]) -> PartResult[Spread]:
    first = next(iter(results.values()))
    rules = first.gzsl if first.gzsl and all(r.gzsl for r in results.values()) else None

    def over(number: Callable[[PartResult[float]], float]) -> Spread:
        return spread({seed: number(r) for seed, r in results.items()})

    def of_rule(rule: str) -> Generalised[Spread]:
        own = {s: (r.gzsl or {})[rule] for s, r in results.items()}  # type: ignore[index]
        return Generalised[Spread](
            **{
                key: spread({s: getattr(g, key) for s, g in own.items()})
                for key in ("seen", "unseen", "harmonic")
            }
        )

    per_class = {}
    for c, entry in first.zsl.per_class.items():
        values = {s: r.zsl.per_class[c].accuracy for s, r in results.items()}
        known = {s: v for s, v in values.items() if v is not None}
        per_class[c] = ClassResult[Spread](
            name=entry.name, n=entry.n, accuracy=spread(known) if len(known) == len(values) else None
        )
    return PartResult[Spread](
        zsl=ZeroShot[Spread](
            accuracy=over(lambda r: r.zsl.accuracy),
            class_mean=over(lambda r: r.zsl.class_mean),
            n=first.zsl.n,
            chance=first.zsl.chance,
            per_class=per_class,
        ),
        gzsl=rules and {rule: of_rule(rule) for rule in rules},
    )

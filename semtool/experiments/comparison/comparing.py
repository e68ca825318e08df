"""`compare`: which of several texts recognises unseen actions better, and whether that is more than noise."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from semtool.artifacts import Store, library_versions, now
from semtool.disk import digest
from semtool.errors import UsageError
from semtool.experiments.comparison.ablation import LEVELS, ablate_texts
from semtool.experiments.comparison.comparison import ComparedText, Comparison, Result
from semtool.experiments.comparison.controls import add_controls, unreadable
from semtool.experiments.comparison.differences import differences, general_notes
from semtool.experiments.comparison.outcomes import Outcomes, read_outcomes
from semtool.experiments.comparison.statistics import LEVEL, RESAMPLES
from semtool.experiments.grid import CellRuns, Grid, Target, dataset_of, find_texts, run_grid, ways_to_train
from skeleton.runs import summarise_metrics

if TYPE_CHECKING:
    from skeleton.runs import Executor

__all__ = ["assemble", "compare"]

METHOD = (
    "difference of paired accuracies; Student's t over seeds, its spread pooled over texts, plus a "
    "bootstrap of the unseen test samples, by person where persons are known (semtool.experiments.comparison)"
)


def compare(
    descriptions: Sequence[str],
    encoders: Sequence[str] = ("minilm",),
    *,
    store: Store | None = None,
    dataset: str | None = None,
    splits: Sequence[str] = (),
    seeds: Sequence[int] = (0, 1, 2, 3, 4),
    presets: Sequence[str] = ("paper",),
    switches: Mapping[str, Any] | None = None,
    features_per_seed: bool = False,
    visual: str | None = None,
    name: str | None = None,
    device: str = "auto",
    executor: Executor | None = None,
    level: float = LEVEL,
    resamples: int = RESAMPLES,
    controls: int = 0,
    ablate: Sequence[str] = (),
    progress: Callable[[int, int], None] | None = None,
    note: Callable[[str], None] | None = None,
) -> Comparison:
    """Train every text on the same features and seeds, and compare; what exists is reused.

    Args:
        descriptions: two or more texts: prompt sets (``multi``, ``./mine``) or references
            (``ntu60/multi@v2``).
        encoders: each text is embedded with each.
        store: where everything lives.
        dataset: name or YAML file; that of the references, or of the newest embedding file, if None.
        splits: class splits; the data set's default if none.
        seeds: one training each.
        presets: how to train, see `semtool.experiments.grid.ways_to_train`.
        switches: of the presets; likewise.
        features_per_seed: whether each seed trains its own visual encoder, so that intervals cover that too.
        visual: see `semtool.experiments.grid.cells.Grid`.
        name: of the comparison; made from what is compared if None. One of the same name is replaced.
        device: `auto`, `cpu`, `cuda` or `mps`.
        executor: see `skeleton.runs.parallel.choose_executor`; processes, one a core, if None.
        level: of the intervals.
        resamples: draws of the bootstrap.
        controls: draws of each control of every text, see `semtool.experiments.comparison.controls`; 0: none.
        ablate: what is left out of every text in turn, see `semtool.experiments.comparison.ablation`.
        progress: told epochs done and to do, over everything.
        note: told what is made besides.

    Returns:
        A cell for each text, encoder, split and preset, and the differences of texts with their intervals.

    Raises:
        UsageError: if there are fewer than two texts, or they do not belong together.
        SemtoolError: if a text lacks a class, or a training fails (the others are kept).
    """
    from skeleton.runs import check_name, check_seeds, choose_executor, raise_first

    if len(descriptions) < 2 and not controls and not ablate and "*" not in "".join(descriptions):
        raise UsageError("a comparison needs two texts: --descriptions label --descriptions multi")
    if unknown := sorted(set(ablate) - set(LEVELS)):
        raise UsageError(f"{unknown[0]!r} cannot be left out; choose from {', '.join(LEVELS)}")
    store = store or Store()
    check_seeds(seeds)
    name = check_name(name) if name else None
    ways = ways_to_train(presets, {k: [v] for k, v in (switches or {}).items()})
    targets = [Target.of(dataset or dataset_of(descriptions, store), splits, store)]
    texts = find_texts(descriptions, targets, store=store, note=note)
    if controls:
        texts = add_controls(texts, targets, store, controls)
    if ablate:
        texts = ablate_texts(texts, targets, store, ablate)
    read = tuple(dict.fromkeys(encoders))
    left_out = unreadable(texts, read)
    grid = Grid(texts, read, targets, ways, tuple(seeds), features_per_seed, visual, left_out)
    result = run_grid(
        grid, store=store, executor=executor or choose_executor(), device=device, progress=progress, note=note
    )
    raise_first(result.failures, of=result.trained + len(result.failures))
    made = assemble(
        grid, result.cells, store=store, name=name, level=level, resamples=resamples, notes=result.warnings
    )
    made.write(store)
    return made


def assemble(
    grid: Grid,
    cells: Sequence[CellRuns],
    *,
    store: Store,
    name: str | None = None,
    level: float = LEVEL,
    resamples: int = RESAMPLES,
    notes: Sequence[str] = (),
) -> Comparison:
    """Return the comparison of cells that are trained. Reads runs, writes nothing."""
    outcomes = [read_outcomes(c, store, features_per_seed=grid.features_per_seed) for c in cells]
    results = [_result(c, o) for c, o in zip(cells, outcomes, strict=True)]
    _check_parts(results)
    metrics = [(r.preset, m) for r, o in zip(results, outcomes, strict=True) for m in o.metrics.values()]
    marks: dict[str, Any] = {
        "simulated": any(m.simulated for _, m in metrics),
        "leaky": any(m.leaky for _, m in metrics),
        "auxiliary": list(dict.fromkeys(preset for preset, m in metrics if m.auxiliary)),
    }
    visual = sorted({f.place.visual for c in cells for f in c.features.values()})
    runs = [{str(seed): run for seed, run in r.runs.items()} for r in results]
    return Comparison(
        name=name or f"{grid.targets[0].dataset.name}-{digest([runs, level])[:8]}",
        created=now().isoformat(timespec="seconds"),
        seeds=list(grid.seeds),
        **marks,
        texts=[
            ComparedText(
                dataset=dataset,
                descriptions=found.as_input(),
                **{key: getattr(t, key) for key in ("label", "family", "control", "of")},
            )
            for t in grid.texts
            for dataset, found in t.descriptions.items()
        ],
        cells=results,
        differences=differences(cells, outcomes, level=level, resamples=resamples),
        method={
            "interval": METHOD,
            "correction": "holm",
            "over": "all differences on single splits, and apart from these all over splits; what parts "
            "carry is corrected by itself",
            "level": level,
            "resamples": resamples,
            "seed": 0,
            "features": "per seed" if grid.features_per_seed else "shared",
        },
        notes=[*general_notes(grid, visual, **marks), *notes],
        versions=library_versions("torch", "numpy"),
    )


def _check_parts(results: Sequence[Result]) -> None:
    """Refuse numbers over different samples in one comparison."""
    by_part = {result.part: result for result in results}
    if len(by_part) > 1:
        test, every = by_part["test"], by_part["all"]
        raise UsageError(
            f"{next(iter(test.features.values())).reference} are measured on the protocol's test part, "
            f"{next(iter(every.features.values())).reference} on all samples: numbers over different parts "
            "do not stand in one comparison; take features that hold the same samples"
        )


def _result(found: CellRuns, outcomes: Outcomes) -> Result:
    cell = found.cell
    return Result.of(
        summarise_metrics(outcomes.metrics),
        text=cell.text.label,
        encoder=cell.encoder,
        preset=cell.setting.label,
        switches={k: list(v) if isinstance(v, tuple) else v for k, v in cell.setting.switches},
        embeddings=found.embeddings.as_input(),
        features={s: f.as_input() for s, f in found.features.items()},
        runs=found.runs,
    )

"""Doing a grid: embed and extract what is missing, train what is missing, reuse the rest.

Nothing is remembered outside the artifacts and runs themselves, so that a killed grid goes on by being
started again: finished seeds are found, and those that were being trained go on from their saved state.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from semtool.artifacts import Artifact, Store
from semtool.errors import SemtoolError, UsageError
from semtool.experiments.grid.cells import Cell, CellRuns, Grid
from semtool.experiments.grid.texts import Target

if TYPE_CHECKING:
    from skeleton.runs import Executor, Failure, Job, PlannedRun

__all__ = ["GridResult", "embed_cells", "run_grid", "unfinished"]

Note = Callable[[str], None]
Progress = Callable[[int, int], None]
FeatureKey = tuple[str, str, int | None]
"""Data set, class split, and the seed if each has its own features."""


@dataclass(frozen=True)
class GridResult:
    """The cells that are trained, the seeds (over all cells) trained now and reused, what failed, and
    sentences about features that are older than their skeletons."""

    cells: list[CellRuns]
    trained: int
    reused: int
    failures: list[Failure] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def run_grid(
    grid: Grid,
    *,
    store: Store,
    executor: Executor,
    device: str = "auto",
    progress: Progress | None = None,
    note: Note | None = None,
) -> GridResult:
    """Do everything that is missing.

    Args:
        grid: what to train.
        store: where everything lives.
        executor: who does the work.
        device: `auto`, `cpu`, `cuda` or `mps`.
        progress: told epochs done and to do, over the whole grid.
        note: told what is made besides.

    Raises:
        SemtoolError: if a text cannot be embedded or inputs do not fit together, before anything is trained.
    """
    from skeleton.device import resolve_device
    from skeleton.runs import finished_seeds, seed_job, summarise, write_json

    where = str(resolve_device(device))
    cells = grid.cells()
    tell = note or (lambda _: None)
    making = _missing_features(grid, store, executor, where)
    texts = embed_cells(cells, store, note)
    if making:
        tell(f"making {making[0].label}" + (f" and {len(making) - 1} more" if len(making) > 1 else ""))
    training = sum(c.setting.method.steps * len(grid.seeds_of(c)) for c in cells)
    failures = _run(executor, making, progress, 0, training)
    visuals = _find_features(grid, store)
    warnings = _outdated(grid, visuals, store)
    for warning in warnings:
        tell(warning)
    planned: list[tuple[Cell, dict[int, PlannedRun]]] = []
    for cell in cells:
        if runs := _plan(grid, cell, texts[_text_key(cell)], visuals, store, where, executor.threads):
            planned.append((cell, runs))
    jobs: dict[tuple[str, int], Job] = {}
    reused = set()
    for _, runs in planned:
        for seed, run in runs.items():
            run.claim()
            if seed in run.done:
                reused.add((run.folder.name, seed))
            jobs |= {(run.folder.name, s.seed): seed_job(s) for s in run.specs if s.seed == seed}
    _refuse_short([run for _, runs in planned for run in runs.values()], store, executor)
    # What is reused counts as done.
    before = sum(job.steps for job in making) + training - sum(job.steps for job in jobs.values())
    untrained = _run(executor, list(jobs.values()), progress, before, 0)
    done = []
    for cell, runs in planned:
        trained = {s: r for s, r in runs.items() if s in finished_seeds(r.folder)}
        for folder in {r.folder for r in trained.values()}:
            write_json(folder / "summary.json", summarise(folder, finished_seeds(folder)).to_dict())
        if trained:
            features = {s: visuals[_key(grid, cell, s)] for s in trained}
            names = {s: r.folder.name for s, r in trained.items()}
            done.append(CellRuns(cell, texts[_text_key(cell)], features, names))
    return GridResult(done, len(jobs) - len(untrained), len(reused), failures + untrained, warnings)


def unfinished(grid: Grid, store: Store, device: str = "auto") -> list[tuple[Cell, list[int]]]:
    """Return the cells that are not trained with every seed, and the seeds that are left of each."""
    from skeleton.device import resolve_device

    where, visuals = str(resolve_device(device)), _find_features(grid, store)
    for dataset, split, _ in set(_wanted_features(grid)) - set(visuals):
        _can_be_made(grid, dataset, split)
    texts: dict[tuple[str, str, str], Artifact | None] = {}
    left = []
    for cell in grid.cells():
        key = (cell.dataset, cell.text.label, cell.encoder)
        if key not in texts:
            texts[key] = _find_text(cell, store)
        runs = _plan(grid, cell, text, visuals, store, where, 1) if (text := texts[key]) else {}
        if seeds := [s for s in grid.seeds_of(cell) if not runs or s not in runs[s].done]:
            left.append((cell, seeds))
    return left


def embed_cells(
    cells: Sequence[Cell], store: Store, note: Note | None = None
) -> dict[tuple[str, str], Artifact]:
    """Return the embedding file of each description set under each encoder; make those that are missing."""
    from semtool.embedding import embed

    found: dict[tuple[str, str], Artifact] = {}
    for cell in cells:
        if _text_key(cell) in found:
            continue
        there = _find_text(cell, store)
        if there is None:
            if note is not None:
                note(f"embedding {cell.descriptions.reference} with {cell.encoder}")
            there = embed(cell.descriptions, cell.encoder, store=store).artifact
        found[_text_key(cell)] = there
    return found


def _find_text(cell: Cell, store: Store) -> Artifact | None:
    """Return the embedding file of a cell, if it is there."""
    from semtool.embedding import plan as plan_embedding

    if cell.dataset not in cell.text.descriptions:
        return None
    if cell.descriptions.kind == "embeddings":
        return cell.descriptions
    there = plan_embedding(cell.descriptions, cell.encoder, store=store).existing
    return store.resolve("embeddings", there) if there else None


def _refuse_short(runs: Sequence[PlannedRun], store: Store, executor: Executor) -> None:
    """Raise before anything is trained if this machine lacks the memory; a cluster's nodes are not asked."""
    from skeleton.runs import Processes, Sizes, least, open_features, refuse_short, total

    specs = {run.folder: run.specs[0] for run in runs if run.specs}
    if specs and isinstance(executor, Processes):
        found = [least(s.settings, Sizes.of(open_features(s.inputs()[1]))) for s in specs.values()]
        largest = max(found, key=lambda e: e.memory)
        jobs = min(executor.workers or 1, sum(len(r.specs) for r in runs))
        refuse_short(total([largest] * jobs, jobs), store, jobs=jobs)


def _run(
    executor: Executor, jobs: Sequence[Job], progress: Progress | None, before: int, after: int
) -> list[Failure]:
    """Do jobs; tell progress of them as part of the whole: steps done ``before`` and to do ``after``."""

    def tell(done: int, total: int) -> None:
        if progress is not None:
            progress(before + done, before + total + after)

    return executor.run(jobs, tell) if jobs else []


def _text_key(cell: Cell) -> tuple[str, str]:
    return cell.descriptions.reference, cell.encoder


def _key(grid: Grid, cell: Cell, seed: int) -> FeatureKey:
    return cell.dataset, cell.split, seed if grid.features_per_seed else None


def _wanted_features(grid: Grid) -> dict[FeatureKey, Target]:
    """Return the key of all features that the grid needs, and whose they are."""
    seeds: Sequence[int | None] = grid.seeds if grid.features_per_seed else [None]
    return {(t.dataset.name, split, seed): t for t in grid.targets for split in t.splits for seed in seeds}


def _find_features(grid: Grid, store: Store) -> dict[FeatureKey, Artifact]:
    """Return the features that are there: each seed's own, or the newest of a split."""
    from skeleton.visual import find_features, newest_features

    found = {}
    for key, target in _wanted_features(grid).items():
        dataset, split, seed = key
        if seed is None:
            there = newest_features(store, dataset, split, grid.wanted_visual)
        else:
            visual = grid.wanted_visual or "stgcn"
            there = find_features(target.called, split, store=store, visual=visual, seed=seed)
        if there is not None:
            found[key] = there
    return found


def _outdated(grid: Grid, found: dict[FeatureKey, Artifact], store: Store) -> list[str]:
    """Return a sentence for each shared features that were made from older skeletons."""
    from skeleton.runs import outdated

    wanted = _wanted_features(grid)
    said = [outdated(there, wanted[key].called, store) for key, there in found.items() if key[2] is None]
    return [sentence for sentence in said if sentence]


def _missing_features(grid: Grid, store: Store, executor: Executor, device: str) -> list[Job]:
    from skeleton.runs import features_job
    from skeleton.visual import find_arrays

    there = _find_features(grid, store)
    jobs = []
    for key, target in _wanted_features(grid).items():
        if key not in there:
            dataset, split, seed = key
            _can_be_made(grid, dataset, split)
            find_arrays(target.dataset, store)
            jobs.append(features_job(
                store, target.called, split, visual=grid.wanted_visual or "stgcn", seed=seed or 0,
                device=device, threads=executor.threads,
            ))  # fmt: skip
    return jobs


def _can_be_made(grid: Grid, dataset: str, split: str) -> None:
    """Raise unless the visual encoder is one that makes features; imported ones have a name alone."""
    from skeleton.visual import find_visual

    try:
        find_visual(grid.wanted_visual or "stgcn")
    except UsageError as error:
        raise UsageError(
            f"{error}; if they are imported features, {dataset}/{split} has none: semtool features import"
        ) from error


def _plan(
    grid: Grid,
    cell: Cell,
    text: Artifact,
    visuals: dict[FeatureKey, Artifact],
    store: Store,
    device: str,
    threads: int,
) -> dict[int, PlannedRun]:
    """Return the run that holds each seed of a cell: one for all if they share features; {} without these."""
    from skeleton.runs import plan_run

    def plan(seeds: tuple[int, ...]) -> PlannedRun:
        try:
            return plan_run(
                text, visuals[_key(grid, cell, seeds[0])], store=store, dataset=cell.target.called,
                split=cell.split, settings=cell.setting.method, seeds=seeds, device=device, threads=threads,
            )  # fmt: skip
        except SemtoolError as error:
            raise type(error)(f"{cell.text.label} with {cell.encoder}: {error}") from error

    seeds = grid.seeds_of(cell)
    if any(_key(grid, cell, seed) not in visuals for seed in seeds):
        return {}
    if grid.features_per_seed:
        return {seed: plan((seed,)) for seed in seeds}
    shared = plan(seeds)
    return dict.fromkeys(seeds, shared)

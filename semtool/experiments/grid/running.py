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
    from skeleton.runs import finished_seeds, seed_job, summarise, write_json

    work, cells = _Work(grid, store, device, executor.threads), grid.cells()
    tell = note or (lambda _: None)
    making = work.jobs()
    texts = embed_cells(cells, store, note)
    if making:
        tell(f"making {making[0].label}" + (f" and {len(making) - 1} more" if len(making) > 1 else ""))
    training = sum(c.setting.method.steps * len(grid.seeds_of(c)) for c in cells)
    failures = _run(executor, making, progress, 0, training)
    work.look()
    warnings = work.outdated()
    for warning in warnings:
        tell(warning)
    planned = [(cell, runs) for cell in cells if (runs := work.plan(cell, texts[_text_key(cell)]))]
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
            features = {s: work.features[work.key(cell, s)] for s in trained}
            names = {s: r.folder.name for s, r in trained.items()}
            done.append(CellRuns(cell, texts[_text_key(cell)], features, names))
    return GridResult(done, len(jobs) - len(untrained), len(reused), failures + untrained, warnings)


def unfinished(grid: Grid, store: Store, device: str = "auto") -> list[tuple[Cell, list[int]]]:
    """Return the cells that are not trained with every seed, and the seeds that are left of each."""
    work = _Work(grid, store, device)
    work.missing()
    texts: dict[tuple[str, str, str], Artifact | None] = {}
    left = []
    for cell in grid.cells():
        key = (cell.dataset, cell.text.label, cell.encoder)
        if key not in texts:
            texts[key] = _find_text(cell, store)
        runs = work.plan(cell, text) if (text := texts[key]) else {}
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
        found = [least(s.method_settings, Sizes.of(open_features(s.inputs()[1]))) for s in specs.values()]
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


class _Work:
    """What a grid needs before it trains: which features are wanted, and which are there."""

    def __init__(self, grid: Grid, store: Store, device: str, threads: int = 1) -> None:
        from skeleton.device import resolve_device

        self.grid, self.store, self.threads = grid, store, threads
        self.device, self.visual = str(resolve_device(device)), grid.wanted_visual or "stgcn"
        seeds: Sequence[int | None] = grid.seeds if grid.features_per_seed else [None]
        self.wanted: dict[FeatureKey, Target] = {
            (t.dataset.name, split, seed): t for t in grid.targets for split in t.splits for seed in seeds
        }
        self.look()

    def look(self) -> None:
        """Find the features that are there: each seed's own, or the newest of a split."""
        from skeleton.visual import find_features, newest_features

        self.features: dict[FeatureKey, Artifact] = {}
        for key, target in self.wanted.items():
            dataset, split, seed = key
            if seed is None:
                there = newest_features(self.store, dataset, split, self.grid.wanted_visual)
            else:
                there = find_features(target.called, split, store=self.store, visual=self.visual, seed=seed)
            if there is not None:
                self.features[key] = there

    def missing(self) -> list[FeatureKey]:
        """Return what is not there; refuse imported features, which have a name alone."""
        from skeleton.visual import find_visual

        missing = [key for key in self.wanted if key not in self.features]
        try:
            if missing:
                find_visual(self.visual)
        except UsageError as error:
            place = "/".join(missing[0][:2])
            raise UsageError(
                f"{error}; if they are imported features, {place} has none: semtool features import"
            ) from error
        return missing

    def jobs(self) -> list[Job]:
        """Return the making of what is not there."""
        from skeleton.runs import features_job
        from skeleton.visual import find_arrays

        jobs = []
        for key in self.missing():
            target, (_, split, seed) = self.wanted[key], key
            find_arrays(target.dataset, self.store)
            jobs.append(features_job(
                self.store, target.called, split, visual=self.visual, seed=seed or 0, device=self.device,
                threads=self.threads,
            ))  # fmt: skip
        return jobs

    def outdated(self) -> list[str]:
        """Return a sentence for each shared features that were made from older skeletons."""
        from skeleton.runs import outdated

        shared = {key: there for key, there in self.features.items() if key[2] is None}
        said = [outdated(there, self.wanted[key].called, self.store) for key, there in shared.items()]
        return [sentence for sentence in said if sentence]

    def key(self, cell: Cell, seed: int) -> FeatureKey:
        """Return which features a seed of a cell is trained on."""
        return cell.dataset, cell.split, seed if self.grid.features_per_seed else None

    def plan(self, cell: Cell, text: Artifact) -> dict[int, PlannedRun]:
        """Return the run that holds each seed: one for all if they share features; {} without these."""
        from skeleton.runs import plan_run

        seeds = self.grid.seeds_of(cell)
        if any(self.key(cell, seed) not in self.features for seed in seeds):
            return {}
        planned: dict[int, PlannedRun] = {}
        for some in [(seed,) for seed in seeds] if self.grid.features_per_seed else [seeds]:
            try:
                run = plan_run(
                    text, self.features[self.key(cell, some[0])], store=self.store, split=cell.split,
                    dataset=cell.target.called, settings=cell.setting.method, seeds=some, device=self.device,
                    threads=self.threads,
                )  # fmt: skip
            except SemtoolError as error:
                raise type(error)(f"{cell.text.label} with {cell.encoder}: {error}") from error
            planned |= dict.fromkeys(some, run)
        return planned

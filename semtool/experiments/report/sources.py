"""What a report is about: a run, or a comparison of many, as cells of the same shape."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from semtool.artifacts import Reference, Store
from semtool.errors import NotMadeError, SemtoolError, UsageError, unknown_name
from semtool.experiments.comparison import FILE, FOLDER, WITHOUT, Comparison, Result, comparison_names
from semtool.experiments.report.packing import said

if TYPE_CHECKING:
    from skeleton.runs import Metrics, Predictions, Run, SeedRecord

__all__ = ["Measurement", "Subject", "open_source"]


@dataclass
class Measurement:
    """One text under one encoder, on one split, by one method, over some seeds.

    Attributes:
        result: the numbers to report, and what they are of.
        seeds: the run of each seed; only those that can be opened and are as they were measured.
        metrics: of these.
        answers: of those among them that have them.
        problems: a sentence for each seed that lacks something.
    """

    result: Result
    seeds: dict[int, Run] = field(default_factory=dict)
    metrics: dict[int, Metrics] = field(default_factory=dict)
    answers: dict[int, Predictions] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    @property
    def first(self) -> tuple[Run, SeedRecord] | None:
        """The run that pictures are drawn of, and what its first seed was trained on."""
        return next(((run, run.record(seed)) for seed, run in self.seeds.items()), None)


@dataclass(frozen=True)
class Subject:
    """A run (one cell) or a comparison; a shortened text is no cell."""

    kind: str
    name: str
    cells: tuple[Measurement, ...]
    simulated: bool
    leaky: bool
    comparison: Comparison | None = None


def open_source(store: Store, reference: str | None = None) -> Subject:
    """Return a run or a comparison by name or path; the one made last if None.

    Raises:
        UsageError: if nothing has that name, or both a run and a comparison have.
        SemtoolError: if its own file is damaged.
    """
    from skeleton.runs import open_run, run_names, runs_folder

    known, comparisons = run_names(store), comparison_names(store)
    if not known and not comparisons and (reference is None or not Path(reference).exists()):
        raise NotMadeError(
            f"there is no run and no comparison under {store.root} yet; make one with semtool train or "
            "semtool compare",
            see="no-run",
        )
    if reference is None:
        files = [*store.root.glob(f"{FOLDER}/*/{FILE}"), *runs_folder(store).glob("*/summary.json")]
        path = max(files, key=lambda p: (p.stat().st_mtime_ns, p)).parent
        reference = str(path)
    path = Path(reference)
    if reference in comparisons and reference in known:
        raise UsageError(
            f"{reference!r} is the name of a run and of a comparison; give the folder of the one you mean"
        )
    if reference in comparisons or path.name == FILE or (path / FILE).is_file():
        return _of_comparison(store, Comparison.read(store, reference))
    if path.exists() or (runs_folder(store) / reference).exists():
        return _of_run(store, open_run(store, reference))
    raise unknown_name("run or comparison", reference, [*known, *comparisons], NotMadeError)


def _of_run(store: Store, run: Run) -> Subject:
    summary = run.summary
    place = Reference.parse("embeddings", summary.embeddings.reference)
    result = Result.of(
        summary,
        text=place.prompt_set,
        encoder=place.encoder,
        features=dict.fromkeys(run.seeds, summary.features),
        runs=dict.fromkeys(run.seeds, run.name),
    )
    cell = _measurement(store, result, run)
    return Subject("run", run.name, (cell,), summary.simulated, summary.leaky)


def _of_comparison(store: Store, found: Comparison) -> Subject:
    shortened = {t.label for t in found.texts if t.control == WITHOUT}
    cells = tuple(_measurement(store, c) for c in found.cells if c.text not in shortened)
    if not cells:
        raise SemtoolError(f"the comparison {found.name} has no cells; run semtool compare again")
    return Subject("comparison", found.name, cells, found.simulated, found.leaky, found)


def _measurement(store: Store, result: Result, own: Run | None = None) -> Measurement:
    """Return a result with what its runs (``own``, if that is known) left, as far as it can be used."""
    from skeleton.runs import Predictions, open_run, seed_folder

    found = Measurement(result)
    for seed, name in sorted(result.runs.items()):

        def add(problem: str, seed: int = seed) -> None:
            found.problems.append(f"Seed {seed}: {problem}.")

        try:
            run = own or open_run(store, name)
        except SemtoolError as error:
            add(f"the run {name} cannot be opened ({said(error, store.root)})")
            continue
        try:
            run.record(seed)
            metrics = run.metrics(seed)
        except SemtoolError:
            add(f"the files of the run {name} are missing or damaged")
            continue
        if own is None and abs(metrics.zsl.accuracy - result.accuracy.values[str(seed)]) > 1e-9:
            add(f"the run {name} was changed after it was compared; left out")
            continue
        found.seeds[seed], found.metrics[seed] = run, metrics
        try:
            found.answers[seed] = Predictions.read(seed_folder(run.path, seed) / "predictions.csv")
        except SemtoolError as error:
            add(f"the answers for single samples cannot be shown ({error})")
    return found

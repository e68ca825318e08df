"""What a report is about: a run, or a comparison of many, as cells of the same shape."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from semtool.artifacts import Reference, Store
from semtool.errors import NotMadeError, SemtoolError, UsageError, unknown_name
from semtool.experiments.comparison import FILE, FOLDER, WITHOUT, Comparison, comparison_names
from semtool.experiments.measured import accuracy_of, summary_numbers
from semtool.experiments.report.packing import said

if TYPE_CHECKING:
    from skeleton.runs import Run

__all__ = ["Measurement", "Subject", "open_source"]


@dataclass(frozen=True)
class Measurement:
    """One measurement: one text under one encoder, on one split, by one method, over some seeds.

    Attributes:
        label: how the text is called.
        measured: ``summary.json`` of a run, or the cell of a comparison: the numbers to report.
        seeds: the run of each seed; only those that can be opened and are as they were measured.
        problems: a sentence for each seed that cannot.
    """

    label: str
    dataset: str
    split: str
    preset: str
    encoder: str
    embeddings: dict[str, str]
    features: dict[int, dict[str, str]]
    measured: dict[str, Any]
    seeds: dict[int, Run]
    problems: tuple[str, ...] = ()

    @property
    def first(self) -> tuple[Run, int] | None:
        """The run and seed that pictures are drawn of."""
        return next(((run, seed) for seed, run in self.seeds.items()), None)


@dataclass(frozen=True)
class Subject:
    """A run (one cell) or a comparison (``comparison`` holds its file); a shortened text is no cell."""

    kind: str
    name: str
    cells: tuple[Measurement, ...]
    simulated: bool
    leaky: bool
    comparison: dict[str, Any] | None = None
    descriptions: dict[str, dict[str, str]] = field(default_factory=dict)


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
        return _newest(store)
    path = Path(reference)
    if path.name == FILE or (path / FILE).is_file():
        return _of_comparison(store, Comparison.read(store, path))
    if reference in comparisons:
        if reference in known:
            raise UsageError(
                f"{reference!r} is the name of a run and of a comparison; give the folder of the one you mean"
            )
        return _of_comparison(store, Comparison.read(store, reference))
    if path.exists() or (runs_folder(store) / reference).exists():
        return _of_run(open_run(store, reference))
    raise unknown_name("run or comparison", reference, [*known, *comparisons], NotMadeError)


def _newest(store: Store) -> Subject:
    """Return what was written last."""
    from skeleton.runs import open_run, runs_folder

    found = [*store.root.glob(f"{FOLDER}/*/{FILE}"), *runs_folder(store).glob("*/summary.json")]
    last = max(found, key=lambda p: (p.stat().st_mtime_ns, p))
    if last.name == FILE:
        return _of_comparison(store, Comparison.read(store, last))
    return _of_run(open_run(store, last.parent.name))


def _of_run(run: Run) -> Subject:
    try:
        summary = run.summary.to_dict()
        text = summary["embeddings"]
        place = Reference.parse("embeddings", text["reference"])
        seeds, problems = _seeds(dict.fromkeys(run.seeds, run), {})
        cell = Measurement(
            label=place.prompt_set,
            dataset=summary["dataset"],
            split=summary["split"],
            preset=summary["preset"],
            encoder=place.encoder,
            embeddings=text,
            features=dict.fromkeys(run.seeds, summary["features"]),
            measured=summary_numbers(summary),
            seeds=seeds,
            problems=problems,
        )
        return Subject("run", run.name, (cell,), bool(summary["simulated"]), bool(summary["leaky"]))
    except (KeyError, TypeError, AttributeError) as error:
        raise SemtoolError(
            f"the run {run.name} is damaged: its summary lacks {error}; train it again"
        ) from error


def _of_comparison(store: Store, comparison: Comparison) -> Subject:
    from skeleton.runs import open_run

    raw = comparison.to_dict()
    try:
        shortened = {t["label"] for t in raw["texts"] if t.get("control") == WITHOUT}
        cells = []
        for entry in (e for e in raw["cells"] if e["text"] not in shortened):
            wanted: dict[int, Run] = {}
            problems: list[str] = []
            for seed, name in entry["runs"].items():
                try:
                    wanted[int(seed)] = open_run(store, str(name))
                except SemtoolError as error:
                    problems.append(
                        f"Seed {seed}: the run {name} cannot be opened ({said(error, store.root)})."
                    )
            seeds, more = _seeds(wanted, entry["accuracy"]["values"])
            cells.append(
                Measurement(
                    label=entry["text"],
                    dataset=entry["dataset"],
                    split=entry["split"],
                    preset=entry["preset"],
                    encoder=entry["encoder"],
                    embeddings=entry["embeddings"],
                    features={int(s): f for s, f in (entry.get("features") or {}).items()},
                    measured=entry,
                    seeds=seeds,
                    problems=(*problems, *more),
                )
            )
        texts = {t["label"]: t["descriptions"] for t in raw["texts"]}
        if not cells:
            raise SemtoolError(f"the comparison {raw['name']} has no cells; run semtool compare again")
        return Subject(
            "comparison", raw["name"], tuple(cells), bool(raw["simulated"]), bool(raw["leaky"]), raw, texts
        )
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise SemtoolError(
            f"the comparison {comparison.name} is damaged: {error!r}; run semtool compare again"
        ) from error


def _seeds(wanted: dict[int, Run], measured: dict[str, float]) -> tuple[dict[int, Run], tuple[str, ...]]:
    """Split seeds into those whose files can be used, and a sentence for each whose cannot.

    Args:
        wanted: the run of each seed.
        measured: the accuracy of each seed when it was measured, where that is known.
    """
    found, problems = {}, []
    for seed, run in sorted(wanted.items()):
        try:
            run.record(seed)
            accuracy = accuracy_of(run.metrics(seed))
        except (SemtoolError, KeyError, TypeError):
            problems.append(f"Seed {seed}: the files of the run {run.name} are missing or damaged.")
            continue
        if abs(accuracy - measured.get(str(seed), accuracy)) > 1e-9:
            problems.append(f"Seed {seed}: the run {run.name} was changed after it was compared; left out.")
            continue
        found[seed] = run
    return found, tuple(problems)

"""`sweep`: a whole grid of trainings from one file, and a table of what came out."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from semtool.artifacts import Store
from semtool.disk import write_atomically
from semtool.experiments.grid.cells import CellRuns, Grid
from semtool.experiments.grid.running import Note, run_grid
from semtool.experiments.grid.sweep_file import SweepFile, read_sweep
from semtool.experiments.grid.texts import Target, find_texts
from semtool.experiments.measured import row_of
from semtool.experiments.tables import neutralised
from semtool.showing import Shown

if TYPE_CHECKING:
    from pandas import DataFrame

    from skeleton.runs import Executor

__all__ = ["FOLDER", "SweepResult", "grid_of", "sweep"]

FOLDER = "sweeps"


@dataclass(frozen=True, repr=False)
class SweepResult(Shown):
    """What a sweep left: its folder, a row for each run and seed, what was trained now, reused and failed."""

    name: str
    path: Path
    rows: list[dict[str, Any]]
    trained: int
    reused: int
    failures: list[dict[str, Any]]

    def headline(self) -> str:
        """Return what was trained, reused and failed in one line."""
        return f"sweep {self.name}: {self.trained} trained, {self.reused} reused, {len(self.failures)} failed"

    def to_frame(self) -> DataFrame:
        """Return a row for each run and seed; numbers are fractions."""
        from pandas import DataFrame

        return DataFrame(self.rows)

    def to_dict(self) -> dict[str, Any]:
        """Return the record as ``table.json`` holds it."""
        said = ("name", "trained", "reused", "failures", "rows")
        return {"schema": 1, "kind": "sweep", **{key: getattr(self, key) for key in said}}


def sweep(
    config: str | Path | SweepFile,
    *,
    store: Store | None = None,
    executor: Executor | None = None,
    device: str = "auto",
    progress: Callable[[int, int], None] | None = None,
    note: Callable[[str], None] | None = None,
) -> SweepResult:
    """Train what is not trained yet of a grid, and write ``sweeps/<name>/table.csv`` and ``table.json``.

    Args:
        config: the sweep's file, see `semtool.experiments.grid.sweep_file.SweepFile`.
        store: where everything lives.
        executor: who does the work; processes, one a core, if None.
        device: `auto`, `cpu`, `cuda` or `mps`.
        progress: told epochs done and to do, over the whole grid.
        note: told what is made besides.

    Returns:
        A row for each run and seed, and what was trained now, reused and failed.

    Raises:
        UsageError: if the file is wrong; all its problems are listed.
        SemtoolError: if a text cannot be made or embedded. A training that fails does not stop the others:
            it is listed in the result.
    """
    from skeleton.runs import choose_executor, logged, write_json

    store = store or Store()
    wanted = config if isinstance(config, SweepFile) else read_sweep(Path(config), store)
    grid = grid_of(wanted, store, note=note, make=True)
    folder = store.root / FOLDER / wanted.name
    folder.mkdir(parents=True, exist_ok=True)
    progress = logged(progress, folder / "progress.log")
    done = run_grid(
        grid, store=store, executor=executor or choose_executor(), device=device, progress=progress, note=note
    )
    made = SweepResult(
        name=wanted.name,
        path=folder,
        rows=[row for cell in done.cells for row in _rows(cell, wanted.switches, store)],
        trained=done.trained,
        reused=done.reused,
        failures=[asdict(f) for f in done.failures],
    )
    write_json(folder / "table.json", made.to_dict())
    csv = neutralised(made.to_frame()).to_csv(index=False, lineterminator="\n")
    write_atomically(folder / "table.csv", csv)
    return made


def grid_of(
    config: str | Path | SweepFile, store: Store, *, note: Note | None = None, make: bool = False
) -> Grid:
    """Return the grid of a sweep's file; with ``make`` its texts are rendered where they are missing."""
    found = config if isinstance(config, SweepFile) else read_sweep(Path(config), store)
    targets = [Target.of(called, splits, store) for called, splits in found.datasets.items()]
    texts = find_texts(found.prompts, targets, store=store, note=note, make=make)
    labels = dict(zip(found.prompts, (t.label for t in texts), strict=True))
    return Grid(
        texts=texts,
        encoders=found.encoders,
        targets=targets,
        settings=found.settings(),
        seeds=tuple(found.seeds),
        features_per_seed=found.features_per_seed,
        visual=found.visual,
        left_out=frozenset((labels[e.prompts], e.encoder) for e in found.exclude),
    )


def _rows(found: CellRuns, switches: Iterable[str], store: Store) -> list[dict[str, Any]]:
    """Return a row for each seed of a cell; ``switches`` are those of any cell, as the file writes them."""
    from skeleton.runs import read_metrics, runs_folder

    cell = found.cell
    of = {
        "dataset": cell.dataset,
        "split": cell.split,
        "text": cell.text.label,
        "encoder": cell.encoder,
        "preset": cell.setting.method.preset,
        **{name.replace("-", "_"): None for name in switches},
        **{k: list(v) if isinstance(v, tuple) else v for k, v in cell.setting.switches},
    }
    return [
        {
            **of,
            "seed": seed,
            **row_of(read_metrics(runs_folder(store) / run, seed)),
            "embeddings": found.embeddings.reference,
            "features": found.features[seed].reference,
            "run": run,
        }
        for seed, run in found.runs.items()
    ]

"""``semtool sweep``."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from semtool.cli.console import Json, Root, app, json_object, note, progress, say, store, table
from semtool.cli.estimates import DryRun, show_estimates
from semtool.cli.options import Address, Device, Executor, ExecutorName, Jobs
from semtool.errors import SemtoolError

if TYPE_CHECKING:
    from pandas import DataFrame

    from semtool.experiments.grid import Preview, SweepResult

__all__ = ["sweep"]


@app.command()
def sweep(
    config: Annotated[Path, typer.Argument(help="The sweep's file (YAML).")],
    executor: Executor = ExecutorName.processes,
    address: Address = None,
    jobs: Jobs = None,
    device: Device = "auto",
    dry_run: DryRun = False,
    root: Root = None,
    json: Json = False,
) -> None:
    """Train a grid of data sets, splits, texts, encoders, presets, switches and seeds.

    Run it again after a crash, or with more in the file: only what is missing is trained. The table of all
    runs is sweeps/NAME/table.csv and table.json below the root.

    Example: semtool sweep grid.yaml --dry-run

    Example: semtool sweep grid.yaml --executor ray --address head:6379
    """
    from semtool.experiments.grid import estimate_grid, grid_of, preview
    from semtool.experiments.grid import sweep as run
    from skeleton.runs import choose_executor, estimate_start

    where = store(root)
    if dry_run:
        start = estimate_start()
        grid = grid_of(config, where)
        plan = preview(grid, store=where, device=device)
        found = estimate_grid(grid, store=where, device=device, jobs=jobs, start=start)
        if not json:
            show_plan(plan)
        show_estimates(found, start, json, where, jobs, **asdict(plan))
        return
    with progress("sweep") as report:
        result = run(
            config,
            store=where,
            executor=choose_executor(executor.value, jobs=jobs, address=address),
            device=device,
            progress=report,
            note=note,
        )
    if json:
        json_object(result.to_dict())
    else:
        show(result)
        say(f"trained {result.trained}, reused {result.reused}, failed {len(result.failures)}")
        say(f"table: {result.path / 'table.csv'}")
    if result.failures:
        first = result.failures[0]
        raise SemtoolError(
            f"{len(result.failures)} of {result.trained + len(result.failures)} trainings failed, the first: "
            f"{first['label']}: {first['message']}; run the sweep again to try them once more"
        )


def show_plan(found: Preview) -> None:
    """Print what a sweep would do."""
    say(f"{found.cells} cells, {found.runs} trainings: {found.finished} finished, "
        f"{found.runs - found.finished} to do")  # fmt: skip
    for kind in ("descriptions", "embeddings", "features"):
        for name in getattr(found, kind):
            say(f"to make first: {kind} {name}")


def show(found: SweepResult) -> None:
    """Print a row a cell: its accuracy over seeds."""
    from semtool.experiments import GENERALISED, RULES, part_named

    if not found.rows:
        return
    runs = found.to_frame()
    names = list(runs.columns)
    keys = names[: names.index("preset") + 1]
    runs = runs.astype(dict.fromkeys(names[: names.index("seed")], str))  # lists cannot be grouped by
    marks = _marks(runs)
    keys += [k for k in names[len(keys) : names.index("seed")] if runs[k].nunique() > 1]
    # Never two parts in a table, nor two rules in a column.
    for part, own in runs.groupby("part", sort=False):
        columns = {"% right": "accuracy"}
        rule = next((r for r in RULES if own[f"{part}_{r}_harmonic"].notna().all()), None)
        if rule:
            columns |= {
                f"{s} ({rule})": f"{part}_{rule}_{k}" for s, k in zip("SUH", GENERALISED, strict=True)
            }
        groups = own.groupby(keys, sort=False)
        cells = groups.size().rename("seeds").reset_index()
        for title, name in columns.items():
            values = groups[name].agg(["count", "mean", "std"]).itertuples(index=False)
            cells[title] = [
                f"{100 * mean:.1f}" + (f" ± {100 * std:.1f}" if count > 1 else "")
                for count, mean, std in values
            ]
        table(
            f"{found.name}, {part_named(str(part))}{marks}", tuple(cells.columns), cells.to_numpy().tolist()
        )


def _marks(runs: DataFrame) -> str:
    marks = " - SIMULATED skeletons" if runs["simulated"].any() else ""
    marks += " - LEAKY: epoch chosen on test" if runs["leaky"].any() else ""
    if helped := list(dict.fromkeys(runs.loc[runs["auxiliary"].notna(), "preset"])):
        marks += f" - {', '.join(helped)}: learned from simulated classes too"
    if moved := list(dict.fromkeys(runs.loc[~runs["inductive"], "preset"])):
        marks += f" - {', '.join(moved)}: TRANSDUCTIVE, saw the unlabelled test samples"
    return marks

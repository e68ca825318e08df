"""``semtool sweep``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from semtool.cli.console import Json, Root, app, argument, json_object, note, progress, say, store, table
from semtool.cli.estimates import DryRun, show_estimates
from semtool.cli.options import Device, Workers, grouped
from semtool.errors import SemtoolError

if TYPE_CHECKING:
    from semtool.artifacts import Store
    from semtool.experiments.grid import SweepFile, SweepResult

__all__ = ["sweep"]


@app.command()
@grouped
def sweep(
    workers: Workers,
    config: Annotated[Path, argument("The sweep's file (YAML).")],
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
    from semtool.experiments.grid import read_sweep
    from semtool.experiments.grid import sweep as run

    where = store(root)
    if dry_run:
        plan_sweeps([read_sweep(config, where)], where, device, workers.jobs, json)
        return
    with progress("sweep") as report:
        result = run(
            config,
            store=where,
            executor=workers.choose(),
            device=device,
            progress=report,
            note=note,
        )
    if json:
        json_object(result.to_dict())
    else:
        show(result)
        show_end(result, f"table: {result.path / 'table.csv'}")
    raise_failed(result)


def show_end(found: SweepResult, where: str) -> None:
    """Print how many trainings there were, and where their table is."""
    say(f"trained {found.trained}, reused {found.reused}, failed {len(found.failures)}")
    say(where)


def raise_failed(found: SweepResult) -> None:
    """Raise `SemtoolError` if a training failed."""
    if found.failures:
        first = found.failures[0]
        raise SemtoolError(
            f"{len(found.failures)} of {found.trained + len(found.failures)} trainings failed, the first: "
            f"{first['label']}: {first['message']}; run the same command again to try them once more"
        )


def plan_sweeps(wanted: Sequence[SweepFile], where: Store, device: str, jobs: int | None, json: bool) -> None:
    """Print what sweeps would do, and what that would take."""
    from semtool.experiments.grid import estimate_grid, grid_of, unfinished
    from skeleton.runs import estimate_start

    start = estimate_start()
    plans, found = [], []
    for one in wanted:
        grid = grid_of(one, where)
        cells = grid.cells()
        runs = sum(len(grid.seeds_of(c)) for c in cells)
        to_do = sum(len(seeds) for _, seeds in unfinished(grid, where, device))
        found += estimate_grid(grid, store=where, device=device, jobs=jobs)
        plans.append({"cells": len(cells), "runs": runs, "finished": runs - to_do})
        if not json:
            said = f"{len(cells)} cells, {runs} trainings: {runs - to_do} finished, {to_do} to do"
            say(f"presets {', '.join(one.presets)}: {said}")
    show_estimates(found, start, json, where, jobs, sweeps=plans)


def show(found: SweepResult) -> None:
    """Print a row a cell: its accuracy over seeds."""
    from semtool.experiments import GENERALISED, RULES, marks, part_named, per_cent

    if not found.rows:
        return
    runs = found.to_frame()
    names = list(runs.columns)
    keys, settings = names[: names.index("preset") + 1], names[: names.index("seed")]
    # As words: neither lists nor what is missing can be grouped by.
    runs[settings] = runs[settings].map(lambda v: f"{v:g}" if isinstance(v, float) else str(v))
    runs[settings] = runs[settings].replace(["nan", "None"], "-")
    said = marks(
        simulated=bool(runs["simulated"].any()),
        leaky=bool(runs["leaky"].any()),
        auxiliary=runs.loc[runs["auxiliary"].notna(), "preset"],
        transductive=runs.loc[~runs["inductive"], "preset"],
    )
    keys += [k for k in settings if k not in keys and len({*runs[k]} - {"-"}) > 1]
    # Never two parts in a table, nor two rules in a column.
    for part, own in runs.groupby("part", sort=False):
        columns = {"% right": "accuracy"}
        rule = next((r for r in RULES if own[f"{part}_{r}_harmonic"].notna().all()), None)
        if rule:
            columns |= {
                f"{s} ({rule})": f"{part}_{rule}_{k}" for s, k in zip("SUH", GENERALISED, strict=True)
            }
        groups = own.groupby(keys, sort=False)
        shown = {title: groups[name].agg(per_cent) for title, name in columns.items()}
        cells = groups.size().rename("seeds").to_frame().assign(**shown).reset_index()
        table(f"{found.name}, {part_named(str(part))}{said}", tuple(cells.columns), cells.to_numpy().tolist())

"""``semtool table``."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from semtool.cli.console import Json, Root, app, json_object, note, progress, say, store
from semtool.cli.estimates import DryRun, show_estimates
from semtool.cli.options import Device, Seeds, Workers, grouped, words
from semtool.cli.sweep import raise_failed, show_end, show_plan
from semtool.cli.switches import Switches, assignments
from semtool.errors import UsageError

__all__ = ["table"]

FIGURES = (".svg", ".pdf", ".png")


@app.command()
@grouped
def table(
    workers: Workers,
    family: Annotated[str, typer.Argument(help="Class splits of: synse, purls, smie, sadvae or star.")],
    dataset: Annotated[
        list[str] | None,
        typer.Option(
            "--dataset", "-d", help="Data set; may be repeated.", show_default="those that are here"
        ),
    ] = None,
    texts: Annotated[str, typer.Option(help="Prompt sets or description sets, with commas.")] = "multi",
    encoders: Annotated[str, typer.Option(help="Encoders, with commas.")] = "minilm",
    presets: Annotated[str, typer.Option(help="Presets, with commas; also a plug-in's.")] = "paper",
    seeds: Seeds = "5",
    visual: Annotated[
        str | None,
        typer.Option(help="Visual encoder, or name of imported features.", show_default="newest features"),
    ] = None,
    switch: Switches = None,
    device: Device = "auto",
    figure: Annotated[
        Path | None, typer.Option(help="Also draw our rows as bars: a name that ends in .svg, .pdf or .png.")
    ] = None,
    dry_run: DryRun = False,
    root: Root = None,
    json: Json = False,
) -> None:
    """Make a table of the field: published rows beside yours, zero-shot and all classes, split by split.

    Trains what is missing, also after it was killed. tables/FAMILY below the root holds LaTeX, Markdown, CSV,
    a page, and the log.

    Example: semtool table synse --dry-run

    Example: semtool table purls --dataset utd-mhad --presets ridge,eszsl --texts label,multi
    """
    from semtool.disk import atomic
    from semtool.experiments.table import TableRequest, tabulate
    from skeleton.runs import parse_seeds

    request = TableRequest(
        family=family,
        datasets=tuple(dataset or ()),
        texts=words(texts) or (),
        encoders=words(encoders) or (),
        presets=words(presets) or (),
        seeds=parse_seeds(seeds),
        visual=visual,
        switches={name: [value] for name, value in assignments(switch or ()).items()},
    )
    if figure is not None and figure.suffix not in FIGURES:
        raise UsageError(f"--figure {figure.name} must end in {', '.join(FIGURES)}")
    where = store(root)
    if dry_run:
        from semtool.experiments.table import estimate_table, plan_table
        from skeleton.runs import estimate_start

        start = estimate_start()
        plans = plan_table(request, store=where, device=device)
        found = estimate_table(request, store=where, device=device, jobs=workers.jobs)
        for wanted, plan in zip(request.sweeps(where), plans, strict=True):
            if not json:
                say(f"presets {', '.join(wanted.presets)}:")
                show_plan(plan)
        show_estimates(found, start, json, where, workers.jobs, sweeps=[asdict(p) for p in plans])
        return
    with progress(f"table {family}") as report:
        made = tabulate(
            request,
            store=where,
            executor=workers.choose(),
            device=device,
            progress=report,
            note=note,
        )
    if figure is not None:
        with atomic(figure, option="--figure") as temporary:
            made.plot().figure.savefig(temporary, bbox_inches="tight")
    if json:
        json_object(
            {"family": family, "path": str(made.path), "files": [str(f) for f in made.files],
             "trained": made.trained, "reused": made.reused, "failures": made.failures}
        )  # fmt: skip
    else:
        say((made.path / "table.md").read_text(encoding="utf-8").rstrip("\n"))
        show_end(made, f"files: {made.path}")
    raise_failed(made)

"""``semtool table``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from semtool.cli.console import Json, Root, app, argument, json_object, note, option, progress, say, store
from semtool.cli.estimates import DryRun
from semtool.cli.options import Device, Seeds, Visual, Workers, grouped, words
from semtool.cli.sweep import plan_sweeps, raise_failed, show_end
from semtool.cli.switches import Switches, assignments
from semtool.errors import UsageError

__all__ = ["table"]

FIGURES = (".svg", ".pdf", ".png")


@app.command()
@grouped
def table(
    workers: Workers,
    family: Annotated[str, argument("Class splits of: synse, purls, smie, sadvae or star.")],
    dataset: Annotated[
        list[str] | None, option("Data set; may be repeated.", "--dataset", "-d", unset="those that are here")
    ] = None,
    texts: Annotated[str, option("Prompt sets or description sets, with commas.")] = "multi",
    encoders: Annotated[str, option("Encoders, with commas.")] = "minilm",
    presets: Annotated[str, option("Presets, with commas; also a plug-in's.")] = "paper",
    seeds: Seeds = "5",
    visual: Visual = None,
    switch: Switches = None,
    device: Device = "auto",
    figure: Annotated[
        Path | None, option("Also draw our rows as bars: a name that ends in .svg, .pdf or .png.")
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
        datasets=list(dataset or ()),
        prompts=words(texts) or (),
        encoders=words(encoders) or (),
        presets=words(presets) or (),
        seeds=parse_seeds(seeds),
        visual=visual,
        switches=assignments(switch or ()),
    )
    if figure is not None and figure.suffix not in FIGURES:
        raise UsageError(f"--figure {figure.name} must end in {', '.join(FIGURES)}")
    where = store(root)
    if dry_run:
        plan_sweeps(request.sweeps(where), where, device, workers.jobs, json)
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

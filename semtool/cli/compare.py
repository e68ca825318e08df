"""``semtool compare``."""

from __future__ import annotations

from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from semtool.cli.console import Json, Root, app, json_object, note, progress, say, store, table
from semtool.cli.options import Device, Workers, grouped
from semtool.cli.switches import Switches, assignments
from semtool.errors import UsageError

if TYPE_CHECKING:
    from semtool.experiments.comparison import Comparison

__all__ = ["compare"]


class OutputFormat(StrEnum):
    """How the result is printed."""

    table = "table"
    csv = "csv"
    json = "json"
    markdown = "markdown"
    latex = "latex"


class Level(StrEnum):
    """What is left out of a text."""

    granularity = "granularity"
    slot = "slot"
    sentence = "sentence"


SUFFIXES = {".csv": "csv", ".json": "json", ".md": "markdown", ".markdown": "markdown", ".tex": "latex"}


@app.command()
@grouped
def compare(
    workers: Workers,
    descriptions: Annotated[
        list[str] | None,
        typer.Option(
            help="A text: prompt set, its folder, or a description set; give two or more. With a star "
            "(llm-multi-r*): drawn several times. None: print the comparison --name (or the one made last) "
            "again."
        ),
    ] = None,
    encoder: Annotated[
        list[str] | None,
        typer.Option("--encoder", "-e", help="Encoder; may be repeated.", show_default="minilm"),
    ] = None,
    dataset: Annotated[
        str | None,
        typer.Option(
            "--dataset", "-d", help="Data set.", show_default="that of the texts or of the newest features"
        ),
    ] = None,
    split: Annotated[
        list[str] | None,
        typer.Option("--split", "-s", help="Class split; may be repeated.", show_default="the data set's"),
    ] = None,
    seeds: Annotated[
        str,
        typer.Option(help="How many seeds, or which: 3 is 0,1,2. With fewer than 5 much is missed."),
    ] = "5",
    preset: Annotated[
        list[str] | None, typer.Option(help="Preset; may be repeated.", show_default="paper")
    ] = None,
    lr: Annotated[float | None, typer.Option(help="Learning rate; 1e-4 for small data.")] = None,
    epochs: Annotated[int | None, typer.Option(help="Epochs.")] = None,
    switch: Switches = None,
    features_per_seed: Annotated[
        bool,
        typer.Option(
            "--features-per-seed", help="Each seed trains its own visual encoder: intervals cover that too."
        ),
    ] = False,
    visual: Annotated[
        str | None,
        typer.Option(
            help="Visual encoder.",
            show_default="newest features, not kinematics if there are others; best: kinematics",
        ),
    ] = None,
    controls: Annotated[
        bool,
        typer.Option(
            "--controls",
            help="Also compare each text with its controls: names, nameless, filled, random, shuffled.",
        ),
    ] = False,
    draws: Annotated[int, typer.Option(min=2, help="Draws of each control that is drawn.")] = 5,
    ablate: Annotated[
        list[Level] | None,
        typer.Option(
            help="Also leave parts of each text out in turn: granularities, slots (body part, phase, field) "
            "or sentences; may be repeated. The report colours the text by what is lost."
        ),
    ] = None,
    device: Device = "auto",
    name: Annotated[
        str | None, typer.Option(help="Name of the comparison.", show_default="from what is compared")
    ] = None,
    form: Annotated[
        OutputFormat, typer.Option("--format", help="How to print the result.")
    ] = OutputFormat.table,
    out: Annotated[
        Path | None, typer.Option(help="Also write it to a file: .csv, .json, .md or .tex.")
    ] = None,
    predictions: Annotated[
        Path | None,
        typer.Option(
            help="Predictions made elsewhere (CSV: sample, and scores in a column an unseen class), to be "
            "compared with a run of the same split."
        ),
    ] = None,
    run: Annotated[
        str | None, typer.Option(help="That run, with --predictions.", show_default="the newest")
    ] = None,
    root: Root = None,
    json: Json = False,
) -> None:
    """Compare texts: train all on the same features and seeds, and tell differences from noise.

    What exists is reused, so that a killed comparison goes on and one with more seeds trains only those.

    Example: semtool compare --descriptions label --descriptions multi --encoder minilm --lr 1e-4

    Example: semtool compare --descriptions ntu60/multi@v1 --descriptions ntu60/multi@v2 --preset ridge

    Example: semtool compare --descriptions multi --controls --encoder minilm --preset ridge

    Example: semtool compare --descriptions multi --ablate granularity --ablate slot --preset ridge
    """
    from semtool.disk import write_atomically
    from semtool.experiments.comparison import Comparison, newest_comparison, write_tables

    if out is not None and out.suffix not in SUFFIXES:
        raise UsageError(f"--out {out.name} must end in {', '.join(SUFFIXES)}")
    where = store(root)
    if predictions is not None:
        from semtool.experiments.comparison import compare_predictions

        theirs = compare_predictions(predictions, store=where, run=run)
        if json:
            json_object(asdict(theirs))
        else:
            say(theirs.words)
        return
    if descriptions:
        from semtool.experiments.comparison import compare as compare_texts
        from skeleton.runs import parse_seeds

        with progress("comparing") as report:
            found = compare_texts(
                descriptions,
                tuple(encoder or ("minilm",)),
                store=where,
                dataset=dataset,
                splits=tuple(split or ()),
                seeds=parse_seeds(seeds),
                presets=tuple(preset or ("paper",)),
                switches=assignments(switch or ()) | _given(lr=lr, epochs=epochs),
                features_per_seed=features_per_seed,
                visual=visual,
                controls=draws if controls else 0,
                ablate=[level.value for level in dict.fromkeys(ablate or ())],
                name=name,
                device=device,
                executor=workers.choose(),
                progress=report,
                note=note,
            )
    else:
        found = Comparison.read(where, name) if name else newest_comparison(where)
        found.check(where)
    if out is not None:
        write_atomically(out, write_tables(found, SUFFIXES[out.suffix]), option="--out")
        note(f"wrote {out}")
    if json:
        json_object(found.to_dict())
    elif form is not OutputFormat.table:
        say(write_tables(found, form.value).rstrip("\n"))
    else:
        show(found)
        say(f"comparison: {found.name}")


def show(found: Comparison) -> None:
    """Print accuracies, differences in words, and the classes that gain and lose most."""
    from semtool.experiments.comparison import WITHOUT, class_table, difference_tables, result_views

    views = {
        **{view.title: view.frame for view in result_views(found)},
        **difference_tables(found),
        "gains and losses, class by class": class_table(found, most=2),
    }
    for title, view in views.items():
        if len(view):
            table(title, list(view.columns), view.to_numpy().tolist())
    for difference in found.differences:
        if difference.control != WITHOUT:
            say(f"- {difference.words}")
    for remark in found.notes:
        note(f"note: {remark}")


def _given(**switches: object) -> dict[str, object]:
    return {name: value for name, value in switches.items() if value is not None}

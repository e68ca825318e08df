"""``semtool compare``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from semtool.cli import console
from semtool.cli.console import Json, Root, app, option
from semtool.cli.options import Device, Visual, Workers, grouped
from semtool.cli.switches import Switches, assignments
from semtool.errors import UsageError

if TYPE_CHECKING:
    from semtool.experiments.comparison import Comparison

__all__ = ["compare"]

SUFFIXES = {".csv": "csv", ".json": "json", ".md": "markdown", ".markdown": "markdown", ".tex": "latex"}


@app.command()
@grouped
def compare(
    workers: Workers,
    descriptions: Annotated[
        list[str] | None,
        option(
            "A text: prompt set, its folder, or a description set; give two or more. With a star "
            "(llm-multi-r*): drawn several times. None: print the comparison --name (or the one made last) "
            "again."
        ),
    ] = None,
    encoder: Annotated[
        list[str] | None, option("Encoder; may be repeated.", "--encoder", "-e", unset="minilm")
    ] = None,
    dataset: Annotated[
        str | None,
        option("Data set.", "--dataset", "-d", unset="that of the texts or of the newest features"),
    ] = None,
    split: Annotated[
        list[str] | None, option("Class split; may be repeated.", "--split", "-s", unset="the data set's")
    ] = None,
    seeds: Annotated[
        str, option("How many seeds, or which: 3 is 0,1,2. With fewer than 5 much is missed.")
    ] = "5",
    preset: Annotated[list[str] | None, option("Preset; may be repeated.", unset="paper")] = None,
    switch: Switches = None,
    features_per_seed: Annotated[
        bool,
        option("Each seed trains its own visual encoder: intervals cover that too.", "--features-per-seed"),
    ] = False,
    visual: Visual = None,
    controls: Annotated[
        bool,
        option(
            "Also compare each text with its controls: names, nameless, filled, random, shuffled.",
            "--controls",
        ),
    ] = False,
    draws: Annotated[int, option("Draws of each control that is drawn.", min=2)] = 5,
    ablate: Annotated[
        list[str] | None,
        option(
            "Also leave each granularity, slot (body part, phase, field) or sentence of a text out in turn; "
            "may be repeated. The report colours the text by what is lost.",
            metavar="granularity|slot|sentence",
        ),
    ] = None,
    device: Device = "auto",
    name: Annotated[str | None, option("Name of the comparison.", unset="from what is compared")] = None,
    form: Annotated[
        Literal["table", "csv", "json", "markdown", "latex"], option("How to print the result.", "--format")
    ] = "table",
    out: Annotated[Path | None, option("Also write it to a file: .csv, .json, .md or .tex.")] = None,
    predictions: Annotated[
        Path | None,
        option(
            "Predictions made elsewhere (CSV: sample, and scores in a column an unseen class), to be "
            "compared with a run of the same split."
        ),
    ] = None,
    run: Annotated[str | None, option("That run, with --predictions.", unset="the newest")] = None,
    root: Root = None,
    json: Json = False,
) -> None:
    """Compare texts: train all on the same features and seeds, and tell differences from noise.

    What exists is reused, so that a killed comparison goes on and one with more seeds trains only those.

    Example: semtool compare --descriptions label --descriptions multi --encoder minilm --set lr=1e-4

    Example: semtool compare --descriptions ntu60/multi@v1 --descriptions ntu60/multi@v2 --preset ridge

    Example: semtool compare --descriptions multi --controls --encoder minilm --preset ridge

    Example: semtool compare --descriptions multi --ablate granularity --ablate slot --preset ridge
    """
    from semtool.disk import write_atomically
    from semtool.experiments.comparison import Comparison, write_tables

    if out is not None and out.suffix not in SUFFIXES:
        raise UsageError(f"--out {out.name} must end in {', '.join(SUFFIXES)}")
    where = console.store(root)
    if predictions is not None:
        from semtool.experiments.comparison import compare_predictions

        theirs = compare_predictions(predictions, store=where, run=run)
        console.answer(json, theirs, theirs.words)
        return
    if descriptions:
        from semtool.experiments.comparison import compare as compare_texts
        from skeleton.runs import parse_seeds

        with console.progress("comparing") as report:
            found = compare_texts(
                descriptions,
                tuple(encoder or ("minilm",)),
                store=where,
                dataset=dataset,
                splits=tuple(split or ()),
                seeds=parse_seeds(seeds),
                presets=tuple(preset or ("paper",)),
                switches=assignments(switch or ()),
                features_per_seed=features_per_seed,
                visual=visual,
                controls=draws if controls else 0,
                ablate=tuple(ablate or ()),
                name=name,
                device=device,
                executor=workers.choose(),
                progress=report,
                note=console.note,
            )
    else:
        found = Comparison.read(where, name)
        found.check(where)
    if out is not None:
        write_atomically(out, write_tables(found, SUFFIXES[out.suffix]), option="--out")
        console.note(f"wrote {out}")
    if json:
        console.json_object(found.to_dict())
    elif form != "table":
        console.say(write_tables(found, form).rstrip("\n"))
    else:
        show(found)
        console.say(f"comparison: {found.name}")


def show(found: Comparison) -> None:
    """Print accuracies, differences in words, and the classes that gain and lose most."""
    from semtool.experiments.comparison import WITHOUT, class_table, difference_views, result_views

    views = [(view.title, view.frame) for view in (*result_views(found), *difference_views(found))]
    for title, frame in (*views, ("gains and losses, class by class", class_table(found))):
        if len(frame):
            console.table(title, list(frame.columns), frame.to_numpy().tolist())
    for difference in found.differences:
        if difference.control != WITHOUT:
            console.say(f"- {difference.words}")
    for remark in found.notes:
        console.note(f"note: {remark}")

"""``semtool show-skeleton``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from semtool.cli.console import Json, app, json_object, note, say
from semtool.cli.options import Format, grouped
from semtool.cli.recordings import Hints, recording

__all__ = ["show_skeleton"]


@app.command()
@grouped
def show_skeleton(
    hints: Hints,
    file: Annotated[
        Path, typer.Argument(help="A raw skeleton file of any known format, or a folder of arrays.")
    ],
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="The page, .html.", show_default="<sample>.html"),
    ] = None,
    dataset: Annotated[
        str | None, typer.Option("--dataset", "-d", help="Data set.", show_default="by the file's format")
    ] = None,
    sample: Annotated[
        str | None, typer.Option("--sample", help="Name of the sample.", show_default="the first")
    ] = None,
    format: Format = None,
    as_json: Json = False,
) -> None:
    """Draw a skeleton sequence: a page to turn it around in.

    Any sensor's, pose estimator's or motion capture file will do; what it does not say is recognised.

    Example: semtool show-skeleton S001C001P001R001A011.skeleton --out reading.html
    """
    from skeleton.data import show_skeleton as run

    shown = run(recording(file), out, dataset=dataset, sample=sample, format=format, hints=hints.said())
    sequence = shown.sequence
    _, frames, _, bodies = sequence.positions.shape
    if as_json:
        json_object(
            {
                "path": str(shown.path),
                "sample": sequence.name,
                "class_id": sequence.class_id,
                "layout": sequence.layout,
                "frames": frames,
                "bodies": bodies,
                "findings": [{"outcome": f.outcome, "message": f.message} for f in shown.findings],
            }
        )
        return
    say(f"{shown.path}: {shown.title}, {frames} frames, layout {sequence.layout}")
    for finding in shown.findings:
        note(f"{finding.outcome}: {finding.message}")

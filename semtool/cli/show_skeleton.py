"""``semtool show-skeleton``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from semtool.cli.console import Json, answer, app, argument, note, option
from semtool.cli.options import Format, grouped
from semtool.cli.recordings import Hints, recording

__all__ = ["show_skeleton"]


@app.command()
@grouped
def show_skeleton(
    hints: Hints,
    file: Annotated[Path, argument("A raw skeleton file of any known format, or a folder of arrays.")],
    out: Annotated[Path | None, option("The page, .html.", "--out", "-o", unset="<sample>.html")] = None,
    dataset: Annotated[
        str | None, option("Data set.", "--dataset", "-d", unset="by the file's format")
    ] = None,
    sample: Annotated[str | None, option("Name of the sample.", unset="the first")] = None,
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
    said = {
        "path": shown.path,
        "sample": sequence.name,
        "class_id": sequence.class_id,
        "layout": sequence.layout,
        "frames": frames,
        "bodies": bodies,
        "findings": [{"outcome": f.outcome, "message": f.message} for f in shown.findings],
    }
    answer(as_json, said, f"{shown.path}: {shown.title}, {frames} frames, layout {sequence.layout}")
    for finding in () if as_json else shown.findings:
        note(f"{finding.outcome}: {finding.message}")

"""``semtool report``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from semtool.cli.console import Json, Root, answer, app, argument, note, option, progress, store

__all__ = ["report"]


@app.command()
def report(
    what: Annotated[
        str | None, argument("Name or folder.", metavar="[RUN|COMPARISON]", unset="the one made last")
    ] = None,
    out: Annotated[Path | None, option("HTML file to write.", "--out", "-o", unset="<name>.html")] = None,
    root: Root = None,
    json: Json = False,
) -> None:
    """Write one self-contained HTML page about a run or a comparison: it opens anywhere and loads nothing.

    Accuracy with intervals, confusion matrix, text similarity, a map of classes and samples, every class with
    its descriptions and what each head attended to, skeletons to watch, and where it all comes from.

    Example: semtool report utd-mhad-purls-22-5-ridge-c70e9399 --out report.html
    """
    from semtool.experiments.report import report as write

    with progress("cells") as told:
        made = write(what, out, store=store(root), progress=told)
    for sentence in made.missing:
        note(sentence)
    answer(json, made, f"{made.path}: report of the {made.kind} {made.name}, {made.bytes / 1e6:.1f} MB")

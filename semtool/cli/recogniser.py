"""``semtool recogniser``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from semtool.cli import console
from semtool.cli.console import Json, json_object, say, table
from semtool.cli.options import grouped
from semtool.cli.recordings import Hints, recording, sequences

__all__ = ["app"]

app = typer.Typer(help="The recogniser that the package carries: needs no training.", no_args_is_help=True)
console.app.add_typer(app, name="recogniser")


@app.command()
def card(as_json: Json = False) -> None:
    """Say what the recogniser was made from, what was measured, and what it cannot do.

    Example: semtool recogniser card
    """
    from skeleton.recogniser import load_recogniser

    found = load_recogniser().card
    if as_json:
        json_object(dict(found))
        return
    say(_written(found))


@app.command()
@grouped
def describe(
    hints: Hints,
    files: Annotated[list[Path], typer.Argument(help="Skeleton files in any known format, or `example`.")],
    as_json: Json = False,
) -> None:
    """Say in the attribute vocabulary what is being done, without any label.

    Example: semtool recogniser describe clip.json
    """
    from skeleton.recogniser import load_recogniser

    clips = sequences([recording(path) for path in files], hints.said())
    found = load_recogniser().attributes(clips)
    if as_json:
        json_object({"sequences": [
            {"name": s.name, "attributes": {n: {"value": r.value, "confidence": r.confidence}
                                            for n, r in a.items()}}
            for s, a in zip(clips, found, strict=True)
        ]})  # fmt: skip
        return
    for sequence, attributes in zip(clips, found, strict=True):
        rows = [(r.field, r.value, f"{r.confidence:.2f}", r.sentence) for r in attributes.values()]
        table(sequence.name, ("field", "value", "confidence", "says"), rows)


def _written(value: Any, depth: int = 0) -> str:
    """Return nested facts as indented lines."""
    lines = []
    for key, inner in value.items():
        if isinstance(inner, dict):
            lines += [f"{'  ' * depth}{key}:", _written(inner, depth + 1)]
        else:
            shown = ", ".join(map(str, inner)) if isinstance(inner, list) else inner
            shown = f"{inner:.3f}" if isinstance(inner, float) else "-" if inner is None else shown
            lines.append(f"{'  ' * depth}{key}: {shown}")
    return "\n".join(lines)

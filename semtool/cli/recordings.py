"""Options that say of a recording what its file does not say."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

__all__ = ["Fps", "LayoutName", "Mapping", "Up", "hints"]

LayoutName = Annotated[
    str | None,
    typer.Option("--layout", help="Order of nameless joints: coco, h36m, ...", show_default="recognised"),
]
Up = Annotated[
    str | None,
    typer.Option("--up", help="Axis that points up: +y, -y, +z ...", show_default="said, or by the people"),
]
Fps = Annotated[
    float | None,
    typer.Option("--fps", min=0.1, help="Frames a second.", show_default="said, or the layout's usual"),
]
Mapping = Annotated[
    Path | None,
    typer.Option(
        "--mapping",
        help="YAML that says what the files do not: joints: {Marker7: left_wrist}, unit, mirrored ...",
        show_default="skeleton.yaml beside them",
    ),
]


def hints(
    layout: str | None, up: str | None, fps: float | None, mapping: Path | None = None
) -> dict[str, Any]:
    """Return what was said, checked, by the names of `skeleton.data.formats.hints.Hints`."""
    if not any((layout, up, fps, mapping)):
        return {}
    from skeleton.data.formats.hints import settled

    return settled(mapping, layout=layout, up=up, fps=fps)

"""Options that say of a recording what its file does not say."""

from __future__ import annotations

from typing import Annotated

import typer

__all__ = ["Fps", "LayoutName", "Up", "hints"]

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


def hints(layout: str | None, up: str | None, fps: float | None) -> dict[str, str | float]:
    """Return what was said, by the names of `skeleton.data.formats.hints.Hints`."""
    said = {"layout": layout, "up": up, "fps": fps}
    return {key: value for key, value in said.items() if value is not None}

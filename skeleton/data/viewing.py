"""Look at a skeleton sequence: an interactive page (HTML), a film strip (SVG) or an animation (GIF).

    from skeleton.data.viewing import show_skeleton
    show_skeleton("S001C001P001R001A011.skeleton", out="reading.html")

Three-dimensional sequences are seen as the sensor saw them; the person's left is blue and the right is
orange.
"""

from __future__ import annotations

import html
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from semtool.disk import write_atomically
from semtool.errors import SemtoolError, UsageError
from skeleton.data.formats import SampleFinding
from skeleton.data.layouts import Layout, layout
from skeleton.data.loading import load_sequence
from skeleton.data.sequence import SkeletonSequence

__all__ = ["Shown", "show_skeleton", "timeline_page"]

_RATE = 30  # frames a second of every Kinect data set
_STRIP = 6
_COLOURS = ("#222222", "#1f6fd6", "#d9541e")  # middle, left, right
_PALE = ("#999999", "#9cc0ee", "#efb59c")


@dataclass(frozen=True)
class Shown:
    """What was drawn, where it is, and what there was to say of its file."""

    path: Path
    sequence: SkeletonSequence
    title: str
    findings: tuple[SampleFinding, ...]


def show_skeleton(
    file: str | Path,
    out: str | Path | None = None,
    *,
    dataset: str | None = None,
    sample: str | None = None,
    format: str | None = None,
    hints: Mapping[str, Any] | None = None,
) -> Shown:
    """Draw one sequence.

    Args:
        file: a raw skeleton file of any known format, or a folder of arrays.
        out: what to write; its suffix says how: ``.html``, ``.gif``, ``.svg``. Without it
            ``<sample>.html`` in the working folder.
        dataset: data set of the file, for the name of the class; without it one that has the file's format.
        sample: name of the sample, where there are several; without it the first.
        format: name of the reader; without it the format is recognised.
        hints: what is known of a recording, as `skeleton.data.load_sequence`.

    Returns:
        What was drawn, and where it is.

    Raises:
        UsageError: if the suffix, the sample or the format is not known.
        SemtoolError: if the file cannot be read.
    """
    said: list[SampleFinding] = []
    sequence, data = load_sequence(
        file, dataset=dataset, sample=sample, format=format, hints=hints, findings=said
    )
    path = Path(out or f"{sequence.name}.html")
    drawers: dict[str, Callable[[SkeletonSequence, str], str | bytes]] = {
        ".html": _page,
        ".svg": _svg,
        ".gif": _gif,
    }
    if path.suffix.lower() not in drawers:
        raise UsageError(f"cannot write {path.name}: choose one of {', '.join(drawers)}")
    known = 0 <= sequence.class_id < len(data.classes)
    title = f"{sequence.name}: {data.classes[sequence.class_id].name}" if known else sequence.name
    drawn = drawers[path.suffix.lower()](sequence, title)
    write_atomically(path, drawn, option="--out")
    return Shown(path, sequence, title, tuple(said))


def _sides(names: Layout) -> list[int]:
    """Return for each joint 0 (middle), 1 (left) or 2 (right)."""
    return [1 if n.startswith("left_") else 2 if n.startswith("right_") else 0 for n in names.joints]


def _mirror(sequence: SkeletonSequence) -> int:
    """Return the direction of x on paper: a depth sensor's x grows to its left."""
    return -1 if sequence.positions[2].any() else 1


def _head(names: Layout) -> int:
    """Return the joint to draw as the head."""
    return next((names.joints.index(j) for j in ("head", "nose", "head_top", "neck") if j in names.joints), 0)


def _joints_there(sequence: SkeletonSequence) -> NDArray[np.bool_]:
    return np.asarray((sequence.positions != 0).any(axis=0))  # (T, V, M)


def _there(sequence: SkeletonSequence) -> NDArray[np.bool_]:
    return np.asarray(_joints_there(sequence).any(axis=1))  # (T, M)


def _box(sequence: SkeletonSequence) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the middle and the extent of everything that is there, over x, y, z."""
    there = np.broadcast_to(_joints_there(sequence), sequence.positions.shape)
    low = np.where(there, sequence.positions, np.inf).min(axis=(1, 2, 3))
    high = np.where(there, sequence.positions, -np.inf).max(axis=(1, 2, 3))
    return (low + high) / 2, np.maximum(high - low, 1e-3)


def timeline_page(sequence: SkeletonSequence, bars: Sequence[tuple[int, float, float, str]]) -> str:
    """Return the page of a sequence with what each person does when under it.

    Args:
        sequence: 30 frames a second.
        bars: person from 1, seconds from and to, label.
    """
    seconds = max(sequence.positions.shape[1] / _RATE, 1e-6)
    hues = {label: round(137.5 * at) % 360 for at, label in enumerate(dict.fromkeys(b[3] for b in bars))}
    rows = []
    for person in sorted({b[0] for b in bars}):
        buttons = "".join(
            f'<button type="button" data-frame="{round(start * _RATE)}" '
            f'style="left:{100 * start / seconds:.2f}%;width:{100 * (end - start) / seconds:.2f}%;'
            f'background:hsl({hues[label]} 60% 75%)" '
            f'title="{start:.1f} to {end:.1f} s: {html.escape(label)}">{html.escape(label)}</button>'
            for who, start, end, label in bars
            if who == person
        )
        rows.append(f'<div class="row" aria-label="person {person}">{buttons}</div>')
    return _page(sequence, sequence.name, "\n".join(rows))


def _page(sequence: SkeletonSequence, title: str, under: str = "") -> str:
    names = layout(sequence.layout)
    sides, there = _sides(names), _there(sequence)
    middle, extent = _box(sequence)
    rounded = np.round(sequence.positions.astype(np.float64), 3).transpose(1, 3, 2, 0)
    data = {
        "frames": [
            [body.tolist() if shown else [] for body, shown in zip(frame, row, strict=True)]
            for frame, row in zip(rounded, there.tolist(), strict=True)
        ],
        "bones": [[joint, parent, sides[joint]] for joint, parent in names.bones],
        "sides": sides,
        "head": _head(names),
        "centre": middle.tolist(),
        # Room for turning: the floor plan's diagonal across.
        "extent": [float(np.hypot(extent[0], extent[2])), float(extent[1])],
        "mirror": _mirror(sequence),
        "rate": _RATE,
    }
    bodies = int(there.any(axis=0).sum())
    people = "one body" if bodies == 1 else f"{bodies} bodies"
    subtitle = f"{sequence.positions.shape[1]} frames, {people}, layout {names.name};"
    text = resources.files("skeleton.data").joinpath("viewing.html").read_text(encoding="utf-8")
    fields = {
        "@PLAYER@": resources.files("skeleton.data").joinpath("player.js").read_text(encoding="utf-8"),
        "@TITLE@": html.escape(title),
        "@TIMELINE@": under,
        "@SUBTITLE@": html.escape(subtitle),
        "@DATA@": json.dumps(data, separators=(",", ":")).replace("</", "<\\/"),
    }
    for key, value in fields.items():
        text = text.replace(key, value)
    return text


@dataclass(frozen=True)
class _Drawing:
    """Lines and dots of one frame on paper: pixels, y down; the main actor last, on top."""

    lines: list[tuple[tuple[float, float], tuple[float, float], str]]
    dots: list[tuple[tuple[float, float], str]]


def _draw(sequence: SkeletonSequence, frame: int, width: int, height: int) -> _Drawing:
    names = layout(sequence.layout)
    sides = _sides(names)
    middle, extent = _box(sequence)
    scale = 0.88 * min(width / extent[0], height / extent[1])
    lines, dots = [], []
    for body in reversed(range(sequence.positions.shape[3])):
        points = sequence.positions[:, frame, :, body]
        if not points.any():
            continue
        colours = _PALE if body else _COLOURS
        x = width / 2 + _mirror(sequence) * (points[0] - middle[0]) * scale
        y = height / 2 - (points[1] - middle[1]) * scale
        places = [(float(a), float(b)) for a, b in zip(x, y, strict=True)]
        seen = np.asarray(points.any(axis=0))
        lines += [(places[p], places[j], colours[sides[j]]) for j, p in names.bones if seen[j] and seen[p]]
        dots += [(place, colours[side]) for place, side, s in zip(places, sides, seen, strict=True) if s]
    return _Drawing(lines, dots)


def _strip_frames(sequence: SkeletonSequence) -> list[int]:
    frames = sequence.positions.shape[1]
    return sorted({round(v) for v in np.linspace(0, frames - 1, min(_STRIP, frames))})


def _svg(sequence: SkeletonSequence, title: str) -> str:
    width, height, top = 200, 260, 30
    chosen = _strip_frames(sequence)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width * len(chosen)}" height="{height + top + 20}" '
        f'font-family="sans-serif" font-size="13"><title>{html.escape(title)}</title>',
        '<rect width="100%" height="100%" fill="white"/>',
        f'<text x="8" y="20">{html.escape(title)}</text>',
    ]
    for column, frame in enumerate(chosen):
        drawing = _draw(sequence, frame, width, height)
        parts.append(
            f'<g transform="translate({column * width} {top})" stroke-width="3" stroke-linecap="round">'
        )
        parts += [
            f'<path d="M{a[0]:.1f} {a[1]:.1f}L{b[0]:.1f} {b[1]:.1f}" stroke="{colour}"/>'
            for a, b, colour in drawing.lines
        ]
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5" fill="{c}"/>' for (x, y), c in drawing.dots]
        parts.append(
            f'<text x="{width / 2}" y="{height + 10}" text-anchor="middle">frame {frame + 1}</text></g>'
        )
    return "\n".join([*parts, "</svg>"]) + "\n"


def _gif(sequence: SkeletonSequence, title: str) -> bytes:
    try:
        from PIL import Image, ImageDraw
    except ImportError:
        raise SemtoolError("a GIF needs pillow (pip install pillow); HTML and SVG need nothing") from None
    top, pictures = 30, []
    # Fifteen frames a second: the format counts in hundredths of a second.
    for frame in range(0, sequence.positions.shape[1], 2):
        image = Image.new("RGB", (400, 400), "white")
        draw = ImageDraw.Draw(image)
        draw.text((8, 8), title, fill="#222222")
        drawing = _draw(sequence, frame, 400, 360)
        for a, b, colour in drawing.lines:
            draw.line([(a[0], a[1] + top), (b[0], b[1] + top)], fill=colour, width=4)
        for (x, y), colour in drawing.dots:
            draw.ellipse([x - 3, y + top - 3, x + 3, y + top + 3], fill=colour)
        pictures.append(image.convert("P", palette=Image.Palette.ADAPTIVE, colors=32))
    target = BytesIO()
    pictures[0].save(target, "GIF", save_all=True, append_images=pictures[1:], duration=70, loop=0)
    return target.getvalue()

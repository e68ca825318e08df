"""Look at a skeleton sequence: an interactive page (HTML).

    from skeleton.data.viewing import show_skeleton
    show_skeleton("S001C001P001R001A011.skeleton", out="reading.html")

Three-dimensional sequences are seen as the sensor saw them; the person's left is blue and the right is
orange.
"""

from __future__ import annotations

import html
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from semtool.disk import write_atomically
from semtool.errors import UsageError
from skeleton.data.formats import SampleFinding
from skeleton.data.layouts import Layout, layout
from skeleton.data.loading import load_sequence
from skeleton.data.sequence import SkeletonSequence

__all__ = ["Shown", "show_skeleton", "timeline_page"]

_RATE = 30  # frames a second of every Kinect data set


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
        out: the page, ``.html``. Without it ``<sample>.html`` in the working folder.
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
    if path.suffix.lower() != ".html":
        raise UsageError(f"cannot write {path.name}: what is drawn is a page, .html")
    known = 0 <= sequence.class_id < len(data.classes)
    title = f"{sequence.name}: {data.classes[sequence.class_id].name}" if known else sequence.name
    write_atomically(path, _page(sequence, title), option="--out")
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

"""Skeletons small enough to travel inside a page: few frames, a byte a coordinate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from semtool.experiments.report.packing import pack_bytes

if TYPE_CHECKING:
    from skeleton.data import ArraySet
    from skeleton.runs import Predictions

__all__ = ["FRAMES", "choose_samples", "clip", "clips_of", "drawing"]

FRAMES = 32
RATE = 30
"""Frames a second of every Kinect data set; the player keeps the true pace."""


def choose_samples(answers: Sequence[Predictions], *, right: int = 2, wrong: int = 3) -> list[str]:
    """Return samples worth looking at: a few of each unseen class, right and wrong ones.

    The wrong ones are of different answers, the most frequent first; where there are several answers to the
    same sample (the cells of a comparison), those on which they disagree come first.
    """
    from pandas import DataFrame, concat

    first = answers[0]
    alike = [a.predicted == a.truth for a in answers if a.names == first.names]
    hits = np.sum(alike, axis=0)
    known = {"name": first.names, "truth": first.truth, "said": first.predicted}
    table = DataFrame({**known, "agreed": (hits == 0) | (hits == len(answers))})[first.unseen]
    table = table.sort_values("agreed", kind="stable")
    good, bad = table[table["truth"] == table["said"]], table[table["truth"] != table["said"]]
    kinds = bad.groupby(["truth", "said"], sort=False)
    turns = {"turn": kinds.cumcount(), "rare": -kinds["said"].transform("size"), "kind": kinds.ngroup()}
    bad = bad.assign(**turns).sort_values(list(turns), kind="stable")
    chosen = concat([good.groupby("truth").head(right), bad.groupby("truth").head(wrong)])
    return list(dict.fromkeys(chosen.sort_values("truth", kind="stable")["name"]))


def clips_of(arrays: ArraySet, names: Sequence[str]) -> dict[str, Any]:
    """Return ``{name: clip}`` of the samples that the arrays hold."""
    place: Mapping[str, int] = {name: index for index, name in enumerate(arrays.names)}
    return {name: clip(arrays.sequence(place[name]).positions) for name in names if name in place}


def clip(positions: NDArray[np.float32]) -> dict[str, Any]:
    """Return a sequence (C, T, V, M) as at most 32 frames, a byte a coordinate.

    Returns:
        ``frames``, ``bodies``; ``seconds`` it took; ``low`` (3,) and ``step``: a coordinate is ``low + step *
        byte``; ``there``: which bodies each frame has, as 0 and 1; ``data``: bytes (frames, bodies, V, 3).
    """
    total = positions.shape[1]
    at = np.linspace(0, total - 1, min(FRAMES, total)).round().astype(int)
    there = (positions[:, at] != 0).any(axis=(0, 2))  # (frames, M)
    bodies = np.flatnonzero(there.any(axis=0))
    chosen, there = positions[:, at][..., bodies], there[:, bodies]
    mask = np.broadcast_to(there[None, :, None, :], chosen.shape)
    if not mask.any():
        return {"frames": 0, "bodies": 0, "seconds": 0, "low": [0, 0, 0], "step": 1, "there": "", "data": ""}
    low = np.where(mask, chosen, np.inf).min(axis=(1, 2, 3))
    high = np.where(mask, chosen, -np.inf).max(axis=(1, 2, 3))
    step = max(float((high - low).max()) / 255, 1e-6)
    levels = np.where(mask, np.rint((chosen - low[:, None, None, None]) / step), 0)
    return {
        "frames": len(at),
        "bodies": len(bodies),
        "seconds": round(total / RATE, 3),
        "low": [round(float(v), 4) for v in low],
        "step": round(step, 7),
        "there": "".join("1" if v else "0" for v in there.ravel()),
        "data": pack_bytes(np.clip(levels, 0, 255).transpose(1, 3, 2, 0)),
    }


def drawing(name: str) -> dict[str, Any]:
    """Return how to draw a joint layout: bones, the side of each joint (0 middle, 1 left, 2 right), its head.

    ``mirror`` is the direction of x on paper: a depth sensor's x grows to its left.
    """
    from skeleton.data import layout

    found = layout(name)
    sides = [1 if j.startswith("left_") else 2 if j.startswith("right_") else 0 for j in found.joints]
    return {
        "name": name,
        "joints": len(found),
        "bones": [[joint, parent, sides[joint]] for joint, parent in found.bones],
        "sides": sides,
        "head": found.joints.index("head" if "head" in found.joints else "nose"),
        "mirror": -1 if found.dimensions == 3 else 1,
    }

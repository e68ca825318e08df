"""One skeleton sequence in memory, as every reader returns it."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["SkeletonSequence", "part_of"]


@dataclass(frozen=True)
class SkeletonSequence:
    """One sample.

    Attributes:
        name: the sample's name, as its data set writes it.
        layout: name of the joint layout (`skeleton.data.layouts`).
        positions: float32 (C, T, V, M): coordinates in metres (y up where the sensor gives it so), frames,
            joints, bodies, main actor first; zero where a body or joint is absent.
        class_id: canonical id, -1 if unknown.
        subject, view, setup, replication: the data set's own numbers, -1 if unknown.
        part: 0 if the files themselves say that the sample trains, 1 if it tests, -1 if they do not say.
    """

    name: str
    layout: str
    positions: NDArray[np.float32]
    class_id: int = -1
    subject: int = -1
    view: int = -1
    setup: int = -1
    replication: int = -1
    part: int = -1


def part_of(name: str) -> int:
    """Return the number of the part that a file, key or list of this name holds: `SkeletonSequence.part`."""
    words = re.split(r"[^a-z]+", name.lower())
    if "train" in words:
        return 0
    return 1 if {"test", "val", "valid", "validation", "eval", "unseen"} & set(words) else -1

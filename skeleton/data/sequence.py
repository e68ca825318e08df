"""One skeleton sequence in memory, as every reader returns it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["SkeletonSequence"]


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
    """

    name: str
    layout: str
    positions: NDArray[np.float32]
    class_id: int = -1
    subject: int = -1
    view: int = -1
    setup: int = -1
    replication: int = -1

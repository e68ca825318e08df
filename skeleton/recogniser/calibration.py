"""What scores are worth as probabilities, and when none of the labels fits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["NONE", "Calibration", "softmax"]

Matrix = NDArray[np.float32]
NONE = "none of these"


@dataclass(frozen=True)
class Calibration:
    """What scores are worth as probabilities, and when nothing fits.

    Attributes:
        cold: logarithm of the temperature for eight labels.
        labels: by how much the logarithm falls with that of the number of labels.
        limit: deviations by which another known action has to fit better for the answer to be `NONE`.
    """

    cold: float = 0.0
    labels: float = 0.0
    limit: float = float("inf")

    def temperature(self, count: int) -> float:
        """Return the temperature for a choice among ``count`` labels."""
        return float(np.exp(self.cold - self.labels * np.log(count / 8)))


def softmax(scores: NDArray[np.floating]) -> Matrix:
    """Return probabilities of scores, row by row."""
    raised = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True), np.float32)

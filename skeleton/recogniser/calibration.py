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
        cold: logarithm of the temperature for eight labels, of a motion that nothing else explains better.
        labels: by how much the logarithm falls with that of the number of labels.
        doubt: by how much it rises with each deviation by which another known action fits better.
        limit: above how many of these the answer is `NONE`.
    """

    cold: float = 0.0
    labels: float = 0.0
    doubt: float = 0.0
    limit: float = float("inf")

    def temperature(self, count: int, outdone: Matrix) -> Matrix:
        """Return the temperature (n,) for a choice among ``count`` labels."""
        cold = self.cold - self.labels * np.log(count / 8)
        return np.asarray(np.exp(cold + self.doubt * outdone), np.float32)


def softmax(scores: NDArray[np.floating]) -> Matrix:
    """Return probabilities of scores, row by row."""
    raised = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True), np.float32)

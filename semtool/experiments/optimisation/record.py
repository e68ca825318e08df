"""What texts were worth elsewhere: ``record.json``, held-out accuracies by data set, text and class.

On five to twenty seen classes a gain of ten points is seldom more than chance. What the same change gained
on other data sets says more: their gains have a mean and a spread, which together are what may be expected
of a new one, and are put together with the gain seen here as normal distributions are. A data set's own lines
are never used for it. ``benchmarks/text_optimise.py record`` makes the file.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

__all__ = ["FILE", "Elsewhere", "TextWorth", "doubt"]

FILE = Path(__file__).with_name("record.json")
LEAST = 3
"""Fewer data sets do not show how much data sets differ."""


@dataclass(frozen=True)
class Elsewhere:
    """Gains of a change on other data sets: one array a data set, a class an entry."""

    gains: tuple[NDArray[np.float64], ...]

    @property
    def mean(self) -> float:
        """Mean gain over data sets."""
        return float(np.mean([g.mean() for g in self.gains]))

    @property
    def variance(self) -> float:
        """Variance of what may be expected of one more: that between data sets, and that of the mean."""
        return float(np.var([g.mean() for g in self.gains], ddof=1)) * (1 + 1 / len(self.gains))


class TextWorth:
    """Held-out accuracies by data set, text and class.

    Args:
        accuracy: data set -> text -> accuracy of each class. A text is called by the prompt set, or by two
            in the order of the alphabet (``attributes + label``).
    """

    def __init__(self, accuracy: Mapping[str, Mapping[str, Sequence[float]]]) -> None:
        self.accuracy = accuracy

    @classmethod
    def of(cls, encoder: str, without: str) -> TextWorth:
        """Return what is known of texts under an encoder, without what was measured on a data set."""
        kept = json.loads(FILE.read_text(encoding="utf-8"))
        known = kept["accuracy"] if kept["encoder"] == encoder else {}
        return cls({name: texts for name, texts in known.items() if name != without})

    def gains(self, before: str, after: str) -> Elsewhere | None:
        """Return what a text gained in another's place; None if too few data sets have both."""
        before, after = (" + ".join(sorted(text.split(" + "))) for text in (before, after))
        found = tuple(
            np.subtract(texts[after], texts[before])
            for texts in self.accuracy.values()
            if before in texts and after in texts
        )
        return Elsewhere(found) if len(found) >= LEAST else None


def doubt(here: NDArray[np.float64], elsewhere: Elsewhere) -> float:
    """Return the probability that the gain is not above zero, given that here (by class) and elsewhere.

    How much classes differ is taken over all data sets together: a few classes do not show it.
    """
    from scipy.stats import norm

    every = [here, *elsewhere.gains]
    free = sum(len(g) - 1 for g in every)
    between_classes = max(sum(float(((g - g.mean()) ** 2).sum()) for g in every) / free, 1e-12)
    known, expected = len(here) / between_classes, 1 / max(elsewhere.variance, 1e-12)
    mean = (known * here.mean() + expected * elsewhere.mean) / (known + expected)
    return float(norm.sf(mean * np.sqrt(known + expected)))

"""Intervals of accuracies: over seeds where there are several, over samples where there is one."""

from __future__ import annotations

import math
from typing import Any

__all__ = ["BASES", "measured", "wilson"]

BASES = {
    "seeds": "Interval: 95 % of the mean over the seeds (Student's t)",
    "samples": "Interval: one seed, 95 % over its test samples (Wilson); it says nothing of other trainings",
    "none": "No interval: one seed, and a number that is no share of samples",
}
"""What an interval means, by its basis."""
_Z = 1.959963984540054


def wilson(share: float, n: int) -> tuple[float, float]:
    """Return the 95 % score interval of a share of ``n`` samples (Wilson, 1927)."""
    if n < 1:
        return 0.0, 1.0
    spread = _Z**2 / n
    middle = (share + spread / 2) / (1 + spread)
    half = _Z * math.sqrt(share * (1 - share) / n + spread / (4 * n)) / (1 + spread)
    return max(0.0, middle - half), min(1.0, middle + half)


def measured(spread: dict[str, Any] | None, n: int | None = None) -> dict[str, Any] | None:
    """Return a record ``{mean, low, high, basis, values}`` of what `skeleton.runs.metrics.spread` gave.

    Args:
        spread: mean and values per seed; None where a seed does not know the number.
        n: samples that the number is a share of; None if it is no such share.
    """
    if spread is None or spread.get("mean") is None:
        return None
    mean = float(spread["mean"])
    found: dict[str, Any] = {"mean": mean, "values": dict(spread.get("values") or {})}
    ci95 = spread.get("ci95")
    if ci95:
        low, high = (min(1.0, max(0.0, float(v))) for v in ci95)
        return found | {"low": low, "high": high, "basis": "seeds"}
    if n and len(found["values"]) <= 1:
        low, high = wilson(mean, n)
        return found | {"low": low, "high": high, "basis": "samples"}
    return found | {"low": None, "high": None, "basis": "none"}

"""How well each figure of a diagnosis predicted zero-shot accuracy in semtool's own benchmark.

The numbers are measured by ``benchmarks/diagnosis.py`` and shipped as ``predictive.json``.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

__all__ = ["PredictivePower", "predictions", "record"]

FILE = Path(__file__).parent / "predictive.json"


@dataclass(frozen=True)
class PredictivePower:
    """Spearman's correlation of one figure with accuracy, texts ranked within each split, averaged.

    Attributes:
        rho: the correlation; ``low`` and ``high``: its 95 % interval over texts and splits.
        strict: whether an interval corrected for the number of figures excludes zero as well.
        texts, groups: how many texts were ranked, in how many groups (split and preset).
        verdict: what the interval shows, in words.
    """

    rho: float
    low: float
    high: float
    strict: bool
    texts: int
    groups: int
    verdict: str

    def __str__(self) -> str:
        return f"{self.rho:+.2f} [{self.low:+.2f}, {self.high:+.2f}]"


@cache
def record() -> dict[str, Any]:
    """Return the whole measurement: what was ranked, on which splits, at which commit; empty without one."""
    return dict(json.loads(FILE.read_text(encoding="utf-8"))) if FILE.is_file() else {}


def predictions(*, same_encoder: bool) -> dict[str, PredictivePower]:
    """Return for each figure that could be ranked how well it predicted accuracy.

    Args:
        same_encoder: rank only texts under the same encoder against each other; otherwise all texts.
    """
    part, verdict = ("same_encoder", "verdict_same_encoder") if same_encoder else ("all", "verdict")
    return {
        key: PredictivePower(**found[part], verdict=found[verdict])
        for key, found in record().get("measures", {}).items()
        if found[part]
    }

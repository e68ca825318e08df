"""Which text is better, and why: comparisons, sweeps, diagnosis, reports.

The names below are imported when they are first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from semtool.analysis.comparing import compare
    from semtool.analysis.comparison import Comparison
    from semtool.analysis.diagnosis import Diagnosis, diagnose
    from semtool.analysis.suggestion import Suggestion, suggest
    from semtool.analysis.sweeping import sweep

__all__ = ["Comparison", "Diagnosis", "Suggestion", "compare", "diagnose", "suggest", "sweep"]

_WHERE = {
    "Comparison": "semtool.analysis.comparison",
    "Diagnosis": "semtool.analysis.diagnosis",
    "Suggestion": "semtool.analysis.suggestion",
    "compare": "semtool.analysis.comparing",
    "diagnose": "semtool.analysis.diagnosis",
    "suggest": "semtool.analysis.suggestion",
    "sweep": "semtool.analysis.sweeping",
}


def __getattr__(name: str) -> Any:
    if name in _WHERE:
        return getattr(import_module(_WHERE[name]), name)
    raise AttributeError(f"module 'semtool.analysis' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)

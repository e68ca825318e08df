"""Text looked at without training: what it tells apart, what it confuses, and what could be added."""

from __future__ import annotations

from typing import TYPE_CHECKING

from semtool.lazy import door

if TYPE_CHECKING:
    from semtool.diagnosis.diagnosing import Diagnosis, diagnose
    from semtool.diagnosis.suggestion import Suggestion, suggest

__all__ = [
    "Diagnosis",
    "Suggestion",
    "diagnose",
    "suggest",
]

__getattr__, __dir__ = door(
    __name__,
    {
        "Diagnosis": "semtool.diagnosis.diagnosing",
        "diagnose": "semtool.diagnosis.diagnosing",
        "Suggestion": "semtool.diagnosis.suggestion",
        "suggest": "semtool.diagnosis.suggestion",
    },
)

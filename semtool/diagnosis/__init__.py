"""Text looked at without training: what it tells apart, what it confuses, and what could be added."""

from __future__ import annotations

from typing import TYPE_CHECKING

from semtool.lazy import door

if TYPE_CHECKING:
    from semtool.diagnosis.contrast import Rivals, choose_fields, filled
    from semtool.diagnosis.diagnosing import Diagnosis, diagnose
    from semtool.diagnosis.suggestion import Suggestion, suggest
    from semtool.diagnosis.wording import WordFacts, word_facts

__all__ = [
    "Diagnosis",
    "Rivals",
    "Suggestion",
    "WordFacts",
    "choose_fields",
    "diagnose",
    "filled",
    "suggest",
    "word_facts",
]

__getattr__, __dir__ = door(__name__, __file__)

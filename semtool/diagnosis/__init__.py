"""Text looked at without training: what it tells apart, what it confuses, how it agrees with motion."""

from __future__ import annotations

from typing import TYPE_CHECKING

from semtool.lazy import door

if TYPE_CHECKING:
    from semtool.diagnosis.diagnosing import Diagnosis, diagnose
    from semtool.diagnosis.wording import WordFacts, word_facts

__all__ = ["Diagnosis", "WordFacts", "diagnose", "word_facts"]

__getattr__, __dir__ = door(__name__, __file__)

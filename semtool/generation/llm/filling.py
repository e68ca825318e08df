"""What the two ways of asking (one by one, in batches) share while a run goes on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from semtool.generation.llm.budget import Budget
from semtool.generation.llm.cache import Answer, AnswerCache
from semtool.generation.llm.outcomes import Outcome
from semtool.generation.llm.requests import Ask

__all__ = ["Filler"]


@dataclass
class Filler:
    """Where answers go, what may still be asked, and what stayed without answer.

    Attributes:
        progress: called with the number of settled texts.
        gaps: by key, the requests that this run left without answer.
        reasons: for each outcome among them, the first reason.
    """

    cache: AnswerCache
    budget: Budget
    progress: Callable[[int], None] = lambda _settled: None
    gaps: dict[str, Outcome] = field(default_factory=dict)
    reasons: dict[Outcome, str] = field(default_factory=dict)
    settled: int = 0

    def lookup(self, ask: Ask) -> Answer | Outcome | None:
        """Return what is known of a request."""
        return self.gaps.get(ask.key) or self.cache.get(ask.key)

    def take(self, ask: Ask) -> bool:
        """Reserve a request; one that does not fit the budget is remembered as not asked."""
        if self.budget.take(ask):
            return True
        self.miss(ask.key, Outcome.NOT_ASKED, "left out by --limit or --max-cost")
        return False

    def keep(self, ask: Ask, answer: Answer) -> None:
        """Keep an answer, at once."""
        self.cache.put(ask.key, answer)
        self.budget.give_back(ask, answer)

    def miss(self, key: str, outcome: Outcome, why: str) -> None:
        """Remember that a request stays without answer in this run."""
        self.gaps[key] = outcome
        self.reasons.setdefault(outcome, why)

    def settle(self, count: int) -> None:
        """Report ``count`` more texts as settled."""
        self.settled += count
        self.progress(self.settled)

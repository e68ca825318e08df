"""What a run would ask and cost, before it does."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from semtool.generation.llm.cache import Answer, AnswerCache
from semtool.generation.llm.costs import Price, message_tokens
from semtool.generation.llm.replay import may_ask, never, replay
from semtool.generation.llm.requests import Ask, Cell

__all__ = ["Plan", "plan"]

_TOKENS_PER_WORD = 4 / 3
_TOKENS_PER_KEY = 8


@dataclass(frozen=True)
class Plan:
    """The next calls of a run; tokens and cost are estimates, and questions asked again come on top.

    Attributes:
        texts: answers wanted in all (a filling of the attributes is one).
        there: those that need no call.
        calls: requests to send.
        cost_usd: None where no price is known.
        price_as_of: date of the price list; empty for a price given by the user.
    """

    texts: int
    there: int
    calls: int
    tokens_in: int
    tokens_out: int
    cost_usd: float | None
    price_as_of: str

    def details(self) -> dict[str, Any]:
        """Return the plan for ``--json``."""
        return {"plan": asdict(self)}


def plan(
    cells: Iterable[Cell],
    cache: AnswerCache,
    *,
    price: Price | None,
    batch: bool = False,
    limit: int | None = None,
) -> Plan:
    """Return what a run over ``cells`` would do, without opening a connection."""

    def lookup(ask: Ask) -> Answer | None:
        return cache.get(ask.key)

    texts = there = calls = tokens_in = tokens_out = 0
    for cell in cells:
        first = replay(cell, lookup, never)
        state = replay(cell, lookup, may_ask(first))
        wanted = len(state.wanted)
        if limit is not None:
            wanted = min(wanted, limit - calls)
        texts += cell.variants
        there += cell.variants - len(state.wanted)
        calls += wanted
        tokens_in += wanted * message_tokens(cell.messages, cell.schema)
        tokens_out += wanted * expected_answer(cell)
    cost = None if price is None else price.cost(tokens_in, tokens_out, batch=batch)
    return Plan(texts, there, calls, tokens_in, tokens_out, cost, price.as_of if price else "")


def expected_answer(cell: Cell) -> int:
    """Return about how many tokens an answer takes if it uses its words up."""
    if cell.granularity == "attribute":
        return _TOKENS_PER_KEY * len(cell.slots)
    return round(len(cell.slots) * (cell.spec.max_words * _TOKENS_PER_WORD + _TOKENS_PER_KEY))

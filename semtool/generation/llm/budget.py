"""How much may still be asked: a number of calls and an amount of money."""

from __future__ import annotations

from dataclasses import dataclass

from semtool.generation.llm.cache import Answer
from semtool.generation.llm.costs import Price, message_tokens
from semtool.generation.llm.requests import Ask

__all__ = ["Budget"]


@dataclass
class Budget:
    """Counts down while requests are sent.

    Attributes:
        calls: requests that may still be sent; None for any number.
        dollars: most that may be spent in this run; None for any amount. Then ``price`` must be known.
        asked: requests sent so far.
        spent: US dollars for the answers so far, as the server counts tokens.
    """

    calls: int | None = None
    dollars: float | None = None
    price: Price | None = None
    batch: bool = False
    asked: int = 0
    spent: float = 0.0
    _reserved: float = 0.0

    def take(self, ask: Ask) -> bool:
        """Reserve a request whose answer may use the whole token limit; False if that does not fit."""
        if self.calls is not None and self.asked >= self.calls:
            return False
        most = self._most(ask)
        if self.dollars is not None and self.spent + self._reserved + most > self.dollars:
            return False
        self.asked += 1
        self._reserved += most
        return True

    def give_back(self, ask: Ask, answer: Answer | None) -> None:
        """Settle a reserved request: with what its answer cost, or with nothing if none came."""
        self._reserved -= self._most(ask)
        if answer is not None and self.price is not None:
            tokens = max(answer.tokens_in, 0), max(answer.tokens_out, 0)
            self.spent += self.price.cost(*tokens, batch=self.batch)

    def _most(self, ask: Ask) -> float:
        if self.price is None:
            return 0.0
        return self.price.cost(
            message_tokens(ask.messages, ask.schema), ask.parameters["max_tokens"], batch=self.batch
        )

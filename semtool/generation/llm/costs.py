"""What a run will cost: tokens, estimated, times a list price, where one is known."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from semtool.catalogue.loader import read_yaml
from semtool.errors import UsageError

__all__ = ["Price", "known_price", "message_tokens", "parse_price", "text_tokens"]

_PER_MESSAGE = 4
"""Tokens that chat formats add around each message, about."""
_PER_CHARACTER = 0.25
"""Tokens per character of English, about. A tokeniser would be exact for one family of models only, and would
have to be downloaded before a dry run."""
_DATE = re.compile(r"-\d{4}-?\d{2}-?\d{2}$")


@dataclass(frozen=True)
class Price:
    """US dollars per million tokens, and the date at which the list was read (empty: given by the user)."""

    tokens_in: float
    tokens_out: float
    as_of: str = ""
    batch_discount: float = 0.5

    def cost(self, tokens_in: float, tokens_out: float, *, batch: bool = False) -> float:
        """Return the cost in US dollars."""
        factor = 1 - self.batch_discount if batch else 1.0
        return factor * (tokens_in * self.tokens_in + tokens_out * self.tokens_out) / 1e6


def known_price(model: str) -> Price | None:
    """Return the list price of ``model``, or None where it is not known."""
    table = _table()
    name = _DATE.sub("", model.rsplit("/", 1)[-1])
    entry = table["models"].get(name)
    if entry is None:
        return None
    return Price(entry["in"], entry["out"], table["as_of"], table["batch_discount"])


def parse_price(text: str) -> Price:
    """Return the price that ``IN/OUT`` names, in US dollars per million tokens."""
    try:
        tokens_in, tokens_out = (float(part) for part in text.split("/"))
    except ValueError:
        raise UsageError(
            f"the price {text!r} must have the form IN/OUT, dollars per million tokens: 0.15/0.60"
        ) from None
    if not (0 <= tokens_in < float("inf") and 0 <= tokens_out < float("inf")):
        raise UsageError(f"the price {text!r} must not be negative")
    return Price(tokens_in, tokens_out)


def message_tokens(messages: Sequence[Mapping[str, str]], schema: Mapping[str, Any]) -> int:
    """Return about how many tokens a request takes, its schema included."""
    said = sum(text_tokens(m["content"]) + _PER_MESSAGE for m in messages)
    return said + text_tokens(json.dumps(schema))


def text_tokens(text: str) -> int:
    """Return about how many tokens ``text`` has, from its length."""
    return max(1, round(len(text) * _PER_CHARACTER))


@cache
def _table() -> dict[str, Any]:
    return read_yaml(Path(__file__).parent / "prices.yaml")

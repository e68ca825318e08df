"""What a server understands, found out by asking it: how answers are held to a schema, which parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from semtool.generation.llm.requests import Ask

__all__ = ["FORMATS", "Dialect"]

FORMATS = ("json_schema", "json_object", "text")
"""Ways to get JSON, strictest first. Whatever the way, the answer is validated here."""
_OPTIONAL = ("temperature", "seed")


@dataclass(frozen=True)
class Dialect:
    """How requests to one server and model are written.

    Attributes:
        format: one of `FORMATS`.
        limit: the name under which the server takes the token limit.
        dropped: parameters that it does not take.
    """

    format: str = FORMATS[0]
    limit: str = "max_tokens"
    dropped: frozenset[str] = frozenset()

    def body(self, ask: Ask) -> dict[str, Any]:
        """Return the body of a chat completion request."""
        body: dict[str, Any] = {"model": ask.model, "messages": list(ask.messages)}
        for name, value in ask.parameters.items():
            if name not in self.dropped:
                body[self.limit if name == "max_tokens" else name] = value
        if self.format == "json_schema":
            form = {"name": "answer", "strict": True, "schema": ask.schema}
            body["response_format"] = {"type": "json_schema", "json_schema": form}
        elif self.format == "json_object":
            body["response_format"] = {"type": "json_object"}
        return body

    def without(self, complaint: Mapping[str, Any] | str) -> Dialect | None:
        """Return the dialect to try after the server refused with ``complaint``; None if none is left.

        A complaint that names a parameter is believed; any other is taken for the response format.
        """
        named = complaint.get("param") if isinstance(complaint, Mapping) else None
        said = f"{named or ''} {complaint}"
        if self.limit == "max_tokens" and "max_completion_tokens" in said:
            return replace(self, limit="max_completion_tokens")
        for name in _OPTIONAL:
            if name not in self.dropped and (named == name or f"'{name}'" in said or f'"{name}"' in said):
                return replace(self, dropped=self.dropped | {name})
        step = FORMATS.index(self.format) + 1
        return replace(self, format=FORMATS[step]) if step < len(FORMATS) else None

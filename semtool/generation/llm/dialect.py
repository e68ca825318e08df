"""What a server understands, found out by asking it: how answers are held to a schema, which parameters."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from semtool.generation.llm.questions import Request

__all__ = ["FORMATS", "Complaint", "Dialect", "read_complaint"]

FORMATS = ("json_schema", "json_object", "text")
"""Ways to get JSON, strictest first. Whatever the way, the answer is validated here."""
_LIMITS = ("max_tokens", "max_completion_tokens", "")
"""Names of the token limit; some servers take one, some the other, some none."""
_WORDING = {
    "temperature": r"temperature",
    "seed": r"seed",
    "max_tokens": r"max[_ -]?(?:(?:completion|output|new)[_ -]?)?tokens",
    "response_format": r"response[_ -]?format|json[_ -]?(?:schema|object|mode)|guided[_ -]?json"
    r"|structured[_ -]?outputs?|grammar|schema",
    "system": r"(?:system|developer)[_ '\"`-]*(?:roles?|messages?|prompts?|instructions?)"
    r"|roles?\W{1,5}(?:system|developer)",
}
"""How refusals name what a request holds."""
_NAMED = {
    name: re.compile(rf"(?<![a-z])(?:{words})(?![a-z])", re.IGNORECASE) for name, words in _WORDING.items()
}
_NAMING = ("param", "loc", "field")
"""Keys of an error body that say which parameter is meant."""
_SILENT = ("input", "ctx", "type", "code", "object", "status", "request", "url")
"""Keys of an error body that echo the request or classify the error."""


@dataclass(frozen=True)
class Complaint:
    """What a server says about a request.

    Attributes:
        said: its words.
        named: what it names of the request (keys of ``_WORDING``), the surest first.
    """

    said: str
    named: tuple[str, ...]


def read_complaint(text: str) -> Complaint:
    """Return what the body of an error says, whatever its shape: any JSON, HTML or text."""
    try:
        found = list(_strings(json.loads(text), ""))
    except (ValueError, RecursionError):
        tags = r"<(script|style)\b.*?</\1>|<[^>]*>"
        found = [("", html.unescape(re.sub(tags, " ", text[:20_000], flags=re.S | re.I)))]
    named = " ".join(words for key, words in found if key in _NAMING)
    said = [" ".join(words.split()) for key, words in found if key not in _NAMING]
    sentence = "; ".join(dict.fromkeys(filter(None, said)))
    return Complaint(sentence, (*dict.fromkeys([*_names(named), *_names(sentence)]),))


def _strings(value: Any, key: str) -> Iterator[tuple[str, str]]:
    """Yield key and words of everything in an error body that says something."""
    if isinstance(value, str):
        yield key, value
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item, key)
    elif isinstance(value, dict):
        for name, item in value.items():
            if key in ("errors", "details") and isinstance(item, list):  # {"errors": {"seed": ["unknown"]}}
                yield "param", name
            if name not in _SILENT:
                yield from _strings(item, name)


def _names(text: str) -> list[str]:
    """Return what ``text`` names, in its order."""
    found = [(match.start(), name) for name, pattern in _NAMED.items() if (match := pattern.search(text))]
    return [name for _, name in sorted(found)]


@dataclass(frozen=True)
class Dialect:
    """How requests to one server and model are written.

    Attributes:
        format: one of `FORMATS`.
        limit: the name under which the server takes the token limit; empty if it takes none.
        dropped: parameters that it does not take.
        system: whether it takes a system message; if not, the request begins with it.
    """

    format: str = FORMATS[0]
    limit: str = _LIMITS[0]
    dropped: frozenset[str] = frozenset()
    system: bool = True

    def body(self, request: Request) -> dict[str, Any]:
        """Return the body of a chat completion request."""
        messages = [dict(m) for m in request.messages]
        if not self.system:
            messages = [{"role": "user", "content": "\n\n".join(m["content"] for m in messages)}]
        body: dict[str, Any] = {"model": request.model, "messages": messages}
        for name, value in request.parameters.items():
            sent = self.limit if name == "max_tokens" else name
            if sent and name not in self.dropped:
                body[sent] = value
        if self.format == "json_schema":
            form = {"name": "answer", "strict": True, "schema": request.schema}
            body["response_format"] = {"type": "json_schema", "json_schema": form}
        elif self.format == "json_object":
            body["response_format"] = {"type": "json_object"}
        return body

    def without(self, complaint: Complaint) -> Dialect | None:
        """Return the dialect to try next; None if there is nothing left to leave out.

        What the complaint names is left out first. If it names nothing, the response format is taken to be
        meant, then temperature and seed together.
        """
        candidates = (self._without(name) for name in (*complaint.named, "response_format", "both"))
        return next((dialect for dialect in candidates if dialect != self), None)

    def _without(self, name: str) -> Dialect:
        if name == "response_format":
            return replace(self, format=_next(FORMATS, self.format))
        if name == "max_tokens":
            return replace(self, limit=_next(_LIMITS, self.limit))
        if name == "system":
            return replace(self, system=False)
        return replace(self, dropped=self.dropped | ({"temperature", "seed"} if name == "both" else {name}))

    @property
    def omitted(self) -> list[str]:
        """What requests are sent without, for the record."""
        limit, system = ["max_tokens"] * (not self.limit), ["system"] * (not self.system)
        return sorted([*self.dropped, *limit, *system])


def _next(steps: tuple[str, ...], now: str) -> str:
    """Return the step after ``now``; the last stays."""
    return steps[min(steps.index(now) + 1, len(steps) - 1)]

"""What a server understands, found out by asking it: how answers are held to a schema, which parameters."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Collection, Iterator
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
    name: re.compile(rf"(?P<quote>['\"`]?)(?<![a-z]){words}(?![a-z])", re.IGNORECASE)
    for name, words in _WORDING.items()
}
_NAMING = {
    "param",
    "params",
    "parameter",
    "parameters",
    "loc",
    "field",
    "argument",
    "property",
    "path",
    "pointer",
}
"""Keys of an error body that say which parameter is meant."""
_SAYING = {
    "message", "msg", "error", "errors", "detail", "details", "title", "reason", "description", "raw", "body",
    "error_description", "error_message", "error_msg", "errormessage", "cause", "fault", "faultstring",
    "statusmessage", "metadata", "response",
}  # fmt: skip
"""Keys of an error body that hold what it says; others may echo the request."""


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
        body: Any = json.loads(text)
    except (ValueError, RecursionError):
        body = html.unescape(
            re.sub(r"<(script|style)\b.*?</\1>|<[^>]*>", " ", text[:20_000], flags=re.S | re.I)
        )
    said: list[str] = []
    named: list[str] = []
    for kind, words in _strings(body, "message"):
        (named if kind == "param" else said).append(words)
    sentence = "; ".join(dict.fromkeys(" ".join(words.split()) for words in said if words.strip()))
    return Complaint(sentence, (*dict.fromkeys([*_names(" ".join(named)), *_names(sentence)]),))


def _strings(value: Any, key: str, depth: int = 0) -> Iterator[tuple[str, str]]:
    """Yield ("message" or "param", words) for everything in an error body that says something."""
    if depth > 8:
        return
    if isinstance(value, str):
        inner = None
        if value.lstrip().startswith(("{", "[")):
            try:
                inner = json.loads(value)
            except (ValueError, RecursionError):
                inner = None
        if inner is None:
            yield ("param" if key in _NAMING else "message"), value
        else:
            yield from _strings(inner, key, depth + 1)
    elif isinstance(value, list):
        for item in value[:50]:
            yield from _strings(item, key, depth + 1)
    elif isinstance(value, dict):
        for name, item in list(value.items())[:50]:
            plain = str(name).lower()
            if plain in _NAMING or plain in _SAYING:
                yield from _strings(item, plain, depth + 1)
            elif key in ("errors", "details") and not isinstance(item, dict):
                # {"errors": {"seed": ["unknown"]}}
                yield from _strings(str(name), "param", depth + 1)
                yield from _strings(item, "message", depth + 1)


def _names(text: str) -> list[str]:
    """Return what ``text`` names, quoted names first, then in the order of the text."""
    text = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", text)
    found = []
    for name, pattern in _NAMED.items():
        if matches := list(pattern.finditer(text)):
            best = min(matches, key=lambda m: (not m["quote"], m.start()))
            found.append((not best["quote"], best.start(), name))
    return [name for _, _, name in sorted(found)]


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

    def without(self, complaint: Complaint, innocent: Collection[str] = ()) -> tuple[Dialect, str] | None:
        """Return the dialect to try next, and what it leaves out; None if there is nothing left to leave out.

        What the complaint names is left out first, save ``innocent`` names. If it names nothing, the response
        format is taken to be meant, then temperature and seed together.
        """
        for name in (*(n for n in complaint.named if n not in innocent), "response_format", "both"):
            following = self._without(name)
            if following != self:
                return following, name
        return None

    def _without(self, name: str) -> Dialect:
        if name == "response_format":
            return replace(self, format=FORMATS[min(FORMATS.index(self.format) + 1, len(FORMATS) - 1)])
        if name == "max_tokens":
            return replace(self, limit=_LIMITS[min(_LIMITS.index(self.limit) + 1, len(_LIMITS) - 1)])
        if name == "system":
            return replace(self, system=False)
        return replace(self, dropped=self.dropped | ({"temperature", "seed"} if name == "both" else {name}))

    @property
    def omitted(self) -> list[str]:
        """What requests are sent without, for the record."""
        return sorted(
            [*self.dropped, *(() if self.limit else ("max_tokens",)), *(() if self.system else ("system",))]
        )

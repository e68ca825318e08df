"""The JSON schema that an answer is held to, and reading an answer against it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any

from semtool.generation.llm.rules import Outcome, RejectedError, without_control

__all__ = ["answer_rule", "enum_schema", "read_answer", "text_schema"]

MAX_OBJECTS = 1000
"""How many places of an answer are looked at for a JSON object."""
_NAME = (
    r"(?:\w+[:_])?(?:think(?:ing)?|thoughts?|reason(?:ing)?|reflect(?:ion)?|analysis|scratch_?pad|details)"
)
_THOUGHTS = re.compile(
    rf"<({_NAME})\b[^<>]{{0,80}}>.*?</\1>|\[({_NAME})\].*?\[/\2\]", re.IGNORECASE | re.DOTALL
)
"""What a model says aloud before or after its answer, where its marks are a pair."""


def text_schema(slots: Iterable[str]) -> dict[str, Any]:
    """Return the schema of an object with one string a slot and nothing else."""
    return _object({slot: {"type": "string"} for slot in slots})


def enum_schema(fields: Mapping[str, Iterable[str]]) -> dict[str, Any]:
    """Return the schema of an object with one of the allowed values for each field."""
    return _object({name: {"type": "string", "enum": list(values)} for name, values in fields.items()})


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def answer_rule(schema: Mapping[str, Any]) -> str:
    """Return the sentence that asks for the schema, for servers that cannot enforce one."""
    properties = schema["properties"]
    kind = "one of its allowed values" if any("enum" in p for p in properties.values()) else "a string"
    keys = ", ".join(f'"{name}"' for name in properties)
    return f"Answer with one JSON object and nothing else. Its keys, each with {kind}: {keys}."


def read_answer(text: str, schema: Mapping[str, Any]) -> tuple[dict[str, str], bool]:
    """Return the values of an answer by key, in the schema's order, and whether it had to be repaired.

    Of several objects the last that has all keys counts: drafts, and thoughts whose marks nobody knows, come
    before it. Repairs change no wording: prose or a code fence around the object, objects around it, the case
    and punctuation of keys and of enum values, surplus keys, a list of sentences in place of a string,
    control characters.

    Raises:
        RejectedError: ``empty``, ``invalid-json`` or ``missing-slot``.
    """
    said = _THOUGHTS.sub("", text).strip()
    if not said:
        raise RejectedError(Outcome.EMPTY)
    properties = schema["properties"]
    wanted = {_plain(name): name for name in properties}
    given, repaired = _given(said, wanted)
    values = {}
    for name, rule in properties.items():
        value, changed = _value(given[name], rule)
        values[name] = value
        repaired = repaired or changed
    empty = [name for name, value in values.items() if not any(c.isalnum() for c in value)]
    if empty:
        raise RejectedError(Outcome.EMPTY if len(empty) == len(values) else Outcome.MISSING_SLOT)
    return values, repaired


def _given(said: str, wanted: Mapping[str, str]) -> tuple[dict[str, Any], bool]:
    """Return the raw values by the schema's names, and whether they had to be looked for."""
    text = said
    with suppress(ValueError, RecursionError):
        if isinstance(inner := json.loads(said), str):  # JSON in JSON
            text = inner
    values = list(_json_values(text))
    for value in reversed(values):
        if given := _last_fitting(value, wanted):
            alone = len(values) == 1 and said.startswith("{") and said.endswith("}")
            return given, not alone or set(value) != set(wanted.values())
    raise RejectedError(Outcome.MISSING_SLOT if values else Outcome.INVALID_JSON)


def _json_values(said: str) -> Iterator[Any]:
    """Yield the objects that stand somewhere in a text."""
    decoder = json.JSONDecoder(strict=False)
    at = said.find("{")
    for _ in range(MAX_OBJECTS):
        if at < 0:
            return
        try:
            value, end = decoder.raw_decode(said, at)
        except (ValueError, RecursionError):
            end = at + 1
        else:
            yield value
        at = said.find("{", end)


def _last_fitting(value: Any, wanted: Mapping[str, str], depth: int = 0) -> dict[str, Any] | None:
    """Return the values of the last object, at most a few levels down, that has every key."""
    if isinstance(value, dict):
        given = {wanted[_plain(k)]: v for k, v in value.items() if _plain(k) in wanted}
        if len(given) == len(wanted):
            return given
        value = list(value.values())
    fitting = None
    if isinstance(value, list) and depth < 5:
        for inner in value[:MAX_OBJECTS]:
            fitting = _last_fitting(inner, wanted, depth + 1) or fitting
    return fitting


def _value(raw: Any, rule: Mapping[str, Any]) -> tuple[str, bool]:
    repaired = False
    if isinstance(raw, list) and raw and all(isinstance(part, str) for part in raw):
        raw, repaired = " ".join(raw), True
    if raw is None:
        return "", repaired
    if not isinstance(raw, str):
        raise RejectedError(Outcome.MISSING_SLOT)
    shown = without_control(raw)
    text, repaired = " ".join(shown.split()), repaired or shown != raw
    if "enum" not in rule:
        return text, repaired
    allowed = {_plain(value): value for value in rule["enum"]}
    if _plain(text) not in allowed:
        raise RejectedError(Outcome.MISSING_SLOT)
    value = allowed[_plain(text)]
    return value, repaired or value != text


def _plain(name: str) -> str:
    return re.sub(r"[^\w]+|_", "", name.casefold())

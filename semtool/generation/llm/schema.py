"""The JSON schema that an answer is held to, and reading an answer against it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from semtool.generation.llm.outcomes import Outcome, RejectedError

__all__ = ["answer_rule", "enum_schema", "read_answer", "text_schema"]

_THOUGHT = re.compile(r"<think>.*?(</think>|\Z)", re.DOTALL)


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

    Repairs change no wording: prose or a code fence around the object, one wrapping key, the case and
    punctuation of keys and of enum values, surplus keys, a list of sentences in place of a string.

    Raises:
        RejectedError: ``empty``, ``invalid-json`` or ``missing-slot``.
    """
    text = _THOUGHT.sub("", text).strip()
    if not text:
        raise RejectedError(Outcome.EMPTY)
    found, repaired = _object_in(text)
    properties = schema["properties"]
    wanted = {_plain(name): name for name in properties}
    while len(found) == 1 and not (set(map(_plain, found)) & set(wanted)):
        inner = next(iter(found.values()))
        if not isinstance(inner, dict):
            break
        found, repaired = inner, True
    given = {wanted[_plain(k)]: v for k, v in found.items() if _plain(k) in wanted}
    if set(properties) - set(given):
        raise RejectedError(Outcome.MISSING_SLOT)
    repaired = repaired or list(found) != [k for k in found if k in properties]
    values = {}
    for name, rule in properties.items():
        value, changed = _value(given[name], rule)
        values[name] = value
        repaired = repaired or changed
    empty = [name for name, value in values.items() if not any(c.isalnum() for c in value)]
    if empty:
        raise RejectedError(Outcome.EMPTY if len(empty) == len(values) else Outcome.MISSING_SLOT)
    return values, repaired


def _object_in(text: str) -> tuple[dict[str, Any], bool]:
    """Return the JSON object that ``text`` is or contains, and whether it had to be looked for."""
    try:
        found, repaired = json.loads(text), False
    except (ValueError, RecursionError):
        begin, end = text.find("{"), text.rfind("}")
        try:
            found, repaired = json.loads(text[begin : end + 1], strict=False), True
        except (ValueError, RecursionError):
            raise RejectedError(Outcome.INVALID_JSON) from None
    if isinstance(found, list) and len(found) == 1:
        found, repaired = found[0], True
    if not isinstance(found, dict):
        raise RejectedError(Outcome.INVALID_JSON)
    return found, repaired


def _value(raw: Any, rule: Mapping[str, Any]) -> tuple[str, bool]:
    repaired = False
    if isinstance(raw, list) and raw and all(isinstance(part, str) for part in raw):
        raw, repaired = " ".join(raw), True
    if raw is None:
        return "", repaired
    if not isinstance(raw, str):
        raise RejectedError(Outcome.MISSING_SLOT)
    text = " ".join(raw.split())
    if "enum" not in rule:
        return text, repaired
    allowed = {_plain(value): value for value in rule["enum"]}
    if _plain(text) not in allowed:
        raise RejectedError(Outcome.MISSING_SLOT)
    value = allowed[_plain(text)]
    return value, repaired or value != text


def _plain(name: str) -> str:
    return re.sub(r"[^\w]+|_", "", name.casefold())

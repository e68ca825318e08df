"""Every problem of a data set's file at once: what hides behind the first ones shows without them."""

from __future__ import annotations

import copy
from typing import Any

from pydantic import ValidationError

from semtool.catalogue.dataset import Dataset

__all__ = ["all_problems"]

MAX_ROUNDS = 10


def all_problems(raw: dict[str, Any], error: ValidationError) -> list[str]:
    """Return one sentence for each problem of ``raw``, of which validating found ``error`` first."""
    found: dict[str, None] = {}
    rest = copy.deepcopy(raw)
    for _ in range(MAX_ROUNDS):
        changed = False
        for problem in error.errors():
            place = problem["loc"]
            message = problem["msg"].removeprefix("Value error, ")
            found[f"{'.'.join(str(p) for p in place)}: {message}" if place else message] = None
            changed |= _leave_out(rest, place)
        if not changed:
            break
        try:
            Dataset.model_validate(rest)
            break
        except ValidationError as behind:
            error = behind
    return list(found)


def _leave_out(raw: dict[str, Any], place: tuple[int | str, ...]) -> bool:
    """Take the faulty entry out of ``raw``; a class or the name is replaced, as the rest refers to it."""
    match place:
        case ("name",):
            raw["name"] = "faulty-name"
            return True
        case ("classes", int(index), *_):
            entry = raw["classes"][index]
            number = entry.get("id") if isinstance(entry, dict) else index
            raw["classes"][index] = {
                "id": number if isinstance(number, int) and number >= 0 else index,
                "name": f"faulty class {index}",
            }
            return True
        case (str(group), str(name), *_) if isinstance(raw.get(group), dict):
            return raw[group].pop(name, None) is not None
        case (str(key), *_) if key != "classes":
            return raw.pop(key, None) is not None
    return False

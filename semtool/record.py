"""Records: what a file holds, field by field, checked when it is read."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, ValidationError

__all__ = ["Record", "faults"]


class Record(BaseModel):
    """A record that is not changed; a field that it does not have is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


def faults(error: ValidationError, whole: str = "") -> list[str]:
    """Return one ``place: what is wrong`` for each fault; ``whole`` names the place of one that has none."""
    found = []
    for fault in error.errors():
        place = ".".join(map(str, fault["loc"])) or whole
        message = fault["msg"].removeprefix("Value error, ")
        found.append(f"{place}: {message}" if place else message)
    return found

"""Published rows of a split family, with what is known of each; the numbers are data (``published.yaml``)."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Literal

import yaml
from pydantic import Field

from semtool.errors import unknown_name
from semtool.record import Record

__all__ = ["PublishedRow", "Values", "families", "published"]

Values = dict[str, dict[str, float]]


class PublishedRow(Record):
    """A row: per cent by data set and class split, and what decides whether it may stand beside others."""

    method: str
    features: str = "not said"
    selected: Literal["", "epoch", "settings"] = ""
    transductive: bool = False
    secondary: bool = False
    reproduced: bool = False
    part: Literal["", "test", "all"] = ""
    zsl: Values
    h: Values = Field(default_factory=dict)

    @property
    def marks(self) -> str:
        """What is known of the row, in words."""
        known = (
            (self.reproduced, "reproduced by us, 3 seeds"),
            (not self.reproduced and not self.secondary, "quoted"),
            (self.secondary, "quoted from another paper"),
            (bool(self.selected), f"{self.selected} chosen on test"),
            (self.transductive, "transductive"),
            (True, {"test": "test part", "all": "all samples", "": "part not said"}[self.part]),
        )
        return ", ".join(word for holds, word in known if holds)


def families() -> tuple[str, ...]:
    """Return the split families that have a table."""
    return tuple(_all())


def published(family: str) -> list[PublishedRow]:
    """Return the published rows of a split family; an unknown family is refused."""
    if family not in _all():
        raise unknown_name("table", family, _all())
    return _all()[family]


@cache
def _all() -> dict[str, list[PublishedRow]]:
    text = resources.files(__package__).joinpath("published.yaml").read_text(encoding="utf-8")
    raw = yaml.safe_load(text)
    return {family: [PublishedRow.model_validate(row) for row in rows] for family, rows in raw.items()}

"""The attribute vocabulary: typed fields with allowed values, read from ``vocabulary.yaml``."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, cached_property
from pathlib import Path
from typing import Literal

import pydantic

from semtool.catalogue.loader import read_yaml
from semtool.record import Record

__all__ = ["Field", "Value", "Vocabulary", "load_vocabulary"]


class Value(Record):
    """One allowed value: what it ``means`` (for whoever fills it in) and what it ``says`` (one sentence)."""

    means: str
    says: str
    default: bool = False


class Field(Record):
    """One typed field. The values of an ``ordered`` field are steps of a scale, lowest first.

    ``part`` is the body part that it speaks of, None for the whole body. No text depends on it, so manifests,
    which name the vocabulary that a text was made from, leave it out.
    """

    about: str
    kind: Literal["ordered", "nominal"]
    part: Literal["head", "arms", "torso", "legs"] | None = pydantic.Field(default=None, exclude=True)
    values: dict[str, Value]

    @cached_property
    def default(self) -> str:
        """The value that applies where a class leaves the field out: the body at rest."""
        return next(name for name, value in self.values.items() if value.default)


class Vocabulary(Record):
    """All fields, in their order."""

    fields: dict[str, Field]

    def problems(self, attributes: Mapping[str, str]) -> list[str]:
        """Return one sentence for each field or value that the vocabulary does not know."""
        found = []
        for name, value in attributes.items():
            if name not in self.fields:
                found.append(f"unknown attribute {name!r}")
            elif value not in self.fields[name].values:
                found.append(f"attribute {name!r} cannot be {value!r}")
        return found

    def complete(self, attributes: Mapping[str, str]) -> dict[str, str]:
        """Return all fields in the vocabulary's order; what is left out has its default."""
        return {name: attributes.get(name, field.default) for name, field in self.fields.items()}

    def agreement(self, one: Mapping[str, str], other: Mapping[str, str]) -> float:
        """Return how far two classes agree, 0 to 1, averaged over fields.

        Nominal values agree or do not; steps of an ordered field agree by ``1 - |a - b| / most``. It is the
        cosine of the classes' attribute codes.

        Args:
            one: attributes of a class, field -> value; a field that is left out has its default.
            other: those of the other class.
        """
        mine, theirs = self.complete(one), self.complete(other)
        total = 0.0
        for name, field in self.fields.items():
            a, b = mine[name], theirs[name]
            if field.kind == "nominal":
                total += a == b
            else:
                steps = list(field.values)
                total += 1 - abs(steps.index(a) - steps.index(b)) / (len(steps) - 1)
        return total / len(self.fields)


@cache
def load_vocabulary() -> Vocabulary:
    """Return the vocabulary that the package carries."""
    raw = read_yaml(Path(__file__).parent / "vocabulary.yaml")
    return Vocabulary(fields=raw["fields"])

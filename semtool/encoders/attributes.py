"""Attribute codes: the typed kinematic facts of a class as numbers, each axis named; no text model.

Every field becomes a block of unit length, so that every field weighs the same:

- a nominal field is one-hot: two classes agree (1) or do not (0);
- an ordered field with values ``v_0 < ... < v_k`` is a two-sided thermometer: for each step ``i`` the axes
  ``field<v_i`` and ``field>=v_i``, of which one is set, divided by ``sqrt(k)``. Two classes agree by
  ``1 - |a - b| / k``: 1 for the same step, 0 for opposite ends.

The cosine of two classes is therefore the average agreement over all fields.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from semtool.catalogue import load_vocabulary
from semtool.disk import digest
from semtool.encoders.base import Card, Encoder, Progress, short
from semtool.errors import SemtoolError

__all__ = ["AttributeEncoder", "blocks", "choose", "parse_codes", "probabilities"]

Matrix = NDArray[np.float32]


class AttributeEncoder(Encoder):
    """Reads the ``attribute``/``codes`` row of a class (``arms=one; side=right; ...``)."""

    family: ClassVar[str] = "attributes"
    aliases: ClassVar[Mapping[str, str]] = {"attributes": ""}
    reads: ClassVar[Literal["text", "codes", "either"]] = "codes"

    @property
    def card(self) -> Card:
        """The identity card; the revision is a checksum of the vocabulary's fields and values."""
        shape = {name: [field.kind, *field.values] for name, field in load_vocabulary().fields.items()}
        return Card(
            name="attributes",
            family=self.family,
            model="vocabulary",
            revision=digest(shape)[:16],
            dim=len(self.dimension_names()),
            pooling="two-sided thermometer and one-hot",
            licence="Apache-2.0",
            note=f"{len(shape)} fields; the cosine of two classes is the average agreement of their fields",
        )

    def encode(self, texts: Sequence[str], *, progress: Progress | None = None) -> NDArray[np.float32]:
        """Return one vector a row of codes, float32 (n, d)."""
        rows = []
        for text in texts:
            values = parse_codes(text)
            if problems := load_vocabulary().problems(values):
                raise SemtoolError(f"attribute codes {short(text)!r}: {'; '.join(problems)}")
            complete = load_vocabulary().complete(values)
            rows.append([number for name, value in complete.items() for number in _axes()[name][1][value]])
        if progress:
            progress(len(texts), len(texts))
        return np.array(rows, dtype=np.float32).reshape(len(rows), len(self.dimension_names()))

    def dimension_names(self) -> tuple[str, ...]:
        """Return the names of the axes: ``field=value`` or ``field<value`` and ``field>=value``."""
        return tuple(axis for axes, _ in _axes().values() for axis in axes)


@cache
def _axes() -> dict[str, tuple[list[str], dict[str, list[float]]]]:
    """Return for each field the names of its axes, and the numbers that stand for each of its values."""
    found = {}
    for name, field in load_vocabulary().fields.items():
        values = list(field.values)
        if field.kind == "nominal":
            axes = [f"{name}={value}" for value in values]
            codes = {value: [float(value == other) for other in values] for value in values}
        else:
            axes = [f"{name}{side}{value}" for value in values[1:] for side in ("<", ">=")]
            size, steps = (len(values) - 1) ** -0.5, range(1, len(values))
            codes = {
                value: [size * side for step in steps for side in (at < step, at >= step)]
                for at, value in enumerate(values)
            }
        found[name] = (axes, codes)
    return found


@cache
def blocks() -> dict[str, tuple[slice, bool]]:
    """Return for each field its axes in a code, and whether its values are ordered."""
    found, at = {}, 0
    for name, (axes, _) in _axes().items():
        found[name] = (slice(at, at + len(axes)), load_vocabulary().fields[name].kind == "ordered")
        at += len(axes)
    return found


def probabilities(block: Matrix, ordered: bool) -> Matrix:
    """Return (n, values) from the axes of one field (n, width), in a code or as predicted."""
    if not ordered:
        p = np.clip(block, 1e-6, None)
        return np.asarray(p / p.sum(axis=1, keepdims=True), dtype=np.float32)
    steps = block.shape[1] // 2
    at_least = np.minimum.accumulate(np.clip(block[:, 1::2] * steps**0.5, 0, 1), axis=1)
    edges = np.pad(at_least, ((0, 0), (1, 1)), constant_values=((0, 0), (1, 0)))
    return np.asarray(-np.diff(edges, axis=1), dtype=np.float32)


def choose(p: Matrix, ordered: bool) -> NDArray[np.int64]:
    """Return the likeliest value (n,); of an ordered field the median, which errs by the fewest steps."""
    pick = (p.cumsum(axis=1) < 0.5).sum(axis=1) if ordered else p.argmax(axis=1)
    return np.asarray(np.minimum(pick, p.shape[1] - 1), dtype=np.int64)


def parse_codes(text: str) -> dict[str, str]:
    """Read ``field=value; field=value``.

    Raises:
        SemtoolError: if a part has no value or a field appears twice.
    """
    found: dict[str, str] = {}
    for part in filter(None, (p.strip() for p in text.split(";"))):
        name, equals, value = (p.strip() for p in part.partition("="))
        if not equals or not name or not value:
            raise SemtoolError(f"attribute codes {short(text)!r}: {part!r} is not field=value")
        if name in found:
            raise SemtoolError(f"attribute codes {short(text)!r}: field {name!r} appears twice")
        found[name] = value
    return found

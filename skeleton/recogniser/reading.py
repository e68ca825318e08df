"""Attribute codes and words: what codes say, field by field, and codes of what is said."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from semtool.catalogue import Vocabulary, load_vocabulary
from semtool.encoders import find_encoder, worded

__all__ = ["Reading", "code", "overruled", "read", "spans"]

Matrix = NDArray[np.float32]


@dataclass(frozen=True)
class Reading:
    """What codes say of one field: its value, how sure (0 to 1), and the sentence for it."""

    field: str
    value: str
    confidence: float
    sentence: str


def code(attributes: Sequence[Mapping[str, str]]) -> Matrix:
    """Return the codes (n, D) of attributes (field -> value; what is left out is at rest)."""
    complete = load_vocabulary().complete
    texts = ["; ".join(f"{k}={v}" for k, v in complete(a).items()) for a in attributes]
    return np.asarray(find_encoder("attributes").encode(texts), np.float32)


def read(codes: Matrix) -> dict[str, Reading]:
    """Return what one vector of codes (D,) says most likely, by field."""
    vocabulary = load_vocabulary()
    found = {}
    for name, span in spans().items():
        field = vocabulary.fields[name]
        values = list(field.values)
        chance = _chances(codes[span], field.kind == "ordered", len(values))
        at = int(chance.argmax())
        found[name] = Reading(name, values[at], float(chance[at]), field.values[values[at]].says)
    return found


def overruled(codes: Matrix, text: str) -> Matrix:
    """Return codes (D,) in which the words of a text that decide a field have decided it."""
    decided = worded(text)
    if not decided:
        return codes
    stated = code([decided])[0]
    made = codes.copy()
    for name in decided:
        made[spans()[name]] = stated[spans()[name]]
    return made


@cache
def spans() -> dict[str, slice]:
    """Return the columns of each field."""
    return dict(_spans(load_vocabulary()))


def _spans(vocabulary: Vocabulary) -> Iterator[tuple[str, slice]]:
    start = 0
    for name, field in vocabulary.fields.items():
        width = len(field.values) if field.kind == "nominal" else 2 * (len(field.values) - 1)
        yield name, slice(start, start + width)
        start += width


def _chances(codes: Matrix, ordered: bool, count: int) -> NDArray[np.float64]:
    """Return the chance of each value: a thermometer's steps are chances of at least so much."""
    if not ordered:
        chance = np.clip(codes.astype(np.float64), 0, None)
    else:
        least = np.minimum.accumulate(np.clip(codes[1::2] * np.sqrt(count - 1), 0, 1).astype(np.float64))
        steps = np.concatenate([[1.0], least, [0.0]])
        chance = steps[:-1] - steps[1:]
    return np.asarray((chance + 1e-6) / (chance + 1e-6).sum())

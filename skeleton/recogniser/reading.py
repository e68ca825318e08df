"""Attribute codes and words: what codes say, field by field, and codes of what is said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from semtool.catalogue import load_vocabulary
from semtool.encoders import blocks, find_encoder, probabilities, worded

__all__ = ["Reading", "code", "overruled", "read"]

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
    found = {}
    for name, (span, ordered) in blocks().items():
        values = load_vocabulary().fields[name].values
        chance = probabilities(codes[None, span], ordered)[0]
        value = list(values)[int(chance.argmax())]
        found[name] = Reading(name, value, float(chance.max()), values[value].says)
    return found


def overruled(codes: Matrix, text: str) -> Matrix:
    """Return codes (D,) in which the words of a text that decide a field have decided it."""
    decided = worded(text)
    if not decided:
        return codes
    stated = code([decided])[0]
    made = codes.copy()
    for name in decided:
        span, _ = blocks()[name]
        made[span] = stated[span]
    return made

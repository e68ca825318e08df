"""What servers answer when they are asked for vectors, read as it is meant or refused."""

from __future__ import annotations

import base64
import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["read_vectors"]


def read_vectors(answer: Any, wanted: int) -> NDArray[np.float32]:
    """Return the vectors of an answer in the order of the texts, float32 (n, d).

    Args:
        answer: the body as parsed JSON, or text that is none.
        wanted: number n of texts that were asked for.

    Raises:
        ValueError: if the answer cannot be matched with the texts; one sentence.
    """
    items = answer.get("data") if isinstance(answer, dict) else None
    if not isinstance(items, list):
        shown = answer if isinstance(answer, str) else json.dumps(answer, ensure_ascii=False)
        raise ValueError(f"the answer holds no vectors: {shown[:200]}")
    if len(items) != wanted:
        raise ValueError(f"it answered {len(items)} vectors for {wanted} texts")
    if not all(isinstance(item, dict) for item in items):
        raise ValueError("the entries of the answer are no records")
    rows = _order([item.get("index") for item in items])
    vectors = [_vector(item.get("embedding")) for item in items]
    if len({len(vector) for vector in vectors}) > 1:
        raise ValueError("it answered vectors of different lengths")
    out = np.empty((wanted, len(vectors[0])), dtype=np.float32)
    out[rows] = vectors
    return out


def _order(given: list[Any]) -> list[int]:
    """Return the text that each entry belongs to.

    Without a usable ``index`` (none, or the same everywhere) that is the order of the answer. A server that
    leaves out a zero, or counts from 1, is understood; anything else contradicts itself.
    """
    n = len(given)
    indices = [_number(value) for value in given]
    known = [i for i in indices if i is not None]
    if not known or n == 1 or (len(known) == n and len(set(known)) == 1):
        return list(range(n))
    for first in (0, 1):
        if sorted(known) == list(range(first, n + first)):
            return [i - first for i in known]
    if sorted(known) == list(range(1, n)):  # one lacks: zero, which some servers do not write
        return [i or 0 for i in indices]
    for first in (0, 1):
        if all(i is None or i == row + first for row, i in enumerate(indices)):
            return list(range(n))
    shown = ", ".join("none" if value is None else str(value)[:20] for value in given[:8])
    raise ValueError(f"the index of its vectors contradicts itself: {shown}{', ...' if n > 8 else ''}")


def _number(value: Any) -> int | None:
    if value is None:
        return None
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = float("nan")
    if isinstance(value, bool) or not number.is_integer():
        raise ValueError(f"the index of a vector is {str(value)[:20]!r}, not a number")
    return int(number)


def _vector(value: Any) -> NDArray[np.float32]:
    """Return one vector: a list of numbers, or base64 of little-endian float32."""
    try:
        if isinstance(value, str):
            vector = np.frombuffer(base64.b64decode(value, validate=True), dtype="<f4")
        else:
            vector = np.asarray(value, dtype=np.float32)
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError("one of its vectors is neither a list of numbers nor base64 of float32") from error
    if vector.ndim == 2 and len(vector) == 1:
        vector = vector[0]
    if vector.ndim != 1 or not len(vector):
        raise ValueError(f"one of its vectors has the shape {vector.shape}, not (d,)")
    return vector.astype(np.float32)

"""From Python values to what a page can hold: small numbers, and JSON that cannot end its script element."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from semtool.errors import SemtoolError

__all__ = ["embedded_json", "missing", "pack_bytes", "quantise", "said"]


def missing(sentence: str) -> dict[str, str]:
    """Return what stands in for a part of the report that cannot be made."""
    return {"missing": " ".join(sentence.split())}


def said(error: BaseException, root: Path) -> str:
    """Return what an error says, as part of a sentence and without the folder of the store."""
    text = str(error) if isinstance(error, SemtoolError) else f"{type(error).__name__} {error}"
    for folder in (root.resolve(), root):
        text = text.replace(f"{folder}/", "").replace(str(folder), "the store")
    return text.rstrip(".")


def quantise(values: NDArray[np.floating[Any]]) -> dict[str, Any]:
    """Return an array as bytes between its least and its greatest value: ``{low, high, data}`` (base64)."""
    found = np.asarray(values, dtype=np.float64)
    low, high = (float(found.min()), float(found.max())) if found.size else (0.0, 0.0)
    step = (high - low) / 255 or 1.0
    return {"low": round(low, 5), "high": round(high, 5), "data": pack_bytes(np.rint((found - low) / step))}


def pack_bytes(values: NDArray[Any]) -> str:
    """Return numbers from 0 to 255 as base64, in C order."""
    return base64.b64encode(np.ascontiguousarray(values, dtype=np.uint8).tobytes()).decode("ascii")


def embedded_json(value: Any) -> str:
    """Return JSON for a script element: no ``<``, ``>`` or ``&`` in it, so no text can close the element.

    The line separators of JavaScript are escaped too; keys keep their order, so equal values give equal
    bytes.
    """
    text = json.dumps(_finite(value), ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for char in "<>&\u2028\u2029":
        text = text.replace(char, f"\\u{ord(char):04x}")
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _finite(value: Any) -> Any:
    """Return a value with numpy numbers as Python's, and null for what is not finite."""
    if isinstance(value, dict):
        return {str(k): _finite(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(v) for v in value]
    if isinstance(value, np.ndarray):
        return _finite(value.tolist())
    if isinstance(value, np.generic):
        return _finite(value.item())
    if isinstance(value, float) and not np.isfinite(value):
        return None
    return value

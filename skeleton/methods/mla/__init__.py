"""MLA, multi-level alignment: the method of the paper."""

from __future__ import annotations

from typing import TYPE_CHECKING

from semtool.lazy import door

if TYPE_CHECKING:
    from skeleton.methods.mla.model import MLA
    from skeleton.methods.mla.streams import Stream

__all__ = [
    "MLA",
    "Stream",
]

__getattr__, __dir__ = door(
    __name__,
    {
        "MLA": "skeleton.methods.mla.model",
        "Stream": "skeleton.methods.mla.streams",
    },
)

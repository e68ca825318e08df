"""MLA, multi-level alignment: the method of the paper."""

from __future__ import annotations

from typing import TYPE_CHECKING

from semtool.lazy import door

if TYPE_CHECKING:
    from skeleton.methods.mla.method import MLAMethod, MLASettings
    from skeleton.methods.mla.model import MLA
    from skeleton.methods.mla.scorer import MLAScorer

__all__ = ["MLA", "MLAMethod", "MLAScorer", "MLASettings"]

__getattr__, __dir__ = door(__name__, __file__)

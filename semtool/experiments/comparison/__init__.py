"""What differs: paired differences between texts, their intervals and what they mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

from semtool.lazy import door

if TYPE_CHECKING:
    from semtool.experiments.comparison.comparing import compare
    from semtool.experiments.comparison.comparison import Comparison

__all__ = [
    "Comparison",
    "compare",
]

__getattr__, __dir__ = door(
    __name__,
    {
        "Comparison": "semtool.experiments.comparison.comparison",
        "compare": "semtool.experiments.comparison.comparing",
    },
)

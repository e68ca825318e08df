"""Texts measured by training: grids of runs, comparisons of texts, the page that reports them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from semtool.lazy import door

if TYPE_CHECKING:
    from semtool.experiments.comparison.comparing import compare
    from semtool.experiments.comparison.comparison import Comparison
    from semtool.experiments.grid.sweeping import sweep
    from semtool.experiments.optimisation.optimising import Optimisation, optimise

__all__ = [
    "Comparison",
    "Optimisation",
    "compare",
    "optimise",
    "sweep",
]

__getattr__, __dir__ = door(
    __name__,
    {
        "Comparison": "semtool.experiments.comparison.comparison",
        "compare": "semtool.experiments.comparison.comparing",
        **dict.fromkeys(("Optimisation", "optimise"), "semtool.experiments.optimisation.optimising"),
        "sweep": "semtool.experiments.grid.sweeping",
    },
)

"""Texts measured by training: grids of runs, comparisons of texts, the page that reports them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from semtool.lazy import door

if TYPE_CHECKING:
    from semtool.experiments.board import board as leaderboard
    from semtool.experiments.comparison import Comparison, compare
    from semtool.experiments.grid import sweep
    from semtool.experiments.measured import GENERALISED, RULES, part_named, rule_named
    from semtool.experiments.optimisation import Optimisation, optimise
    from semtool.experiments.sharing import pull_run, push_run
    from semtool.experiments.tables import marks, per_cent

__all__ = [
    "Comparison",
    "Optimisation",
    "compare",
    "optimise",
    "sweep",
]

__getattr__, __dir__ = door(__name__, __file__)

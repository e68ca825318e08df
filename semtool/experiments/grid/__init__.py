"""What is run: texts x encoders x data sets x class splits x settings x seeds, as cells and jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from semtool.lazy import door

if TYPE_CHECKING:
    from semtool.experiments.grid.cells import Cell, Grid
    from semtool.experiments.grid.running import run_grid
    from semtool.experiments.grid.sweeping import sweep

__all__ = [
    "Cell",
    "Grid",
    "run_grid",
    "sweep",
]

__getattr__, __dir__ = door(
    __name__,
    {
        "Grid": "semtool.experiments.grid.cells",
        "Cell": "semtool.experiments.grid.cells",
        "run_grid": "semtool.experiments.grid.running",
        "sweep": "semtool.experiments.grid.sweeping",
    },
)

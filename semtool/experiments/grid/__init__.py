"""What is run: texts x encoders x data sets x class splits x settings x seeds, as cells and jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from semtool.lazy import door

if TYPE_CHECKING:
    from semtool.experiments.grid.cells import Cell, CellRuns, Grid, Setting, ways_to_train
    from semtool.experiments.grid.estimating import estimate_grid
    from semtool.experiments.grid.running import embed_cells, run_grid, unfinished
    from semtool.experiments.grid.sweep_file import SweepFile, Words, read_sweep
    from semtool.experiments.grid.sweeping import SweepResult, grid_of, sweep
    from semtool.experiments.grid.texts import Target, Text, dataset_of, find_texts, keep

__all__ = [
    "Cell",
    "Grid",
    "run_grid",
    "sweep",
]

__getattr__, __dir__ = door(__name__, __file__)

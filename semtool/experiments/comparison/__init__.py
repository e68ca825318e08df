"""What differs: paired differences between texts, their intervals and what they mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

from semtool.lazy import door

if TYPE_CHECKING:
    from semtool.experiments.comparison.ablation import WITHOUT
    from semtool.experiments.comparison.comparing import compare
    from semtool.experiments.comparison.comparison import (
        FILE,
        FOLDER,
        Comparison,
        Result,
        comparison_names,
    )
    from semtool.experiments.comparison.foreign import compare_predictions
    from semtool.experiments.comparison.tables import (
        class_table,
        difference_views,
        result_views,
        write_tables,
    )

__all__ = [
    "Comparison",
    "compare",
]

__getattr__, __dir__ = door(__name__, __file__)

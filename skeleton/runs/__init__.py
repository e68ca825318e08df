"""Runs: training, evaluation and use of a method on one class split, each in a folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from semtool.lazy import door

if TYPE_CHECKING:
    from skeleton.runs.ablation import ablate
    from skeleton.runs.classification import ZeroShotClassifier
    from skeleton.runs.reevaluation import evaluate
    from skeleton.runs.training import train

__all__ = [
    "ZeroShotClassifier",
    "ablate",
    "evaluate",
    "train",
]

__getattr__, __dir__ = door(
    __name__,
    {
        "train": "skeleton.runs.training",
        "evaluate": "skeleton.runs.reevaluation",
        "ablate": "skeleton.runs.ablation",
        "ZeroShotClassifier": "skeleton.runs.classification",
    },
)

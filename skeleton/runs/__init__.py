"""Runs: training, evaluation and use of a method on one class split, each in a folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from semtool.lazy import door

if TYPE_CHECKING:
    from skeleton.runs.ablation import ablate
    from skeleton.runs.classification import ZeroShotClassifier
    from skeleton.runs.folder import Run, newest_run, open_run, read_metrics, seed_folder
    from skeleton.runs.planning import PlannedRun, plan_run
    from skeleton.runs.records import Metrics, Summary
    from skeleton.runs.reevaluation import evaluate
    from skeleton.runs.seed import train_seed
    from skeleton.runs.seeds import parse_seeds
    from skeleton.runs.spec import RunSpec
    from skeleton.runs.summary import summarise, summarise_metrics
    from skeleton.runs.task import Task, load_task
    from skeleton.runs.training import train

WHERE = {
    "Metrics": "records",
    "PlannedRun": "planning",
    "Run": "folder",
    "RunSpec": "spec",
    "Summary": "records",
    "Task": "task",
    "ZeroShotClassifier": "classification",
    "ablate": "ablation",
    "evaluate": "reevaluation",
    "load_task": "task",
    "newest_run": "folder",
    "open_run": "folder",
    "parse_seeds": "seeds",
    "plan_run": "planning",
    "read_metrics": "folder",
    "seed_folder": "folder",
    "summarise": "summary",
    "summarise_metrics": "summary",
    "train": "training",
    "train_seed": "seed",
}

__all__ = [
    "Metrics",
    "PlannedRun",
    "Run",
    "RunSpec",
    "Summary",
    "Task",
    "ZeroShotClassifier",
    "ablate",
    "evaluate",
    "load_task",
    "newest_run",
    "open_run",
    "parse_seeds",
    "plan_run",
    "read_metrics",
    "seed_folder",
    "summarise",
    "summarise_metrics",
    "train",
    "train_seed",
]

__getattr__, __dir__ = door(__name__, {name: f"{__name__}.{module}" for name, module in WHERE.items()})

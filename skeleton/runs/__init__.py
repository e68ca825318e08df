"""Runs: training, evaluation and use of a method on one class split, each in a folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from semtool.lazy import door

if TYPE_CHECKING:
    from skeleton.runs.ablation import ablate
    from skeleton.runs.classification import ZeroShotClassifier
    from skeleton.runs.estimate import (
        Estimate,
        Sizes,
        clock_of,
        estimate_features,
        estimate_start,
        least,
        peak_memory,
        refuse_short,
        total,
    )
    from skeleton.runs.folder import (
        CHECKPOINT,
        Run,
        SeedRecord,
        check_name,
        finished_seeds,
        open_run,
        read_metrics,
        run_names,
        runs_folder,
        seed_folder,
        write_json,
    )
    from skeleton.runs.inputs import outdated, resolve_inputs
    from skeleton.runs.jobs import features_job, seed_job
    from skeleton.runs.metrics import interval
    from skeleton.runs.parallel import Executor, Failure, Job, Processes, choose_executor, raise_first
    from skeleton.runs.planning import PlannedRun, RunSpec, plan_run
    from skeleton.runs.predictions import Predictions
    from skeleton.runs.progress_log import log, logged
    from skeleton.runs.records import ClassResult, Generalised, Metrics, Part, PartResult, Spread, Summary
    from skeleton.runs.reevaluation import evaluate
    from skeleton.runs.rehearsal import bank_of, estimate_acting, helped, rehearse
    from skeleton.runs.seed import train_seed
    from skeleton.runs.seeds import check_seeds, parse_seeds
    from skeleton.runs.summary import summarise, summarise_metrics
    from skeleton.runs.task import Samples, Task, load_task, open_embeddings, open_features
    from skeleton.runs.training import TrainResult, estimate_train, train


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

__getattr__, __dir__ = door(__name__, __file__)

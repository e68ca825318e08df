"""The two kinds of work worth a worker of its own: one seed of a run, and visual features."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from filelock import FileLock

from semtool.artifacts import Store
from skeleton.runs import folder as runs
from skeleton.runs.parallel import Job, Report
from skeleton.runs.seed import OnEpoch, SeedJob, run_seed

__all__ = ["features_job", "make_features", "seed_job", "train_alone", "train_seed"]


def seed_job(job: SeedJob, root: Path, *, again: bool = False) -> Job:
    """Return the training of one seed as a job."""
    config = job.config
    epochs = config.epochs * (2 if config.calibrate or config.select == "validation" else 1)
    return Job(
        label=f"{job.run.name}, seed {job.seed}",
        call=train_seed,
        arguments={"job": job.to_json(root), "again": again},
        steps=epochs if config.method == "mla" else 1,
        makes=runs.seed_folder(job.run, job.seed).resolve() / "metrics.json",
        gpus=int(job.device.startswith("cuda")),
    )


def train_seed(report: Report, job: str, again: bool = False) -> None:
    """Train the seed of `SeedJob.to_json`."""
    train_alone(SeedJob.from_json(job), Path(json.loads(job)["root"]), again=again, on_epoch=report)


def train_alone(job: SeedJob, root: Path, *, again: bool = False, on_epoch: OnEpoch | None = None) -> None:
    """Train a seed while nobody else does; what another process finished meanwhile is left as it is.

    The same seed may be asked for twice at a time: by two commands, or because a worker that was taken for
    lost works on.
    """
    locks = root / "cache" / "locks"
    locks.mkdir(parents=True, exist_ok=True)
    with FileLock(locks / f"run-{job.run.name}-{job.seed}.lock"):
        if again or not (runs.seed_folder(job.run, job.seed) / "metrics.json").is_file():
            run_seed(job, on_epoch)


def features_job(
    store: Store, dataset: str, split: str, *, visual: str, seed: int, device: str, threads: int
) -> Job:
    """Return the making of features as a job."""
    from skeleton.visual.registry import find_visual

    arguments = {"root": str(store.root.resolve()), "dataset": dataset, "split": split, "visual": visual}
    return Job(
        label=f"features of {dataset} for {split}, seed {seed}",
        call=make_features,
        arguments=arguments | {"seed": seed, "device": device, "threads": threads},
        steps=60 if find_visual(visual).trained else 1,
        gpus=int(device.startswith("cuda")),
    )


def make_features(report: Report, root: str, threads: int, **options: Any) -> None:
    """Train a visual encoder and write features; see `skeleton.visual.extraction.features`."""
    from threadpoolctl import threadpool_limits

    from skeleton.device import reproducible
    from skeleton.visual.extraction import features

    with reproducible(threads), threadpool_limits(threads):
        features(store=Store(root), **options, progress=lambda done, _: report({"epoch": done}))

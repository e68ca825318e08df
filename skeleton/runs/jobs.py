"""The two kinds of work worth a worker of its own: one seed of a run, and visual features."""

from __future__ import annotations

from typing import Any

from semtool.artifacts import Store
from skeleton.runs import folder as runs
from skeleton.runs.parallel import Job, Report
from skeleton.runs.planning import RunSpec
from skeleton.runs.seed import train_seed

__all__ = ["features_job", "make_features", "seed_job", "train"]


def seed_job(spec: RunSpec, *, again: bool = False) -> Job:
    """Return the training of one seed as a job."""
    return Job(
        label=spec.label,
        call=train,
        arguments={"spec": spec, "again": again},
        steps=spec.method_settings.steps,
        makes=runs.seed_folder(spec.folder, spec.seed) / "metrics.json",
        gpus=int(spec.device.startswith("cuda")),
    )


def train(report: Report, spec: RunSpec, again: bool = False) -> None:
    """Train the seed of a spec."""
    train_seed(spec, again=again, on_epoch=report)


def features_job(
    store: Store, dataset: str, split: str, *, visual: str, seed: int, device: str, threads: int
) -> Job:
    """Return the making of features as a job."""
    from skeleton.visual import find_visual

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
    from skeleton.visual import features

    with reproducible(threads), threadpool_limits(threads):
        features(store=Store(root), **options, progress=lambda done, _: report({"epoch": done}))

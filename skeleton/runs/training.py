"""`train`: an embedding file and features in, a run out."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from semtool.artifacts import Artifact, Store
from semtool.catalogue import load_dataset
from semtool.errors import SemtoolError, UsageError
from skeleton.methods.config import TrainConfig
from skeleton.runs import folder as runs
from skeleton.runs.metrics import spread

if TYPE_CHECKING:
    from skeleton.runs.seed import SeedJob

__all__ = [
    "Reference",
    "TrainResult",
    "outdated",
    "resolve_inputs",
    "summarise",
    "summarise_metrics",
    "train",
]

Reference = Artifact | str | None
"""An artifact, the reference of one, or None for the sensible one."""


@dataclass(frozen=True)
class TrainResult:
    """A finished run: its name, its folder, its summary, and which seeds were there before."""

    name: str
    path: Path
    summary: dict[str, Any]
    reused: tuple[int, ...]


def train(
    embeddings: Reference = None,
    features: Reference = None,
    *,
    store: Store,
    dataset: str | None = None,
    split: str | None = None,
    config: TrainConfig | None = None,
    seeds: Sequence[int] = (0,),
    name: str | None = None,
    device: str = "auto",
    jobs: int | None = None,
    trackers: Sequence[str] = (),
    again: bool = False,
    progress: Callable[[int, int], None] | None = None,
    on_epoch: Callable[[dict[str, Any]], None] | None = None,
    note: Callable[[str], None] | None = None,
) -> TrainResult:
    """Train and evaluate, one folder a seed; what was trained before on the same inputs is reused.

    Args:
        embeddings: an embedding file or its reference; the newest (of ``dataset``) if None.
        features: features or their reference; if None, the newest of the split (see
            `skeleton.visual.extraction.newest_features`), made if there are only arrays.
        store: where everything lives.
        dataset: name or YAML path of the data set; that of the embedding file if None.
        split: class split; the data set's default if None.
        config: the switches; the preset `paper` if None.
        seeds: one training each. Closed forms do not depend on the seed: they are fitted once, for the first.
        name: name of the run; made from inputs and switches if None.
        device: `auto`, `cpu`, `cuda` or `mps`.
        jobs: seeds trained at the same time; as many as there are cores for if None.
        trackers: see `skeleton.runs.tracking.TRACKERS`; the JSONL log is always written.
        again: train although there is a finished run.
        progress: told epochs done and to do, over all seeds.
        on_epoch: told the record of each epoch; where seeds train at the same time, the newest of each seed
            a few times a second.
        note: told, in a sentence, what is done besides.

    Raises:
        UsageError: if inputs do not fit together or are missing; the message says how to get them.
        SemtoolError: if the training fails.
    """
    from skeleton.device import resolve_device
    from skeleton.runs.planning import check_seeds, plan_run, run_seeds

    config = config or TrainConfig()
    check_seeds(seeds)
    text, visual, data = resolve_inputs(
        store, embeddings, features, dataset=dataset, split=split, device=device, note=note,
        visual=config.visual,
    )  # fmt: skip
    cores = os.cpu_count() or 1
    jobs = min(len(run_seeds(config, seeds)), jobs or (cores if config.method == "mla" else 1))
    run = plan_run(
        text, visual, store=store, dataset=data, config=config, seeds=seeds, split=split, name=name,
        device=str(resolve_device(device)), threads=_threads(jobs) if config.method == "mla" else 1,
        trackers=trackers, again=again,
    )  # fmt: skip
    run.claim()
    _train(run.jobs, store, min(jobs, len(run.jobs)), again, progress, on_epoch)
    summary = summarise(run.folder, sorted(run.seeds))
    runs.write_json(run.folder / "summary.json", summary)
    return TrainResult(run.folder.name, run.folder, summary, run.done)


def _train(
    seeds: Sequence[SeedJob],
    store: Store,
    jobs: int,
    again: bool,
    progress: Callable[[int, int], None] | None,
    on_epoch: Callable[[dict[str, Any]], None] | None,
) -> None:
    """Train seeds one after another in this process, or ``jobs`` at a time in others."""
    if not seeds:
        return
    from skeleton.runs.jobs import seed_job, train_alone
    from skeleton.runs.parallel import Processes, raise_first

    made = [seed_job(job, store.root, again=again) for job in seeds]
    if jobs > 1:
        failures = Processes(jobs).run(made, progress, on_record=on_epoch, keep_going=False)
        raise_first([replace(f, label=f.label.rpartition(", ")[2]) for f in failures], of=1)
        return
    total, count = sum(job.steps for job in made), 0

    def tell(record: dict[str, Any]) -> None:
        nonlocal count
        count += 1
        if on_epoch is not None:
            on_epoch(record)
        if progress is not None:
            progress(count, total)

    for job in seeds:
        train_alone(job, store.root, again=again, on_epoch=tell)


def _threads(jobs: int) -> int:
    """Return the threads of each of ``jobs`` trainings: their share of the cores, never more than torch was
    given (``OMP_NUM_THREADS``)."""
    import torch

    return max(1, min(torch.get_num_threads(), (os.cpu_count() or 1) // jobs))


def resolve_inputs(
    store: Store,
    embeddings: Reference,
    features: Reference,
    *,
    dataset: str | None = None,
    split: str | None = None,
    device: str = "auto",
    note: Callable[[str], None] | None = None,
    visual: str | None = None,
) -> tuple[Artifact, Artifact, str]:
    """Return embedding file, features and data set of a run, by the rules of `train`."""
    found = store.resolve("features", features) if isinstance(features, str) else features
    wanted = load_dataset(dataset).name if dataset else None
    if isinstance(embeddings, str):
        text: Artifact | None = store.resolve("embeddings", embeddings)
    else:
        text = embeddings or store.newest("embeddings", wanted or (found.dataset if found else None))
    if text is None:
        of = wanted or (found.dataset if found else None)
        option = f" --dataset {of}" if of else ""
        raise UsageError(
            f"there is no embedding file{f' of {of}' if of else ''} under {store.root} yet; "
            f"make one with semtool generate{option} and semtool embed"
        )
    if wanted and text.dataset != wanted:
        raise UsageError(f"the embedding file {text.reference} is of {text.dataset}, not of {wanted}")
    data = dataset or text.dataset
    if found is None:
        name = load_dataset(data).split(split).name
        found = _features(store, data, text.dataset, name, device, note, visual)
    if found.dataset != text.dataset:
        raise UsageError(
            f"the embedding file {text.reference} is of {text.dataset}, the features {found.reference} are "
            f"of {found.dataset}; choose two of the same data set"
        )
    return text, found, data


def summarise(folder: Path, seeds: Sequence[int]) -> dict[str, Any]:
    """Return ``summary.json``: what the seeds share, then mean, deviation, interval and values of each
    number."""
    return summarise_metrics({s: runs.read_metrics(folder, s) for s in seeds})


def summarise_metrics(found: dict[int, dict[str, Any]]) -> dict[str, Any]:
    """Return the same of metrics by seed."""
    seeds = list(found)
    first = found[seeds[0]]

    def over(*path: str) -> dict[str, Any] | None:
        values: dict[int, float | None] = {}
        for seed, metrics in found.items():
            value: Any = metrics
            for key in path:
                value = value.get(key) if isinstance(value, dict) else None
            values[seed] = value
        return spread(values)

    shared = (
        "schema", "name", "dataset", "split", "protocol", "preset", "embeddings", "features", "simulated",
        "codebook", "motion", "selection", "leaky", "auxiliary",
    )  # fmt: skip
    per_class = {
        c: {"name": entry["name"], "n": entry["n"], "accuracy": over("zsl", "per_class", c, "accuracy")}
        for c, entry in first["zsl"]["per_class"].items()
    }
    return {
        **{key: first.get(key) for key in shared},
        "seeds": list(seeds),
        "zsl": {
            "accuracy": over("zsl", "accuracy"),
            "class_mean": over("zsl", "class_mean"),
            "n": first["zsl"]["n"],
            "chance": first["zsl"]["chance"],
            "protocol": {
                "name": first["zsl"]["protocol"]["name"],
                "n": first["zsl"]["protocol"]["n"],
                "accuracy": over("zsl", "protocol", "accuracy"),
                "class_mean": over("zsl", "protocol", "class_mean"),
            },
            "per_class": per_class,
        },
        "gzsl": first["gzsl"]
        and {
            **{key: over("gzsl", key) for key in ("seen", "unseen", "harmonic")},
            "calibration": first["gzsl"]["calibration"]["kind"],
            "variants": {
                kind: {key: over("gzsl", "variants", kind, key) for key in ("seen", "unseen", "harmonic")}
                for kind in first["gzsl"].get("variants", {})
            },
        },
        "validation": over("validation", "accuracy"),
        "runs": [f"seed-{s}" for s in seeds],
        "timing": {"train_seconds": over("timing", "train_seconds")},
        "versions": first["versions"],
    }


def outdated(features: Artifact, dataset: str, store: Store) -> str | None:
    """Return a sentence if features were made from other skeletons than would be used today, else None."""
    used = features.manifest.inputs.get("arrays")
    if used is None:
        return None  # imported
    from skeleton.visual.extraction import find_arrays

    try:
        newest = find_arrays(load_dataset(dataset), store)
    except SemtoolError:
        return None  # the skeletons are gone; the features are all there is
    if newest.manifest.content_sha256 == used.sha256:
        return None
    kind = " (simulated)" if features.manifest.simulated and not newest.manifest.simulated else ""
    return (
        f"the features {features.reference} were made from the skeletons {used.reference}{kind}, but there "
        f"are {newest.reference} now; semtool features --dataset {dataset} --split "
        f"{features.name.split('/')[0]} makes them anew"
    )


def _features(
    store: Store,
    data: str,
    name: str,
    split: str,
    device: str,
    note: Callable[[str], None] | None,
    visual: str | None,
) -> Artifact:
    from skeleton.visual.extraction import features, newest_features

    found = newest_features(store, name, split, visual)
    if found is not None:
        if note is not None and (warning := outdated(found, data, store)):
            note(warning)
        return found
    if store.newest("arrays", name) is None:
        raise UsageError(
            f"there are no skeletons of {name} yet: semtool prepare --dataset {name} reads the licensed "
            f"data, semtool simulate --dataset {name} makes stand-ins; then train again"
        )
    if note is not None:
        note(f"there are no features of {name} for the split {split} yet; making them (semtool features)")
    return features(data, split, store=store, visual=visual or "stgcn", device=device)

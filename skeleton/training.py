"""`train`: an embedding file and features in, a run out."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from semtool.artifacts import Artifact, Store
from semtool.artifacts.manifest import digest
from semtool.catalogue import load_dataset
from semtool.errors import SemtoolError, UsageError
from skeleton import runs
from skeleton.config import TrainConfig
from skeleton.evaluation import spread

__all__ = ["Reference", "TrainResult", "resolve_inputs", "summarise", "summarise_metrics", "train"]

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
        features: features or their reference; the newest of the split if None, made if there are only arrays.
        store: where everything lives.
        dataset: name or YAML path of the data set; that of the embedding file if None.
        split: class split; the data set's default if None.
        config: the switches; the preset `paper` if None.
        seeds: one training each. Closed forms do not depend on the seed: they are fitted once, for the first.
        name: name of the run; made from inputs and switches if None.
        device: `auto`, `cpu` or `cuda`.
        jobs: seeds trained at the same time; as many as there are cores for if None.
        trackers: see `skeleton.tracking.TRACKERS`; the JSONL log is always written.
        again: train although there is a finished run.
        progress: told epochs done and to do, over all seeds.
        on_epoch: told the record of each epoch (only if seeds train one after another).
        note: told, in a sentence, what is done besides.

    Raises:
        UsageError: if inputs do not fit together or are missing; the message says how to get them.
        SemtoolError: if the training fails.
    """
    config = config or TrainConfig()
    if not seeds or len(set(seeds)) < len(seeds) or min(seeds) < 0:
        raise UsageError(f"seeds must be distinct numbers from 0, not {', '.join(map(str, seeds)) or 'none'}")
    if config.method != "mla":
        seeds = seeds[:1]
    text, visual, data = resolve_inputs(
        store, embeddings, features, dataset=dataset, split=split, device=device, note=note
    )
    from skeleton.seed_run import SeedJob, load_task, run_seed

    task = load_task(text, visual, config, data, split)
    identity = digest(
        ["train", 1, text.manifest.content_sha256, visual.manifest.content_sha256, config.to_dict()]
    )
    folder = runs.runs_folder(store) / (
        name or f"{task.dataset.name}-{task.split.name}-{config.preset}-{identity[:8]}"
    )
    _claim(folder, identity)
    done = [] if again else [s for s in seeds if (runs.seed_folder(folder, s) / "metrics.json").is_file()]
    todo = [s for s in seeds if s not in done]
    if todo:
        cores = os.cpu_count() or 1
        jobs = min(len(todo), jobs or (cores if config.method == "mla" else 1))
        threads = max(1, cores // jobs) if config.method == "mla" else 1
        made = [
            SeedJob(
                run=folder,
                seed=s,
                config=config,
                embeddings=text,
                features=visual,
                dataset=data,
                identity=identity,
                device=_device(device),
                threads=threads,
                trackers=tuple(trackers),
            )
            for s in todo
        ]
        epochs = config.epochs * (2 if config.calibrate or config.select == "validation" else 1)
        if jobs == 1:
            count = 0

            def tell(record: dict[str, Any]) -> None:
                nonlocal count
                count += 1
                if on_epoch is not None:
                    on_epoch(record)
                if progress is not None:
                    progress(count, epochs * len(todo))

            for job in made:
                run_seed(job, tell)
        else:
            _in_parallel(made, store.root, jobs, epochs * len(todo), progress)
    every = sorted({*_finished(folder), *seeds}) if config.method == "mla" else list(seeds)
    summary = summarise(folder, [s for s in every if s in seeds])
    runs.write_json(folder / "summary.json", summary)
    return TrainResult(folder.name, folder, summary, tuple(done))


def resolve_inputs(
    store: Store,
    embeddings: Reference,
    features: Reference,
    *,
    dataset: str | None = None,
    split: str | None = None,
    device: str = "auto",
    note: Callable[[str], None] | None = None,
) -> tuple[Artifact, Artifact, str]:
    """Return embedding file, features and data set of a run, by the rules of `train`."""
    visual = store.resolve("features", features) if isinstance(features, str) else features
    wanted = load_dataset(dataset).name if dataset else None
    if isinstance(embeddings, str):
        text: Artifact | None = store.resolve("embeddings", embeddings)
    else:
        text = embeddings or store.newest("embeddings", wanted or (visual.dataset if visual else None))
    if text is None:
        of = wanted or (visual.dataset if visual else None)
        option = f" --dataset {of}" if of else ""
        raise UsageError(
            f"there is no embedding file{f' of {of}' if of else ''} under {store.root} yet; "
            f"make one with semtool generate{option} and semtool embed"
        )
    if wanted and text.dataset != wanted:
        raise UsageError(f"the embedding file {text.reference} is of {text.dataset}, not of {wanted}")
    data = dataset or text.dataset
    if visual is None:
        visual = _features(store, data, text.dataset, load_dataset(data).split(split).name, device, note)
    if visual.dataset != text.dataset:
        raise UsageError(
            f"the embedding file {text.reference} is of {text.dataset}, the features {visual.reference} are "
            f"of {visual.dataset}; choose two of the same data set"
        )
    return text, visual, data


def summarise(folder: Path, seeds: Sequence[int]) -> dict[str, Any]:
    """Return ``summary.json``: what the seeds share, then mean, deviation, interval and values of each
    number."""
    return summarise_metrics(
        {s: json.loads((runs.seed_folder(folder, s) / "metrics.json").read_text("utf-8")) for s in seeds}
    )


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
        "codebook", "motion", "selection", "leaky",
    )  # fmt: skip
    per_class = {
        c: {"name": entry["name"], "n": entry["n"], "accuracy": over("zsl", "per_class", c, "accuracy")}
        for c, entry in first["zsl"]["per_class"].items()
    }
    return {
        **{key: first[key] for key in shared},
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


def _features(
    store: Store, data: str, name: str, split: str, device: str, note: Callable[[str], None] | None
) -> Artifact:
    found = store.newest("features", name, prefix=f"{split}/")
    if found is not None:
        return found
    if store.newest("arrays", name) is None:
        raise UsageError(
            f"there are no skeletons of {name} yet: semtool prepare --dataset {name} reads the licensed "
            f"data, semtool simulate --dataset {name} makes stand-ins; then train again"
        )
    from skeleton.extraction import features

    if note is not None:
        note(f"there are no features of {name} for the split {split} yet; making them (semtool features)")
    return features(data, split, store=store, device=device)


def _claim(folder: Path, identity: str) -> None:
    """Make the run's folder; refuse one that holds a run on other inputs or with other switches."""
    folder.mkdir(parents=True, exist_ok=True)
    marker = folder / "identity"
    if not marker.is_file():
        marker.write_text(identity + "\n", encoding="utf-8")
    elif marker.read_text(encoding="utf-8").strip() != identity:
        raise UsageError(
            f"the run {folder.name!r} exists and was trained on other inputs or with other switches; "
            "choose another --name"
        )


def _finished(folder: Path) -> list[int]:
    return sorted(int(p.parent.name.removeprefix("seed-")) for p in folder.glob("seed-*/metrics.json"))


def _device(wanted: str) -> str:
    import torch

    if wanted == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    if wanted not in ("cpu", "cuda") and not wanted.startswith("cuda:"):
        raise UsageError(f"unknown device {wanted!r}; known: auto, cpu, cuda, cuda:0, ...")
    if wanted != "cpu" and not torch.cuda.is_available():
        raise UsageError(f"the device {wanted!r} is not there: torch finds no CUDA; use --device auto")
    return wanted


def _in_parallel(
    made: Sequence[Any], root: Path, jobs: int, total: int, progress: Callable[[int, int], None] | None
) -> None:
    """Train seeds in processes of their own; their logs say how far they are.

    Plain processes and not a pool: a pool would run the caller's script again in each of them.
    """
    import subprocess
    import sys

    def epochs_done() -> int:
        count = 0
        for job in made:
            for folder in (runs.partial_folder(job.run, job.seed), runs.seed_folder(job.run, job.seed)):
                if (folder / "log.jsonl").is_file():
                    count += (folder / "log.jsonl").read_bytes().count(b"\n")
        return min(count, total)

    waiting = list(made)
    running: dict[int, subprocess.Popen[str]] = {}
    try:
        while waiting or running:
            while waiting and len(running) < jobs:
                job = waiting.pop(0)
                process = subprocess.Popen(
                    [sys.executable, "-m", "skeleton.seed_run"],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.PIPE,
                    text=True,
                )
                assert process.stdin is not None
                process.stdin.write(job.to_json(root))
                process.stdin.close()
                running[job.seed] = process
            for seed, process in list(running.items()):
                try:
                    status = process.wait(timeout=0.2)
                except subprocess.TimeoutExpired:
                    continue
                del running[seed]
                if status:
                    said = (process.stderr.read() if process.stderr else "").strip().splitlines()
                    reason = said[-1] if said else f"its process ended with status {status}"
                    raise SemtoolError(f"seed {seed}: {reason}")
            if progress is not None:
                progress(epochs_done(), total)
    finally:
        for process in running.values():
            process.terminate()  # a seed that is cut off goes on from its saved state next time
            process.wait()

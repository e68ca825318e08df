"""`train`: an embedding file and features in, a run out."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from semtool.artifacts import Store
from semtool.catalogue import load_dataset
from semtool.showing import Shown
from skeleton.methods import EpochSettings, MethodSettings, preset
from skeleton.runs import folder as runs
from skeleton.runs.estimate import Estimate, Sizes, estimate_features, least, refuse_short
from skeleton.runs.inputs import Reference, resolve_inputs
from skeleton.runs.planning import RunSpec
from skeleton.runs.progress_log import logged
from skeleton.runs.records import Summary
from skeleton.runs.seeds import check_seeds
from skeleton.runs.summary import summarise

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["TrainResult", "estimate_train", "train"]


@dataclass(frozen=True, repr=False)
class TrainResult(Shown):
    """A finished run: its name, its folder, its summary, and which seeds were there before."""

    name: str
    path: Path
    summary: Summary
    reused: tuple[int, ...]

    def headline(self) -> str:
        """Return data set, split, preset and accuracy in one line."""
        return self.summary.headline()

    def to_frame(self) -> DataFrame:
        """Return a row for each seed; numbers are fractions, ``<rule>_harmonic`` is of all classes' task."""
        from pandas import DataFrame

        found = self.summary
        numbers = {"accuracy": found.zsl.accuracy, "class_mean": found.zsl.class_mean}
        for rule, all_classes in (found.gzsl or {}).items():
            numbers |= {f"{rule}_{k}": getattr(all_classes, k) for k in ("seen", "unseen", "harmonic")}
        of = {"dataset": found.dataset, "split": found.split, "preset": found.preset, "part": found.part}
        return DataFrame(
            [of | {"seed": s} | {k: n.values.get(str(s)) for k, n in numbers.items()} for s in found.seeds]
        )


def train(
    embeddings: Reference = None,
    features: Reference = None,
    *,
    store: Store,
    dataset: str | None = None,
    split: str | None = None,
    settings: MethodSettings | None = None,
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
        settings: a preset, or settings of a method; the preset `paper` if None.
        seeds: one training each. Closed forms do not depend on the seed: they are fitted once, for the first.
        name: name of the run, no path; made from inputs and switches if None.
        device: `auto`, `cpu`, `cuda` or `mps`.
        jobs: seeds trained at the same time; as many as there are cores for if None.
        trackers: see `skeleton.runs.tracking.TRACKERS`; the JSONL log is always written.
        again: train although there is a finished run.
        progress: told epochs done and to do, over all seeds.
        on_epoch: told the record of each epoch; where seeds train at the same time, the newest of each seed
            a few times a second.
        note: told, in a sentence, what is done besides.

    Returns:
        The run's folder, its summary over the seeds, and which seeds were there before.

    Raises:
        UsageError: if inputs do not fit together or are missing; the message says how to get them.
        SemtoolError: if the training fails.
    """
    from skeleton.device import resolve_device
    from skeleton.runs.planning import plan_run, run_seeds

    settings = settings or preset("paper")
    seeds = check_seeds(seeds)
    if name is not None:
        runs.check_name(name)
    embeddings, features, data = resolve_inputs(
        store, embeddings, features, dataset=dataset, split=split, device=device, note=note,
        visual=settings.visual,
    )  # fmt: skip
    jobs = _at_once(settings, len(run_seeds(settings, seeds)), jobs)
    run = plan_run(
        embeddings,
        features,
        store=store,
        dataset=data,
        settings=settings,
        seeds=seeds,
        split=split,
        name=name,
        device=str(resolve_device(device)),
        threads=_threads(jobs),
        trackers=trackers,
        again=again,
    )
    if run.specs:
        refuse_short(least(settings, Sizes.of(run.specs[0].task())), store)
    run.claim()
    told = logged(progress, run.folder / "progress.log")
    _train(run.specs, min(jobs, len(run.specs)), again, told, on_epoch)
    summary = summarise(run.folder, sorted(run.seeds))
    runs.write_json(run.folder / "summary.json", summary.to_dict())
    return TrainResult(run.folder.name, run.folder, summary, run.done)


def estimate_train(
    embeddings: Reference = None,
    features: Reference = None,
    *,
    store: Store,
    dataset: str | None = None,
    split: str | None = None,
    settings: MethodSettings | None = None,
    seeds: Sequence[int] = (0,),
    device: str = "auto",
    jobs: int | None = None,
    start: Estimate | None = None,
) -> list[Estimate]:
    """Return what `train` with the same arguments would take, features included; trains nothing.

    ``start`` is of a worker, see `skeleton.runs.estimate.estimate_start`; None: starts are not counted.
    """
    from skeleton.device import resolve_device
    from skeleton.runs.planning import run_seeds
    from skeleton.runs.rehearsal import estimate_acting, rehearse
    from skeleton.runs.task import load_task
    from skeleton.visual import newest_features

    settings, where = settings or preset("paper"), str(resolve_device(device))
    count = len(run_seeds(settings, check_seeds(seeds)))
    jobs = _at_once(settings, count, jobs)
    found: list[Estimate] = []
    dataset = store.dataset_file(dataset) if dataset else None
    text = store.resolve("embeddings", embeddings) if isinstance(embeddings, str) else embeddings
    text = text or store.newest("embeddings", load_dataset(dataset).name if dataset else None)
    data = dataset or (store.dataset_file(text.dataset) if text else None)
    chosen = load_dataset(data).split(split).name if data else None
    if (
        text
        and data
        and not features
        and newest_features(store, text.dataset, str(chosen), settings.visual) is None
    ):
        visual = settings.visual or "stgcn"
        first, sizes = estimate_features(data, split, store=store, visual=visual, device=where)
        counts, dim = text.manifest.counts, int(text.manifest.counts.get("dim", 384))
        several = max(1, counts.get("rows", 0) // max(1, sizes.seen + sizes.unseen))
        sizes = replace(sizes, text=dim, descriptions=several)
        found.append(first)
    else:
        text, ready, data = resolve_inputs(
            store, embeddings, features, dataset=dataset, split=split, device=device, visual=settings.visual
        )
        split = ready.name.partition("/")[0]
        sizes = Sizes.of(
            load_task(text, ready, data, codebook=settings.codebook, motion=settings.motion, split=split)
        )
    with TemporaryDirectory(prefix="semtool-estimate-") as folder:
        acting = estimate_acting(settings, sizes, Path(folder), text)
        one = rehearse(
            settings, sizes, Path(folder), dataset=data, split=split, text=text, device=where,
            threads=_threads(jobs),
        ).stretch(sizes)  # fmt: skip
    each = [one, acting] if acting else [one]
    work = [
        replace(e, what=f"{e.what} of seed {seed}", alone=jobs == 1) for seed in seeds[:count] for e in each
    ]
    return [*([start] * jobs if start and jobs > 1 else []), *found, *work]


def _train(
    specs: Sequence[RunSpec],
    jobs: int,
    again: bool,
    progress: Callable[[int, int], None] | None,
    on_epoch: Callable[[dict[str, Any]], None] | None,
) -> None:
    """Train seeds one after another in this process, or ``jobs`` at a time in others."""
    if not specs:
        return
    from skeleton.runs.jobs import seed_job
    from skeleton.runs.parallel import Processes, raise_first
    from skeleton.runs.seed import train_seed

    if jobs > 1:
        made = [seed_job(spec, again=again) for spec in specs]
        failures = Processes(jobs).run(made, progress, on_record=on_epoch, keep_going=False)
        raise_first([replace(f, label=f.label.rpartition(", ")[2]) for f in failures], of=1)
        return
    total, count = sum(spec.settings.steps for spec in specs), 0

    def tell(record: dict[str, Any]) -> None:
        nonlocal count
        count += 1
        if on_epoch is not None:
            on_epoch(record)
        if progress is not None:
            progress(count, total)

    for spec in specs:
        train_seed(spec, again=again, on_epoch=tell)


def _at_once(settings: MethodSettings, seeds: int, jobs: int | None) -> int:
    """Return how many seeds train at the same time: closed forms one after another, unless told otherwise."""
    return min(seeds, jobs or ((os.cpu_count() or 1) if isinstance(settings, EpochSettings) else 1))


def _threads(jobs: int) -> int:
    """Return the threads of each of ``jobs`` trainings: their share of the cores, never more than torch was
    given (``OMP_NUM_THREADS``)."""
    import torch

    return max(1, min(torch.get_num_threads(), (os.cpu_count() or 1) // jobs))

"""`train`: an embedding file and features in, a run out."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from semtool.artifacts import Store
from semtool.catalogue import load_dataset
from semtool.showing import Shown
from skeleton.methods import EpochSettings, MethodSettings, preset
from skeleton.runs import folder as runs
from skeleton.runs.estimate import Estimate, Sizes, estimate_features, least, refuse_short
from skeleton.runs.inputs import Reference, resolve_inputs, resolve_text
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
    from skeleton.runs.task import open_features

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
        refuse_short(least(settings, Sizes.of(open_features(features))), store)
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
) -> list[Estimate]:
    """Return what `train` with the same arguments would take, features included; trains nothing."""
    from skeleton.device import resolve_device
    from skeleton.runs.planning import run_seeds
    from skeleton.runs.rehearsal import bank_of, estimate_acting, helped, rehearse
    from skeleton.runs.task import open_features
    from skeleton.visual import newest_features

    settings, where = settings or preset("paper"), str(resolve_device(device))
    wanted = run_seeds(settings, check_seeds(seeds))
    jobs, found = _at_once(settings, len(wanted), jobs), list[Estimate]()
    text, ready, named = resolve_text(store, embeddings, features, dataset)
    data = load_dataset(named)
    chosen = data.split(ready.place.split if ready else split)
    if ready := ready or newest_features(store, data.name, chosen.name, settings.visual):
        sizes = Sizes.of(open_features(ready))
    else:
        first, sizes = estimate_features(
            named, split, store=store, visual=settings.visual or "stgcn", device=where
        )
        found.append(first)
    bank = bank_of(text, [c.id for c in data.classes], settings)
    acted = helped(settings, text)
    one = rehearse(
        settings, data, chosen, sizes, bank, auxiliary=acted, device=where, threads=_threads(jobs)
    ).stretch(sizes)  # fmt: skip
    each = [one, estimate_acting(sizes)] if acted else [one]
    alone = jobs == 1
    return found + [replace(e, what=f"{e.what} of seed {s}", alone=alone) for s in wanted for e in each]


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
    total, count = sum(spec.method_settings.steps for spec in specs), 0

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

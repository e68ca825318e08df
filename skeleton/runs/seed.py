"""One seed of a run: pilot if something is to be chosen, training, evaluation, the folder."""

from __future__ import annotations

import json
import platform
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from filelock import FileLock

from semtool.artifacts import library_versions
from skeleton.device import reproducible
from skeleton.methods import Context, Examples, MethodSettings, Scorer, method_of, save_checkpoint
from skeleton.runs import folder as runs
from skeleton.runs.measuring import Measured, measure
from skeleton.runs.pilot import Pilot, accuracy_on, pilot, pilot_possible
from skeleton.runs.planning import RunSpec
from skeleton.runs.records import Metrics
from skeleton.runs.task import Task
from skeleton.runs.tracking import open_trackers

__all__ = ["Learned", "OnEpoch", "learn", "train_seed"]

OnEpoch = Callable[[dict[str, Any]], None]
STATES = {"pilot": "pilot-state.safetensors", "train": "state.safetensors"}
"""The files in which a phase keeps its state."""


def train_seed(spec: RunSpec, *, again: bool = False, on_epoch: OnEpoch | None = None) -> None:
    """Train a seed while nobody else does; what another process finished meanwhile is left as it is.

    The same seed may be asked for twice at a time: by two commands, or because a worker that was taken for
    lost works on.

    Args:
        spec: inputs, settings and seed.
        again: train although the seed is finished.
        on_epoch: told the record of each epoch.
    """
    from threadpoolctl import threadpool_limits

    locks = spec.root / "cache" / "locks"
    locks.mkdir(parents=True, exist_ok=True)
    with FileLock(locks / f"run-{spec.name}-{spec.seed}.lock"):
        if again or not (runs.seed_folder(spec.folder, spec.seed) / "metrics.json").is_file():
            # The second is for the linear algebra of numpy, which would take every core.
            with reproducible(spec.threads), threadpool_limits(spec.threads):
                _train(spec, on_epoch)


@dataclass(frozen=True)
class Learned:
    """A seed that is trained and measured, before anything of it is written; ``timing`` in seconds."""

    scorer: Scorer
    record: dict[str, Any]
    chosen: Pilot | None
    measured: Measured
    timing: dict[str, float]


def learn(
    task: Task,
    settings: MethodSettings,
    context: Callable[[str, tuple[int, ...]], Context],
    clock: Callable[[], float] = time.perf_counter,
) -> Learned:
    """Run the pilot if something is to be chosen, train on the seen classes, and measure.

    Args:
        task: text and samples.
        settings: of the method.
        context: what the method may use, by phase (`pilot`, `train`) and classes that are trained on.
        clock: tells the seconds of ``timing``.
    """

    def fit(
        phase: str,
        classes: tuple[int, ...],
        monitor: Callable[[Scorer], float] | None = None,
        epochs: int | None = None,
    ) -> tuple[Scorer, dict[str, Any]]:
        bank, samples, method = task.bank.take(classes), task.train.of(classes), method_of(settings)
        examples = Examples(samples.features, bank.rows(samples.labels), bank)
        scorer = method.fit(examples, replace(context(phase, classes), epochs=epochs, monitor=monitor))
        return scorer, dict(method.record_)

    started, chosen, piloted = clock(), None, 0.0
    if pilot_possible(settings, task):
        chosen = pilot(settings, task, partial(fit, "pilot"))
        piloted = clock() - started
    on_test = getattr(settings, "select", "last") == "test"
    monitor = accuracy_on(task, task.unseen, task.unseen_test) if on_test else None
    scorer, record = fit("train", task.seen, monitor, chosen.epoch if chosen else None)
    trained = clock() - started
    measured = measure(scorer, task, chosen.calibration if chosen else None)
    timing = {"train_seconds": trained, "pilot_seconds": piloted, "total_seconds": clock() - started}
    return Learned(scorer, record, chosen, measured, timing)


def _train(spec: RunSpec, on_epoch: OnEpoch | None) -> None:
    """Train one seed and write its folder."""
    task, settings = spec.task(), spec.method_settings
    folder = runs.partial_folder(spec.folder, spec.seed)
    _open_partial(folder, spec)
    with _told(spec, folder, on_epoch) as tell:
        learned = learn(task, settings, partial(_context, spec, task, folder, tell))
    chosen, record = learned.chosen, learned.record
    selection = getattr(settings, "select", "last")
    metrics = Metrics(
        name=spec.name,
        dataset=task.dataset.name,
        split=task.split.name,
        protocol=task.protocol.name,
        method=settings.method,
        preset=settings.preset,
        seed=spec.seed,
        embeddings=spec.embeddings,
        features=spec.features,
        simulated=task.simulated,
        codebook=task.bank.codebook_from,
        motion=task.bank.motion_from,
        trained_on=task.seen,
        selection=selection,
        leaky=selection == "test",
        inductive=settings.inductive,
        epoch=record.pop("epoch", None),
        auxiliary=record.pop("auxiliary", None),
        fitted=record,
        validation=chosen and chosen.validation,
        calibration=chosen and chosen.calibration,
        **learned.measured.fields(),
        timing=learned.timing,
        versions={**library_versions("torch", "numpy"), "python": platform.python_version()},
    )
    save_checkpoint(learned.scorer, settings, folder / runs.CHECKPOINT)
    learned.measured.predictions.write(folder / "predictions.csv", task.name_of)
    runs.write_json(folder / "metrics.json", metrics.to_dict())
    for state in STATES.values():
        (folder / state).unlink(missing_ok=True)
    runs.finish(spec.folder, spec.seed)


@contextmanager
def _told(
    spec: RunSpec, folder: Path, on_epoch: OnEpoch | None
) -> Iterator[Callable[[str, dict[str, Any]], None]]:
    """Yield a function of phase and record that writes to the trackers and tells ``on_epoch``."""
    log = folder / "log.jsonl"
    begun: set[str] = set()
    trackers = open_trackers(spec.trackers, folder, f"{spec.name}-{spec.seed}", spec.settings)
    with ExitStack() as stack:
        for tracker in trackers:
            stack.callback(tracker.close)

        def tell(phase: str, record: dict[str, Any]) -> None:
            if phase not in begun:
                begun.add(phase)
                _cut_log(log, phase, record["epoch"])
            for tracker in trackers:
                tracker.log({"phase": phase, **record})
            if on_epoch is not None:
                on_epoch({"phase": phase, "seed": spec.seed, **record})

        yield tell


def _context(
    spec: RunSpec,
    task: Task,
    folder: Path,
    tell: Callable[[str, dict[str, Any]], None],
    phase: str,
    classes: tuple[int, ...],
) -> Context:
    """Return what the method may use in a phase that trains on some of the seen classes."""

    def auxiliary() -> tuple[Examples, dict[str, Any]]:
        from skeleton.runs.auxiliary import simulated_classes

        embeddings, features = spec.inputs()
        hidden = [c.id for c in task.dataset.classes if c.id not in classes]
        settings = spec.method_settings
        return simulated_classes(
            embeddings, task.dataset, hidden, store=spec.store, seed=spec.seed,
            codebook=settings.codebook, motion=settings.motion,
            flat=bool(features.manifest.details.get("flat")),
        )  # fmt: skip

    return Context(
        dataset=task.dataset.name,
        seed=spec.seed,
        device=spec.device,
        widths=task.widths,
        on_epoch=partial(tell, phase),
        state=folder / STATES[phase],
        identity=f"{spec.identity}/{spec.seed}/{phase}",
        auxiliary=auxiliary,
    )


def _open_partial(folder: Path, spec: RunSpec) -> None:
    """Make the partial folder, or go on in one of the same run."""
    if folder.exists() and not (folder / "config.yaml").is_file():
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    runs.write_config(folder, spec)


def _cut_log(log: Path, phase: str, epoch: int) -> None:
    """Take out of a log what a phase that goes on from ``epoch`` is about to write again."""
    if not log.is_file():
        return
    lines = [line for line in log.read_text(encoding="utf-8").splitlines() if line.endswith("}")]
    kept = [r for r in map(json.loads, lines) if r["phase"] != phase or r["epoch"] < epoch]
    log.write_text("".join(json.dumps(r) + "\n" for r in kept), encoding="utf-8")

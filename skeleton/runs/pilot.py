"""The pilot: a training without some seen classes, which then play the unseen ones.

It chooses the epoch to stop at and fits the calibration of the generalised task, without test samples of
unseen classes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from semtool.errors import UsageError
from skeleton.methods import MethodSettings, Scorer
from skeleton.runs.calibration import fit_calibration
from skeleton.runs.metrics import accuracy
from skeleton.runs.records import Calibration, Validation
from skeleton.runs.task import Samples, Task

__all__ = ["Pilot", "accuracy_on", "pilot", "pilot_possible"]

LEAST_SEEN = 4
"""Seen classes that a pilot needs: two to hold out, two to train on."""


@dataclass(frozen=True)
class Pilot:
    """What came out: the epoch to stop at, if one was chosen, the calibration, and the record."""

    epoch: int | None
    calibration: Calibration | None
    validation: Validation


def pilot_possible(settings: MethodSettings, task: Task) -> bool:
    """Return whether a run has a pilot: one that only calibrates by default goes without if few are seen."""
    by_default = settings.calibrate is None and settings.validation_classes is None
    enough = len(task.seen) >= LEAST_SEEN
    selects = getattr(settings, "select", None) == "validation"
    return settings.pilots and (enough or selects or not by_default)


def pilot(
    settings: MethodSettings,
    task: Task,
    train: Callable[[tuple[int, ...], Callable[[Scorer], float] | None], tuple[Scorer, dict[str, Any]]],
) -> Pilot:
    """Run the pilot.

    Args:
        settings: say how many classes are held out, and what for.
        task: the run's.
        train: trains on some seen classes, with a monitor of each epoch; returns the scorer and what
            the method says of itself.

    Raises:
        UsageError: if there are too few seen classes.
    """
    wanted = settings.validation_classes or max(2, round(len(task.seen) / 5))
    if not 2 <= wanted <= len(task.seen) - 2:
        raise UsageError(
            f"cannot hold out {wanted} of the {len(task.seen)} seen classes for validation: at least two "
            "must be held out and two remain; set --validation-classes, or use --no-calibrate and "
            "--select last"
        )
    rng = np.random.default_rng(settings.validation_seed)
    held = tuple(sorted(int(c) for c in rng.choice(task.seen, size=wanted, replace=False)))
    kept = tuple(c for c in task.seen if c not in held)
    samples = task.train.of(held)
    monitor = accuracy_on(task, held, samples)
    selects = getattr(settings, "select", None) == "validation"
    scorer, record = train(kept, monitor if selects else None)
    validation = Validation(
        classes=held, seed=settings.validation_seed, accuracy=monitor(scorer), n=len(samples)
    )
    kept_test, calibration = task.seen_test.of(kept), None
    if settings.calibrate is not False and len(kept_test):
        bank = task.bank.take((*kept, *held))
        on_kept, on_held = scorer.together(bank, kept_test.features, samples.features)
        calibration = fit_calibration(
            on_kept,
            bank.rows(kept_test.labels),
            on_held,
            bank.rows(samples.labels),
            np.isin(bank.classes, held),
            chosen_on=held,
        )
    return Pilot(record.get("epoch") if selects else None, calibration, validation)


def accuracy_on(task: Task, classes: tuple[int, ...], samples: Samples) -> Callable[[Scorer], float]:
    """Return the accuracy of a scorer on samples of some classes, among these classes."""
    bank, ids = task.bank.take(classes), np.array(classes, dtype=np.int64)

    def monitor(scorer: Scorer) -> float:
        best = scorer.scores(samples.features, bank).argmax(axis=1)
        return accuracy(ids[best], samples.labels)

    return monitor

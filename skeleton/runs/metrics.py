"""What scores are worth: zero-shot and generalised zero-shot accuracy, counted over samples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skeleton.runs.records import ClassResult, Confusion, Generalised, Spread, ZeroShot

__all__ = ["accuracy", "class_mean", "gzsl_metrics", "harmonic", "interval", "spread", "zsl_metrics"]

Scores = NDArray[np.floating[Any]]
Labels = NDArray[np.int64]


def accuracy(predicted: Labels, labels: Labels) -> float:
    """Return the fraction of samples that are right; not a number without samples."""
    return float((predicted == labels).mean()) if len(labels) else float("nan")


def class_mean(predicted: Labels, labels: Labels) -> float:
    """Return the mean over the classes that have samples of the fraction right."""
    classes = np.unique(labels)
    return (
        float(np.mean([(predicted[labels == c] == c).mean() for c in classes]))
        if len(classes)
        else float("nan")
    )


def harmonic(seen: float, unseen: float) -> float:
    """Return 2 S U / (S + U), 0 if both are 0."""
    return 2 * seen * unseen / (seen + unseen) if seen + unseen > 0 else 0.0


def zsl_metrics(predicted: Labels, labels: Labels, names: Mapping[int, str]) -> ZeroShot[float]:
    """Measure zero-shot recognition.

    Args:
        predicted, labels: (n,) class ids of samples of the unseen classes; at least one.
        names: of the unseen classes by id, in the order of the confusion matrix.
    """
    per_class = {}
    for c, name in names.items():
        own = labels == c
        right = accuracy(predicted[own], labels[own]) if own.any() else None
        per_class[str(c)] = ClassResult[float](name=name, n=int(own.sum()), accuracy=right)
    counts = tuple(tuple(int(((labels == t) & (predicted == p)).sum()) for p in names) for t in names)
    return ZeroShot[float](
        accuracy=accuracy(predicted, labels),
        class_mean=class_mean(predicted, labels),
        n=len(labels),
        chance=1 / len(names),
        per_class=per_class,
        confusion=Confusion(classes=tuple(names), counts=counts),
    )


def gzsl_metrics(
    predicted_seen: Labels, seen_labels: Labels, predicted_unseen: Labels, unseen_labels: Labels
) -> Generalised[float]:
    """Measure generalised recognition: candidates are all classes.

    Args:
        predicted_seen, seen_labels: (n,) class ids of test samples of seen classes.
        predicted_unseen, unseen_labels: (m,) the same of unseen classes.
    """
    seen, unseen = accuracy(predicted_seen, seen_labels), accuracy(predicted_unseen, unseen_labels)
    return Generalised[float](seen=seen, unseen=unseen, harmonic=harmonic(seen, unseen))


def interval(values: Sequence[float]) -> tuple[float, float] | None:
    """Return the 95 % confidence interval of the mean (Student's t); None for fewer than two values."""
    if len(values) < 2:
        return None
    from scipy.stats import t

    mean = float(np.mean(values))
    half = float(t.ppf(0.975, len(values) - 1) * np.std(values, ddof=1) / np.sqrt(len(values)))
    return mean - half, mean + half


def spread(values: Mapping[int, float]) -> Spread:
    """Return mean, sample standard deviation, 95 % interval and the values of a number by seed."""
    known = list(values.values())
    return Spread(
        mean=float(np.mean(known)),
        std=float(np.std(known, ddof=1)) if len(known) > 1 else 0.0,
        ci95=interval(known),
        values={str(seed): value for seed, value in values.items()},
    )

"""What scores are worth: zero-shot and generalised zero-shot accuracy, counted over samples."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skeleton.runs.task import Task

__all__ = ["accuracy", "class_mean", "gzsl_metrics", "harmonic", "interval", "spread", "zsl_metrics"]

Scores = NDArray[np.floating[Any]]
Labels = NDArray[np.int64]


def accuracy(predicted: Labels, labels: Labels) -> float:
    """Return the fraction of samples that are right."""
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


def zsl_metrics(scores: Scores, task: Task) -> dict[str, Any]:
    """Measure zero-shot recognition.

    Args:
        scores: (n, U), a row a sample of ``task.unseen_test``, a column a class of ``task.unseen``.
        task: the task.

    Returns:
        accuracy over all samples of the unseen classes, its mean over classes, n, chance level, one entry a
        class, the confusion matrix (row: true, column: predicted), and the accuracy over the part of the
        samples that the protocol tests on.
    """
    labels = task.unseen_test.labels
    predicted = np.array(task.unseen, dtype=np.int64)[scores.argmax(axis=1)]
    test = task.unseen_test.in_test
    by_class = {}
    for c in task.unseen:
        of_class = labels == c
        hit = accuracy(predicted[of_class], labels[of_class])
        by_class[str(c)] = {"name": task.name_of(c), "n": int(of_class.sum()), "accuracy": hit}
    counts = [[int(((labels == t) & (predicted == p)).sum()) for p in task.unseen] for t in task.unseen]
    return {
        "accuracy": accuracy(predicted, labels),
        "class_mean": class_mean(predicted, labels),
        "n": len(labels),
        "chance": 1 / len(task.unseen),
        "protocol": {
            "name": task.protocol.name,
            "accuracy": accuracy(predicted[test], labels[test]) if test.any() else None,
            "class_mean": class_mean(predicted[test], labels[test]) if test.any() else None,
            "n": int(test.sum()),
        },
        "per_class": by_class,
        "confusion": {"classes": list(task.unseen), "counts": counts},
    }


def gzsl_metrics(
    predicted_seen: Labels, predicted_unseen: Labels, seen_labels: Labels, unseen_labels: Labels
) -> dict[str, Any]:
    """Measure generalised recognition: candidates are all classes.

    Args:
        predicted_seen, seen_labels: (n,) class ids of test samples of seen classes.
        predicted_unseen, unseen_labels: (m,) the same of unseen classes.
    """
    seen, unseen = accuracy(predicted_seen, seen_labels), accuracy(predicted_unseen, unseen_labels)
    means = class_mean(predicted_seen, seen_labels), class_mean(predicted_unseen, unseen_labels)
    return {
        "seen": seen,
        "unseen": unseen,
        "harmonic": harmonic(seen, unseen),
        "class_mean": {"seen": means[0], "unseen": means[1], "harmonic": harmonic(*means)},
        "n": {"seen": len(seen_labels), "unseen": len(unseen_labels)},
    }


def interval(values: Sequence[float]) -> tuple[float, float] | None:
    """Return the 95 % confidence interval of the mean (Student's t); None for fewer than two values."""
    if len(values) < 2:
        return None
    from scipy.stats import t

    mean = float(np.mean(values))
    half = float(t.ppf(0.975, len(values) - 1) * np.std(values, ddof=1) / np.sqrt(len(values)))
    return mean - half, mean + half


def spread(values: dict[int, float | None]) -> dict[str, Any] | None:
    """Return mean, sample standard deviation, 95 % interval and the values per seed; None if one is
    unknown."""
    known = [v for v in values.values() if v is not None]
    if not known or len(known) < len(values):
        return None
    return {
        "mean": float(np.mean(known)),
        "std": float(np.std(known, ddof=1)) if len(known) > 1 else 0.0,
        "ci95": interval(known),
        "values": {str(seed): value for seed, value in values.items()},
    }

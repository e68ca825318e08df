"""A map of classes and samples in the space that both share, and how it is laid out on a sheet of paper."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from semtool.numeric import unit

if TYPE_CHECKING:
    from skeleton.methods import Scorer, TextBank
    from skeleton.runs import Predictions, Samples, Task

__all__ = ["WORDS", "pca", "shared_map"]

Matrix = NDArray[np.float64]
_GRID = 1000
WORDS = {
    "prediction": (
        "A sample lies at its predicted text position, before calibration. A class lies at the normalised "
        "mean of its codebook, centred as the method does."
    ),
    "scores": (
        "A sample lies at the mean of the classes' positions, each weighted by how much the model believes "
        "in it (softmax of the sample's scores). A class lies at the normalised mean of its codebook."
    ),
    "queries": (
        "A sample lies where its query points: the mean over the heads of q, what the model asks the text "
        "for. A class lies at the normalised mean of its codebook. The heads' estimators judge how well the "
        "two fit; nothing in the training makes them coincide."
    ),
}
"""What a position means, by kind."""


def shared_map(
    scorer: Scorer, task: Task, *, most: int = 1200, answers: Predictions | None = None
) -> dict[str, Any]:
    """Return the maps of a run: the unseen classes alone, and all classes.

    Args:
        scorer: the trained scorer.
        task: its text and samples.
        most: samples shown, spread evenly over each class's.
        answers: what the run answered: marks what was right, and places the samples of an MLA by scores.

    Returns:
        ``views``: for each a name, its classes and samples, and the ways it is laid out: words for what a
        position is, the share of variance of the principal components, and the places.
    """
    views = []
    said = dict(zip(answers.names, answers.predicted.tolist(), strict=True)) if answers else {}
    for name, classes, parts in (
        ("unseen classes", task.unseen, (task.unseen_test,)),
        ("all classes", task.bank.classes, (task.unseen_test, task.seen_test)),
    ):
        chosen = _choose(parts, most)
        if len(classes) < 2 or len(chosen) < 2:
            continue
        views.append(
            {
                "name": name,
                "layouts": list(_layouts(scorer, task.bank.take(classes), chosen, answers)),
                "classes": [int(c) for c in classes],
                "samples": list(chosen.names),
                "truth": chosen.labels,
                "said": [said.get(n, -1) for n in chosen.names],
                "of": sum(map(len, parts)),
            }
        )
    return {"views": views}


def _layouts(
    scorer: Scorer, bank: TextBank, chosen: Samples, answers: Predictions | None
) -> Iterator[dict[str, Any]]:
    """Yield classes and samples along their first two principal components, by what a position means."""
    found = list(_positions(scorer, bank, chosen, answers))
    for kind, *placed in found:
        # Each around its own middle: what sets text and motion apart as a whole says nothing of classes.
        samples, texts = (unit(points - points.mean(axis=0)) for points in placed)
        # Classes and samples weigh the same as wholes, so that the many do not drown the few.
        weights = np.concatenate([np.full(len(p), 1 / len(p)) for p in (texts, samples)])
        axes, share = pca(np.concatenate([texts, samples]), weights)
        suffix = f" of {kind}" if len(found) > 1 else ""
        grid = _on_grid(texts @ axes.T, samples @ axes.T)
        yield {"name": f"PCA{suffix}", "what": WORDS[kind], "share": np.round(share, 4), **grid}


def _positions(
    scorer: Scorer, bank: TextBank, chosen: Samples, answers: Predictions | None
) -> Iterator[tuple[str, Matrix, Matrix]]:
    """Yield each meaning of a position, with those of the samples (n, d) and of the classes (C, d)."""
    from skeleton.methods import MLAScorer, prototypes

    placed = scorer.place(chosen.features, bank)
    if placed is not None and not isinstance(scorer, MLAScorer):
        yield ("prediction", *placed)
        return
    texts = prototypes(bank).astype(np.float64)
    if answers is not None and answers.columns == bank.classes:  # scores are there for unseen classes only
        place = {name: row for row, name in enumerate(answers.names)}
        if all(name in place for name in chosen.names):
            scores = answers.scores[[place[name] for name in chosen.names]].astype(np.float64)
            belief = np.exp(scores - scores.max(axis=1, keepdims=True))
            centred = texts - texts.mean(axis=0)
            yield "scores", belief / belief.sum(axis=1, keepdims=True) @ centred, centred
    if placed is not None:
        yield ("queries", *placed)


def _choose(parts: Sequence[Samples], most: int) -> Samples:
    """Return at most ``most`` samples, spread evenly over each class's."""
    from skeleton.runs import Samples

    labels, features, tested = (
        np.concatenate([getattr(p, key) for p in parts]) for key in ("labels", "features", "in_test")
    )
    names = [name for p in parts for name in p.names]
    classes = np.unique(labels)
    share = max(1, most // max(1, len(classes)))
    kept: list[int] = []
    for c in classes:
        at = np.flatnonzero(labels == c)
        kept += at[np.linspace(0, len(at) - 1, min(share, len(at))).round().astype(int)].tolist()
    kept.sort()
    return Samples(features[kept], labels[kept], tuple(names[i] for i in kept), tested[kept])


def pca(points: Matrix, weights: Matrix) -> tuple[Matrix, Matrix]:
    """Return the first two weighted principal axes (2, d), signs settled, and their variance shares."""
    _, values, axes = np.linalg.svd(points * np.sqrt(weights)[:, None], full_matrices=False)
    axes = np.vstack([axes, np.zeros((2, points.shape[1]))])[:2]
    signs = np.sign(axes[np.arange(2), np.abs(axes).argmax(axis=1)])
    share = np.append(values**2, [0.0, 0.0])[:2] / max(float((values**2).sum()), 1e-12)
    return axes * np.where(signs == 0, 1, signs)[:, None], share


def _on_grid(texts: Matrix, samples: Matrix) -> dict[str, Any]:
    """Return both as whole numbers on a grid of 1000, the same scale along both axes."""
    every = np.concatenate([texts, samples])
    low, extent = every.min(axis=0), max(float(np.ptp(every, axis=0).max()), 1e-12)
    margin = (extent - np.ptp(every, axis=0)) / 2
    placed = np.rint((every - low + margin) / extent * _GRID).astype(int)
    return {"texts": placed[: len(texts)].ravel(), "samples": placed[len(texts) :].ravel()}

"""A map of classes and samples in the space that both share."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from skeleton.scorers import Scorer
    from skeleton.task import Samples, Task

__all__ = ["pca", "place", "shared_map"]

Matrix = NDArray[np.float64]
_GRID = 1000


def shared_map(
    scorer: Scorer, task: Task, *, most: int = 1200, said: dict[str, int] | None = None
) -> dict[str, Any]:
    """Return the maps of a run: the unseen classes alone, and all classes.

    Args:
        scorer: the trained scorer.
        task: its text and samples.
        most: samples shown, spread evenly over each class's.
        said: answer for each sample name, to mark what was right.

    Returns:
        ``what``: the words for what a position is; ``views``: for each a name, the ways it was laid out
        (PCA with the share of variance, UMAP if that is installed) and its classes and samples.
    """
    views = []
    for name, classes, parts in (
        ("unseen classes", task.unseen, (task.unseen_test,)),
        ("all classes", task.bank.classes, (task.unseen_test, task.seen_test)),
    ):
        view = _view(scorer, task, classes, parts, most, said or {})
        if view is not None:
            views.append({"name": name, **view})
    return {"what": place(scorer)[1], "views": views}


def place(scorer: Scorer) -> tuple[str, str]:
    """Return the kind of a scorer and the words for what a sample's position means."""
    from skeleton.scorers import MLAScorer

    if isinstance(scorer, MLAScorer):
        return "mla", (
            "A sample lies where its query points: the mean over the heads of q, what the model asks the "
            "text for. A class lies at the normalised mean of its codebook. The heads' estimators judge how "
            "well the two fit; nothing in the training makes them coincide."
        )
    return "closed form", (
        "A sample lies at its predicted text position, before calibration. A class lies at the normalised "
        "mean of its codebook, centred on the seen classes."
    )


def _view(
    scorer: Scorer,
    task: Task,
    classes: Sequence[int],
    parts: Sequence[Samples],
    most: int,
    said: dict[str, int],
) -> dict[str, Any] | None:
    features = np.concatenate([p.features for p in parts])
    labels = np.concatenate([p.labels for p in parts])
    names = [name for p in parts for name in p.names]
    if len(classes) < 2 or len(labels) < 2:
        return None
    kept = _spread(labels, most)
    samples, texts = _positions(scorer, task, features[kept], classes)
    # Each around its own middle: what sets text and motion apart as a whole says nothing of classes.
    samples, texts = _unit(samples - samples.mean(axis=0)), _unit(texts - texts.mean(axis=0))
    layouts = [_pca_layout(texts, samples)]
    if importlib.util.find_spec("umap") is not None and len(kept) >= 20:
        layouts.append(_umap_layout(texts, samples))
    return {
        "layouts": layouts,
        "classes": [int(c) for c in classes],
        "samples": [names[i] for i in kept],
        "truth": [int(labels[i]) for i in kept],
        "said": [said.get(names[i], -1) for i in kept],
        "of": len(labels),
    }


def _positions(
    scorer: Scorer, task: Task, features: NDArray[np.float32], classes: Sequence[int]
) -> tuple[Matrix, Matrix]:
    from skeleton.baselines import ClosedForm
    from skeleton.scorers import MLAScorer
    from skeleton.text import prototypes
    from skeleton.transfer import Transfer

    bank = task.bank.take(classes)
    if isinstance(scorer, MLAScorer):
        queries = scorer.queries(features).mean(axis=0)
        return queries.astype(np.float64), prototypes(bank).astype(np.float64)
    assert isinstance(scorer, ClosedForm | Transfer)
    return scorer.place(features, bank)


def pca(points: Matrix, weights: Matrix) -> tuple[Matrix, Matrix]:
    """Return the first two weighted principal axes (2, d), signs settled, and their variance shares."""
    _, values, axes = np.linalg.svd(points * np.sqrt(weights)[:, None], full_matrices=False)
    axes = np.vstack([axes, np.zeros((2, points.shape[1]))])[:2]
    signs = np.sign(axes[np.arange(2), np.abs(axes).argmax(axis=1)])
    share = np.append(values**2, [0.0, 0.0])[:2] / max(float((values**2).sum()), 1e-12)
    return axes * np.where(signs == 0, 1, signs)[:, None], share


def _pca_layout(texts: Matrix, samples: Matrix) -> dict[str, Any]:
    # Classes and samples weigh the same as wholes, so that the many do not drown the few.
    weights = np.concatenate([np.full(len(p), 1 / len(p)) for p in (texts, samples)])
    axes, share = pca(np.concatenate([texts, samples]), weights)
    return {"name": "PCA", "share": np.round(share, 4), **_on_grid(texts @ axes.T, samples @ axes.T)}


def _umap_layout(texts: Matrix, samples: Matrix) -> dict[str, Any]:
    umap: Any = importlib.import_module("umap")

    reducer = umap.UMAP(n_components=2, metric="cosine", random_state=0, n_jobs=1)
    found = np.asarray(reducer.fit_transform(np.concatenate([texts, samples])), dtype=np.float64)
    return {"name": "UMAP", "share": None, **_on_grid(found[: len(texts)], found[len(texts) :])}


def _on_grid(texts: Matrix, samples: Matrix) -> dict[str, Any]:
    """Return both as whole numbers on a grid of 1000, the same scale along both axes."""
    every = np.concatenate([texts, samples])
    low, extent = every.min(axis=0), max(float(np.ptp(every, axis=0).max()), 1e-12)
    margin = (extent - np.ptp(every, axis=0)) / 2
    placed = np.rint((every - low + margin) / extent * _GRID).astype(int)
    return {"texts": placed[: len(texts)].ravel(), "samples": placed[len(texts) :].ravel()}


def _unit(vectors: Matrix) -> Matrix:
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12))


def _spread(labels: NDArray[np.int64], most: int) -> list[int]:
    """Return at most ``most`` rows, spread evenly over each class's."""
    classes = np.unique(labels)
    share = max(1, most // len(classes))
    kept: list[int] = []
    for c in classes:
        at = np.flatnonzero(labels == c)
        kept += at[np.linspace(0, len(at) - 1, min(share, len(at))).round().astype(int)].tolist()
    return sorted(kept)

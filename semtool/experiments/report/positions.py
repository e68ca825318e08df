"""A map of classes and samples in the space that both share, and how it is laid out on a sheet of paper."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from semtool.experiments.measured import Predictions
from semtool.numeric import unit

if TYPE_CHECKING:
    from skeleton.methods import Scorer, TextBank
    from skeleton.runs import Samples, Task

__all__ = ["WORDS", "pca", "shared_map", "umap_layout"]

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


@dataclass(frozen=True)
class _Chosen:
    """Test samples that are shown: features (n, Dv), true classes (n,), names, and of how many they are."""

    features: NDArray[np.float32]
    labels: NDArray[np.int64]
    names: tuple[str, ...]
    total: int


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
        if len(classes) < 2 or len(chosen.labels) < 2:
            continue
        views.append(
            {
                "name": name,
                "layouts": list(_layouts(scorer, task.bank.take(classes), chosen, answers)),
                "classes": [int(c) for c in classes],
                "samples": list(chosen.names),
                "truth": chosen.labels,
                "said": [said.get(n, -1) for n in chosen.names],
                "of": chosen.total,
            }
        )
    return {"views": views}


def _layouts(
    scorer: Scorer, bank: TextBank, chosen: _Chosen, answers: Predictions | None
) -> Iterator[dict[str, Any]]:
    found = list(_positions(scorer, bank, chosen, answers))
    for kind, samples, texts in found:
        # Each around its own middle: what sets text and motion apart as a whole says nothing of classes.
        texts, samples = (unit(points - points.mean(axis=0)) for points in (texts, samples))
        suffix = f" of {kind}" if len(found) > 1 else ""
        yield {"name": f"PCA{suffix}", "what": WORDS[kind], **pca_layout(texts, samples)}
        if importlib.util.find_spec("umap") and len(samples) >= 20:
            yield {"name": f"UMAP{suffix}", "what": WORDS[kind], **umap_layout(texts, samples)}


def _positions(
    scorer: Scorer, bank: TextBank, chosen: _Chosen, answers: Predictions | None
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


def _choose(parts: Sequence[Samples], most: int) -> _Chosen:
    """Return at most ``most`` samples, spread evenly over each class's."""
    labels = np.concatenate([p.labels for p in parts])
    names = [name for p in parts for name in p.names]
    classes = np.unique(labels)
    share = max(1, most // max(1, len(classes)))
    kept: list[int] = []
    for c in classes:
        at = np.flatnonzero(labels == c)
        kept += at[np.linspace(0, len(at) - 1, min(share, len(at))).round().astype(int)].tolist()
    kept.sort()
    features = np.concatenate([p.features for p in parts])[kept]
    return _Chosen(features, labels[kept], tuple(names[i] for i in kept), len(labels))


def pca_layout(texts: Matrix, samples: Matrix) -> dict[str, Any]:
    """Lay classes (C, d) and samples (n, d) out along their first two principal components.

    Returns:
        ``share``: of the variance, a component each; ``texts`` and ``samples``: x and y in turns, whole
        numbers on a grid of 1000.
    """
    # Classes and samples weigh the same as wholes, so that the many do not drown the few.
    weights = np.concatenate([np.full(len(p), 1 / len(p)) for p in (texts, samples)])
    axes, share = pca(np.concatenate([texts, samples]), weights)
    return {"share": np.round(share, 4), **_on_grid(texts @ axes.T, samples @ axes.T)}


def pca(points: Matrix, weights: Matrix) -> tuple[Matrix, Matrix]:
    """Return the first two weighted principal axes (2, d), signs settled, and their variance shares."""
    _, values, axes = np.linalg.svd(points * np.sqrt(weights)[:, None], full_matrices=False)
    axes = np.vstack([axes, np.zeros((2, points.shape[1]))])[:2]
    signs = np.sign(axes[np.arange(2), np.abs(axes).argmax(axis=1)])
    share = np.append(values**2, [0.0, 0.0])[:2] / max(float((values**2).sum()), 1e-12)
    return axes * np.where(signs == 0, 1, signs)[:, None], share


def umap_layout(texts: Matrix, samples: Matrix) -> dict[str, Any]:
    """Lay them out by UMAP (cosine distance, fixed seed), as `pca_layout` does."""
    umap: Any = importlib.import_module("umap")
    reducer = umap.UMAP(n_components=2, metric="cosine", random_state=0, n_jobs=1)
    found = np.asarray(reducer.fit_transform(np.concatenate([texts, samples])), dtype=np.float64)
    return {"share": None, **_on_grid(found[: len(texts)], found[len(texts) :])}


def _on_grid(texts: Matrix, samples: Matrix) -> dict[str, Any]:
    """Return both as whole numbers on a grid of 1000, the same scale along both axes."""
    every = np.concatenate([texts, samples])
    low, extent = every.min(axis=0), max(float(np.ptp(every, axis=0).max()), 1e-12)
    margin = (extent - np.ptp(every, axis=0)) / 2
    placed = np.rint((every - low + margin) / extent * _GRID).astype(int)
    return {"texts": placed[: len(texts)].ravel(), "samples": placed[len(texts) :].ravel()}

"""From vectors to a sheet of paper: principal components, and UMAP where it is installed."""

from __future__ import annotations

import importlib
import importlib.util
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["has_umap", "pca", "pca_layout", "umap_layout"]

Matrix = NDArray[np.float64]
_GRID = 1000


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


def has_umap() -> bool:
    """Return whether `umap_layout` can be used."""
    return importlib.util.find_spec("umap") is not None


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

"""How alike the classes' texts are, granularity by granularity."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from semtool.descriptions import GRANULARITIES
from semtool.embedding_file import EmbeddingFile
from semtool.experiments.report.packing import quantise
from semtool.numeric import unit

__all__ = ["WHOLE", "alike_order", "class_means", "similarity"]

WHOLE = "all texts"
"""The map over every granularity but `motion`, as a codebook has them."""
Matrix = NDArray[np.float64]


def similarity(file: EmbeddingFile, classes: Sequence[int]) -> dict[str, Any]:
    """Return heat maps: cosines of the classes' mean vectors, ``{granularity: {plain, centred}}``.

    ``centred`` first subtracts the mean over classes, which takes away what all texts have in common. Each
    matrix is quantised between its least value and its greatest off the diagonal. ``order`` is an order of
    the classes in which alike ones are neighbours.
    """
    vectors = unit(file.vectors())
    present = [g for g in GRANULARITIES if (file.granularity == g).any()]
    wholes = [g for g in present if g != "motion"] or present
    maps: dict[str, dict[str, Any]] = {}
    order: list[int] = list(range(len(classes)))
    for name in [WHOLE, *present] if len(present) > 1 else present:
        rows = np.isin(file.granularity, wholes if name == WHOLE else [name])
        means = class_means(vectors[rows], file.class_id[rows], classes)
        if means is None:
            continue
        plain, centred = _cosines(means), _cosines(means - means.mean(axis=0))
        if not maps:
            order = alike_order(centred)
        maps[name] = {"plain": _packed(plain), "centred": _packed(centred)}
    return {"classes": [int(c) for c in classes], "order": order, "maps": maps}


def class_means(
    vectors: Matrix, class_id: NDArray[np.int64], classes: Sequence[int]
) -> NDArray[np.float64] | None:
    """Return the normalised mean of each class's vectors (C, d); None if a class has none."""
    means = np.zeros((len(classes), vectors.shape[1]))
    for index, c in enumerate(classes):
        of_class = class_id == c
        if not of_class.any():
            return None
        means[index] = vectors[of_class].mean(axis=0)
    return unit(means)


def alike_order(cosines: Matrix) -> list[int]:
    """Return an order (C,) in which classes with alike rows are neighbours: the leaves of average linkage."""
    if len(cosines) < 3:
        return list(range(len(cosines)))
    from scipy.cluster.hierarchy import leaves_list, linkage
    from scipy.spatial.distance import squareform

    distance = np.round(np.clip(1 - cosines, 0, 2), 6)
    np.fill_diagonal(distance, 0)
    tree = linkage(squareform((distance + distance.T) / 2, checks=False), "average", optimal_ordering=True)
    return [int(i) for i in leaves_list(tree)]


def _cosines(vectors: Matrix) -> Matrix:
    rows = unit(vectors)
    return np.asarray(rows @ rows.T)


def _packed(cosines: Matrix) -> dict[str, Any]:
    """Quantise off the diagonal; the diagonal, always 1, would take half of the scale."""
    shown = cosines.copy()
    off = ~np.eye(len(shown), dtype=np.bool_)
    top = float(shown[off].max()) if off.any() else 1.0
    np.fill_diagonal(shown, top)
    return quantise(shown)

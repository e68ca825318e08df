"""Each granularity of a text on its own: what it tells apart, and what another one has said already."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from semtool.descriptions import GRANULARITIES
from semtool.diagnosis import geometry
from semtool.diagnosis.geometry import Matrix

__all__ = ["GranularityFigures", "granularities", "redundancy"]


@dataclass(frozen=True)
class GranularityFigures:
    """One granularity's figures (see `semtool.diagnosis.measures`), over its own texts alone.

    ``retrieval`` is None where a class has one text only.
    """

    texts: int
    margin: float
    retrieval: float | None
    effective_rank: float


def granularities(
    vectors: Matrix, places: NDArray[np.int64], names: NDArray[np.str_], centre_on: NDArray[np.int64]
) -> dict[str, tuple[GranularityFigures, Matrix]]:
    """Return the figures of each granularity that every class has, and its class similarities (C, C).

    Args:
        vectors: (n, d) unit vectors.
        places: (n,) place of each vector's class.
        names: (n,) granularity of each vector.
        centre_on: places of the classes whose mean is the centre.
    """
    classes = int(places.max()) + 1
    found = {}
    for name in GRANULARITIES:
        rows = np.flatnonzero(names == name)
        if len(np.unique(places[rows])) < classes:
            continue
        means = geometry.prototypes(vectors[rows], places[rows], classes)
        similarity = geometry.cosines(geometry.centred(means, means[centre_on].mean(axis=0)))
        right = geometry.retrieval(vectors[rows], places[rows], classes)
        figures = GranularityFigures(
            texts=len(rows),
            margin=float(geometry.margins(similarity).mean()),
            retrieval=float(np.nanmean(right)) if np.isfinite(right).any() else None,
            effective_rank=geometry.effective_rank(means),
        )
        found[name] = figures, similarity
    return found


def redundancy(similarities: Mapping[str, Matrix]) -> dict[str, float]:
    """Return for each two granularities (``"label~part"``) how they agree on which classes are alike.

    Spearman's correlation over all pairs of classes: 1 means that the second adds nothing to the first.
    """
    return {
        f"{a}~{b}": geometry.rank_correlation(geometry.triangle(left), geometry.triangle(right))
        for (a, left), (b, right) in combinations(similarities.items(), 2)
    }

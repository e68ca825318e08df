"""Are texts in the wrong place? Found from how held-out classes fit each other's texts.

Under a text that is in its place a class fits its own text better than another's, by a margin that varies
from pair to pair. Classes whose texts were exchanged, in a ring of two or more, fit each the next one's text
better than their own, all of them by about such a margin. The chance of a ring so far from the other margins,
if these are normal, is taken times the number of rings of its size.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import combinations
from math import comb, factorial

import numpy as np
from numpy.typing import NDArray

from semtool.descriptions import DescriptionSet

__all__ = ["FOLDS", "Ring", "exchanged", "misplaced"]

LOOKED_AT = 200
"""So many rings are held against the margins of all classes that are not in them."""
FOLDS = 60
"""Trainings from which margins are taken: so many that all pairs of classes are held out together."""
LEAST = 0.5
"""The ring's mean loss of margin must be at least so much of the median margin; less is mere likeness."""


@dataclass(frozen=True)
class Ring:
    """Classes (positions) of which each fits the text of the next one, the last that of the first.

    ``margin``: by how much on average, over the median margin of a text in its place; ``p`` after correction.
    """

    classes: tuple[int, ...]
    margin: float
    p: float


def misplaced(fit: NDArray[np.float64]) -> list[Ring]:
    """Return the rings of texts that seem to be in the wrong place, least likely by chance first.

    Args:
        fit: see `semtool.experiments.optimisation.held_out.HeldOut`; (n, n).
    """
    from scipy.stats import norm

    n = len(fit)
    margins = np.diag(fit)[:, None] - fit
    np.fill_diagonal(margins, np.nan)
    middle, spread = _typical(margins)
    rings = [(-float(np.mean([margins[e] for e in _edges(r)])), r) for r in _rings(fit)]
    likeliest = sorted(
        (r for r in rings if r[0] >= LEAST * middle > 0), key=lambda r: -r[0] * len(r[1]) ** 0.5
    )
    found = []
    for gain, ring in likeliest[:LOOKED_AT]:
        size = len(ring)
        rest = np.delete(np.delete(margins, ring, axis=0), ring, axis=1)
        middle, spread = _typical(rest if n - size > 2 else margins)
        # Every size has its share of the level, 1 / (size (size - 1)), which add up to one.
        count = comb(n, size) * factorial(size - 1) * size * (size - 1)
        p = float(norm.sf((middle + gain) / spread * np.sqrt(size))) * count
        found.append(Ring(ring, gain / middle, min(1.0, p)))
    chosen: list[Ring] = []
    for one in sorted(found, key=lambda r: (r.p, -r.margin)):
        if not any(set(one.classes) & set(other.classes) for other in chosen):
            chosen.append(one)
    return chosen


def exchanged(texts: DescriptionSet, ring: tuple[int, ...]) -> DescriptionSet:
    """Return a set in which each class of ``ring`` (ids) has the texts of the next one."""
    named = {d.class_id: d.class_name for d in texts}
    taker = dict(zip([*ring[1:], ring[0]], ring, strict=True))
    return DescriptionSet(
        replace(d, class_id=taker[d.class_id], class_name=named[taker[d.class_id]])
        if d.class_id in taker
        else d
        for d in texts
    )


def _typical(margins: NDArray[np.float64]) -> tuple[float, float]:
    """Return the median margin and the deviation (from the median absolute one), which few outliers move."""
    known = margins[~np.isnan(margins)]
    middle = float(np.median(known))
    return middle, max(1.4826 * float(np.median(np.abs(known - middle))), 1e-9)


def _edges(ring: tuple[int, ...]) -> list[tuple[int, int]]:
    return list(zip(ring, [*ring[1:], ring[0]], strict=True))


def _rings(fit: NDArray[np.float64]) -> Iterator[tuple[int, ...]]:
    """Yield all rings of two and three, and the longer ones of the best assignment of texts to classes."""
    from scipy.optimize import linear_sum_assignment

    n = len(fit)
    yield from combinations(range(n), 2)
    for first, second, third in combinations(range(n), 3):
        yield from ((first, second, third), (first, third, second))
    to = linear_sum_assignment(-np.where(np.isnan(fit), -1e6, fit))[1].tolist()
    done: set[int] = set()
    for start in range(n):
        ring, at = [], start
        while at not in done:
            done.add(at)
            ring.append(at)
            at = to[at]
        if len(ring) > 3:
            yield tuple(ring)

"""Are texts in the wrong place? Found from how held-out classes fit each other's texts.

A class fits a text that is in its place better than another's, by a margin, to which the class (a row) and
the other text (a column) add their part, and noise. Classes whose texts were exchanged, in a ring of two or
more, fit each the next one's text better than their own, all of them by about such a margin. A ring's mean is
held against the mean margin and the noise of the other classes: the likeliest ring comes first. Its chance
(Student's t, with a part of what own fits differ by) is taken times the number of rings of its size, and it
must lose `LEAST` of a margin. How often a good text is left alone is measured by
``benchmarks/text_optimise.py planted``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import combinations
from math import comb, factorial, log

import numpy as np
from numpy.typing import NDArray

from semtool.descriptions import DescriptionSet

__all__ = ["FOLDS", "Ring", "exchanged", "misplaced"]

WEIGHED = 40
"""So many rings are held against the margins of all classes that are not in them."""
FOLDS = 180
"""Trainings from which margins are taken, at least: nearly all pairs are then held out together."""
LEAST = 0.5
"""The ring's mean loss of margin must be at least so much of the mean margin; less is mere likeness."""
OWN = 0.5
"""Share of the variance of own fits that counts: with all of it rings are missed, with none of it classes of
real data that are merely alike stand out. Set on planted worlds other than those of the benchmark, and on
seen classes of real sets."""
REST = 4
"""Classes from which noise can be told, at least; where fewer are not in a ring, all are taken."""


@dataclass(frozen=True)
class Ring:
    """Classes (positions) of which each fits the text of the next one, the last that of the first.

    ``margin``: by how much on average, over the mean margin of a text in its place; ``p`` after correction.
    """

    classes: tuple[int, ...]
    margin: float
    p: float


def misplaced(margins: NDArray[np.float64], alpha: float) -> list[Ring]:
    """Return the rings of texts that seem to be in the wrong place, the likeliest first, none with another.

    Args:
        margins: (n, n) of `semtool.experiments.optimisation.held_out.HeldOut`.
        alpha: at most this p.
    """
    losing = (r for r in _rings(margins) if _loss(r, margins) > 0)
    rings = sorted(losing, key=lambda r: -_loss(r, margins) * len(r) ** 0.5)
    weighed = [_weighed(r, margins) for r in rings[:WEIGHED]]
    # Rings of more than three are last: the best assignment chose them for what they lose.
    weighed.sort(key=lambda w: (len(w[1].classes) > 3, -w[0]))
    chosen: list[Ring] = []
    for _, one in weighed:
        apart = all(set(one.classes).isdisjoint(other.classes) for other in chosen)
        if one.p <= alpha and one.margin >= LEAST and apart:
            chosen.append(one)
    return chosen


def _loss(ring: tuple[int, ...], margins: NDArray[np.float64]) -> float:
    """Return by how much the classes of a ring fit the next one's text better than their own, on average."""
    return -float(np.mean([margins[e] for e in zip(ring, [*ring[1:], ring[0]], strict=True)]))


def _weighed(ring: tuple[int, ...], margins: NDArray[np.float64]) -> tuple[float, Ring]:
    """Return how much likelier a ring is than none (logarithm, less that of their number), and the ring."""
    from scipy.stats import t

    n, size = len(margins), len(ring)
    loss = _loss(ring, margins)
    rest = np.delete(np.delete(margins, ring, axis=0), ring, axis=1)
    middle, noise, own, free = _typical(rest if len(rest) >= REST else margins)
    if not middle > 0:
        return -np.inf, Ring(ring, 0.0, 1.0)
    # Every size has its share of the level, 1 / (size (size - 1)), which add up to one.
    count = comb(n, size) * factorial(size - 1) * size * (size - 1)
    p = float(t.sf((middle + loss) / np.sqrt((noise + OWN * own) / size), free)) * count
    return 2 * size * middle * loss / noise - log(count), Ring(ring, loss / middle, min(1.0, p))


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


def _typical(margins: NDArray[np.float64]) -> tuple[float, float, float, int]:
    """Return the mean margin, the variances of noise and of own fits, and the noise's degrees of freedom."""
    rows, columns = np.zeros(len(margins)), np.zeros(len(margins))
    for _ in range(10):  # exact after one round if all but the diagonal is known
        rows = np.nanmean(margins - columns, axis=1)
        columns = np.nanmean(margins - rows[:, None], axis=0)
    left = margins - rows[:, None] - columns
    free = max(int(np.isfinite(left).sum()) - 2 * len(left) + 1, 1)
    noise = max(float(np.nansum(left**2)) / free, 1e-18)
    return float(np.nanmean(margins)), noise, float((rows + columns).var(ddof=1)), free


def _rings(margins: NDArray[np.float64]) -> Iterator[tuple[int, ...]]:
    """Yield all rings of two and three, and the longer ones of the best assignment of texts to classes."""
    from scipy.optimize import linear_sum_assignment

    n = len(margins)
    yield from combinations(range(n), 2)
    for first, second, third in combinations(range(n), 3):
        yield from ((first, second, third), (first, third, second))
    loss = np.where(np.isnan(margins), 1e6, margins)
    np.fill_diagonal(loss, 0)
    to = linear_sum_assignment(loss)[1].tolist()
    done: set[int] = set()
    for start in range(n):
        ring, at = [], start
        while at not in done:
            done.add(at)
            ring.append(at)
            at = to[at]
        if len(ring) > 3:
            yield tuple(ring)

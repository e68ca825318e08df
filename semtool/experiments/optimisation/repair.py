"""Are texts in the wrong place? Found from how held-out classes fit each other's texts.

Under a text that is in its place a class fits its own text better than another's, by a margin that varies
from pair to pair. Classes whose texts were exchanged, in a ring of two or more, fit each the next one's
text better than their own, all of them by about such a margin. The ring is the part of the best
assignment of texts to classes that is not in its place; the chance of one so far from the other margins
is taken times the number of rings that there are.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import comb, factorial

import numpy as np
from numpy.typing import NDArray

from semtool.descriptions import DescriptionSet

__all__ = ["FOLDS", "Ring", "exchanged", "misplaced"]

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
    from scipy.optimize import linear_sum_assignment
    from scipy.stats import norm

    n = len(fit)
    known = np.where(np.isnan(fit), -1e6, fit)
    _, to = linear_sum_assignment(-known)
    margins = np.diag(fit)[:, None] - fit
    every = margins[~np.eye(n, dtype=bool) & ~np.isnan(margins)]
    middle = float(np.median(every))
    spread = max(1.4826 * float(np.median(np.abs(every - middle))), 1e-9)
    found = []
    for ring in _rings(to.tolist()):
        own = [float(margins[c, d]) for c, d in zip(ring, [*ring[1:], ring[0]], strict=True)]
        rings = comb(n, len(ring)) * factorial(len(ring) - 1)
        gain = -float(np.mean(own))
        p = float(norm.sf((middle + gain) / spread * np.sqrt(len(ring)))) * rings
        if middle > 0 and gain >= LEAST * middle:
            found.append(Ring(ring, gain / middle, min(1.0, p)))
    return sorted(found, key=lambda ring: ring.p)


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


def _rings(to: list[int]) -> list[tuple[int, ...]]:
    found, done = [], set()
    for start in range(len(to)):
        ring, at = [], start
        while at not in done:
            done.add(at)
            ring.append(at)
            at = to[at]
        if len(ring) > 1:
            found.append(tuple(ring))
    return found

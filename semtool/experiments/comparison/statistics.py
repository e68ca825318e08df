"""Is a difference real? Paired differences of accuracy, their intervals, p-values and Holm's correction.

What is paired: two texts are measured on the same unseen samples with the same seeds, so that each seed and
sample gives one difference, right with the one minus right with the other: -1, 0 or 1.

What varies, and how the interval allows for it:

* **seeds**, of which there are few (often three). Resampling three values with replacement gives a spread
  that is too small by a third, and no allowance for not knowing it: such an interval misses the truth several
  times as often as it says. The seeds' part of the error is therefore Student's t. Its spread is pooled over
  all texts that were trained alike on the split, as in a two-way analysis of variance (seeds by texts):
  (texts - 1) (seeds - 1) degrees of freedom instead of two for three seeds. A pair whose own spread is larger
  keeps its own, because texts need not vary alike.
* **samples**. They are bootstrapped, by person where persons are known (all samples of one person stay
  together, because repetitions by the same person are alike), else one by one. The draws are widened as
  Student's t is, to allow for few persons. Classes are not resampled: the statement is about the unseen
  classes of the split.

Both parts are added draw by draw, as in a crossed ("pigeonhole") bootstrap: Owen, The pigeonhole bootstrap,
Annals of Applied Statistics 1 (2007). What seed and sample share is counted in both, so the interval errs on
the wide side. Over several splits the difference is the mean over splits; seeds count within each split, a
person is the same one in all splits of a data set. `benchmarks/planted_comparison.py` measures how often the
interval holds the truth.

A text may itself be drawn: a language model asked again, or a control drawn again. Then the mean over its
draws is compared; their part of the error is Student's t over the draws' accuracies, as for seeds. Against a
control that is drawn the question is whether a text is more than one draw more: the error is a prediction's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["LEVEL", "RESAMPLES", "Estimate", "PairedOutcomes", "estimate", "holm", "pooled_variance"]

LEVEL = 0.95
RESAMPLES = 10_000
FEWEST_PERSONS = 5
"""With fewer persons than this, samples are resampled one by one."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class PairedOutcomes:
    """Paired outcomes on one split.

    Attributes:
        differences: (S, n) over seeds and unseen samples: right with the first minus right with the second.
        class_id: (n,).
        person: (n,) whoever moves, unique over data sets; empty strings where nobody knows.
        sample: (n,) names of samples, unique over data sets.
        seeded: whether the seed changes anything; if not there is one row, and no part for seeds.
        pooled: variance over seeds of a difference, pooled over texts, and its degrees of freedom (see
            `pooled_variance`); None: the pair has nothing but its own.
        draws: accuracy of each draw of the first and of the second text; one value where a text is not drawn.
        control: whether the second is a control of the first. Then the question is whether the first is more
            than another draw of it, and not only than the draws' mean.
    """

    differences: Floats
    class_id: NDArray[np.int64]
    person: Sequence[str]
    sample: Sequence[str]
    seeded: bool = True
    pooled: tuple[float, int] | None = None
    draws: tuple[Floats, Floats] = (np.zeros(1), np.zeros(1))
    control: bool = False


@dataclass(frozen=True)
class Estimate:
    """A mean difference, its interval and its two-sided p-value.

    Attributes:
        covers: how many the interval covers of ``seeds`` (0: none), of ``persons`` or ``samples``, and of
            ``draws`` of the text that has fewest, where one is drawn.
        sources: share of the error's variance that each source has: ``seeds``, ``persons`` or ``samples``,
            ``draws``.
    """

    mean: float
    low: float
    high: float
    p: float
    covers: dict[str, int]
    sources: dict[str, float]


def estimate(
    pairs: Sequence[PairedOutcomes], *, level: float = LEVEL, resamples: int = RESAMPLES, seed: int = 0
) -> Estimate:
    """Estimate the mean difference over splits.

    Args:
        pairs: one for each split.
        level: of the interval.
        resamples: draws.
        seed: of the draws.
    """
    rng = np.random.default_rng(seed)
    mean = float(np.mean([p.differences.mean() for p in pairs]))
    units, influence, freedom, persons = _influences(pairs)
    unit = "persons" if persons else "samples"
    parts = {
        unit: (float((influence**2).sum()), 0.0),
        "seeds": _seed_variance(pairs),
        "draws": _draw_variance(pairs),
    }
    errors = _unit_errors(influence, freedom, resamples, rng)
    for variance, known in (parts["seeds"], parts["draws"]):
        if variance > 0:
            errors = errors + np.sqrt(variance) * rng.standard_t(known, resamples)
    tail = (1 - level) / 2
    low, high = np.clip(np.quantile(mean + errors, (tail, 1 - tail)), -1, 1).tolist()
    beyond = min(int((mean + errors <= 0).sum()), int((mean + errors >= 0).sum()))
    p = min(1.0, 2 * (beyond + 1) / (resamples + 1))
    seeds = min(len(p.differences) for p in pairs) if all(p.seeded for p in pairs) else 0
    covers = {"seeds": seeds if seeds > 1 else 0, unit: units}
    total = sum(v for v, _ in parts.values())
    sources = {name: v / total for name, (v, _) in parts.items() if v > 0}
    if drawn := [len(d) for p in pairs for d in p.draws if len(d) > 1]:
        covers["draws"] = min(drawn)
    return Estimate(mean, low, high, p, covers, sources)


def pooled_variance(accuracies: Sequence[Floats]) -> tuple[float, int] | None:
    """Return the variance over seeds of a difference of two accuracies, and its degrees of freedom.

    Args:
        accuracies: arrays (texts, seeds), one an encoder; what seeds and texts do on average is taken out of
            each, what is left is pooled.
    """
    squares, freedom = 0.0, 0
    for table in accuracies:
        left = table - table.mean(axis=1, keepdims=True) - table.mean(axis=0, keepdims=True) + table.mean()
        squares += float((left**2).sum())
        freedom += (table.shape[0] - 1) * (table.shape[1] - 1)
    return (2 * squares / freedom, freedom) if freedom else None


def holm(p_values: Sequence[float]) -> list[float]:
    """Return p-values adjusted so that the chance of any false finding among them stays at the level.

    Holm, A simple sequentially rejective multiple test procedure, Scand. Journal of Statistics 6 (1979).
    """
    order = np.argsort(p_values, kind="stable")
    adjusted = [0.0] * len(p_values)
    highest = 0.0
    for rank, at in enumerate(order):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[at]))
        adjusted[at] = highest
    return adjusted


def _influences(pairs: Sequence[PairedOutcomes]) -> tuple[int, Floats, int, bool]:
    """Return how many units there are, by how much each moves the mean, degrees of freedom, and whether
    units are persons."""
    known = {name for p in pairs for name in p.person}
    persons = "" not in known and len(known) >= FEWEST_PERSONS
    moved: dict[str, float] = {}
    classes = set()
    for number, p in enumerate(pairs):
        over_seeds = p.differences.mean(axis=0)
        centred = over_seeds.copy()
        for c in np.unique(p.class_id):
            centred[p.class_id == c] -= over_seeds[p.class_id == c].mean()
            classes.add((number, int(c)))
        for unit, value in zip(p.person if persons else p.sample, centred, strict=True):
            moved[unit] = moved.get(unit, 0.0) + float(value) / (len(centred) * len(pairs))
    freedom = max(1, len(moved) - (1 if persons else len(classes)))
    values = np.array(list(moved.values()))
    return len(moved), values * np.sqrt(len(moved) / freedom), freedom, persons


def _unit_errors(influence: Floats, freedom: int, resamples: int, rng: np.random.Generator) -> Floats:
    """Return draws (resamples,) of the error that comes from the choice of samples."""
    values, counts = np.unique(influence, return_counts=True)  # samples of equal influence are drawn together
    drawn = rng.multinomial(len(influence), counts / len(influence), size=resamples)
    return (drawn @ values) / np.sqrt(rng.chisquare(freedom, resamples) / freedom)


def _seed_variance(pairs: Sequence[PairedOutcomes]) -> tuple[float, float]:
    """Return the variance of the mean that comes from the choice of seeds, and its degrees of freedom."""
    parts = []
    for p in pairs:
        if p.seeded and len(p.differences) > 1:
            own = float(p.differences.mean(axis=1).var(ddof=1)), len(p.differences) - 1
            variance, freedom = max(own[0], p.pooled[0]) if p.pooled else own[0], (p.pooled or own)[1]
            parts.append((variance / len(p.differences) / len(pairs) ** 2, freedom))
    return _together(parts)


def _draw_variance(pairs: Sequence[PairedOutcomes]) -> tuple[float, float]:
    """Return the variance of the mean that comes from the draws of texts, and its degrees of freedom.

    A draw is the same text on every split, so that its accuracy is the mean over splits.
    """
    parts = []
    for side in (0, 1):
        over_splits = np.mean([p.draws[side] for p in pairs], axis=0)
        if len(over_splits) > 1:
            share = 1 / len(over_splits) + (side == 1 and pairs[0].control)
            parts.append((float(over_splits.var(ddof=1)) * share, len(over_splits) - 1))
    return _together(parts)


def _together(parts: Sequence[tuple[float, int]]) -> tuple[float, float]:
    """Add variances; degrees of freedom after Welch and Satterthwaite: unequal parts count for less."""
    total = sum(v for v, _ in parts)
    return (total, total**2 / sum(v**2 / f for v, f in parts)) if total > 0 else (0.0, 1.0)

"""What a difference means, in a word and in a sentence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from semtool.experiments.comparison.statistics import Estimate

__all__ = ["VERDICTS", "general_notes", "sentence", "verdict"]

VERDICTS = {
    "better": "the first is better, beyond chance",
    "worse": "the first is worse, beyond chance",
    "not shown": "the difference may be noise",
    "identical": "both predict the same class for every sample",
    "one seed": "one seed only: nothing is concluded",
}
"""The verdicts on a difference (first minus second), and what they mean."""


def verdict(
    found: Estimate, p_adjusted: float | None, *, identical: bool, one_seed: bool, level: float
) -> str:
    """Return one of `VERDICTS`."""
    if identical:
        return "identical"
    if one_seed or p_adjusted is None:
        return "one seed"
    if p_adjusted >= 1 - level:
        return "not shown"
    return "better" if found.mean > 0 else "worse"


def sentence(entry: dict[str, Any], found: Estimate, *, tested: int, level: float) -> str:
    """Return the sentence of a difference.

    Args:
        entry: of the comparison, complete but for its words.
        found: its estimate.
        tested: how many differences the correction is over.
        level: of the interval.
    """
    a, b = entry["a"], entry["b"]
    where = f"{entry['dataset']} {entry['split']}" if entry["split"] else f"{entry['dataset']}, all splits"
    place = f"on {where} with {entry['encoder']}, {entry['preset']}"
    if entry["verdict"] == "identical":
        return f"{a} and {b} predict the same class for every sample {place}."
    points = 100 * abs(found.mean)
    low, high = 100 * found.low, 100 * found.high
    span = f"{level:.0%} interval {low:+.1f} to {high:+.1f}"
    if entry["verdict"] == "one seed":
        more = "more" if found.mean >= 0 else "less"
        return (
            f"{a} is right {points:.1f} points {more} often than {b} {place}, but with one seed nothing is "
            f"known of how training varies, so nothing is concluded (the {span} is over {_units(found)} "
            "alone)."
        )
    over = f"over {_covered(found)}"
    said = f"p {_p(entry['p_adjusted'])}" + (f" corrected for {tested} comparisons" if tested > 1 else "")
    if entry["verdict"] == "not shown":
        reason = " before correction" if not low <= 0 <= high else ""
        return (
            f"No difference between {a} and {b} is shown {place}: {100 * found.mean:+.1f} points, "
            f"{span}{reason}, {said}, {over}."
        )
    if entry["verdict"] == "worse":  # the better one is named first
        a, b, span = b, a, f"{level:.0%} interval {-high:+.1f} to {-low:+.1f}"
    return f"{a} is better than {b} by {points:.1f} points {place}: {span}, {said}, {over}."


def general_notes(
    *, features_per_seed: bool, closed_forms: Sequence[str], trained: Sequence[str], seeds: int,
    visual: Sequence[str], simulated: bool, leaky: bool,
) -> list[str]:  # fmt: skip
    """Return what whoever reads the numbers must know about where they come from."""
    notes = [f"Visual features: {', '.join(visual)}."]
    if simulated:
        notes.append("The skeletons are simulated: the numbers say nothing about people.")
    if leaky:
        notes.append("Epochs were chosen on the test samples: the accuracies are too high.")
    if trained and seeds == 1:
        notes.append(
            "There is one seed only: intervals do not cover how training varies; use --seeds 3 or more."
        )
    if not features_per_seed and (seeds > 1 or closed_forms):
        notes.append(
            "All seeds of a class split share the same visual features: intervals do not cover the training "
            "of the visual encoder; --features-per-seed covers that too."
        )
    if closed_forms and not features_per_seed:
        notes.append(
            f"{' and '.join(closed_forms)} {'do' if len(closed_forms) > 1 else 'does'} not depend on the "
            "seed: fitted once, with intervals over test samples only."
        )
    return notes


def _covered(found: Estimate) -> str:
    return (f"{found.seeds} seeds and " if found.seeds else "") + _units(found)


def _units(found: Estimate) -> str:
    return f"{found.units} {'persons' if found.persons else 'samples'}"


def _p(value: float) -> str:
    return "< 0.001" if value < 0.001 else f"= {value:.3f}" if value < 0.1 else f"= {value:.2f}"

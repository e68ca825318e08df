"""What a difference means, in a word and in a sentence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from semtool.experiments.comparison.comparison import Difference, Verdict
    from semtool.experiments.comparison.statistics import Estimate
    from semtool.experiments.grid import Grid

__all__ = ["general_notes", "sentence", "verdict"]


def verdict(
    found: Estimate, p_adjusted: float | None, *, identical: bool, one_seed: bool, level: float
) -> Verdict:
    """Return what the difference of an estimate says."""
    if identical:
        return "identical"
    if one_seed or p_adjusted is None:
        return "one seed"
    if p_adjusted >= 1 - level:
        return "not shown"
    return "better" if found.mean > 0 else "worse"


def sentence(found: Difference, *, tested: int, level: float) -> str:
    """Return the sentence of a difference; it says the same as its verdict, in the same order of texts.

    Args:
        found: the difference, complete but for its words.
        tested: how many differences the correction is over.
        level: of the interval.
    """
    return _plain(found, tested=tested, level=level) + _of_control(found) + _of_draws(found)


def _of_control(found: Difference) -> str:
    """Return what a text says, if the second one is a control of it that was tested."""
    if found.control is None or found.verdict == "one seed":
        return ""
    less = {
        "names": "{a} is not shown to say more than the names.",
        "nameless": "What {a} says beside the names is not shown to be less than all it says.",
        "filled": "{a} is not shown to say more than the names and as many words at random.",
        "random": "Nothing that {a} says is shown to help: as many words at random may do as well.",
        "shuffled": "Nothing that {a} says is shown to help: its texts of other classes may do as well.",
        "without": "What {b} leaves out is not shown to be missed.",
    }
    return "" if found.verdict == "better" else " " + less[found.control].format(a=found.a, b=found.b)


def _of_draws(found: Difference) -> str:
    if "draws" not in found.sources:
        return ""
    share = found.sources["draws"]
    return f" Drawing a text again is {share:.0%} of the error's variance ({found.covers['draws']} draws)."


def _plain(found: Difference, *, tested: int, level: float) -> str:
    a, b = found.a, found.b
    where = f"{found.dataset} {found.split}" if found.split else f"{found.dataset}, all splits"
    place = f"on {where} with {found.encoder}, {found.preset}"
    if found.verdict == "identical":
        return f"{a} and {b} predict the same class for every sample {place}."
    points = 100 * abs(found.mean)
    span = f"{level:.0%} interval {100 * found.low:+.1f} to {100 * found.high:+.1f}"
    if found.verdict == "one seed":
        more = "more" if found.mean >= 0 else "less"
        return (
            f"{a} is right {points:.1f} points {more} often than {b} {place}, but with one seed nothing is "
            f"known of how training varies, so nothing is concluded (the {span} is over {_units(found)} "
            "alone)."
        )
    seeds = found.covers["seeds"]
    over = "over " + (f"{seeds} seeds and " if seeds else "") + _units(found)
    said = f"p {_p(found.p_adjusted or 0.0)}" + (f" corrected for {tested} comparisons" if tested > 1 else "")
    if found.verdict == "not shown":
        reason = " before correction" if not found.low <= 0 <= found.high else ""
        return (
            f"No difference between {a} and {b} is shown {place}: {100 * found.mean:+.1f} points, "
            f"{span}{reason}, {said}, {over}."
        )
    return f"{a} is {found.verdict} than {b} by {points:.1f} points {place}: {span}, {said}, {over}."


def general_notes(
    grid: Grid, visual: Sequence[str], *, simulated: bool, leaky: bool, auxiliary: Sequence[str]
) -> list[str]:
    """Return what whoever reads the numbers must know about where they come from."""
    closed_forms = list(dict.fromkeys(s.label for s in grid.settings if not s.seeded))
    trained = any(s.seeded for s in grid.settings)
    notes = [f"Visual features: {', '.join(visual)}."]
    if simulated:
        notes.append("The skeletons are simulated: the numbers say nothing about people.")
    if leaky:
        notes.append("Epochs were chosen on the test samples: the accuracies are too high.")
    if auxiliary:
        notes.append(f"{' and '.join(auxiliary)} learned from simulated classes beside the seen ones.")
    if trained and len(grid.seeds) == 1:
        notes.append(
            "There is one seed only: intervals do not cover how training varies; use --seeds 3 or more."
        )
    if not grid.features_per_seed and (len(grid.seeds) > 1 or closed_forms):
        notes.append(
            "All seeds of a class split share the same visual features: intervals do not cover the training "
            "of the visual encoder; --features-per-seed covers that too."
        )
    if closed_forms and not grid.features_per_seed:
        notes.append(
            f"{' and '.join(closed_forms)} {'do' if len(closed_forms) > 1 else 'does'} not depend on the "
            "seed: fitted once, with intervals over test samples only."
        )
    notes += [
        f"{t.label} are imported vectors, read as they are whatever the encoder"
        for t in grid.texts
        if any(found.kind == "embeddings" for found in t.descriptions.values())
    ]
    return notes


def _units(found: Difference) -> str:
    kind = "persons" if "persons" in found.covers else "samples"
    return f"{found.covers[kind]} {kind}"


def _p(value: float) -> str:
    return "< 0.001" if value < 0.001 else f"= {value:.3f}" if value < 0.1 else f"= {value:.2f}"

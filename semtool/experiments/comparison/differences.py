"""The differences of a comparison: every pair of texts, estimated, corrected, judged and put into words."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from semtool.experiments.comparison.ablation import WITHOUT
from semtool.experiments.comparison.comparison import ClassDifference, Difference, Verdict
from semtool.experiments.comparison.outcomes import Outcomes, pair
from semtool.experiments.comparison.statistics import (
    Estimate,
    PairedOutcomes,
    estimate,
    holm,
    pooled_variance,
)
from semtool.experiments.grid import CellRuns, Grid

__all__ = ["differences", "general_notes", "sentence", "verdict"]


def differences(
    cells: Sequence[CellRuns], outcomes: Sequence[Outcomes], *, level: float, resamples: int
) -> list[Difference]:
    """Return every difference of two texts, split by split and then over all splits, corrected.

    A text that is drawn several times is the mean over its draws; a control is compared with its text only.
    """
    drawn: dict[tuple[str, str, str], dict[str, dict[str, list[Outcomes]]]] = {}
    for found, seen in zip(cells, outcomes, strict=True):
        cell = found.cell
        splits = drawn.setdefault((cell.dataset, cell.setting.label, cell.encoder), {})
        splits.setdefault(cell.split, {}).setdefault(cell.text.called, []).append(seen)
    groups = {
        key: {s: {t: Outcomes.average(o) for t, o in texts.items()} for s, texts in splits.items()}
        for key, splits in drawn.items()
    }
    controls = {c.cell.text.called: c.cell.text for c in cells if c.cell.text.control}
    families: dict[tuple[bool, bool], list[_TextPair]] = {}
    for (dataset, preset, encoder), by_split in groups.items():
        alike = [v for (d, p, _), v in groups.items() if (d, p) == (dataset, preset)]
        pooled = {s: _pooled([v[s] for v in alike if s in v]) for s in by_split}
        texts = list(dict.fromkeys(t for by_text in by_split.values() for t in by_text))
        for a, b in itertools.combinations(texts, 2):
            control = controls.get(b)
            if a in controls or (control and control.control != "names" and control.of != a):
                continue
            both = {s: (by[a], by[b]) for s, by in by_split.items() if a in by and b in by}
            names: dict[str, Any] = {"a": a, "b": b, "encoder": encoder, "preset": preset, "dataset": dataset}
            names["control"] = control.control if control else None
            part = names["control"] == WITHOUT
            families.setdefault((part, False), []).extend(
                _TextPair({**names, "split": s}, {s: both[s]}, pooled) for s in both
            )
            if len(both) > 1:
                families.setdefault((part, True), []).append(
                    _TextPair({**names, "split": None}, both, pooled)
                )
    return [d for _, family in sorted(families.items()) for d in _judge(family, level, resamples)]


def _pooled(by_encoder: Sequence[dict[str, Outcomes]]) -> tuple[float, int] | None:
    """Pool the spread over seeds of all texts on one split, identical ones counted once."""
    tables = []
    for by_text in by_encoder:
        distinct = {o.fingerprint: o.right.mean(axis=1) for o in by_text.values() if o.seeded}
        if len({len(row) for row in distinct.values()}) == 1:
            tables.append(np.stack(list(distinct.values())))
    return pooled_variance(tables)


class _TextPair:
    """Two texts under one encoder and preset, on one split or several."""

    def __init__(
        self,
        names: dict[str, Any],
        outcomes: dict[str, tuple[Outcomes, Outcomes]],
        pooled: dict[str, tuple[float, int] | None],
    ) -> None:
        self.names = names
        self.pairs: list[PairedOutcomes] = [
            pair(x, y, names["dataset"], pooled[s], control=bool(names["control"]))
            for s, (x, y) in outcomes.items()
        ]
        prints = [(x.fingerprint, y.fingerprint) for x, y in outcomes.values()]
        self.identical = all(x == y for x, y in prints)
        self.one_seed = any(p.seeded and len(p.differences) == 1 for p in self.pairs)
        self.hypothesis = (
            names["encoder"], names["preset"], *outcomes, frozenset((tuple(x for x, _ in prints),
            tuple(y for _, y in prints))),
        )  # fmt: skip
        first = next(iter(outcomes.values()))[0]
        self.classes = {} if len(outcomes) > 1 else _per_class(self.pairs[0], first)
        self.tested = not self.identical and not self.one_seed


def _judge(family: Sequence[_TextPair], level: float, resamples: int) -> list[Difference]:
    """Estimate, correct and word a family of differences; what is the same question counts once."""
    found: list[Estimate] = [estimate(d.pairs, level=level, resamples=resamples) for d in family]
    questions = {d.hypothesis: e.p for d, e in zip(family, found, strict=True) if d.tested}
    adjusted = dict(zip(questions, holm(list(questions.values())), strict=True))
    entries = []
    for d, e in zip(family, found, strict=True):
        p_adjusted = adjusted[d.hypothesis] if d.tested else None
        said = verdict(e, p_adjusted, identical=d.identical, one_seed=d.one_seed, level=level)
        made = Difference(
            **d.names,
            pairs=sum(len(p.differences) for p in d.pairs),
            **asdict(e) | {"p": e.p if d.tested else None},
            p_adjusted=p_adjusted,
            verdict=said,
            words="",
            per_class=d.classes or None,
        )
        entries.append(made.model_copy(update={"words": sentence(made, tested=len(questions), level=level)}))
    return entries


def _per_class(pairs: PairedOutcomes, outcomes: Outcomes) -> dict[int, ClassDifference]:
    """Return for each class how much more often the first text is right."""
    first = next(iter(outcomes.metrics.values()))
    return {
        int(c): ClassDifference(
            name=entry.name, n=entry.n, mean=float(pairs.differences[:, pairs.class_id == int(c)].mean())
        )
        for c, entry in first.zsl.per_class.items()
        if entry.n
    }


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

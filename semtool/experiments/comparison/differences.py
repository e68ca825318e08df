"""The differences of a comparison: every pair of texts, estimated, corrected and put into words."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from semtool.experiments.comparison.ablation import WITHOUT
from semtool.experiments.comparison.comparison import ClassDifference, Difference
from semtool.experiments.comparison.outcomes import Outcomes, pair
from semtool.experiments.comparison.statistics import (
    Estimate,
    PairedOutcomes,
    estimate,
    holm,
    pooled_variance,
)
from semtool.experiments.comparison.wording import sentence, verdict
from semtool.experiments.grid import CellRuns

__all__ = ["differences"]


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

    @property
    def tested(self) -> bool:
        return not self.identical and not self.one_seed


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
            mean=e.mean,
            low=e.low,
            high=e.high,
            p=e.p if d.tested else None,
            p_adjusted=p_adjusted,
            covers={"seeds": e.seeds, "persons" if e.persons else "samples": e.units}
            | ({"draws": e.draws} if e.draws else {}),
            sources=e.sources,
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

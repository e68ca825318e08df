"""A field's table as LaTeX, Markdown, CSV and a page: published rows above, ours below, marks on each.

The published numbers are data (``published.yaml``).
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterator, Sequence
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import yaml
from pydantic import Field

from semtool.disk import write_atomically
from semtool.errors import NotMadeError, UsageError, unknown_name
from semtool.experiments.measured import GENERALISED, RULES, common_rule, part_named, rule_named
from semtool.experiments.tables import View, bibtex, neutralised, per_cent
from semtool.packaged import rendered
from semtool.record import Record

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = [
    "PublishedRow", "Values", "checked", "families", "generalised", "published", "write_views", "zero_shot",
]  # fmt: skip

WORDS = ("method", "features", "seeds", "marks")
OURS = ["preset", "text", "encoder", "features"]
MATRIX = ["preset", "text", "encoder"]
NOTE = (
    "Published rows are as printed by their authors unless marked; ours are the last epoch or a closed form. "
    "Rows that differ in features, selection or part may stand in one table only with their marks."
)


NONE = "No published row is quoted for the {family} splits: there are no figures whose source could be named."


def write_views(folder: Path, family: str, rows: Sequence[dict[str, Any]]) -> tuple[Path, ...]:
    """Write ``table.tex``, ``table.md``, ``table.csv`` and ``table.html``; return their paths."""
    from pandas import DataFrame

    runs = checked(DataFrame(list(rows)))
    simulated = " - SIMULATED skeletons: no results on the data sets" if runs["simulated"].any() else ""
    frames = {f"zero-shot accuracy in %, {family} splits{simulated}": zero_shot(family, runs)}
    if (found := generalised(family, runs)) is not None:
        frames[f"all classes: seen, unseen and harmonic mean in %, {family} splits{simulated}"] = found
    if len(runs.groupby(OURS)) > 1:
        frames["ours, text x encoder x split: mean accuracy in %" + simulated] = matrix(runs)
    words = {*WORDS, "rule", *MATRIX}
    views = [View(t, frame, sum(c in words for c in frame.columns)) for t, frame in frames.items()]
    cite = bibtex(f"{family} table", paper=any(runs["preset"].str.startswith("paper")))
    said = conclusion(runs)
    notes = [said, NOTE] if published(family) else [said, NOTE, NONE.format(family=family)]
    texts = {
        "table.tex": "\n".join(
            [
                *(view.latex(f"tab:{family}-{at}") for at, view in enumerate(views)),
                *(f"% {line}" for note in notes for line in note.splitlines()),
            ]
        ),
        "table.md": "\n\n".join([*(view.markdown() for view in views), *notes]) + "\n",
        "table.csv": neutralised(runs).to_csv(index=False, lineterminator="\n"),
        "table.html": rendered(
            __package__, "page.html.j2", family=family, views=views, notes=notes, cite=cite
        ),
    }
    for name, text in texts.items():
        write_atomically(folder / name, text)
    return tuple(folder / name for name in texts)


def matrix(runs: DataFrame) -> DataFrame:
    """Return mean accuracy by preset, text and encoder (rows) and split (columns), and their mean."""
    means = _means(runs)
    found = means.assign(mean=means.mean(axis=1, skipna=False)).map(lambda v: f"{v:.1f}" if v == v else "-")
    return found.reset_index()


def conclusion(runs: DataFrame) -> str:
    """Return which of our rows is highest in the mean over splits, by how much, and how far seeds spread."""
    means = _means(runs).mean(axis=1, skipna=False).dropna().sort_values(ascending=False)
    if means.empty:
        return "No row of ours has every split, so that no mean over splits can be said."
    first, value = ", ".join(means.index[0]), means.iloc[0]
    if len(means) == 1:
        return f"Our row {first} has {value:.1f} % in the mean over splits."
    spread = 100 * runs.groupby([*MATRIX, "dataset", "split"])["accuracy"].std().mean()
    seeds = runs["seed"].nunique()
    lead = value - means.iloc[1]
    known = f"seeds spread by {spread:.1f}" if spread == spread else "one seed says nothing of the spread"
    return (
        f"Of our {len(means)} rows, {first} is highest in the mean over splits: {value:.1f} %. The next, "
        f"{', '.join(means.index[1])}, is {lead:.1f} points behind (seeds: {seeds}; {known})."
    )


def _means(runs: DataFrame) -> DataFrame:
    """Return mean accuracy in per cent; a row for each preset, text and encoder, a column a split."""
    named = runs.assign(column=runs["dataset"] + " " + runs["split"])
    return 100 * named.pivot_table("accuracy", MATRIX, "column", "mean", sort=False)


def zero_shot(family: str, runs: DataFrame) -> DataFrame:
    """Return published and own rows; a column a split, which says the part that its own rows are over."""
    from pandas import DataFrame

    columns = _columns(runs)
    table = [[*words, *values] for words, values in _quoted(family, "zsl", columns)]
    for key, own in runs.groupby(OURS, sort=False):
        table.append([*_words(key, own), *(per_cent(_of(own, c)["accuracy"]) for c in columns)])
    titles = [f"{d} {s} ({part_named(part)})" for (d, s), part in columns.items()]
    return DataFrame(table, columns=[*WORDS, *titles])


def generalised(family: str, runs: DataFrame) -> DataFrame | None:
    """Return seen, unseen and harmonic mean by one rule in every own row; None if no rule is in all."""
    from pandas import DataFrame, notna

    columns = _columns(runs)
    rows = runs.to_dict("records")
    rule = common_rule([r for r in RULES if notna(row[f"{row['part']}_{r}_harmonic"])] for row in rows)
    if rule is None:
        return None
    table = [
        [*words, "as published", *(v for h in values for v in ("-", "-", h))]
        for words, values in _quoted(family, "h", columns)
    ]
    for key, own in runs.groupby(OURS, sort=False):
        three = [
            per_cent(_of(own, c)[f"{part}_{rule}_{k}"]) for c, part in columns.items() for k in GENERALISED
        ]
        table.append([*_words(key, own), rule_named(rule), *three])
    three = [f"{d} {s} {short}" for d, s in columns for short in "SUH"]
    return DataFrame(table, columns=[*WORDS, "rule", *three])


def checked(runs: DataFrame) -> DataFrame:
    """Return the runs; refuse a split whose rows are over different parts."""
    if runs.empty:
        raise NotMadeError("nothing is trained yet, so that there is no table; see the log for what failed")
    for (dataset, split), own in runs.groupby(["dataset", "split"]):
        if own["part"].nunique() > 1:
            raise UsageError(
                f"the runs on {dataset} {split} are over different parts (test and all): numbers over "
                "different parts do not stand in one column; name the features with --visual"
            )
    return runs.assign(features=runs["features"].str.partition("@")[0].str.rpartition("/")[2])


def _columns(runs: DataFrame) -> dict[tuple[str, str], str]:
    """Return each data set and split, with the part that its rows are over."""
    keys = zip(runs["dataset"], runs["split"], runs["part"], strict=True)
    return {(dataset, split): part for dataset, split, part in keys}


def _quoted(
    family: str, task: str, columns: Collection[tuple[str, str]]
) -> Iterator[tuple[list[str], list[str]]]:
    """Yield words and numbers of the published rows that have any of the columns, as they are printed."""
    for row in published(family):
        values: Values = getattr(row, task)
        shown = [f"{values[d][s]:.1f}" if s in values.get(d, {}) else "-" for d, s in columns]
        if set(shown) != {"-"}:
            yield [row.method, row.features, "", row.marks], shown


def _of(own: DataFrame, column: tuple[str, str]) -> DataFrame:
    return own[(own["dataset"] == column[0]) & (own["split"] == column[1])]


def _words(key: tuple[Hashable, ...], own: DataFrame) -> list[str]:
    preset, text, encoder, features = map(str, key)
    known = (
        (own["simulated"].any(), "simulated skeletons"),
        (own["leaky"].any(), "epoch chosen on test"),
        (not own["inductive"].all(), "transductive"),
        (own["auxiliary"].notna().any(), "simulated auxiliary classes"),
    )
    marks = ", ".join(["ours", *(word for holds, word in known if holds)])
    return [f"{preset}, {text}, {encoder}", features, str(own["seed"].nunique()), marks]


Values = dict[str, dict[str, float]]


class PublishedRow(Record):
    """A row: per cent by data set and class split, and what decides whether it may stand beside others."""

    method: str
    features: str = "not said"
    selected: Literal["", "epoch", "settings"] = ""
    transductive: bool = False
    secondary: bool = False
    reproduced: bool = False
    part: Literal["", "test", "all"] = ""
    zsl: Values
    h: Values = Field(default_factory=dict)

    @property
    def marks(self) -> str:
        """What is known of the row, in words."""
        known = (
            (self.reproduced, "reproduced by us, 3 seeds"),
            (not self.reproduced and not self.secondary, "quoted"),
            (self.secondary, "quoted from another paper"),
            (bool(self.selected), f"{self.selected} chosen on test"),
            (self.transductive, "transductive"),
            (True, {"test": "test part", "all": "all samples", "": "part not said"}[self.part]),
        )
        return ", ".join(word for holds, word in known if holds)


def families() -> tuple[str, ...]:
    """Return the split families that have a table."""
    return tuple(_all())


def published(family: str) -> list[PublishedRow]:
    """Return the published rows of a split family; an unknown family is refused."""
    if family not in _all():
        raise unknown_name("table", family, _all())
    return _all()[family]


@cache
def _all() -> dict[str, list[PublishedRow]]:
    text = resources.files(__package__).joinpath("published.yaml").read_text(encoding="utf-8")
    raw = yaml.safe_load(text)
    return {family: [PublishedRow.model_validate(row) for row in rows] for family, rows in raw.items()}

"""A comparison as tables: for the terminal, as CSV, Markdown and LaTeX."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING

from semtool.errors import unknown_name
from semtool.experiments.comparison.ablation import WITHOUT
from semtool.experiments.measured import common_rule, part_named
from semtool.experiments.tables import latex, markdown, marks, neutralised, per_cent

if TYPE_CHECKING:
    from pandas import DataFrame

    from semtool.experiments.comparison.comparison import Comparison, Difference, Result, Spread

__all__ = [
    "FORMATS",
    "View",
    "ablation_table",
    "class_table",
    "difference_table",
    "difference_tables",
    "result_marks",
    "result_views",
    "write_tables",
]

OF_RESULT = ["text", "encoder", "preset"]
OF_DIFFERENCE = ["difference", "encoder", "preset", "split"]
CARRIES = {"better": "carries accuracy", "worse": "costs accuracy", "identical": "changes nothing"}


@dataclass(frozen=True)
class View:
    """A table for people: a title that says what its numbers are, text cells, which of them are bold."""

    title: str
    frame: DataFrame
    bold: DataFrame
    words: int


def result_marks(found: Comparison) -> str:
    """Return what must be known of the numbers besides, to stand behind a title."""
    return marks(
        simulated=found.simulated,
        leaky=found.leaky,
        auxiliary=found.auxiliary,
        transductive=sorted(c.preset for c in found.cells if not c.inductive),
    )


def result_views(found: Comparison) -> list[View]:
    """Return accuracies over the part that decides, all classes' task, and, where known, the other part.

    Each table is over one part and by one rule; both are in its title.
    """
    if not found.cells:
        return []
    over = part_named(found.cells[0].part)
    head = f"in % over {over}, mean and deviation over seeds{result_marks(found)}"
    views = [_view(f"zero-shot accuracy {head}", found, lambda c: {"": c.accuracy})]
    if rule := common_rule(c.gzsl for c in found.cells):
        short = {"S": "seen", "U": "unseen", "H": "harmonic"}
        views.append(
            _view(
                f"all classes: seen, unseen and harmonic mean {head}",
                found,
                lambda c: {f" {s}": getattr((c.gzsl or {})[rule], key) for s, key in short.items()},
                rule,
            )
        )
    if all(c.other for c in found.cells):
        there = part_named(found.cells[0].other.part) if found.cells[0].other else ""
        title = f"zero-shot accuracy {head.replace(over, there)}: not to be mixed with the numbers above"
        views.append(_view(title, found, lambda c: {"": c.other.accuracy} if c.other else {}))
    return views


def _view(title: str, found: Comparison, of: Callable[[Result], dict[str, Spread]], rule: str = "") -> View:
    """Return a row a text, encoder and preset, and for each class split the columns that ``of`` gives.

    Where a text is drawn several times the deviation is over its draws.
    """
    from pandas import DataFrame

    families = {t.label: t.family or t.label for t in found.texts}
    shortened = {t.label for t in found.texts if t.control == WITHOUT}
    drawn: dict[tuple[str, ...], dict[str, list[Spread]]] = {}
    for cell in (c for c in found.cells if c.text not in shortened):
        key = (families.get(cell.text, cell.text), cell.encoder, cell.preset, *([rule] if rule else []))
        for suffix, value in of(cell).items():
            column = f"{cell.dataset} {cell.split}{suffix or f' (chance {100 * cell.chance:.1f})'}"
            drawn.setdefault(key, {}).setdefault(column, []).append(value)
    shown = {key: {c: _over_draws(v) for c, v in row.items()} for key, row in drawn.items()}
    means = {key: {c: fmean(s.mean for s in v) for c, v in row.items()} for key, row in drawn.items()}
    frame = DataFrame.from_dict(shown, orient="index").fillna("-")
    numbers = DataFrame.from_dict(means, orient="index")
    bold = numbers == numbers.max()
    names = [*OF_RESULT, "rule"][: len(next(iter(shown)))]
    for at, name in enumerate(names):
        frame.insert(at, name, [key[at] for key in shown])
        bold.insert(at, name, False)
    return View(title, frame.reset_index(drop=True), bold.reset_index(drop=True), len(names))


def difference_table(found: Comparison) -> DataFrame:
    """Return differences in points, with interval, p-value and verdict; but for what `ablation_table` has."""
    from pandas import DataFrame

    return DataFrame(
        [
            (
                f"{d.a} - {d.b}",
                d.encoder,
                d.preset,
                f"{d.dataset} {d.split or 'all splits'}",
                f"{100 * d.mean:+.1f}",
                f"{100 * d.low:+.1f} to {100 * d.high:+.1f}",
                "-" if d.p_adjusted is None else f"{d.p_adjusted:.3f}",
                d.verdict,
            )
            for d in found.differences
            if d.control != WITHOUT
        ],
        columns=[*OF_DIFFERENCE, "points", f"{found.method['level']:.0%} interval", "p (Holm)", "verdict"],
    )


def difference_tables(found: Comparison) -> dict[str, DataFrame]:
    """Return the tables of differences that have rows, by title."""
    tables = {
        "differences of paired accuracies": difference_table(found),
        "accuracy that each part of a text carries: lost without it": ablation_table(found),
    }
    return {title: table for title, table in tables.items() if len(table)}


def ablation_table(found: Comparison) -> DataFrame:
    """Return what is lost without each part of a text, in points: on each split, and over all of them."""
    from pandas import DataFrame

    parts: dict[tuple[str, str, str, str], dict[str | None, Difference]] = {}
    for d in found.differences:
        if d.control == WITHOUT:
            parts.setdefault((d.a, d.encoder, d.preset, d.b), {})[d.split] = d
    splits = list(dict.fromkeys(s for by in parts.values() for s in by if s))
    rows = []
    for (text, encoder, preset, shortened), by in parts.items():
        d = by.get(None) or next(iter(by.values()))
        lost = [f"{100 * by[s].mean:+.1f}" if s in by else "-" for s in splits if len(splits) > 1]
        p = "-" if d.p_adjusted is None else f"{d.p_adjusted:.3f}"
        rows.append(
            (text, encoder, preset, shortened.removeprefix(f"{text}-without-"), *lost, f"{100 * d.mean:+.1f}",
             f"{100 * d.low:+.1f} to {100 * d.high:+.1f}", p, CARRIES.get(d.verdict, d.verdict))
        )  # fmt: skip
    rows.sort(key=lambda row: (*row[:3], -float(row[-4])))
    return DataFrame(
        rows,
        columns=[*OF_RESULT, "left out", *(splits if len(splits) > 1 else ()), "points lost",
                 f"{found.method['level']:.0%} interval", "p (Holm)", "verdict"],
    )  # fmt: skip


def class_table(found: Comparison, most: int | None = None) -> DataFrame:
    """Return by how many points the first text of a pair recognises each class better.

    Args:
        found: the comparison.
        most: only so many of the largest gains and losses of each difference.
    """
    from pandas import DataFrame

    rows = []
    for d in found.differences:
        if d.verdict == "identical" or d.control == WITHOUT or not d.per_class:
            continue
        classes = sorted(d.per_class.items(), key=lambda item: -item[1].mean)
        if most is not None and len(classes) > 2 * most:
            classes = classes[:most] + classes[-most:]
        of = (f"{d.a} - {d.b}", d.encoder, d.preset, f"{d.dataset} {d.split}")
        rows += [
            (*of, f"{entry.name} ({c})", str(entry.n), f"{100 * entry.mean:+.1f}")
            for c, entry in classes
            if entry.mean or most is None
        ]
    return DataFrame(rows, columns=[*OF_DIFFERENCE, "class", "samples", "points"])


def _over_draws(values: list[Spread]) -> str:
    """Return mean and deviation over the draws of a text; over seeds where it is not drawn."""
    return per_cent(values[0].values.values() if len(values) == 1 else [v.mean for v in values])


def write_tables(found: Comparison, form: str) -> str:
    """Return a comparison as text in one of `FORMATS`."""
    if form not in FORMATS:
        raise unknown_name("format", form, FORMATS)
    return FORMATS[form](found)


def _csv(found: Comparison) -> str:
    """A line a run's seed, then (``kind`` says which) a line a difference: one tidy table for both."""
    from pandas import concat

    runs, differences = found.to_frame(), found.differences_to_frame()
    differences = differences.rename(columns={"a": "text", "b": "against", "mean": "difference"})
    runs.insert(0, "kind", "run")
    differences.insert(0, "kind", "difference")
    table = concat([runs.astype(object), differences.drop(columns=["pairs", "words"]).astype(object)])
    return str(neutralised(table).to_csv(index=False, lineterminator="\n"))


def _json(found: Comparison) -> str:
    import json

    return json.dumps(found.to_dict(), indent=2, ensure_ascii=False) + "\n"


def _markdown(found: Comparison) -> str:
    parts = [f"# {found.name}"]
    for view in result_views(found):
        shown = view.frame.where(~view.bold, "**" + view.frame.astype(str) + "**")
        parts += [f"{view.title[0].upper()}{view.title[1:]}:", markdown(shown)]
    said = [d.words for d in found.differences if d.control != WITHOUT] + found.notes
    for title, table in difference_tables(found).items():
        parts += [f"{title[0].upper()}{title[1:]}:", markdown(table)]
    parts.append("\n".join(f"- {words}" for words in said))
    return "\n\n".join(parts) + "\n"


def _latex(found: Comparison) -> str:
    label = f"tab:{found.name}"
    tables = [
        latex(v.frame, caption=v.title, label=f"{label}-{at}", bold=v.bold, words=v.words)
        for at, v in enumerate(result_views(found))
    ]
    tables += [
        latex(table, caption=title, label=f"{label}-{title.split()[0]}", words=4)
        for title, table in difference_tables(found).items()
    ]
    return "".join(f"% {' '.join(note.split())}\n" for note in found.notes) + "\n".join(tables)


FORMATS: dict[str, Callable[[Comparison], str]] = {
    "csv": _csv,
    "json": _json,
    "markdown": _markdown,
    "latex": _latex,
}
"""How a comparison is written, by name."""

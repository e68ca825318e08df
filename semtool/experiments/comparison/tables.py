"""A comparison as tables: for the terminal, as CSV, Markdown and LaTeX."""

from __future__ import annotations

import json
from collections.abc import Callable
from statistics import fmean
from typing import TYPE_CHECKING

from semtool.errors import unknown_name
from semtool.experiments.comparison.ablation import WITHOUT
from semtool.experiments.measured import common_rule, part_named
from semtool.experiments.tables import View, marks, neutralised, per_cent

if TYPE_CHECKING:
    from pandas import DataFrame

    from semtool.experiments.comparison.comparison import Comparison, Difference, Result, Spread

__all__ = [
    "FORMATS",
    "ablation_table",
    "class_table",
    "difference_views",
    "result_marks",
    "result_views",
    "write_tables",
]

OF_RESULT = ["text", "encoder", "preset"]
OF_DIFFERENCE = ["difference", "encoder", "preset", "split"]
CARRIES = {"better": "carries accuracy", "worse": "costs accuracy", "identical": "changes nothing"}


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
    cells = DataFrame.from_dict(drawn, orient="index").map(lambda v: v if isinstance(v, list) else [])
    frame = cells.map(lambda v: per_cent(v[0].values.values() if len(v) == 1 else [s.mean for s in v]))
    numbers = cells.map(lambda v: fmean(s.mean for s in v) if v else float("nan"))
    bold = numbers == numbers.max()
    names = [*OF_RESULT, "rule"][: len(next(iter(drawn)))]
    for at, name in enumerate(names):
        frame.insert(at, name, [key[at] for key in drawn])
        bold.insert(at, name, False)
    return View(title, frame.reset_index(drop=True), len(names), bold.reset_index(drop=True))


def difference_views(found: Comparison) -> list[View]:
    """Return the tables of differences that have rows: of texts, and of each part of a text."""
    views = [
        View("differences of paired accuracies", _difference_table(found), 4),
        View("accuracy that each part of a text carries: lost without it", ablation_table(found), 4),
    ]
    return [view for view in views if len(view.frame)]


def _columns(found: Comparison) -> list[str]:
    """Return the titles of what `_numbers` gives."""
    return [f"{found.method['level']:.0%} interval", "p (Holm)", "verdict"]


def _numbers(d: Difference, verdict: str) -> tuple[str, str, str]:
    p = "-" if d.p_adjusted is None else f"{d.p_adjusted:.3f}"
    return f"{100 * d.low:+.1f} to {100 * d.high:+.1f}", p, verdict


def _difference_table(found: Comparison) -> DataFrame:
    """Return differences in points, with interval, p-value and verdict; but for what `ablation_table` has."""
    from pandas import DataFrame

    rows = [
        (f"{d.a} - {d.b}", d.encoder, d.preset, f"{d.dataset} {d.split or 'all splits'}",
         f"{100 * d.mean:+.1f}", *_numbers(d, d.verdict))
        for d in found.differences
        if d.control != WITHOUT
    ]  # fmt: skip
    return DataFrame(rows, columns=[*OF_DIFFERENCE, "points", *_columns(found)])


def ablation_table(found: Comparison) -> DataFrame:
    """Return what is lost without each part of a text, in points: on each split, and over all of them."""
    from pandas import DataFrame

    parts: dict[tuple[str, str, str, str], dict[str | None, Difference]] = {}
    for d in found.differences:
        if d.control == WITHOUT:
            parts.setdefault((d.a, d.encoder, d.preset, d.b), {})[d.split] = d
    splits = list(dict.fromkeys(s for by in parts.values() for s in by if s))
    splits = splits if len(splits) > 1 else []
    whole = {key: by.get(None) or next(iter(by.values())) for key, by in parts.items()}
    rows = []
    for key in sorted(parts, key=lambda key: (*key[:3], -whole[key].mean)):
        *of, shortened = key
        lost = [f"{100 * parts[key][s].mean:+.1f}" if s in parts[key] else "-" for s in splits]
        d = whole[key]
        without = shortened.removeprefix(f"{d.a}-without-")
        verdict = CARRIES.get(d.verdict, d.verdict)
        rows.append((*of, without, *lost, f"{100 * d.mean:+.1f}", *_numbers(d, verdict)))
    return DataFrame(rows, columns=[*OF_RESULT, "left out", *splits, "points lost", *_columns(found)])


def class_table(found: Comparison, most: int = 2) -> DataFrame:
    """Return by how many points the first text of a pair recognises classes better: the largest gains and
    losses of each difference, at most so many of each."""
    from pandas import DataFrame

    rows = []
    for d in found.differences:
        if d.verdict == "identical" or d.control == WITHOUT or not d.per_class:
            continue
        classes = sorted(d.per_class.items(), key=lambda item: -item[1].mean)
        if len(classes) > 2 * most:
            classes = classes[:most] + classes[-most:]
        of = (f"{d.a} - {d.b}", d.encoder, d.preset, f"{d.dataset} {d.split}")
        rows += [
            (*of, f"{entry.name} ({c})", str(entry.n), f"{100 * entry.mean:+.1f}")
            for c, entry in classes
            if entry.mean
        ]
    return DataFrame(rows, columns=[*OF_DIFFERENCE, "class", "samples", "points"])


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


def _markdown(found: Comparison) -> str:
    views = [*result_views(found), *difference_views(found)]
    said = [d.words for d in found.differences if d.control != WITHOUT] + found.notes
    sentences = "\n".join(f"- {words}" for words in said)
    return "\n\n".join([f"# {found.name}", *(view.markdown() for view in views), sentences]) + "\n"


def _latex(found: Comparison) -> str:
    tables = [view.latex(f"tab:{found.name}-{at}") for at, view in enumerate(result_views(found))]
    for view in difference_views(found):
        tables.append(view.latex(f"tab:{found.name}-{view.title.split()[0]}"))
    return "".join(f"% {' '.join(note.split())}\n" for note in found.notes) + "\n".join(tables)


FORMATS: dict[str, Callable[[Comparison], str]] = {
    "csv": _csv,
    "json": lambda found: json.dumps(found.to_dict(), indent=2, ensure_ascii=False) + "\n",
    "markdown": _markdown,
    "latex": _latex,
}
"""How a comparison is written, by name."""

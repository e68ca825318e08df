"""A comparison as tables: for the terminal, as CSV, Markdown and LaTeX."""

from __future__ import annotations

from collections.abc import Callable
from statistics import fmean, stdev
from typing import TYPE_CHECKING

from semtool.errors import unknown_name
from semtool.experiments.tables import latex, markdown, neutralised

if TYPE_CHECKING:
    from pandas import DataFrame

    from semtool.experiments.comparison.comparison import Comparison, Spread

__all__ = [
    "FORMATS",
    "class_table",
    "difference_table",
    "mean_and_std",
    "result_table",
    "result_title",
    "write_tables",
]

OF_RESULT = ["text", "encoder", "preset"]
OF_DIFFERENCE = ["difference", "encoder", "preset", "split"]


def result_title(found: Comparison) -> str:
    """Return what the numbers of `result_table` are, and what is to be known of them."""
    marks = [" - SIMULATED skeletons"] * found.simulated + [" - LEAKY: epoch chosen on test"] * found.leaky
    if found.auxiliary:
        marks.append(f" - {', '.join(found.auxiliary)}: learned from simulated classes too")
    return "zero-shot accuracy in %, mean and deviation over seeds" + "".join(marks)


def result_table(found: Comparison) -> tuple[DataFrame, DataFrame]:
    """Return accuracies in per cent as text, a row a text, encoder and preset, a column a class split; and a
    table of the same shape that says which are the best of their column. Where a text is drawn several times
    the deviation is over its draws."""
    from pandas import DataFrame

    families = {t.label: t.family or t.label for t in found.texts}
    drawn: dict[tuple[str, ...], dict[str, list[Spread]]] = {}
    for cell in found.cells:
        key = (families.get(cell.text, cell.text), cell.encoder, cell.preset)
        column = f"{cell.dataset} {cell.split} (chance {100 * cell.chance:.1f})"
        drawn.setdefault(key, {}).setdefault(column, []).append(cell.accuracy)
    shown = {key: {c: _over_draws(v) for c, v in row.items()} for key, row in drawn.items()}
    means = {key: {c: fmean(s.mean for s in v) for c, v in row.items()} for key, row in drawn.items()}
    table = DataFrame.from_dict(shown, orient="index").fillna("-")
    numbers = DataFrame.from_dict(means, orient="index")
    best = numbers == numbers.max()
    for at, name in enumerate(OF_RESULT):
        table.insert(at, name, [key[at] for key in shown])
        best.insert(at, name, False)
    return table.reset_index(drop=True), best.reset_index(drop=True)


def difference_table(found: Comparison) -> DataFrame:
    """Return differences in points, with interval, p-value and verdict."""
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
        ],
        columns=[*OF_DIFFERENCE, "points", f"{found.method['level']:.0%} interval", "p (Holm)", "verdict"],
    )


def class_table(found: Comparison, most: int | None = None) -> DataFrame:
    """Return by how many points the first text of a pair recognises each class better.

    Args:
        found: the comparison.
        most: only so many of the largest gains and losses of each difference.
    """
    from pandas import DataFrame

    rows = []
    for d in found.differences:
        if d.verdict == "identical" or not d.per_class:
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
    if len(values) == 1:
        return mean_and_std(values[0])
    means = [100 * v.mean for v in values]
    return f"{fmean(means):.1f} ± {stdev(means):.1f}"


def mean_and_std(value: Spread) -> str:
    """Return mean and deviation as per cent; the mean alone for one value."""
    mean = f"{100 * value.mean:.1f}"
    return mean if len(value.values) == 1 else f"{mean} ± {100 * value.std:.1f}"


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
    title = result_title(found)
    results, best = result_table(found)
    results = results.where(~best, "**" + results.astype(str) + "**")
    said = [f"- {d.words}" for d in found.differences] + [f"- {n}" for n in found.notes]
    parts = [
        f"# {found.name}",
        f"{title[0].upper()}{title[1:]}:",
        markdown(results),
        "Differences of paired accuracies:",
        markdown(difference_table(found)),
        "\n".join(said),
    ]
    return "\n\n".join(parts) + "\n"


def _latex(found: Comparison) -> str:
    results, best = result_table(found)
    label = f"tab:{found.name}"
    notes = "".join(f"% {' '.join(note.split())}\n" for note in found.notes)
    return (
        notes
        + latex(results, caption=result_title(found), label=f"{label}-results", bold=best, words=3)
        + "\n"
        + latex(
            difference_table(found),
            caption="differences of paired accuracies",
            label=f"{label}-differences",
            words=4,
        )
    )


FORMATS: dict[str, Callable[[Comparison], str]] = {
    "csv": _csv,
    "json": _json,
    "markdown": _markdown,
    "latex": _latex,
}
"""How a comparison is written, by name."""

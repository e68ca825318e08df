"""A comparison as tables: for the terminal, as CSV, Markdown and LaTeX."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from semtool.errors import unknown_name

if TYPE_CHECKING:
    from semtool.experiments.comparison.comparison import Comparison

__all__ = ["FORMATS", "Table", "class_table", "difference_table", "result_table", "write_tables"]


@dataclass(frozen=True)
class Table:
    """A title, a line of column names and rows of text; ``best`` holds (row, column) of the best values."""

    title: str
    columns: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    best: frozenset[tuple[int, int]] = frozenset()


def result_table(found: Comparison) -> Table:
    """Return accuracies in per cent: a row a text, encoder and preset, a column a class split."""
    splits = list(dict.fromkeys((c["dataset"], c["split"]) for c in found.cells))
    keys = list(dict.fromkeys((c["text"], c["encoder"], c["preset"]) for c in found.cells))
    cells = {(c["text"], c["encoder"], c["preset"], c["dataset"], c["split"]): c for c in found.cells}
    rows = []
    for key in keys:
        values = [cells.get((*key, *s)) for s in splits]
        rows.append((*key, *(mean_and_std(v["accuracy"]) if v else "-" for v in values)))
    best = set()
    for column, split in enumerate(splits):
        means = [cells[*k, *split]["accuracy"]["mean"] if (*k, *split) in cells else -1.0 for k in keys]
        best |= {(row, column + 3) for row, mean in enumerate(means) if mean == max(means)}
    chances = {(c["dataset"], c["split"]): c["chance"] for c in found.cells}
    heads = [f"{d} {s} (chance {100 * chances[d, s]:.1f})" for d, s in splits]
    marks = [" - SIMULATED skeletons"] * found.simulated + [" - LEAKY: epoch chosen on test"] * found.leaky
    title = "zero-shot accuracy in %, mean and deviation over seeds" + "".join(marks)
    return Table(title, ("text", "encoder", "preset", *heads), rows, frozenset(best))


def difference_table(found: Comparison) -> Table:
    """Return differences in points, with interval, p-value and verdict."""
    rows = [
        (
            f"{d['a']} - {d['b']}",
            d["encoder"],
            d["preset"],
            f"{d['dataset']} {d['split'] or 'all splits'}",
            f"{100 * d['mean']:+.1f}",
            f"{100 * d['low']:+.1f} to {100 * d['high']:+.1f}",
            "-" if d["p_adjusted"] is None else f"{d['p_adjusted']:.3f}",
            d["verdict"],
        )
        for d in found.differences
    ]
    columns = ("difference", "encoder", "preset", "split", "points", f"{found.method['level']:.0%} interval",
               "p (Holm)", "verdict")  # fmt: skip
    return Table("differences of paired accuracies", columns, rows)


def class_table(found: Comparison, most: int | None = None) -> Table:
    """Return by how many points the first text of a pair recognises each class better.

    Args:
        found: the comparison.
        most: only so many of the largest gains and losses of each difference.
    """
    rows = []
    for d in found.differences:
        if d["verdict"] == "identical" or not d["per_class"]:
            continue
        classes = sorted(d["per_class"].items(), key=lambda item: -item[1]["mean"])
        if most is not None and len(classes) > 2 * most:
            classes = classes[:most] + classes[-most:]
        rows += [
            (
                f"{d['a']} - {d['b']}",
                d["encoder"],
                d["preset"],
                f"{d['dataset']} {d['split']}",
                f"{entry['name']} ({c})",
                str(entry["n"]),
                f"{100 * entry['mean']:+.1f}",
            )
            for c, entry in classes
            if entry["mean"] or most is None
        ]
    columns = ("difference", "encoder", "preset", "split", "class", "samples", "points")
    return Table("gains and losses, class by class", columns, rows)


def mean_and_std(value: dict[str, Any]) -> str:
    """Return mean and deviation as per cent; the mean alone for one value."""
    mean = f"{100 * value['mean']:.1f}"
    return mean if len(value["values"]) == 1 else f"{mean} ± {100 * value['std']:.1f}"


def write_tables(found: Comparison, form: str) -> str:
    """Return a comparison as text in one of `FORMATS`."""
    if form not in FORMATS:
        raise unknown_name("format", form, FORMATS)
    return FORMATS[form](found)


def _csv(found: Comparison) -> str:
    """A line a run's seed, then (``kind`` says which) a line a difference: one tidy table for both."""
    columns = (
        "kind", "dataset", "split", "preset", "encoder", "text", "against", "seed", "run", "n", "chance",
        "accuracy", "class_mean", "harmonic", "difference", "low", "high", "p", "p_adjusted", "verdict",
    )  # fmt: skip
    rows: list[dict[str, Any]] = []
    for cell in found.cells:
        shared = {k: cell[k] for k in ("dataset", "split", "preset", "encoder", "text", "n", "chance")}
        for seed, run in cell["runs"].items():
            numbers = {k: cell[k] and cell[k]["values"][seed] for k in ("accuracy", "class_mean", "harmonic")}
            rows.append({"kind": "run", **shared, **numbers, "seed": seed, "run": run})
    for d in found.differences:
        shared = {
            k: d[k] for k in ("dataset", "split", "preset", "encoder", "low", "high", "p", "p_adjusted")
        }
        rows.append(
            {"kind": "difference", **shared, "text": d["a"], "against": d["b"], "difference": d["mean"],
             "verdict": d["verdict"]}
        )  # fmt: skip
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def _json(found: Comparison) -> str:
    import json

    return json.dumps(found.to_dict(), indent=2, ensure_ascii=False) + "\n"


def _markdown(found: Comparison) -> str:
    parts = []
    for table in _all(found):
        lines = [
            "| " + " | ".join(_plain_cell(c) for c in table.columns) + " |",
            "|---" * len(table.columns) + "|",
        ]
        for r, row in enumerate(table.rows):
            cells = [
                f"**{_plain_cell(v)}**" if (r, c) in table.best else _plain_cell(v) for c, v in enumerate(row)
            ]
            lines.append("| " + " | ".join(cells) + " |")
        parts.append(f"{table.title[0].upper()}{table.title[1:]}:\n\n" + "\n".join(lines))
    said = [f"- {d['words']}" for d in found.differences] + [f"- {n}" for n in found.notes]
    return "\n\n".join([f"# {found.name}", *parts, "\n".join(said)]) + "\n"


def _plain_cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _latex(found: Comparison) -> str:
    """Tables for the package booktabs."""
    parts = []
    for name, table in zip(("results", "differences"), _all(found), strict=True):
        numbers = 3 if name == "results" else 4
        layout = "l" * numbers + "r" * (len(table.columns) - numbers)
        lines = [
            r"\begin{table}", r"\centering", rf"\caption{{{_tex(table.title)}}}",
            rf"\label{{tab:{found.name}-{name}}}", rf"\begin{{tabular}}{{{layout}}}", r"\toprule",
            " & ".join(_tex(c) for c in table.columns) + r" \\", r"\midrule",
        ]  # fmt: skip
        for r, row in enumerate(table.rows):
            cells = [rf"\textbf{{{_tex(v)}}}" if (r, c) in table.best else _tex(v) for c, v in enumerate(row)]
            lines.append(" & ".join(cells) + r" \\")
        parts.append("\n".join([*lines, r"\bottomrule", r"\end{tabular}", r"\end{table}"]))
    notes = "".join(f"% {note}\n" for note in found.notes)
    return notes + "\n\n".join(parts) + "\n"


def _tex(text: str) -> str:
    special = {
        "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{",
        "}": r"\}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "±": r"$\pm$", "\n": " ",
    }  # fmt: skip
    return "".join(special.get(c, c) for c in text)


def _all(found: Comparison) -> Sequence[Table]:
    return result_table(found), difference_table(found)


FORMATS: dict[str, Callable[[Comparison], str]] = {
    "csv": _csv,
    "json": _json,
    "markdown": _markdown,
    "latex": _latex,
}
"""How a comparison is written, by name."""

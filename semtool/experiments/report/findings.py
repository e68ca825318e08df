"""What a page says in short: one sentence, the matrix of all splits, the generalised task, what to cite."""

from __future__ import annotations

from typing import Any

from semtool.experiments.comparison import WITHOUT
from semtool.experiments.measured import GENERALISED, common_rule, part_named, rule_named
from semtool.experiments.tables import bibtex

__all__ = ["citation", "conclusion", "generalised", "matrix"]

Cells = list[dict[str, Any]]


def conclusion(collected: dict[str, Any]) -> str:
    """Return what a comparison found, in a sentence; nothing for a run."""
    rows = matrix(collected["cells"])["rows"]
    differences = [
        d for d in (collected["comparison"] or {}).get("differences") or [] if d.get("control") != WITHOUT
    ]
    if not differences or len(rows) < 2:
        return ""
    means = [sum(known) / len(known) for r in rows if (known := [v for v in r["values"] if v is not None])]
    best = rows[means.index(max(means))]
    part = part_named(collected["cells"][0]["part"])
    pooled = [d for d in differences if d["split"] is None] or differences
    own = [
        d
        for d in pooled
        if (d["encoder"], d["preset"]) == (best["encoder"], best["preset"])
        and best["label"] in (d["a"], d["b"])
    ]
    # The verdict is of the first text of a pair.
    won = sum(d["verdict"] == ("better" if d["a"] == best["label"] else "worse") for d in own)
    shown = (
        f"it is better than {won} of the {len(own)} texts it was compared with beyond what chance would do"
        if won
        else "that it is better than any other text is not shown"
    )
    if means.count(max(means)) > 1:
        return f"No text recognises most: several reach {100 * max(means):.1f} % on average over {part}."
    return (
        f"{best['label']} with {best['encoder']} and {best['preset']} recognises most: "
        f"{100 * max(means):.1f} % on average over {part}; {shown}."
    )


def matrix(cells: Cells) -> dict[str, Any]:
    """Return zero-shot accuracies: a row a text, encoder and method, a column a split, best ones marked."""
    columns = list(dict.fromkeys(f"{c['dataset']} {c['split']}" for c in cells))
    rows: dict[tuple[str, str, str], list[float | None]] = {}
    for cell in cells:
        values = rows.setdefault((cell["label"], cell["encoder"], cell["preset"]), [None] * len(columns))
        values[columns.index(f"{cell['dataset']} {cell['split']}")] = cell["numbers"]["accuracy"]["mean"]
    tops = [max(v for r in rows.values() if (v := r[i]) is not None) for i in range(len(columns))]
    return {
        "columns": columns,
        "rows": [
            {
                "label": label,
                "encoder": encoder,
                "preset": preset,
                "values": values,
                "best": [i for i, v in enumerate(values) if v is not None and v == tops[i]],
            }
            for (label, encoder, preset), values in rows.items()
        ],
    }


def generalised(cells: Cells) -> dict[str, Any]:
    """Return the rule that all cells have, and seen, unseen and harmonic mean by it, split by split."""
    rule = common_rule(
        {key.removesuffix("_harmonic"): 1 for key in c["numbers"] if key.endswith("_harmonic")} for c in cells
    )
    groups: dict[tuple[str, str], Cells] = {}
    for cell in cells if rule else ():
        own = {key: cell["numbers"][f"{rule}_{key}"] for key in GENERALISED}
        groups.setdefault((cell["dataset"], cell["split"]), []).append({**cell, **own})
    return {"rule": rule_named(rule) if rule else "", "groups": list(groups.values())}


def citation(collected: dict[str, Any]) -> str:
    """Return what to cite for a page, see `semtool.experiments.tables.bibtex`."""
    paper = any(cell["preset"].startswith("paper") for cell in collected["cells"])
    return bibtex(f"{collected['kind']} {collected['name']}", paper=paper)

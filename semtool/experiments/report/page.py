"""`report`: a run or a comparison in, one HTML file out: styles, script and data inside, nothing fetched."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from semtool.artifacts import Store, library_versions
from semtool.disk import write_atomically
from semtool.errors import UsageError
from semtool.experiments.comparison import WITHOUT
from semtool.experiments.measured import common_rule, part_named, rule_named
from semtool.experiments.report.collect import collect
from semtool.experiments.report.numbers import BASES
from semtool.experiments.report.packing import embedded_json
from semtool.experiments.report.sources import open_source
from semtool.experiments.tables import bibtex

__all__ = ["SCRIPTS", "Report", "Scale", "conclusion", "matrix", "render", "report", "shown_rule"]

SCRIPTS = (
    "core.js", "tables.js", "matrix.js", "confusion.js", "similarity.js", "map.js", "classes.js",
    "skeletons.js", "gains.js", "main.js",
)  # fmt: skip
"""The page's script, in order: one function around all of them."""
SECTIONS = (
    ("accuracy", "Accuracy"),
    ("differences", "Which is better?"),
    ("carried", "What carries it?"),
    ("gains", "Gains and losses"),
    ("confusion", "Confusion"),
    ("similarity", "Text similarity"),
    ("map", "Map"),
    ("classes", "Classes"),
    ("skeletons", "Skeletons"),
    ("provenance", "Provenance"),
    ("citation", "To cite"),
)
ONLY_COMPARISONS = ("differences", "gains")
DECIDED = ("better", "worse", "identical")
"""The verdicts that say something; the words of the others are folded away."""


@dataclass(frozen=True)
class Scale:
    """An axis from ``low`` to ``high`` (fractions)."""

    low: float
    high: float

    def at(self, value: float) -> float:
        """Return where a value lies, in hundredths of the axis."""
        return round(100 * (min(max(value, self.low), self.high) - self.low) / (self.high - self.low), 2)

    @property
    def label(self) -> str:
        """How the axis' ends are called."""
        return f"{100 * self.low:.0f} % to {100 * self.high:.0f} %".replace("-", "−")


def render(collected: dict[str, Any]) -> str:
    """Return the page of what `collect` gave; the same values give the same text."""
    from jinja2 import Environment, StrictUndefined
    from markupsafe import Markup

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    environment.filters |= {
        "percent": lambda value: f"{100 * value:.1f} %",
        "points": lambda value: f"{100 * value:+.1f}".replace("-", "−"),
        "slug": lambda text: re.sub(r"[^a-z]+", "-", text.lower()).strip("-"),
        "part": part_named,
        "rule": rule_named,
    }
    style = _asset("report.css")
    player = resources.files("skeleton.data").joinpath("player.js").read_text(encoding="utf-8")
    parts = [player, *(_asset(name) for name in SCRIPTS)]
    script = '"use strict";\n(() => {\n' + "\n".join(parts) + "})();\n"
    comparison = collected["comparison"]
    every = sorted((comparison or {}).get("differences") or [], key=lambda d: d["split"] is not None)
    differences = [d for d in every if d.get("control") != WITHOUT]
    carried = sorted(
        (d for d in every if d.get("control") == WITHOUT), key=lambda d: (d["split"] or "", -d["mean"])
    )
    pooled = [d for d in differences if d["split"] is None]
    cells = collected["cells"]
    paper = any(cell["preset"].startswith("paper") for cell in cells)
    return environment.from_string(_asset("page.html.j2")).render(
        page=collected,
        version=library_versions()["semtool"],
        conclusion=conclusion(collected),
        rule=shown_rule(cells),
        matrix=matrix(cells),
        citation=bibtex(f"{collected['kind']} {collected['name']}", paper=paper),
        policy=_policy(style, script),
        style=Markup(style),
        script=Markup(script),
        data=Markup(embedded_json(collected)),
        sections=[
            s
            for s in SECTIONS
            if (comparison or s[0] not in ONLY_COMPARISONS) and (carried or s[0] != "carried")
        ],
        lead=_lead(collected),
        problems=[p for cell in cells for p in cell["problems"]] if collected["kind"] == "run" else [],
        bases=[BASES[b] for b in sorted({c["numbers"]["accuracy"]["basis"] for c in cells})],
        scale=_accuracy_scale(cells),
        groups=_groups(cells),
        differences=differences,
        carried=carried,
        pooled=bool(pooled),
        decided=[d for d in differences if d["verdict"] in DECIDED],
        undecided=[d for d in pooled or differences if d["verdict"] not in DECIDED],
        difference_scale=_difference_scale(every),
    )


def _asset(name: str) -> str:
    folder = resources.files("semtool.experiments.report") / "assets"
    return folder.joinpath(name).read_text(encoding="utf-8")


def _policy(style: str, script: str) -> str:
    """Return a policy that lets this page's own script and style run and nothing be fetched or sent."""

    def fingerprint(text: str) -> str:
        return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()

    return (
        f"default-src 'none'; script-src 'sha256-{fingerprint(script)}'; "
        f"style-src 'sha256-{fingerprint(style)}'; img-src data:; base-uri 'none'; form-action 'none'"
    )


def _lead(collected: dict[str, Any]) -> str:
    cells, datasets = collected["cells"], collected["datasets"]

    def listed(key: str, one: str, many: str) -> str:
        found = list(dict.fromkeys(str(c[key]) for c in cells))
        return f"{one} {found[0]}" if len(found) == 1 else f"{len(found)} {many}"

    titles = ", ".join(d["title"] for d in datasets.values())
    seeds = len({s for c in cells for s in c["seeds"]})
    parts = [
        titles,
        listed("split", "split", "splits"),
        listed("label", "text", "texts"),
        listed("encoder", "encoder", "encoders"),
        listed("preset", "method", "methods"),
        "one seed" if seeds == 1 else f"{seeds} seeds",
    ]
    return " · ".join(parts)


def _groups(cells: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """Return the cells of each split, with their number, splits in order of appearance."""
    found: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for index, cell in enumerate(cells):
        found.setdefault((cell["dataset"], cell["split"]), []).append({**cell, "index": index})
    return list(found.values())


def _accuracy_scale(cells: list[dict[str, Any]]) -> Scale:
    tops = [v for c in cells for r in c["numbers"].values() for v in (r["mean"], r["high"]) if v is not None]
    tops += [c["chance"] for c in cells if c["chance"]]
    top = max(tops, default=1.0)
    return Scale(0.0, min(1.0, max(0.1, -(-top * 10 // 1) / 10)))


def _difference_scale(differences: list[dict[str, Any]]) -> Scale:
    widest = max(
        (abs(d[k]) for d in differences for k in ("mean", "low", "high") if d.get(k) is not None), default=0.1
    )
    edge = max(0.05, -(-widest * 20 // 1) / 20)
    return Scale(-edge, edge)


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


def shown_rule(cells: Cells) -> str | None:
    """Return the rule of the generalised task that stands on the page: the first that all cells have."""
    ends = "_harmonic"
    return common_rule({k.removesuffix(ends) for k in c["numbers"] if k.endswith(ends)} for c in cells)


@dataclass(frozen=True)
class Report:
    """A written page: of what, where, how heavy (bytes), and what had to be left out."""

    kind: str
    name: str
    path: Path
    bytes: int
    missing: tuple[str, ...]


def report(
    reference: str | None = None,
    out: str | Path | None = None,
    *,
    store: Store,
    progress: Callable[[int, int], None] | None = None,
) -> Report:
    """Write the page of a run or a comparison. The same input gives the same bytes.

    Args:
        reference: name or folder; what was made last if None.
        out: HTML file to write; ``<name>.html`` in the working folder if None.
        store: where runs, comparisons and their inputs lie.
        progress: told (cells done, cells).

    Raises:
        UsageError: if nothing has that name, or ``out`` does not end in ``.html``.
        SemtoolError: if the run's or the comparison's own record is damaged, or the file cannot be written.
    """
    source = open_source(store, reference)
    path = Path(out) if out is not None else Path(f"{source.name}.html")
    if path.suffix.lower() not in (".html", ".htm"):
        raise UsageError(f"a report is an HTML file; {path.name} does not end in .html")
    from threadpoolctl import threadpool_limits

    from skeleton.device import reproducible

    with reproducible(1), threadpool_limits(1):
        collected = collect(source, store, progress=progress)
    text = render(collected).encode("utf-8")
    write_atomically(path, text, option="--out")
    return Report(source.kind, source.name, path, len(text), tuple(_left_out(collected)))


def _left_out(collected: dict[str, Any]) -> list[str]:
    """Return every sentence that stands in for something, once."""
    found: list[str] = []
    for cell in collected["cells"]:
        found += cell["problems"]
        found += [part["missing"] for part in (cell["map"], cell["attention"]) if part and "missing" in part]
    for text in collected["texts"]:
        found += [part["missing"] for part in (text["similarity"], text["classes"]) if "missing" in part]
    for part in collected["clips"].values():
        found += part["problems"]
    return list(dict.fromkeys(found))

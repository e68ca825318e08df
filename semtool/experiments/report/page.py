"""One HTML file from what was collected: styles, script and data inside, nothing fetched."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from importlib import resources
from typing import Any

from semtool.experiments.comparison import WITHOUT
from semtool.experiments.measured import part_named
from semtool.experiments.report.findings import citation, conclusion, generalised, matrix
from semtool.experiments.report.numbers import BASES
from semtool.experiments.report.packing import embedded_json

__all__ = ["SCRIPTS", "Scale", "render"]

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
    environment.filters |= {"percent": _percent, "points": _points, "slug": _slug, "part": part_named}
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
    return environment.from_string(_asset("page.html.j2")).render(
        page=collected,
        version=_version(),
        conclusion=conclusion(collected),
        generalised=generalised(cells),
        matrix=matrix(cells),
        citation=citation(collected),
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
        method_words=_method((comparison or {}).get("method") or {}),
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


def _version() -> str:
    from semtool.artifacts import library_versions

    return library_versions()["semtool"]


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


def _method(method: dict[str, Any]) -> str:
    words = []
    if method.get("interval"):
        words.append(f"Interval: {method['interval']}")
    if method.get("correction"):
        words.append(f"correction for several comparisons: {method['correction']}")
    if method.get("resamples"):
        words.append(f"{method['resamples']} resamples, seed {method.get('seed')}")
    return "; ".join(words) + "." if words else ""


def _percent(value: float) -> str:
    return f"{100 * value:.1f} %"


def _points(value: float) -> str:
    return f"{100 * value:+.1f}".replace("-", "−")


def _slug(text: str) -> str:
    return re.sub(r"[^a-z]+", "-", str(text).lower()).strip("-")

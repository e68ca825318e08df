"""How well do the figures of ``semtool diagnose`` predict zero-shot accuracy?

    python benchmarks/diagnosis.py --root ARTIFACTS --fit
    python benchmarks/diagnosis.py --root ARTIFACTS --rows results/text_grid.json

Every text of a grid of results is diagnosed on every split, without its unseen samples; then, split by split,
the texts are ranked by each figure and by their accuracy. ``ARTIFACTS`` holds the embedding files and features
that the grid was made from. With ``--fit`` the closed forms are fitted on them first, for all embedding files
that are there, and the rows written to ``results/diagnosis_grid.json``. Otherwise ``--rows`` names files with
rows ``{dataset, split, preset, prompts, encoder, seed, accuracy}``; where two have the same row, the first
counts. Writes ``semtool/diagnosis/predictive.json``, which ``semtool diagnose`` quotes, and
``results/diagnosis.md``.
"""

from __future__ import annotations

import argparse
import json
import platform
import subprocess
import sys
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

HERE = Path(__file__).parent
TARGET = HERE.parent / "semtool" / "analysis" / "predictive.json"
SPLITS = (
    ("utd-mhad", "purls-22-5"),
    ("utd-mhad", "purls-18-9"),
    ("utd-mhad", "purls-14-13"),
    ("nw-ucla", "purls-8-2"),
    ("nw-ucla", "purls-5-5"),
)
PRESETS = ("ridge", "eszsl")
FEWEST = 5
"""Fewest texts in a group that are worth ranking."""
RESAMPLES = 4000

Row = dict[str, Any]


def texts(store: Any, dataset: str) -> list[tuple[str, str, str]]:
    """Return (prompts, encoder, reference) of the newest version of every different embedding file."""
    newest = {a.name: a for a in store.artifacts("embeddings", dataset)}
    seen: set[str] = set()
    found = []
    for name, artifact in sorted(newest.items()):
        if name.split("/")[0].endswith("+contrast"):
            continue  # made from another set, hardly a text of its own
        if artifact.manifest.content_sha256 not in seen:  # codes are the same whatever is said beside them
            seen.add(artifact.manifest.content_sha256)
            found.append((*name.split("/"), artifact.reference))
    return found


def seeds(store: Any, dataset: str, split: str, visual: str = "stgcn") -> dict[int, str]:
    """Return the reference of the newest features of each seed."""
    made = [a for a in store.artifacts("features", dataset) if a.name == f"{split}/{visual}"]
    return {a.manifest.parameters["seed"]: a.reference for a in made}


def fit(root: Path) -> list[Row]:
    """Fit every closed form on every text, split and seed that ``root`` holds."""
    import torch

    from semtool.artifacts import Store
    from skeleton.methods import preset
    from skeleton.runs.training import train

    torch.set_num_threads(1)
    store, rows = Store(root), []
    for dataset, split in SPLITS:
        for seed, features in seeds(store, dataset, split).items():
            for prompts, encoder, reference in texts(store, dataset):
                for name in PRESETS:
                    done = train(
                        reference, features, store=store, split=split, settings=preset(name), seeds=(0,),
                        device="cpu", jobs=1,
                    )  # fmt: skip
                    zsl = done.summary.to_dict()["zsl"]
                    rows.append(
                        {
                            "dataset": dataset, "split": split, "preset": name, "prompts": prompts,
                            "encoder": encoder, "seed": seed, "accuracy": zsl["accuracy"]["mean"],
                            "chance": zsl["chance"],
                        }
                    )  # fmt: skip
            print(dataset, split, seed, len(rows), flush=True)
    return rows


def read(paths: list[Path]) -> list[Row]:
    """Return the rows of all files, each setting once."""
    found: dict[tuple[Any, ...], Row] = {}
    keys = ("dataset", "split", "preset", "prompts", "encoder", "seed")
    for path in paths:
        for row in json.loads(path.read_text()):
            found.setdefault(tuple(row[k] for k in keys), row)
    return list(found.values())


def groups(rows: list[Row]) -> dict[tuple[str, str, str], dict[tuple[str, str], float]]:
    """Return for each data set, split and preset the accuracy of each text, averaged over seeds."""
    values: dict[Any, dict[Any, list[float]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        group = (row["dataset"], row["split"], row["preset"])
        values[group][row["prompts"], row["encoder"]].append(row["accuracy"])
    return {
        group: {text: float(np.mean(found)) for text, found in of_text.items()}
        for group, of_text in values.items()
    }


def measured(store: Any, wanted: set[tuple[str, str, str, str]]) -> dict[tuple[str, ...], dict[str, float]]:
    """Return the figures of each (dataset, split, prompts, encoder), averaged over the features' seeds."""
    from semtool.diagnosis import diagnose

    found: dict[tuple[str, ...], dict[str, float]] = {}
    for dataset, split, prompts, encoder in sorted(wanted):
        each: dict[str, list[float]] = defaultdict(list)
        for features in seeds(store, dataset, split).values():
            name = f"{dataset}/{prompts}/{encoder}"
            for key, value in diagnose(name, store=store, features=features)[0].measures.items():
                if value is not None:
                    each[key].append(value)
        found[dataset, split, prompts, encoder] = {k: float(np.mean(v)) for k, v in each.items()}
    return found


Table = list[tuple[str, str, str, str, str, float, float]]
"""Rows of dataset, split, preset, prompts, encoder, figure, accuracy."""


@dataclass(frozen=True)
class Group:
    """The texts that are ranked against each other: figure, accuracy, and which text each is."""

    split: tuple[str, str]
    figure: NDArray[np.float64]
    accuracy: NDArray[np.float64]
    text: NDArray[np.int64]


def grouped(table: Table, by_encoder: bool) -> list[Group]:
    """Return the groups with enough texts: one for each split and preset (and encoder)."""
    every = sorted({row[3:5] for row in table})
    parts: dict[tuple[str, ...], list[tuple[float, float, int]]] = defaultdict(list)
    for dataset, split, preset, prompts, encoder, figure, accuracy in table:
        key = (dataset, split, preset) + ((encoder,) if by_encoder else ())
        parts[key].append((figure, accuracy, every.index((prompts, encoder))))
    return [
        Group(
            (key[0], key[1]), np.array([r[0] for r in rows]), np.array([r[1] for r in rows]),
            np.array([r[2] for r in rows]),
        )
        for key, rows in parts.items()
        if len(rows) >= FEWEST and len({r[0] for r in rows}) > 1
    ]  # fmt: skip


def rho(table: Table, by_encoder: bool) -> tuple[float, int]:
    """Return the rank correlation averaged over groups, and the number of groups."""
    from semtool.diagnosis.geometry import rank_correlation

    found = [rank_correlation(g.figure, g.accuracy) for g in grouped(table, by_encoder)]
    return (float(np.mean(found)) if found else float("nan")), len(found)


def interval(table: Table, by_encoder: bool, figures: int) -> tuple[float, float, bool]:
    """Return a 95 % interval, and whether one that is corrected for the number of figures excludes zero.

    Texts and splits are drawn anew, each with all its rows.
    """
    from semtool.diagnosis.geometry import rank_correlation

    rng = np.random.default_rng(0)
    found = grouped(table, by_encoder)
    texts = len({row[3:5] for row in table})
    splits = sorted({g.split for g in found})
    values = []
    for _ in range(RESAMPLES):
        times = np.bincount(rng.integers(texts, size=texts), minlength=texts)
        drawn = Counter(rng.integers(len(splits), size=len(splits)).tolist())
        of_group, weights = [], []
        for g in found:
            rows = np.repeat(np.arange(len(g.text)), times[g.text])
            weight = drawn[splits.index(g.split)]
            if weight and len(set(rows.tolist())) > 2:
                of_group.append(rank_correlation(g.figure[rows], g.accuracy[rows]))
                weights.append(weight)
        if weights:
            values.append(np.average(of_group, weights=weights))
    tail = 2.5 / figures
    low, high, strict_low, strict_high = np.percentile(values, [2.5, 97.5, tail, 100 - tail])
    return float(low), float(high), bool(strict_low > 0 or strict_high < 0)


def summary(table: Table, by_encoder: bool, figures: int) -> dict[str, Any] | None:
    """Return rank correlation, interval and counts; None if there is too little to rank."""
    value, count = rho(table, by_encoder)
    if not count:
        return None
    low, high, strict = interval(table, by_encoder, figures)
    return {
        "rho": round(value, 3), "low": round(low, 3), "high": round(high, 3), "strict": strict, "groups": count,
        "texts": len({row[3:5] for row in table}),
    }  # fmt: skip


def verdict(found: dict[str, Any] | None, better: str) -> str:
    """Return in words what an interval shows."""
    if found is None or found["low"] <= 0 <= found["high"]:
        return "not shown"
    told = "shown" if found["strict"] else "a hint"
    expected = better == "neither" or (found["rho"] > 0) == (better == "higher")
    return told if expected else f"{told}, the other way round"


def commit() -> str:
    """Return the commit that the numbers were made with."""
    return (
        subprocess.run(
            ["git", "-C", str(HERE), "rev-parse", "--short", "HEAD"],
            capture_output=True,
            text=True,
            check=False,
        ).stdout.strip()
        or "unknown"
    )


def document(record: dict[str, Any], command: str) -> str:
    """Return the Markdown page."""
    from semtool.diagnosis.measures import MEASURES

    lines = [
        "# diagnosis", "", f"`{command}`; commit {record['commit']}, Python {platform.python_version()}", "",
        f"{record['texts']} texts (prompt set x encoder) on {len(record['splits'])} splits, presets "
        f"{', '.join(record['presets'])}; accuracy averaged over {record['seeds']} seeds. Spearman's rank "
        "correlation between a figure of `semtool diagnose` and zero-shot accuracy, ranked within each split "
        "and preset, averaged; 95 % intervals by drawing texts and splits anew "
        f"({RESAMPLES} times). The splits come from two data sets, so the intervals are narrower than they "
        f"would be for a new data set; they are not corrected for the number of figures; what excludes zero is "
        f"called shown if it still does when corrected for {len(record['measures'])} (Bonferroni), otherwise a "
        "hint. The second column ranks only texts under the same encoder (groups of at least "
        f"{FEWEST} texts).", "",
        "| figure | better | all texts | same encoder | shown (same encoder) |", "|---|---|---|---|---|",
    ]  # fmt: skip
    for key, found in record["measures"].items():
        cells = []
        for part in ("all", "same_encoder"):
            r = found[part]
            cells.append(f"{r['rho']:+.2f} [{r['low']:+.2f}, {r['high']:+.2f}]" if r else "-")
        measure = MEASURES[key]
        lines.append(
            f"| {measure.title} | {measure.better} | {cells[0]} | {cells[1]} | {found['verdict']} "
            f"({found['verdict_same_encoder']}) |"
        )
    lines += [
        "", "The same split by split (all texts, mean over presets):", "",
        "| figure | " + " | ".join(f"{d} {s.removeprefix('purls-')}" for d, s in record["splits"]) + " |",
        "|---|" + "---|" * len(record["splits"]),
    ]  # fmt: skip
    for key, of_split in record["by_split"].items():
        cells = [f"{value:+.2f}" if np.isfinite(value) else "-" for value in of_split]
        lines.append(f"| {MEASURES[key].title} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n\n" + figures(record) + "\n"


def figures(record: dict[str, Any]) -> str:
    """Return the grid behind it: accuracy of every text, mean over presets and seeds."""
    splits = [tuple(s) for s in record["splits"]]
    lines = [
        "Accuracy in per cent, mean over presets and seeds:", "",
        "| text | encoder | " + " | ".join(f"{d} {s.removeprefix('purls-')}" for d, s in splits) + " | mean |",
        "|---|---|" + "---|" * (len(splits) + 1),
    ]  # fmt: skip
    for entry in sorted(record["grid"], key=lambda e: -float(np.mean(list(e["accuracy"].values())))):
        cells = [entry["accuracy"].get(f"{d}/{s}") for d, s in splits]
        shown = [f"{100 * c:.1f}" if c is not None else "-" for c in cells]
        mean = (
            f"{100 * float(np.mean([c for c in cells if c is not None])):.1f}" if None not in cells else "-"
        )
        lines.append(f"| {entry['prompts']} | {entry['encoder']} | {' | '.join(shown)} | {mean} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--root", type=Path, default=Path("artifacts"))
    parser.add_argument("--fit", action="store_true", help="fit the closed forms first")
    parser.add_argument("--rows", type=Path, nargs="*", help="files of rows")
    options = parser.parse_args()
    from semtool.artifacts import Store
    from semtool.diagnosis.measures import MEASURES

    own = HERE / "results" / "diagnosis_grid.json"
    if options.fit:
        own.write_text("[\n" + ",\n".join(json.dumps(row) for row in fit(options.root)) + "\n]\n")
    given = options.rows or [own]
    rows = read(given)
    store = Store(options.root)
    here = {d: {(p, e) for p, e, _ in texts(store, d)} for d in {r["dataset"] for r in rows}}
    rows = [r for r in rows if (r["prompts"], r["encoder"]) in here[r["dataset"]]]
    ranked = {k: v for k, v in groups(rows).items() if len(v) >= FEWEST}
    if not ranked:
        sys.exit(f"no split has {FEWEST} texts whose embedding files are under {options.root}")
    wanted = {(d, s, p, e) for (d, s, _), found in ranked.items() for p, e in found}
    known = measured(store, wanted)
    measures: dict[str, Any] = {}
    by_split: dict[str, list[float]] = {}
    splits = sorted({(d, s) for d, s, _ in ranked})
    for key, measure in MEASURES.items():
        table: Table = [
            (d, s, preset, p, e, known[d, s, p, e][key], accuracy)
            for (d, s, preset), found in ranked.items()
            for (p, e), accuracy in found.items()
            if key in known[d, s, p, e]
        ]
        by_split[key] = [rho([row for row in table if row[:2] == split], False)[0] for split in splits]
        everything, same = summary(table, False, len(MEASURES)), summary(table, True, len(MEASURES))
        measures[key] = {
            "all": everything,
            "same_encoder": same,
            "verdict": verdict(everything, measure.better),
            "verdict_same_encoder": verdict(same, measure.better),
        }
        print(key, measures[key], flush=True)
    names = " ".join(f"benchmarks/results/{p.name}" for p in given)
    command = "python benchmarks/diagnosis.py " + ("--fit" if options.fit else f"--rows {names}")
    accuracy: dict[tuple[str, str], dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for (d, s, _), found in ranked.items():
        for text, value in found.items():
            accuracy[text][f"{d}/{s}"].append(value)
    record = {
        "schema": 1,
        "commit": commit(),
        "command": command,
        "texts": len(accuracy),
        "encoders": sorted({e for _, e in accuracy}),
        "splits": splits,
        "presets": sorted({preset for _, _, preset in ranked}),
        "seeds": len({r["seed"] for r in rows}),
        "measures": measures,
    }
    TARGET.write_text(json.dumps(record, indent=1) + "\n")
    grid = [
        {"prompts": p, "encoder": e, "accuracy": {k: float(np.mean(v)) for k, v in found.items()}}
        for (p, e), found in accuracy.items()
    ]
    page = document(record | {"grid": grid, "by_split": by_split}, command)
    (HERE / "results" / "diagnosis.md").write_text(page)
    print(page)


if __name__ == "__main__":
    main()

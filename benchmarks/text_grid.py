"""What each kind of text is worth: granularity x encoder x split, same features, same classifier.

    python benchmarks/text_grid.py --data FOLDER --seeds 5 [--encoders minilm,sbert]

``FOLDER`` holds ``utd_mhad``, ``nw_ucla`` and, for the rival texts, ``descriptions/purls_gpt3_desc.xlsx``. The
classifier is kernel ridge (preset `ridge`), the features ST-GCN's, one training a seed. Also: attribute codes
with 10 and 30 % of the values replaced at random. Results go to ``results/text_grid.md`` and ``.json``; what the
artifact store already holds is reused.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from zero_shot import HERE, SPLITS, machine, prepare, visual

TEXTS = ("label", "clip-ensemble", "global", "motion", "parts-phases", "attributes", "multi", "purls")
CODES = ("attributes", "attributes")
MULTI_ONLY = ("label", "global", "motion", "part", "phase", "attribute")
DRAWS = 3
SHARES = (0.1, 0.3)
Cell = tuple[str, str, str, str, str, int]
"""Root, data set, split, prompt set, encoder, seed."""


def rivals(root: str, data: Path) -> bool:
    """Import the sentences that PURLS published; tell whether they are there."""
    from semtool.artifacts import Store
    from semtool.exchange import import_descriptions

    source = data / "descriptions" / "purls_gpt3_desc.xlsx"
    if not source.is_file():
        return False
    for dataset in dict.fromkeys(d for d, _ in SPLITS):
        import_descriptions(source, dataset, "purls", store=Store(root))
    return True


def corrupt(root: str, share: float, draw: int) -> str:
    """Write description sets of attribute codes with a share of the values replaced; return their name."""
    from semtool.artifacts import Store
    from semtool.catalogue import load_vocabulary
    from semtool.descriptions import DescriptionSet
    from semtool.embedding import embed
    from semtool.encoders.attributes import parse_codes

    store, fields = Store(root), load_vocabulary().fields
    name = f"attributes-corrupted-{round(100 * share)}-{draw}"
    for dataset in dict.fromkeys(d for d, _ in SPLITS):
        source = store.resolve("descriptions", f"{dataset}/attributes")
        rng = np.random.default_rng([draw, round(100 * share)])
        made = []
        for d in DescriptionSet.read(source.path):
            if not d.is_codes:
                continue
            codes = parse_codes(d.text)
            for field, value in codes.items():
                if rng.random() < share:
                    codes[field] = str(rng.choice([v for v in fields[field].values if v != value]))
            text = "; ".join(f"{k}={v}" for k, v in codes.items())
            made.append(type(d)(**{**{k: getattr(d, k) for k in type(d).__slots__}, "text": text}))
        parameters, inputs = {"share": share, "draw": draw}, {"descriptions": source.as_input()}
        full = f"{dataset}/{name}"
        if not store.find("descriptions", full, Store.identity("descriptions", inputs, parameters)):
            with store.create("descriptions", full, inputs=inputs, parameters=parameters) as out:
                DescriptionSet(made).write(out.folder)
        embed(store.resolve("descriptions", full), "attributes", store=store)
    return name


def run(cell: Cell) -> dict[str, Any]:
    """Fit one cell; return its numbers and where its predictions are."""
    root, dataset, split, prompts, encoder, seed = cell
    from semtool.artifacts import Store
    from skeleton.methods import preset
    from skeleton.runs.training import train

    store = Store(root)
    name, _, only = prompts.partition(":")
    config = preset("ridge", codebook=(only,), motion="none") if only else preset("ridge")
    done = train(
        store.resolve("embeddings", f"{dataset}/{name}/{encoder}"),
        store.resolve("features", visual(root, dataset, split, seed)),
        store=store, split=split, settings=config, device="cpu", jobs=1,
    )  # fmt: skip
    zsl = done.summary.to_dict()["zsl"]
    return {
        "dataset": dataset, "split": split, "preset": "ridge", "prompts": prompts, "encoder": encoder,
        "seed": seed, "accuracy": zsl["accuracy"]["mean"], "class_mean": zsl["class_mean"]["mean"],
        "chance": zsl["chance"], "run": str(done.path),
    }  # fmt: skip


def pairs(rows: Sequence[dict[str, Any]], one: tuple[str, str], other: tuple[str, str]) -> list[Any]:
    """Return the paired outcomes of two texts, one a split."""
    from semtool.experiments.comparison.statistics import PairedOutcomes

    found = []
    for dataset, split in SPLITS:
        tables = [
            [
                read(Path(r["run"]))
                for r in sorted(rows, key=lambda r: r["seed"])
                if (r["prompts"], r["encoder"], r["dataset"], r["split"]) == (*text, dataset, split)
            ]
            for text in (one, other)
        ]
        names, truth = tables[0][0][0], tables[0][0][1]
        right = [np.array([t[2] == truth for t in table], dtype=np.float64) for table in tables]
        people = [f"{dataset}/{n.split('_s')[1].split('_')[0]}" for n in names]
        found.append(
            PairedOutcomes(
                right[0] - right[1], truth, person=people, sample=[f"{dataset}/{n}" for n in names]
            )
        )
    return found


def read(run: Path) -> tuple[list[str], Any, Any]:
    """Return names, true and predicted classes of the unseen samples of a run."""
    with (run / "seed-0" / "predictions.csv").open(encoding="utf-8", newline="") as stream:
        rows = [r for r in csv.DictReader(stream) if r["subset"] == "unseen-test"]
    return [r["name"] for r in rows], *(
        np.array([int(r[k]) for r in rows]) for k in ("class_id", "predicted")
    )


def table(rows: list[dict[str, Any]]) -> list[str]:
    """Return a Markdown table: a line a text and encoder, a column a split."""
    short = [f"{d} {s.removeprefix('purls-')}" for d, s in SPLITS]
    lines = [f"| text | encoder | {' | '.join(short)} | mean |", "|---|---|" + "---|" * (len(SPLITS) + 1)]
    for key in dict.fromkeys((r["prompts"], r["encoder"]) for r in rows):
        cells, means = [], []
        for place in SPLITS:
            found = [
                100 * r["accuracy"]
                for r in rows
                if (r["prompts"], r["encoder"]) == key and (r["dataset"], r["split"]) == place
            ]
            means.append(np.mean(found))
            cells.append(
                f"{means[-1]:.1f} ± {np.std(found, ddof=1):.1f}" if len(found) > 1 else f"{means[-1]:.1f}"
            )
        lines.append(f"| {key[0]} | {key[1]} | {' | '.join(cells)} | **{np.mean(means):.1f}** |")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=os.environ.get("SEMTOOL_DATA"))
    parser.add_argument("--root", default="artifacts")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--encoders", default="minilm,sbert")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    if options.data is None:
        parser.error("name the folder of real data with --data, or set SEMTOOL_DATA")
    from semtool.artifacts import Store
    from semtool.embedding import embed
    from semtool.experiments.comparison.statistics import estimate, holm

    encoders = options.encoders.split(",")
    texts = TEXTS if rivals(options.root, Path(options.data)) else TEXTS[:-1]
    ours = [(t, e) for t in texts if t != "purls" for e in encoders]
    prepare(options.root, Path(options.data), [*ours, CODES])
    store = Store(options.root)
    for dataset in dict.fromkeys(d for d, _ in SPLITS):
        for encoder in encoders if "purls" in texts else ():
            embed(store.resolve("descriptions", f"{dataset}/purls"), encoder, store=store)
    main_cells = [(t, e) for e in encoders for t in (*texts, *(f"multi:{g}" for g in MULTI_ONLY))]
    worn = {share: [corrupt(options.root, share, draw) for draw in range(DRAWS)] for share in SHARES}
    cells = [*main_cells, CODES, *((name, "attributes") for names in worn.values() for name in names)]
    jobs = [
        (options.root, d, s, t, e, seed) for seed in range(options.seeds) for d, s in SPLITS for t, e in cells
    ]
    with ProcessPoolExecutor(options.jobs, mp_context=get_context("spawn")) as pool:
        visuals = list(dict.fromkeys((r, d, s, seed) for r, d, s, _, _, seed in jobs))
        list(pool.map(visual, *zip(*visuals, strict=True)))
        rows = list(pool.map(run, jobs, chunksize=4))
    for row in rows:
        for share, names in worn.items():
            if row["prompts"] in names:
                row["prompts"] = f"attributes, {share:.0%} corrupted ({DRAWS} draws)"
    clean = [{k: v for k, v in r.items() if k != "run"} for r in rows]
    (HERE / "results" / "text_grid.json").write_text(json.dumps(clean, indent=1) + "\n")
    wanted = [
        ((t, e), (o, e)) for e in encoders for t, o in (("multi", "label"), ("multi", "purls")) if o in texts
    ]
    wanted += [(CODES, (t, e)) for e in encoders for t in texts]
    found = [estimate(pairs(rows, one, other)) for one, other in wanted]
    adjusted = holm([f.p for f in found])
    lines = ["| | points | 95 % interval | p, adjusted |", "|---|---|---|---|"]
    for (one, other), f, p in zip(wanted, found, adjusted, strict=True):
        a, b = (" / ".join(x) if x != CODES else "attribute codes" for x in (one, other))
        lines.append(
            f"| {a} - {b} | {100 * f.mean:+.1f} | {100 * f.low:+.1f} to {100 * f.high:+.1f} | {p:.3f} |"
        )
    head = [
        "# text_grid", "",
        f"`python benchmarks/text_grid.py --seeds {options.seeds} --encoders {options.encoders}`; {machine()}", "",
        "Zero-shot accuracy in per cent over all unseen samples, mean and standard deviation over "
        f"{options.seeds} seeds (each trains its own ST-GCN), kernel ridge with the same constants everywhere. "
        "`multi:part` reads that granularity of `multi` alone; `purls` is the text that PURLS published, "
        "imported. Chance: 20.0, 11.1, 7.7, 50.0, 20.0, mean 21.8.", "",
    ]  # fmt: skip
    tail = [
        "", "## Paired differences", "",
        "Same split, same seed, same samples; mean over the five splits; the interval covers seeds and the "
        "persons that were recorded (`semtool.experiments.comparison.statistics`), not other classes; p by Holm over this table.",
        "", *lines,
    ]  # fmt: skip
    report = "\n".join([*head, *table(rows), *tail]) + "\n"
    (HERE / "results" / "text_grid.md").write_text(report)
    print(report)


if __name__ == "__main__":
    main()

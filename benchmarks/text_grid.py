"""What each kind of text is worth: granularity x encoder x split, same features, same classifier.

    python benchmarks/text_grid.py --data FOLDER --seeds 5 [--encoders minilm,sbert]

``FOLDER`` holds ``utd_mhad``, ``nw_ucla`` and, for the rival texts, ``descriptions/purls_gpt3_desc.xlsx``. The
classifier is kernel ridge (preset `ridge`), the features ST-GCN's, one training a seed. Also: attribute codes
with 10 and 30 % of the values replaced at random. Results go to ``results/text_grid.md`` and ``.json``; what the
artifact store already holds is reused.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from common import CORES, DATASETS, RESULTS, SPLITS, arguments, by_split, grid, page, prepare, table

from semtool.artifacts import Store

TEXTS = ("label", "clip-ensemble", "global", "motion", "parts-phases", "attributes", "multi", "purls")
CODES = ("attributes", "attributes")
MULTI_ONLY = ("label", "global", "motion", "part", "phase", "attribute")
DRAWS = 3
SHARES = (0.1, 0.3)
KEPT = ("dataset", "split", "preset", "prompts", "encoder", "seed", "accuracy", "class_mean", "chance")


def rivals(store: Store, data: Path) -> bool:
    """Import the sentences that PURLS published; tell whether they are there."""
    from semtool.exchange import import_descriptions

    source = data / "descriptions" / "purls_gpt3_desc.xlsx"
    if not source.is_file():
        return False
    for dataset in DATASETS:
        import_descriptions(source, dataset, "purls", store=store)
    return True


def corrupt(store: Store, share: float, draw: int) -> str:
    """Write description sets of attribute codes with a share of the values replaced; return their name."""
    from semtool.catalogue import load_vocabulary
    from semtool.descriptions import DescriptionSet
    from semtool.encoders.attributes import parse_codes

    fields = load_vocabulary().fields
    name = f"attributes-corrupted-{round(100 * share)}-{draw}"
    for dataset in DATASETS:
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
        if not store.find("descriptions", full, store.identity("descriptions", inputs, parameters)):
            with store.create("descriptions", full, inputs=inputs, parameters=parameters) as out:
                DescriptionSet(made).write(out.folder)
    return name


def pairs(rows: Sequence[dict[str, Any]], store: Store, *texts: tuple[str, str]) -> list[Any]:
    """Return the paired outcomes of two texts, one a split."""
    from semtool.experiments.comparison.statistics import PairedOutcomes
    from semtool.experiments.measured import read_seed

    found = []
    for dataset, split in SPLITS:
        tables = [
            [
                read_seed(store, r["run"], r["seed"])[1]
                for r in sorted(rows, key=lambda r: r["seed"])
                if (r["prompts"], r["encoder"], r["dataset"], r["split"]) == (*text, dataset, split)
            ]
            for text in texts
        ]
        first = tables[0][0]
        one, other = (np.array([t.predicted == t.truth for t in table], np.float64) for table in tables)
        people = [f"{dataset}/{n.split('_s')[1].split('_')[0]}" for n in first.names]
        samples = [f"{dataset}/{n}" for n in first.names]
        found.append(PairedOutcomes(one - other, first.truth, person=people, sample=samples))
    return found


def measured(store: Store, texts: Sequence[str], encoders: Sequence[str], seeds: int, jobs: int) -> list[Any]:
    """Return a row for every text, encoder, split and seed."""
    worn = {share: [corrupt(store, share, draw) for draw in range(DRAWS)] for share in SHARES}
    called = {
        name: f"attributes, {share:.0%} corrupted ({DRAWS} draws)"
        for share, names in worn.items()
        for name in names
    }
    rows = []
    for name, axes in {
        "texts": {"prompts": texts, "encoders": encoders},
        "only": {"prompts": "multi", "encoders": encoders, "switches": {"codebook": [*MULTI_ONLY], "motion": "none"}},
        "codes": {"prompts": ("attributes", *called), "encoders": "attributes"},
    }.items():  # fmt: skip
        rows += grid(
            store, f"text-grid-{name}", jobs=jobs, presets="ridge", seeds=seeds, features_per_seed=True,
            visual="stgcn", **axes,
        )  # fmt: skip
    for row in rows:
        only = f":{row['codebook'][0]}" if "codebook" in row else ""
        row["prompts"] = called.get(row["text"], row["text"]) + only
    return rows


def main() -> None:
    options = arguments(
        __doc__, data=True, root="artifacts", seeds=5, encoders="minilm,sbert", jobs=CORES
    ).parse_args()
    from semtool.experiments.comparison.statistics import estimate, holm

    encoders = options.encoders.split(",")
    store = prepare(options.root, options.data)
    texts = TEXTS if rivals(store, options.data) else TEXTS[:-1]
    rows = measured(store, texts, encoders, options.seeds, options.jobs)
    kept = [{key: row[key] for key in KEPT} for row in rows]
    (RESULTS / "text_grid.json").write_text(json.dumps(kept, indent=1) + "\n")
    wanted = [
        ((t, e), (o, e)) for e in encoders for t, o in (("multi", "label"), ("multi", "purls")) if o in texts
    ]
    wanted += [(CODES, (t, e)) for e in encoders for t in texts]
    found = [estimate(pairs(rows, store, *pair)) for pair in wanted]
    differences = [
        [
            " - ".join(" / ".join(x) if x != CODES else "attribute codes" for x in pair),
            f"{100 * f.mean:+.1f}",
            f"{100 * f.low:+.1f} to {100 * f.high:+.1f}",
            f"{p:.3f}",
        ]
        for pair, f, p in zip(wanted, found, holm([f.p for f in found]), strict=True)
    ]
    page("text_grid", [
        "Zero-shot accuracy in per cent over all unseen samples, mean and standard deviation over "
        f"{options.seeds} seeds (each trains its own ST-GCN), kernel ridge with the same constants everywhere. "
        "`multi:part` reads that granularity of `multi` alone; `purls` is the text that PURLS published, "
        "imported. Chance: 20.0, 11.1, 7.7, 50.0, 20.0, mean 21.8.", "",
        *by_split(rows, {"prompts": "text", "encoder": "encoder"}), "", "## Paired differences", "",
        "Same split, same seed, same samples; mean over the five splits; the interval covers seeds and the "
        "persons that were recorded (`semtool.experiments.comparison.statistics`), not other classes; p by Holm over "
        "this table.", "", *table(("", "points", "95 % interval", "p, adjusted"), differences),
    ])  # fmt: skip


if __name__ == "__main__":
    main()

"""Does it help MLA to align text about a part or phase with that part or phase of the motion?

    python benchmarks/alignment.py --data FOLDER

``FOLDER`` holds ``utd_mhad`` and ``nw_ucla``. Measured on seen classes only: they are dealt into folds, a model
is trained without a fold, and that fold's classes are then told apart among themselves. The same kinematic
features, text (`multi`, MiniLM) and schedule, once with the published heads and once with
``--alignment granularity``. Writes ``results/alignment.json`` and ``.md``.
"""

from __future__ import annotations

import argparse
import json
import os
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from zero_shot import HERE, machine, prepare

SPLITS = (("utd-mhad", "purls-22-5"), ("utd-mhad", "purls-14-13"), ("nw-ucla", "purls-8-2"))
TEXT = ("multi", "minilm")
ALIGNMENTS = ("whole", "granularity")
SWITCHES = {"lr": 1e-4, "feature_norm": "standard", "heads": (1, 5)}


def fold(job: tuple[str, str, str, int, int, int]) -> list[dict[str, Any]]:
    """Train without one of the folds of a split's seen classes and recognise it, with both alignments."""
    root, dataset, split, folds, at, seed = job
    import torch

    from semtool.artifacts import Store
    from skeleton.methods.config import preset
    from skeleton.methods.mla.fitting import fit
    from skeleton.methods.mla.streams import plan_streams
    from skeleton.methods.scorers import MLAScorer, Normalisation, new_model
    from skeleton.runs.metrics import accuracy
    from skeleton.runs.seed import load_task
    from skeleton.visual.extraction import features

    torch.set_num_threads(1)
    store = Store(root)
    text = store.resolve("embeddings", "/".join((dataset, *TEXT)))
    visual = features(dataset, split, store=store, visual="kinematics")
    found = []
    for alignment in ALIGNMENTS:
        config = preset("paper", alignment=alignment, **SWITCHES)
        task = load_task(text, visual, config, dataset, split)
        dealt = np.array_split(np.random.default_rng(0).permutation(task.seen), folds)
        held = tuple(sorted(dealt[at].tolist()))
        kept = tuple(c for c in task.seen if c not in held)
        train, test, bank = task.train.of(kept), task.train.of(held), task.bank.take(kept)
        normalise = Normalisation.of(config.feature_norm, train.features)
        streams = plan_streams(config, dataset, task.bank, kept, task.regions)
        model = new_model(config, train.features.shape[1], bank.dim, streams, seed=seed)
        rows = np.searchsorted(kept, train.labels)
        fit(model, normalise(train.features), rows, bank, config, seed=seed)
        scores = MLAScorer(model, normalise).scores(test.features, task.bank.take(held))
        right = accuracy(np.array(held)[scores.argmax(axis=1)], test.labels)
        found.append(
            {
                "dataset": dataset, "split": split, "fold": at, "seed": seed, "alignment": alignment,
                "held": held, "accuracy": right, "chance": 1 / len(held),
                "heads": sum(len(s.heads) for s in streams),
            }
        )  # fmt: skip
    return found


def report(rows: list[dict[str, Any]], folds: int, seeds: int) -> list[str]:
    """Return the lines of the table: a line an alignment, a column a split, then the paired difference."""
    from skeleton.runs.metrics import interval

    def values(alignment: str, split: str | None = None) -> list[float]:
        return [
            100 * r["accuracy"] for r in rows if r["alignment"] == alignment and split in (None, r["split"])
        ]

    names = [f"{d} {s.removeprefix('purls-')}" for d, s in SPLITS]
    lines = [
        f"| | heads | {' | '.join(names)} | mean |",
        "|---|---|" + "---|" * (len(SPLITS) + 1),
    ]
    for alignment in ALIGNMENTS:
        heads = max(r["heads"] for r in rows if r["alignment"] == alignment)
        cells = [values(alignment, s) for _, s in SPLITS]
        shown = " | ".join(f"{np.mean(c):.1f} ± {np.std(c, ddof=1):.1f}" for c in cells)
        lines.append(f"| `{alignment}` | {heads} | {shown} | {np.mean([np.mean(c) for c in cells]):.1f} |")
    chance = [100 * np.mean([r["chance"] for r in rows if r["split"] == s]) for _, s in SPLITS]
    lines.append(f"| chance | | {' | '.join(f'{c:.1f}' for c in chance)} | {np.mean(chance):.1f} |")
    gaps = [np.subtract(values("granularity", s), values("whole", s)).mean() for _, s in SPLITS]
    low, high = interval([float(g) for g in gaps]) or (float("nan"),) * 2
    return [
        f"Accuracy in per cent on held-out **seen** classes, told apart among themselves: {folds} folds (2 on NW-UCLA), "
        f"{seeds} seed{'s' if seeds > 1 else ''}, mean and standard deviation over them. "
        "MLA, heads 1 and 5 in each stream, lr 1e-4, 100 epochs, kinematic features standardised, `multi` under MiniLM. "
        "No sample of an unseen class is read.", "", *lines, "",
        f"`granularity` - `whole`: {np.mean(gaps):+.1f} points, 95 % interval {low:+.1f} to {high:+.1f} (paired, over "
        f"the {len(gaps)} splits, which overlap).",
    ]  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=os.environ.get("SEMTOOL_DATA"))
    parser.add_argument("--root", default="artifacts")
    parser.add_argument("--folds", type=int, default=3)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    if options.data is None:
        parser.error("name the folder of real data with --data, or set SEMTOOL_DATA")
    prepare(options.root, Path(options.data), [TEXT])
    jobs = [
        (options.root, d, s, n, at, seed)
        for seed in range(options.seeds)
        for d, s in SPLITS
        for n in (options.folds if d == "utd-mhad" else 2,)
        for at in range(n)
    ]
    with ProcessPoolExecutor(options.jobs, mp_context=get_context("spawn")) as pool:
        rows = [row for found in pool.map(fold, jobs) for row in found]
    command = f"python benchmarks/alignment.py --folds {options.folds} --seeds {options.seeds}"
    body = report(rows, options.folds, options.seeds)
    text = "\n".join(["# alignment", "", f"`{command}`; {machine()}", "", *body]) + "\n"
    (HERE / "results" / "alignment.json").write_text(json.dumps(rows, indent=1) + "\n")
    (HERE / "results" / "alignment.md").write_text(text)
    print(text)


if __name__ == "__main__":
    main()

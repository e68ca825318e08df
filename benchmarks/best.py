"""The preset `best`: what it was chosen by, what it reaches, and what each ingredient gives.

    python benchmarks/best.py choose --data FOLDER     # cross-validation over seen classes, no unseen sample read
    python benchmarks/best.py test --data FOLDER       # the five PURLS splits, 5 seeds, ablations, paired differences
    python benchmarks/best.py untouched --seeds 3      # simulated NTU-60, on which nothing was chosen

``FOLDER`` holds ``utd_mhad`` and ``nw_ucla``. Results go to ``results/best_choose.md``, ``best.md`` and
``best_untouched.md``; what the artifact store already holds is reused.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from zero_shot import HERE, SPLITS, machine, prepare

PUBLISHED = {
    "purls-22-5": 57.50,
    "purls-18-9": 31.71,
    "purls-14-13": 19.23,
    "purls-8-2": 75.84,
    "purls-5-5": 49.47,
}
"""PURLS, its supplement, table 8."""
SIMULATED = ("synse-55-5", "synse-48-12", "smie-1")


@dataclass(frozen=True)
class Variant:
    """A line of a table: preset, its switches, text and features."""

    name: str
    preset: str
    switches: tuple[tuple[str, Any], ...] = ()
    prompts: str = "attributes"
    encoder: str = "attributes"
    visual: str = "kinematics"

    @property
    def seeded(self) -> bool:
        """Whether the seed changes anything."""
        from skeleton.methods import preset

        return self.visual != "kinematics" or preset(self.preset, **dict(self.switches)).depends_on_seed


BEST = Variant("best", "best")
VARIANTS = (
    BEST,
    Variant("without auxiliary classes", "best", (("auxiliary", "none"),)),
    Variant("one kernel over all columns", "best", (("kernel", "whole"),)),
    Variant("without hub correction", "best", (("hub_correction", False),)),
    Variant("without decorrelation of text", "best", (("decorrelate", False),)),
    Variant("text (multi, MiniLM) in place of codes", "best", (), "multi", "minilm"),
    Variant("text (attribute sentences, MiniLM) in place of codes", "best", (), "attributes", "minilm"),
)
RIVALS = (
    Variant("ST-GCN in place of kinematics, no auxiliary", "best", (("auxiliary", "none"),), visual="stgcn"),
    Variant("eszsl, codes, ST-GCN", "eszsl", visual="stgcn"),
    Variant("ridge, codes, kinematics", "ridge"),
    Variant("paper (lr 1e-4), multi, MiniLM, ST-GCN", "paper", (("lr", 1e-4),), "multi", "minilm", "stgcn"),
)


def held_out(seen: tuple[int, ...], count: int, draws: int) -> list[tuple[int, ...]]:
    """Return sets of ``count`` seen classes: every one if they are few, else drawn with seed 0."""
    every = list(itertools.combinations(seen, count))
    if len(every) <= draws:
        return every
    rng = np.random.default_rng(0)
    return [tuple(sorted(rng.choice(seen, count, replace=False).tolist())) for _ in range(draws)]


def cross_validate(job: tuple[str, str, str, Variant, int]) -> float:
    """Return the mean accuracy on held-out seen classes, told apart among themselves."""
    root, dataset, split, variant, draws = job
    from semtool.artifacts import Store
    from semtool.catalogue import load_dataset
    from skeleton.methods import Examples, preset
    from skeleton.methods.kernel.regression import fit_ridge
    from skeleton.runs.auxiliary import simulated_classes
    from skeleton.runs.task import load_task

    store, config = Store(root), preset(variant.preset, **dict(variant.switches))
    text = store.resolve("embeddings", f"{dataset}/{variant.prompts}/{variant.encoder}")
    task = load_task(text, features_of(root, dataset, split, "kinematics", 0), dataset, split=split)
    data = load_dataset(dataset)
    count = max(2, min(len(task.unseen), len(task.seen) // 3))
    found = []
    for held in held_out(task.seen, count, draws):
        rest = tuple(c for c in task.seen if c not in held)
        train, test, bank = task.train.of(rest), task.train.of(held), task.bank.take(rest)
        rows = np.searchsorted(rest, train.labels)
        hidden = [c.id for c in data.classes if c.id not in rest]
        extra = (
            simulated_classes(text, data, hidden, store=store, seed=0)[0]
            if config.auxiliary != "none"
            else None
        )
        model = fit_ridge(
            Examples(train.features, rows, bank), extra, hub_correction=config.hub_correction,
            decorrelate=config.decorrelate, clip=config.clip, target=config.target, widths=task.widths if config.kernel == "blocks" else (sum(task.widths),),
        )  # fmt: skip
        guess = np.array(held)[model.scores(test.features, task.bank.take(held)).argmax(axis=1)]
        found.append(float((guess == test.labels).mean()))
    return float(np.mean(found))


def features_of(root: str, dataset: str, split: str, visual: str, seed: int) -> Any:
    """Return the features of a seed, made if they are not there."""
    import torch

    from semtool.artifacts import Store
    from skeleton.visual.extraction import features

    torch.set_num_threads(1)
    return features(dataset, split, store=Store(root), visual=visual, seed=seed, device="cpu")


def run(job: tuple[str, str, str, Variant, int]) -> dict[str, Any]:
    """Train one variant on one split with one seed; return its numbers."""
    root, dataset, split, variant, seed = job
    from semtool.artifacts import Store
    from skeleton.methods import preset
    from skeleton.runs.training import train

    store = Store(root)
    text = store.resolve("embeddings", f"{dataset}/{variant.prompts}/{variant.encoder}")
    done = train(
        text, features_of(root, dataset, split, variant.visual, seed), store=store, split=split,
        settings=preset(variant.preset, **dict(variant.switches)), seeds=(seed,), device="cpu", jobs=1,
    )  # fmt: skip
    summary = done.summary.to_dict()
    zsl, gzsl = summary["zsl"], next(iter((summary["gzsl"] or {}).values()), None)
    part = summary["test"] and summary["test"]["zsl"]["accuracy"]
    return {
        "variant": variant.name, "dataset": dataset, "split": split, "seed": seed,
        "accuracy": zsl["accuracy"]["mean"], "class_mean": zsl["class_mean"]["mean"],
        "protocol_part": part and part["mean"], "chance": zsl["chance"],
        "harmonic": gzsl and gzsl["harmonic"]["mean"], "seconds": summary["timing"]["train_seconds"]["mean"],
    }  # fmt: skip


def table(
    rows: list[dict[str, Any]], splits: tuple[tuple[str, str], ...], value: str = "accuracy"
) -> list[str]:
    """Return a Markdown table: a line a variant, a column a split, mean and deviation over seeds in %."""
    short = [f"{d} {s.removeprefix('purls-')}" for d, s in splits]
    lines = [f"| | {' | '.join(short)} | mean |", "|---|" + "---|" * (len(splits) + 1)]
    for name in dict.fromkeys(r["variant"] for r in rows):
        cells, means = [], []
        for dataset, split in splits:
            key = (name, dataset, split)
            found = [100 * r[value] for r in rows if (r["variant"], r["dataset"], r["split"]) == key]
            means.append(np.mean(found))
            cells.append(f"{means[-1]:.1f}" + (f" ± {np.std(found, ddof=1):.1f}" if len(found) > 1 else ""))
        lines.append(f"| {name} | {' | '.join(cells)} | **{np.mean(means):.1f}** |")
    return lines


def difference(rows: list[dict[str, Any]], one: str, other: str) -> str:
    """Return the mean paired difference (same split, same seed) in points with its 95 % interval.

    The interval is Student's t over the seeds' means over splits: it tells of seeds, not of other splits.
    """
    from skeleton.runs.metrics import interval

    def by_seed(name: str) -> dict[int, float]:
        seeds = sorted({r["seed"] for r in rows if r["variant"] == name})
        return {
            s: float(np.mean([100 * r["accuracy"] for r in rows if (r["variant"], r["seed"]) == (name, s)]))
            for s in seeds
        }

    mine, theirs = by_seed(one), by_seed(other)
    seeds = sorted({*mine, *theirs})
    # What does not depend on the seed has one value, that of the first.
    gaps = [mine.get(s, mine[0]) - theirs.get(s, theirs[0]) for s in seeds]
    low, high = interval(gaps) or (float("nan"),) * 2
    return f"{one} - {other}: {np.mean(gaps):+.1f} points, 95 % interval {low:+.1f} to {high:+.1f} ({len(gaps)} seeds)"


def choose(options: argparse.Namespace) -> list[str]:
    """Cross-validate the variants over seen classes."""
    jobs = [(options.root, d, s, v, options.draws) for v in VARIANTS for d, s in SPLITS]
    with ProcessPoolExecutor(options.jobs, mp_context=get_context("spawn")) as pool:
        found = list(pool.map(cross_validate, jobs))
    rows = [
        {"variant": v.name, "dataset": d, "split": s, "accuracy": a}
        for (_, d, s, v, _), a in zip(jobs, found, strict=True)
    ]
    return [
        "Accuracy in per cent on held-out **seen** classes, told apart among themselves, mean over at most "
        f"{options.draws} draws (as many classes as the split has unseen ones, at most a third of the seen "
        "ones); auxiliary classes near any class that is not trained on are left out. No sample of an unseen "
        "class is read.", "", *table(rows, SPLITS),
    ]  # fmt: skip


def test(options: argparse.Namespace) -> list[str]:
    """Measure every variant and rival on the unseen classes."""
    every = (*VARIANTS, *RIVALS)
    jobs = [
        (options.root, d, s, v, seed)
        for seed in range(options.seeds)
        for v in every
        for d, s in SPLITS
        if v.seeded or not seed
    ]
    rows = measured(jobs, options.jobs)
    (HERE / "results" / "best.json").write_text(json.dumps(rows, indent=1) + "\n")
    published = " | ".join(f"{PUBLISHED[s]:.1f}" for _, s in SPLITS)
    body = table(rows, SPLITS)
    body.append(f"| PURLS, published | {published} | {np.mean(list(PUBLISHED.values())):.1f} |")
    seconds = np.mean([r["seconds"] for r in rows if r["variant"] == BEST.name])
    return [
        "Zero-shot accuracy in per cent over all unseen samples, mean and standard deviation over "
        f"{options.seeds} seeds, last epoch or closed form. The seed draws the simulated people of `best`, and "
        "weights and order of ST-GCN and MLA; a variant without either has one value.", "", *body, "",
        *(f"- {difference(rows, BEST.name, v.name)}" for v in every[1:]), "",
        "The same over the protocol's test part (even subjects, view 3):", "", *table(rows, SPLITS, "protocol_part"),
        "", f"Fitting `best` and measuring it takes {seconds:.1f} s a split and seed here.",
    ]  # fmt: skip


def untouched(options: argparse.Namespace) -> list[str]:
    """Measure `best`, as it is, beside the others on simulated NTU-60."""
    from semtool.artifacts import Store
    from semtool.embedding import embed
    from semtool.generation import generate
    from skeleton.simulation import simulate

    store = Store(options.root + "-simulated")
    simulate("ntu60", subjects=10, reps=1, seed=100, store=store)
    for prompts, encoder in (("attributes", "attributes"), ("multi", "minilm")):
        embed(generate("ntu60", prompts, store=store).artifact, encoder, store=store)
    every, splits = (BEST, VARIANTS[1], RIVALS[1], RIVALS[3]), tuple(("ntu60", s) for s in SIMULATED)
    jobs = [
        (str(store.root), d, s, v, seed)
        for seed in range(options.seeds)
        for v in every
        for d, s in splits
        if v.seeded or not seed
    ]
    rows = measured(jobs, options.jobs)
    return [
        "SIMULATED skeletons, 10 people, other ones than those of the auxiliary classes. They come from the same "
        "simulator, so the line without auxiliary classes is the one to compare; with them, the classes near an "
        "unseen one are left out as everywhere. Accuracy in per cent over all unseen samples, mean and deviation "
        f"over {options.seeds} seeds.", "", *table(rows, splits), "",
        *(f"- {difference(rows, mine.name, other.name)}" for mine in every[:2] for other in every[2:]),
    ]  # fmt: skip


def measured(jobs: list[tuple[str, str, str, Variant, int]], workers: int) -> list[dict[str, Any]]:
    """Make the features that the jobs need, then run them."""
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        visuals = list(dict.fromkeys((r, d, s, v.visual, seed) for r, d, s, v, seed in jobs))
        list(pool.map(features_of, *zip(*visuals, strict=True)))
        return list(pool.map(run, jobs))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=("choose", "test", "untouched"))
    parser.add_argument("--data", type=Path, default=os.environ.get("SEMTOOL_DATA"))
    parser.add_argument("--root", default="artifacts")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--draws", type=int, default=28)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    if options.what != "untouched":
        if options.data is None:
            parser.error("name the folder of real data with --data, or set SEMTOOL_DATA")
        texts = dict.fromkeys((v.prompts, v.encoder) for v in (*VARIANTS, *RIVALS))
        prepare(options.root, Path(options.data), list(texts))
        for dataset, split in SPLITS:
            features_of(options.root, dataset, split, "kinematics", 0)
    body = {"choose": choose, "test": test, "untouched": untouched}[options.what](options)
    name = {"choose": "best_choose", "test": "best", "untouched": "best_untouched"}[options.what]
    command = f"python benchmarks/best.py {options.what}" + (
        "" if options.what == "choose" else f" --seeds {options.seeds}"
    )
    text = "\n".join([f"# {name}", "", f"`{command}`; {machine()}", "", *body]) + "\n"
    (HERE / "results" / f"{name}.md").write_text(text)
    print(text)


if __name__ == "__main__":
    main()

"""The preset `best`: what it was chosen by, what it reaches, and what each ingredient gives.

    python benchmarks/best.py choose --data FOLDER     # cross-validation over seen classes, no unseen sample read
    python benchmarks/best.py test --data FOLDER       # the five PURLS splits, 5 seeds, ablations, paired differences
    python benchmarks/best.py names --data FOLDER      # the same splits with class names in place of facts
    python benchmarks/best.py zoo --data FOLDER        # four more data sets, 20 random splits each
    python benchmarks/best.py gzsl --data FOLDER       # all classes as candidates, against eszsl and `paper`

``FOLDER`` holds ``utd_mhad``, ``nw_ucla`` and ``zoo``. Results go to ``results/best.md`` and ``best_<part>.md``; what
the artifact store already holds is reused.
"""

from __future__ import annotations

import argparse
import itertools
import json
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from common import CORES, HERE, RESULTS, SPLITS, arguments, by_split, grid, page, prepare, table
from numpy.typing import NDArray

PUBLISHED = {
    "purls-22-5": 57.50,
    "purls-18-9": 31.71,
    "purls-14-13": 19.23,
    "purls-8-2": 75.84,
    "purls-5-5": 49.47,
}
"""PURLS, its supplement, table 8."""


def held_out(seen: tuple[int, ...], count: int, draws: int) -> list[tuple[int, ...]]:
    """Return sets of ``count`` seen classes: every one if they are few, else drawn with seed 0."""
    every = list(itertools.combinations(seen, count))
    if len(every) <= draws:
        return every
    rng = np.random.default_rng(0)
    return [tuple(sorted(rng.choice(seen, count, replace=False).tolist())) for _ in range(draws)]


OPTIONS: dict[str, Any] = {"hub_correction": False, "target": "centred", "decorrelate": True, "clip": 4.0}
"""How the preset `best` calls `fit_ridge`."""


def lines(
    store: Any, task: Any, seen: tuple[int, ...], unseen: tuple[int, ...], seed: int, *, mla: bool = False
) -> dict[str, NDArray[np.float32]]:
    """Return, line by line of the table, scores of the samples of ``unseen`` after learning from ``seen``."""
    from skeleton.methods import Context, Examples, preset
    from skeleton.methods.kernel.regression import fit_ridge
    from skeleton.methods.registry import method_of
    from skeleton.runs.auxiliary import acted

    train = task.train.of(seen)
    held = task.unseen_test if unseen == task.unseen else task.train.of(unseen)
    examples = Examples(train.features, np.searchsorted(seen, train.labels), task.bank.take(seen))
    hidden = task.bank.take([c.id for c in task.dataset.classes if c.id not in seen])
    extra, bank = acted(hidden, store, seed), task.bank.take(unseen)
    context = Context(widths=task.widths, seed=seed, auxiliary=lambda: (extra, {}))

    def fitted(name: str, **switches: Any) -> Any:
        return method_of(preset(name, **switches)).fit(examples, context)

    start = time.process_time()
    full = fitted("best", hub_correction=True)
    best = replace(full, anchors=np.zeros((0, 0), np.float32))
    TIMES.append(time.process_time() - start)
    found = {
        "best": best,
        "with hub correction": full,
        "without decorrelation of text": replace(best, metric=np.zeros((0, 0), np.float32)),
        "kernels summed over blocks": fit_ridge(examples, extra, widths=task.widths, **OPTIONS),
        "without auxiliary classes": fitted("best", auxiliary="none"),
    }
    if mla:
        found["best-mla"] = fitted("best-mla")
    if seed == 0:
        found |= {
            "without auxiliary classes, nothing recombined": fit_ridge(
                examples, widths=task.widths, **OPTIONS
            ),
            "the same with one kernel": fit_ridge(examples, **OPTIONS),
            "ridge, codes, kinematics": fitted("ridge"),
            "eszsl, codes, kinematics": fitted("eszsl"),
        }
    return {name: np.asarray(scorer.scores(held.features, bank)) for name, scorer in found.items()}


LINES = {"variant": ""}
"""What a line of a table is: key of the rows -> head."""
ONCE = ("best-mla",)
"""Depends on the seed, but is measured with seed 0 only."""
TIMES: list[float] = []
"""Processor seconds of the fits of `best`."""


def cross_validate(job: tuple[str, str, str, int]) -> dict[str, float]:
    """Return the mean accuracies on held-out seen classes, told apart among themselves."""
    root, dataset, split, draws = job
    store, task = opened(root, dataset, split, "attributes", "attributes")
    found: dict[str, list[float]] = {}
    for held in held_out(task.seen, max(2, min(len(task.unseen), len(task.seen) // 3)), draws):
        rest = tuple(c for c in task.seen if c not in held)
        truth = task.train.of(held).labels
        for name, scores in lines(store, task, rest, held, 0).items():
            found.setdefault(name, []).append(float((np.array(held)[scores.argmax(axis=1)] == truth).mean()))
    return {name: float(np.mean(values)) for name, values in found.items()}


def opened(root: str, dataset: str, split: str, prompts: str, encoder: str) -> tuple[Any, Any]:
    """Return the store of auxiliary motion and the task of a split with a text."""
    from semtool.artifacts import Store
    from skeleton.runs.task import load_task

    text = Store(root).resolve("embeddings", f"{dataset}/{prompts}/{encoder}")
    task = load_task(text, features_of(root, dataset, split), dataset, split=split)
    return Store(Path(root) / "cache" / "auxiliary"), task


def features_of(root: str, dataset: str, split: str) -> Any:
    """Return the kinematic features, made if they are not there."""
    from semtool.artifacts import Store
    from skeleton.visual.extraction import features

    return features(dataset, split, store=Store(root), visual="kinematics", device="cpu")


def run(job: tuple[str, str, str, int, bool]) -> list[dict[str, Any]]:
    """Measure every line on one split with one seed."""
    root, dataset, split, seed, mla = job
    store, task = opened(root, dataset, split, "attributes", "attributes")
    found = lines(store, task, task.seen, task.unseen, seed, mla=mla)
    truth, part = task.unseen_test.labels, task.unseen_test.in_test
    rows = []
    for name, scores in found.items():
        right = np.array(task.unseen)[scores.argmax(axis=1)] == truth
        rows.append({
            "variant": name, "dataset": dataset, "split": split, "seed": seed, "accuracy": float(right.mean()),
            "protocol_part": float(right[part].mean()), "seconds": TIMES[-1],
            "class_mean": float(np.mean([right[truth == c].mean() for c in task.unseen])),
        })  # fmt: skip
    print(dataset, split, seed, flush=True)
    return rows


def difference(rows: list[dict[str, Any]], one: str, other: str, value: str = "accuracy") -> str:
    """Return the mean paired difference (same split, same seed) in points with its 95 % interval.

    The interval is Student's t over the seeds' means over splits: it tells of seeds, not of other splits.
    """
    from skeleton.runs.metrics import interval

    def by_seed(name: str) -> dict[int, float]:
        seeds = sorted({r["seed"] for r in rows if r["variant"] == name})
        return {
            s: float(np.mean([100 * r[value] for r in rows if (r["variant"], r["seed"]) == (name, s)]))
            for s in seeds
        }

    mine, theirs = by_seed(one), by_seed(other)
    seeds = sorted({*mine} if len(theirs) == 1 else {*mine} & {*theirs})
    # What does not depend on the seed has one value, that of the first.
    gaps = [mine[s] - theirs.get(s, theirs[0]) for s in seeds]
    low, high = interval(gaps) or (float("nan"),) * 2
    return f"{one} - {other}: {np.mean(gaps):+.1f} points, 95 % interval {low:+.1f} to {high:+.1f} ({len(gaps)} seeds)"


def choose(options: argparse.Namespace) -> list[str]:
    """Cross-validate the lines over seen classes."""
    jobs = [(options.root, d, s, options.draws) for d, s in SPLITS]
    with ProcessPoolExecutor(options.jobs, mp_context=get_context("spawn")) as pool:
        found = list(pool.map(cross_validate, jobs))
    rows = [
        {"variant": name, "dataset": d, "split": s, "seed": 0, "accuracy": a}
        for (_, d, s, _), values in zip(jobs, found, strict=True)
        for name, a in values.items()
    ]
    return [
        "Accuracy in per cent on held-out **seen** classes, told apart among themselves, mean over at most "
        f"{options.draws} draws (as many classes as the split has unseen ones, at most a third of the seen "
        "ones); auxiliary classes near any class that is not trained on are left out. No sample of an unseen "
        "class is read.", "", *by_split(rows, LINES),
    ]  # fmt: skip


def test(options: argparse.Namespace) -> list[str]:
    """Measure every line on the unseen classes."""
    jobs = [(options.root, d, s, seed, seed == 0) for seed in range(options.seeds) for d, s in SPLITS]
    with ProcessPoolExecutor(options.jobs, mp_context=get_context("spawn")) as pool:
        rows = [row for part in pool.map(run, jobs) for row in part]
    (RESULTS / "best.json").write_text(json.dumps(rows, indent=1) + "\n")
    published = [
        {"variant": "PURLS, published", "dataset": d, "split": s, "accuracy": PUBLISHED[s] / 100} for d, s in SPLITS
    ]  # fmt: skip
    seconds = np.median([r["seconds"] for r in rows])
    names = list(dict.fromkeys(r["variant"] for r in rows))
    return [
        "Zero-shot accuracy in per cent over all unseen samples, mean and standard deviation over "
        f"{options.seeds} seeds, which draw the simulated people and what they do. Lines without deviation have "
        "one value or were measured with seed 0 only.", "", *by_split(rows + published, LINES), "",
        *(f"- {difference(rows, 'best', name)}" for name in names[1:] if name not in ONCE), "",
        "The same over the protocol's test part (even subjects, view 3):", "", *by_split(rows, LINES, "protocol_part"),
        "", f"Fitting `best` takes {seconds:.1f} s of the processor a split and seed (median).",
    ]  # fmt: skip


def names(options: argparse.Namespace) -> list[str]:
    """Measure `best` with class names alone, read by a map that has not learned from these data sets."""
    from semtool.encoders import fit_map

    learned = fit_map(without=("utd-mhad", "nw-ucla"))
    rows = []
    for (dataset, split), seed in itertools.product(SPLITS, range(options.seeds)):
        store, task = opened(options.root, dataset, split, "attributes", "attributes")
        named = replace(task, bank=named_bank(task, learned))
        for name, scores in lines(store, named, task.seen, task.unseen, seed).items():
            guess = np.array(task.unseen)[scores.argmax(axis=1)]
            accuracy = float((guess == task.unseen_test.labels).mean())
            rows.append(
                {"variant": name, "dataset": dataset, "split": split, "seed": seed, "accuracy": accuracy}
            )
    return [
        "Class names only: attribute codes read from the names by a map from MiniLM's vectors that was learned from "
        "the catalogue's other data sets. Zero-shot accuracy in per cent over all unseen samples, mean and deviation "
        f"over {options.seeds} seeds (lines without deviation: one value).", "", *by_split(rows, LINES),
    ]  # fmt: skip


def gzsl(options: argparse.Namespace) -> list[str]:
    """Measure the harmonic mean among all classes, calibrated on held-out seen classes, over the test part."""
    from semtool.artifacts import Store

    few, rows = options.paper_seeds, []
    codes = {"prompts": "attributes", "encoders": "attributes"}
    multi = {
        "prompts": "multi",
        "encoders": "minilm",
        "visual": "stgcn",
        "features_per_seed": True,
        "seeds": few,
    }
    for at, axes in enumerate((
        {"presets": "best", "visual": "kinematics", "seeds": options.seeds} | codes,
        {"presets": "best", "switches": {"auxiliary": "none"}, "visual": "kinematics", "seeds": options.seeds} | codes,
        {"presets": "eszsl", "visual": "kinematics", "seeds": 1} | codes,
        {"presets": "eszsl"} | multi | codes,
        {"presets": ("eszsl", "paper"), "switches": {"lr": 1e-4}} | multi,
    )):  # fmt: skip
        for row in grid(Store(options.root), f"best-gzsl-{at}", jobs=options.jobs, **axes):
            changed = "auxiliary none" if at == 1 else f"lr {row['lr']}" if "lr" in row else ""
            said = (row["preset"], changed, row["text"], axes["visual"])
            rows.append(row | {"variant": ", ".join(filter(None, said))})
    best, *others = dict.fromkeys(r["variant"] for r in rows)
    return [
        "Harmonic mean of seen and unseen accuracy in per cent, all classes as candidates, over the protocol's test "
        "part, calibrated stacking on held-out seen classes; mean and deviation over seeds (without a deviation: "
        "one). ST-GCN and `paper` are trained anew by each seed.", "",
        *by_split(rows, LINES, "test_stacking_harmonic"), "",
        *(f"- {difference(rows, best, name, 'test_stacking_harmonic')}" for name in others), "",
        "Without calibration:", "", *by_split(rows, LINES, "test_none_harmonic"),
    ]  # fmt: skip


def named_bank(task: Any, learned: Any) -> Any:
    """Return the bank of a task with codes that are read from the classes' names."""
    from semtool.encoders import predict_facts

    codes = predict_facts([task.name_of(c) for c in task.bank.classes], fact_map=learned).codes
    return replace(task.bank, codebook=codes[:, None], counts=np.ones(len(codes), np.int64))


def zoo(options: argparse.Namespace) -> list[str]:
    """Measure `best` on four public data sets, half of the classes unseen, random splits."""
    from skeletons import ZOO

    measured = []
    with ProcessPoolExecutor(options.jobs, mp_context=get_context("spawn")) as pool:
        jobs = [(options.data, name, options.root, split) for name in ZOO for split in range(options.splits)]
        found = list(pool.map(zoo_split, jobs))
    for line in found[0]:
        means = [100 * np.mean([f[line] for f, j in zip(found, jobs, strict=True) if j[1] == n]) for n in ZOO]
        measured.append([line, *(f"{m:.1f}" for m in means), f"**{np.mean(means):.1f}**"])
    below = sum(f["best"] < f["ridge, label text (MiniLM)"] for f in found)
    ahead = "; ".join(
        f"{n} {np.mean(gaps):+.1f} (worst split {min(gaps):+.1f})"
        for n in ZOO
        if (
            gaps := [
                100 * (f["best"] - f["ridge, codes"]) for f, j in zip(found, jobs, strict=True) if j[1] == n
            ]
        )
    )
    return [
        f"Zero-shot accuracy in per cent, mean over {options.splits} random splits a data set (seeds 0 to 4 "
        "of the simulated people in turn); facts written blind (`data/zoo_facts.yaml`).", "",
        *table(("", *ZOO, "mean"), measured), "",
        f"`best` - ridge on the same codes, in points: {ahead}.", "",
        f"`best` is below ridge on label text in {below} of {len(found)} splits; its worst split has "
        f"{100 * min(f['best'] for f in found):.1f} %.",
    ]  # fmt: skip


@cache
def described(data: Path, name: str) -> tuple[Any, NDArray[np.int64], Any]:
    """Return a data set of the zoo, the class of each sample, and kinematic features."""
    from skeletons import load_zoo

    from skeleton.visual.kinematics import describe_all

    dataset, sequences, _ = load_zoo(data, name)
    return dataset, np.array([s.class_id for s in sequences]), describe_all(sequences)


def zoo_split(job: tuple[Path, str, str, int]) -> dict[str, float]:
    """Return the accuracies on one random split of a data set of the zoo."""
    import yaml

    from semtool.artifacts import Store
    from semtool.embedding import embed
    from skeleton.methods import Context, Examples, TextBank, preset
    from skeleton.methods.registry import method_of
    from skeleton.runs.auxiliary import acted

    data, name, root, number = job
    dataset, labels, made = described(data, name)
    facts = yaml.safe_load((HERE / "data" / "zoo_facts.yaml").read_text(encoding="utf-8"))[name]
    widths = tuple(width for _, width in made.blocks)
    names = [c.name for c in dataset.classes]
    texts = {
        "attributes": [
            "; ".join(f"{field}={value}" for field, value in complete(facts[n]).items()) for n in names
        ],
        "minilm": names,
    }
    order = np.random.RandomState(number).permutation(len(names))
    unseen, seen = np.sort(order[: len(names) // 2]), np.sort(order[len(names) // 2 :])
    train, test = np.isin(labels, seen), np.isin(labels, unseen)
    store = Store(Path(root) / "cache" / "auxiliary")

    def bank(encoder: str, classes: Any) -> TextBank:
        vectors = embed(texts[encoder], encoder, store=store)[classes]
        none = np.zeros_like(vectors)
        return TextBank(
            tuple(classes), vectors[:, None], np.ones(len(classes), np.int64), none, ("label",), "none"
        )

    seed = number % 5
    context = Context(
        widths=widths, seed=seed, auxiliary=lambda: (acted(bank("attributes", unseen), store, seed), {})
    )

    def accuracy(encoder: str, name: str, **switches: Any) -> float:
        examples = Examples(made.features[train], np.searchsorted(seen, labels[train]), bank(encoder, seen))
        scorer = method_of(preset(name, **switches)).fit(examples, context)
        scores = scorer.scores(made.features[test], bank(encoder, unseen))
        return float((unseen[scores.argmax(axis=1)] == labels[test]).mean())

    return {
        "best": accuracy("attributes", "best"),
        "without auxiliary classes": accuracy("attributes", "best", auxiliary="none"),
        "the same with one kernel": accuracy("attributes", "best", auxiliary="none", kernel="whole"),
        "ridge, codes": accuracy("attributes", "ridge"),
        "ridge, label text (MiniLM)": accuracy("minilm", "ridge"),
    }


def complete(attributes: dict[str, str]) -> dict[str, str]:
    """Return all fields of a class."""
    from semtool.catalogue import load_vocabulary

    return load_vocabulary().complete(attributes)


WHAT = {f.__name__: f for f in (choose, test, names, zoo, gzsl)}


def main() -> None:
    parser = arguments(__doc__, data=True, root="artifacts", seeds=5, draws=28, jobs=CORES)
    parser.add_argument("what", choices=tuple(WHAT))
    parser.add_argument("--paper-seeds", type=int, default=1, help="gzsl: seeds of what trains ST-GCN, slow")
    parser.add_argument("--splits", type=int, default=20, help="random splits of each of the four data sets")
    options = parser.parse_args()
    if options.what != "zoo":
        prepare(options.root, options.data, [("attributes", "attributes")])
    page("best" if options.what == "test" else f"best_{options.what}", WHAT[options.what](options))


if __name__ == "__main__":
    main()

"""Does `semtool optimise` help unseen classes, and does it mend what is wrong and leave what is right?

    python benchmarks/text_optimise.py record --data FOLDER   # what texts are worth, for `optimise` on other data sets
    python benchmarks/text_optimise.py real --data FOLDER     # from `label` and `multi`, the five PURLS splits
    python benchmarks/text_optimise.py planted --worlds 20    # three seen classes' texts exchanged, and none

``FOLDER`` holds ``utd_mhad``, ``nw_ucla`` and ``zoo``. Preset `ridge` on kinematic features, MiniLM. The planted worlds
are those of `planted_comparison`. Results go to ``results/text_optimise_<what>.md``, the record to the package; what the
artifact store already holds is reused, so that a stopped benchmark goes on.

The record holds accuracies of held-out classes: the seen ones of UTD-MHAD 22/5 and NW-UCLA 8/2, and all of each set of
the zoo. For a data set `optimise` uses what was measured on the others.
"""

from __future__ import annotations

import json
import tempfile
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from common import SPLITS, arguments, page, prepare, table

if TYPE_CHECKING:
    from semtool.experiments import Optimisation
    from semtool.experiments.optimisation.log import Try


RECORDED = ("label", "global", "attributes")
FOLDS = 60


def record(root: Path, data: Path) -> list[str]:
    """Measure texts, and one beside another, on held-out classes of six data sets; write it into the package."""
    from text_controls import sets

    from semtool.experiments.optimisation.record import FILE, TextWorth

    kept = {
        Path(dataset).stem.replace("_", "-"): _worth(root, dataset, splits[0], whole=kind == "zoo")
        for dataset, splits, kind in sets(root, data)
    }
    accuracy = {
        d: {t: [round(a, 4) for a in found] for t, found in texts.items()} for d, texts in kept.items()
    }
    said = json.dumps({"encoder": "minilm", "accuracy": accuracy}, indent=1)
    FILE.write_text(said + "\n", encoding="utf-8")
    texts = list(next(iter(accuracy.values())))
    lines = table(
        ["text", *(f"{d} ({len(found['label'])})" for d, found in accuracy.items())],
        [[t, *(f"{100 * np.mean(found[t]):.1f}" for found in accuracy.values())] for t in texts],
    )
    expected = []
    for dataset in accuracy:
        others = TextWorth.of("minilm", dataset)
        gains = [others.gains("label", t) for t in texts[1:]]
        expected.append(
            [dataset, *(f"{100 * g.mean:+.1f} ± {100 * g.variance**0.5:.1f}" for g in gains if g)]
        )
    return [
        f"Mean accuracy over held-out classes in per cent (in brackets their number), {FOLDS} trainings at least.", "",
        *lines, "", "What is expected on a data set from the others, in place of `label`: mean gain and deviation, points.",
        "", *table(["data set", *texts[1:]], expected),
    ]  # fmt: skip


def _worth(root: Path, dataset: str, split: str, whole: bool) -> dict[str, list[float]]:
    """Return the accuracy of each held-out class with each text; ``whole``: unseen classes are held out too."""
    from semtool.artifacts import Store
    from semtool.catalogue import load_dataset
    from semtool.descriptions import DescriptionSet
    from semtool.embedding import embed
    from semtool.experiments.optimisation.held_out import Judge
    from semtool.generation import generate
    from skeleton.methods import preset
    from skeleton.runs.task import Samples, load_task

    store, name = Store(root), load_dataset(dataset).name
    made = {p: generate(dataset, p, store=store).artifact for p in RECORDED}
    found = {p: DescriptionSet.read(a.path) for p, a in made.items() if a}
    motion = store.resolve("features", f"{name}/{split}/kinematics")
    task = load_task(embed(made["label"], "minilm", store=store).artifact, motion, dataset, split=split)
    if whole:
        seen, new = task.train, task.unseen_test
        at = np.flatnonzero(~new.in_test)
        task = replace(task, seen=tuple(sorted(task.seen + task.unseen)), train=Samples(
            np.concatenate([seen.features, new.features[at]]), np.concatenate([seen.labels, new.labels[at]]),
            seen.names + tuple(new.names[i] for i in at), np.concatenate([seen.in_test, new.in_test[at]]),
        ))  # fmt: skip
    judge = Judge(task, preset("ridge", calibrate=False), "minilm", store)
    texts = dict(found)
    for one, other in combinations(sorted(RECORDED), 2):
        base = found[one]
        texts[f"{one} + {other}"] = DescriptionSet([*base, *base.unsaid(found[other])])
    return {text: judge.measure(said, FOLDS).accuracy.tolist() for text, said in texts.items()}


def real(root: Path, data: Path, tries: int) -> list[str]:
    """Optimise from names and from the richest text on every split; return a table and all tries."""
    from semtool.experiments import optimise
    from skeleton.runs.parallel import Processes
    from skeleton.visual.extraction import features

    store = prepare(root, data)
    found: dict[tuple[str, str], Optimisation] = {}
    for start in ("label", "multi"):
        for dataset, split in SPLITS:
            features(dataset, split, store=store, visual="kinematics")
            found[start, split] = optimise(
                start, store=store, dataset=dataset, split=split, visual="kinematics", tries=tries,
                name=f"benchmark-{split}-{start}", executor=Processes(1), note=print,
            )  # fmt: skip
    rows = []
    for (start, split), o in found.items():
        kept = "; ".join(t.move for t in o.tries if t.kept) or "nothing"
        rows.append([start, split, len(o.tries), kept, *_side(o.held_out), *_side(o.unseen)])
    columns = "held-out: before", "after", "gain", "unseen: before", "after", "gain"
    lines = table(["start", "split", "tries", "kept", *columns], rows)
    for start in ("label", "multi"):
        gains = [100 * (o.unseen["gain"] if o.unseen else 0.0) for (s, _), o in found.items() if s == start]
        said = (
            f"From `{start}`, mean gain on unseen classes over the five splits: {np.mean(gains):+.1f} points."
        )
        lines += ["", said]
    for (start, split), o in found.items():
        lines += ["", f"{split} from `{start}` ({o.stopped}):", ""]
        lines += [_line(t) for t in o.tries if t.gain is not None]
    return lines


def _line(t: Try) -> str:
    said = f"- {t.move}: {100 * t.gain:+.1f} points, p = {t.p:.4f}"
    if t.elsewhere is not None:
        said += f", elsewhere {100 * t.elsewhere:+.1f}, doubt {t.doubt:.4f}"
    return said + f", at most {t.alpha:.4f}" + (", **kept**" if t.kept else "")


def _side(numbers: dict[str, float] | None) -> list[str]:
    if numbers is None:
        return ["not looked at", "", ""]
    before, after, gain, low, high = (
        f"{100 * numbers[k]:.1f}" for k in ("start", "result", "gain", "low", "high")
    )
    return [before, after, f"{gain} ({low} to {high})"]


def planted(worlds: int) -> list[str]:
    """Optimise a text with three seen classes' texts exchanged, and a good one, in worlds with known answers."""
    mended = gained = alone = 0
    for number in range(worlds):
        with tempfile.TemporaryDirectory() as folder:
            right, whole, untouched = _world(Path(folder), number)
        mended, gained, alone = mended + whole, gained + right, alone + untouched
        print(f"world {number}: mended {whole}, better {right}, good one left alone {untouched}", flush=True)
    return [
        f"- Three of 18 seen classes' texts exchanged in a ring: mended whole in {mended} of {worlds} worlds, "
        f"recognised held-out classes better afterwards in {gained}.",
        f"- A good text was left as it is in {alone} of {worlds} worlds.",
    ]


def _world(folder: Path, number: int) -> tuple[bool, bool, bool]:
    from planted_comparison import DATASET, SPLIT, Here, make_world

    from semtool.descriptions import DescriptionSet
    from semtool.experiments import optimise
    from semtool.experiments.optimisation.repair import exchanged

    store = make_world(folder, number)
    good = DescriptionSet.read(store.resolve("descriptions", f"{DATASET}/good").path)
    from semtool.catalogue import load_dataset

    data = load_dataset(DATASET)
    ring = np.random.default_rng([number, 1]).choice(data.seen(data.split(SPLIT)), 3, replace=False)
    with store.create("descriptions", f"{DATASET}/exchanged", parameters={"world": number}) as draft:
        exchanged(good, tuple(ring.tolist())).write(draft.folder)
    results = {
        start: optimise(
            start, store=store, dataset=DATASET, split=SPLIT, encoder="tfidf", sources=("shuffled",), tries=6,
            executor=Here(),
        )
        for start in ("exchanged", "good")
    }  # fmt: skip
    text = DescriptionSet.read(store.resolve("descriptions", results["exchanged"].result).path)
    better = results["exchanged"].held_out["gain"] > 0
    return better, list(text) == list(good), results["good"].result == results["good"].start


def main() -> None:
    parser = arguments(__doc__, data=True, root=Path("artifacts"), tries=20, worlds=20)
    parser.add_argument("what", choices=("record", "real", "planted"))
    options = parser.parse_args()
    lines = {
        "record": lambda: record(options.root, options.data),
        "real": lambda: real(options.root, options.data, options.tries),
        "planted": lambda: planted(options.worlds),
    }[options.what]()
    page(f"text_optimise_{options.what}", lines)


if __name__ == "__main__":
    main()

"""Does `semtool optimise` help unseen classes, and does it mend what is wrong and leave what is right?

    python benchmarks/text_optimise.py real --data FOLDER     # from `label` and `multi`, the five PURLS splits
    python benchmarks/text_optimise.py planted --worlds 20    # three seen classes' texts exchanged, and none

``FOLDER`` holds ``utd_mhad`` and ``nw_ucla``. Preset `ridge` on kinematic features, MiniLM. The planted worlds are
those of `planted_comparison`. Results go to ``results/text_optimise_<what>.md``; what the artifact store already
holds is reused, so that a stopped benchmark goes on.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from common import HERE, SPLITS, machine, prepare

if TYPE_CHECKING:
    from semtool.experiments import Optimisation


def real(root: str, data: Path, tries: int) -> list[str]:
    """Optimise from names and from the richest text on every split; return a table and all tries."""
    from semtool.artifacts import Store
    from semtool.experiments import optimise
    from skeleton.runs.parallel import Processes
    from skeleton.visual.extraction import features

    store = Store(root)
    prepare(root, data, [])
    found: dict[tuple[str, str], Optimisation] = {}
    for start in ("label", "multi"):
        for dataset, split in SPLITS:
            features(dataset, split, store=store, visual="kinematics")
            found[start, split] = optimise(
                start, store=store, dataset=dataset, split=split, visual="kinematics", tries=tries,
                name=f"benchmark-{split}-{start}", executor=Processes(1), note=print,
            )  # fmt: skip
    lines = [
        "| start | split | seen | tries | kept | held-out: before | after | gain | unseen: before | after | gain |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for (start, split), o in found.items():
        kept = "; ".join(t.move for t in o.tries if t.kept) or "nothing"
        seen = len({*range(27 if "utd" in o.start else 10)}) - int(split.rpartition("-")[2])
        lines.append(
            f"| {start} | {split} | {seen} | {len(o.tries)} | {kept} | {_side(o.held_out)} | {_side(o.unseen)} |"
        )
    for start in ("label", "multi"):
        gains = [100 * (o.unseen["gain"] if o.unseen else 0.0) for (s, _), o in found.items() if s == start]
        lines += [
            "",
            f"From `{start}`, mean gain on unseen classes over the five splits: {np.mean(gains):+.1f} points.",
        ]
    for (start, split), o in found.items():
        lines += ["", f"{split} from `{start}` ({o.stopped}):", ""]
        lines += [
            f"- {t.move}: {100 * (t.gain or 0):+.1f} points, p = {t.p:.4f}, at most {t.alpha:.4f}"
            + (", **kept**" if t.kept else "")
            for t in o.tries
            if t.p is not None
        ]
    return lines


def _side(numbers: dict[str, float] | None) -> str:
    if numbers is None:
        return "not looked at | | "
    span = f"{100 * numbers['low']:+.1f} to {100 * numbers['high']:+.1f}"
    return f"{100 * numbers['start']:.1f} | {100 * numbers['result']:.1f} | {100 * numbers['gain']:+.1f} ({span})"


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
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=("real", "planted"))
    parser.add_argument("--data", type=Path, default=os.environ.get("SEMTOOL_DATA"))
    parser.add_argument("--root", default="artifacts")
    parser.add_argument("--tries", type=int, default=20)
    parser.add_argument("--worlds", type=int, default=20)
    options = parser.parse_args()
    if options.what == "real":
        if options.data is None:
            parser.error("name the folder of real data with --data, or set SEMTOOL_DATA")
        body, more = real(options.root, Path(options.data), options.tries), f"--tries {options.tries}"
    else:
        body, more = planted(options.worlds), f"--worlds {options.worlds}"
    name = f"text_optimise_{options.what}"
    command = f"python benchmarks/text_optimise.py {options.what} {more}"
    text = "\n".join([f"# {name}", "", f"`{command}`; {machine()}", "", *body])
    (HERE / "results" / f"{name}.md").write_text(text + "\n")
    print(text)


if __name__ == "__main__":
    main()

"""Is a sweep with two workers twice as fast as with one, on processes and on Ray?

    python benchmarks/sweep.py --runs 24

The same trainings (text of NW-UCLA, features drawn at random) are done from nothing with one worker and with
two, one torch thread each. Time is that of the whole `semtool.experiments.sweep`: starting workers, importing
torch in each, training, the table. Results go to ``results/sweep.md``.
"""

from __future__ import annotations

import os
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from common import arguments, machine, page, table

from semtool.artifacts import Store
from semtool.catalogue import load_dataset
from semtool.experiments import sweep
from semtool.experiments.grid.sweep_file import SweepFile
from semtool.feature_file import FeatureFile
from skeleton.runs.cluster import Cluster
from skeleton.runs.parallel import Executor, Processes

DATASET, SPLIT = "nw-ucla", "purls-8-2"


def make_world(root: Path) -> Store:
    """Write features of 600 samples, 256 numbers each."""
    store, data = Store(root), load_dataset(DATASET)
    split = data.split(SPLIT)
    rng = np.random.default_rng(0)
    class_id = np.repeat(np.arange(len(data.classes)), 60)
    turn = np.tile(np.arange(60), len(data.classes))
    with store.create("features", f"{DATASET}/{SPLIT}/random") as draft:
        FeatureFile(
            dataset=DATASET, split=SPLIT, protocol=data.default_protocol, visual="random", simulated=True,
            features=(rng.normal(size=(len(data.classes), 256))[class_id] + rng.normal(size=(600, 256))).astype(
                np.float32
            ),
            class_id=class_id, subject=turn % 10 + 1, view=turn % 3 + 1,
            subset=np.where(np.isin(class_id, split.unseen), 2, turn % 4 == 3).astype(np.int64),
            names=[f"s{i}" for i in range(600)],
        ).write(draft.folder)  # fmt: skip
        draft.simulated = True
    return store


def measure(executor: Executor, runs: int, epochs: int) -> float:
    """Return the seconds of a sweep from nothing."""
    config = SweepFile(
        name="measured", datasets={DATASET: (SPLIT,)}, prompts=("label", "global"), encoders=("tfidf",),
        switches={"epochs": [epochs], "lr": [1e-4], "max_k": [1]}, seeds=tuple(range(runs // 2)),
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        store = make_world(Path(folder))
        started = time.perf_counter()
        result = sweep(config, store=store, executor=executor, device="cpu")
        seconds = time.perf_counter() - started
    assert (result.trained, len(result.failures)) == (runs // 2 * 2, 0)
    return seconds


def main() -> None:
    options = arguments(__doc__, runs=24, epochs=40, executors="processes,ray").parse_args()
    names = [n for n in options.executors.split(",") if n != "ray" or find_spec("ray")]
    load, rows = os.getloadavg()[0], []
    for name in names:
        made = [Processes(n, 1) if name == "processes" else Cluster(n) for n in (1, 2)]
        one, two = (measure(executor, options.runs, options.epochs) for executor in made)
        rows.append([name, f"{one:.1f} s", f"{two:.1f} s", f"{one / two:.2f}"])
        print(rows[-1], flush=True)
    page("sweep", [
        f"{options.runs} trainings of {options.epochs} epochs from nothing, one torch thread each, starting of workers "
        f"included. Load before: {load:.1f}.", "", *table(("executor", "1 worker", "2 workers", "ratio"), rows),
    ], made_on=machine(*(n for n in names if n == "ray")))  # fmt: skip


if __name__ == "__main__":
    main()

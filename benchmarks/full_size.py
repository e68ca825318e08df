"""What the sizes of NTU RGB+D cost, and what the landmarks of the closed forms cost in accuracy.

    python benchmarks/full_size.py closed --samples 9000 18000 36000     # random data, 55 classes, d 384
    python benchmarks/full_size.py landmarks --root FOLDER               # simulated NTU-60, made if missing
    python benchmarks/full_size.py disk --root FOLDER

Times are seconds of the processor, one thread, so that other work on the machine does not count.
"""

from __future__ import annotations

import argparse
import resource
import time
from pathlib import Path
from typing import Any

import numpy as np

from skeleton.methods.kernel import regression
from skeleton.runs.estimate import Sizes

TEST = 16_400


def closed(options: argparse.Namespace) -> None:
    """Fit and score each closed form at growing sizes; print the exponent of growth."""
    for name in options.methods:
        seconds = []
        for samples in options.samples:
            seen = Sizes(samples, TEST, 55, 5, visual=256, text=384, descriptions=1).examples(samples)
            started = time.process_time()
            model = (
                regression.fit_ridge(seen, widths=(256,)) if name == "ridge" else regression.fit_eszsl(seen)
            )
            fitted = time.process_time()
            model.scores(seen.features[:TEST], seen.bank)
            seconds.append(fitted - started)
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
            print(
                f"| {name} | {samples} | {model.solved(samples)['solver']} | {fitted - started:.1f} | "
                f"{time.process_time() - fitted:.1f} | {peak:.2f} GB |",
                flush=True,
            )
        if len(seconds) > 1:
            slope = np.polyfit(np.log(options.samples), np.log(seconds), 1)[0]
            print(f"{name}: fitting grows with samples to the power {slope:.2f}", flush=True)


def simulated(root: Path) -> tuple[Any, Any]:
    """Return the store and simulated NTU-60 skeletons: 40 people, twice each, three views."""
    from semtool.artifacts import Store
    from skeleton.simulation import simulate

    store = Store(root)
    return store, simulate("ntu60", subjects=40, reps=2, store=store).artifact


def landmarks(options: argparse.Namespace) -> None:
    """Accuracy on unseen classes, exactly and on fewer and fewer landmarks."""
    from semtool.embedding import embed
    from semtool.generation import generate
    from skeleton.methods import Examples
    from skeleton.runs import load_task
    from skeleton.visual import features

    store, _ = simulated(options.root)
    text = embed(generate("ntu60", "attributes", store=store).artifact, "attributes", store=store).artifact
    for split in options.splits:
        task = load_task(
            text, features("ntu60", split, store=store, visual="kinematics"), "ntu60", split=split
        )
        bank, tests = task.bank.take(task.unseen), task.unseen_test
        rows = np.array([task.seen.index(c) for c in task.train.labels.tolist()], dtype=np.int64)
        seen = Examples(task.train.features, rows, task.bank.take(task.seen))
        settings = {
            "ridge": {"widths": (seen.features.shape[1],)},
            "best, no auxiliary": {
                "widths": task.widths,
                "clip": 4.0,
                "target": "centred",
                "decorrelate": True,
            },
        }
        for name, how in settings.items():
            for share in (1, 3, 9):
                regression.EXACT, regression.LANDMARKS = (10**9, 0) if share == 1 else (0, len(rows) // share)
                model = regression.fit_ridge(seen, **how)  # type: ignore[arg-type]
                guess = np.array(bank.classes)[model.scores(tests.features, bank).argmax(axis=1)]
                said = model.solved(len(rows))["solver"]
                print(
                    f"| {split} | {name} | {len(rows)} | {said} | {100 * (guess == tests.labels).mean():.2f} |",
                    flush=True,
                )


def disk(options: argparse.Namespace) -> None:
    """Bytes of arrays a sample, and what NTU-60 and NTU-120 would take at that."""
    from skeleton.data import ArraySet

    _, arrays = simulated(options.root)
    samples = ArraySet.open(arrays.path)
    size = sum(p.stat().st_size for p in arrays.path.iterdir()) / len(samples)
    print(
        f"{len(samples)} samples, {samples.length.mean():.0f} frames, {samples.bodies.mean():.2f} bodies, {size:.0f} B"
    )
    for name, count in (("NTU-60", 56_880), ("NTU-120", 114_480)):
        padded = count * 3 * 300 * 25 * 2 * 4 / 1e9
        print(f"{name}: {count * size / 1e9:.2f} GB; padded to 300 frames and two bodies {padded:.1f} GB")


def main() -> None:
    """Run what is asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=("closed", "landmarks", "disk"))
    parser.add_argument("--samples", type=int, nargs="+", default=(9000, 18000, 36000))
    parser.add_argument("--methods", nargs="+", default=("eszsl", "ridge"))
    parser.add_argument("--splits", nargs="+", default=("synse-55-5",))
    parser.add_argument("--root", type=Path, default=Path("artifacts"))
    options = parser.parse_args()
    {"closed": closed, "landmarks": landmarks, "disk": disk}[options.what](options)


if __name__ == "__main__":
    main()

"""What the sizes of NTU RGB+D cost, and what the landmarks of the closed forms cost in accuracy.

    python benchmarks/full_size.py closed --samples 9000 18000 36000     # random data, 55 classes, d 384
    python benchmarks/full_size.py landmarks --root FOLDER               # simulated NTU-60, made if missing
    python benchmarks/full_size.py disk --root FOLDER
    python benchmarks/full_size.py alignment --threads 2                 # MLA: 12 heads, d 384, random data
    python benchmarks/full_size.py visual --samples 36000 --threads 2    # ST-GCN, 15 epochs
    python benchmarks/full_size.py grid --root FOLDER                    # two workers of Ray, one killed
    python benchmarks/full_size.py precision --root FOLDER --data FOLDER # `paper` on real skeletons, both precisions

Times of closed forms are seconds of the processor, one thread, so that other work on the machine does not count.
"""

from __future__ import annotations

import argparse
import itertools
import resource
import time
from pathlib import Path
from typing import Any

import numpy as np

from skeleton.methods.kernel import regression

TEST = 16_400


BEST: dict[str, Any] = {"clip": 4.0, "hub_correction": False, "target": "centred", "decorrelate": True}
"""How the preset `best` fits."""


def made_up(samples: int, name: str, root: Path) -> tuple[Any, Any, tuple[int, ...]]:
    """Return random examples of 55 classes, those beside them that a method learns from, and widths of blocks.

    `best` has acted combinations beside them, `best-none` recombined samples and a kernel a block.
    """
    from semtool.artifacts import Store
    from skeleton.data import BODY
    from skeleton.methods import Examples, TextBank, code_widths
    from skeleton.methods.kernel.recombining import recombined
    from skeleton.runs.auxiliary import acted
    from skeleton.visual import find_visual

    rng, best = np.random.default_rng(0), name.startswith("best")
    kinematics = find_visual("kinematics")
    widths = tuple(width for _, width in kinematics(kinematics.Settings(), BODY).blocks())
    dims = (sum(widths), sum(code_widths())) if best else (256, 384)
    text = rng.standard_normal((55, 1, dims[1]), np.float32)
    bank = TextBank(
        tuple(range(55)), text, np.ones(55, np.int64), np.zeros_like(text[:, 0]), ("attribute",), "none"
    )
    seen = Examples(rng.standard_normal((samples, dims[0]), np.float32), np.arange(samples) % 55, bank)
    if name == "best":
        return seen, acted(None, Store(root), 0), ()
    return seen, recombined(seen, widths, 0) if best else None, widths


def closed(options: argparse.Namespace) -> None:
    """Fit and score each closed form at growing sizes; print the exponent of growth."""
    for name in options.methods:
        seconds = []
        for samples in options.samples:
            seen, auxiliary, widths = made_up(samples, name, options.root)
            started = time.process_time()
            if name == "eszsl":
                model = regression.fit_eszsl(seen)
            elif name == "ridge":
                model = regression.fit_ridge(seen)
            else:
                model = regression.fit_ridge(seen, auxiliary, widths=widths, **BEST)
            fitted = time.process_time()
            model.scores(seen.features[:TEST], seen.bank)
            seconds.append(fitted - started)
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
            known = samples + (len(auxiliary.rows) if auxiliary else 0)
            print(
                f"| {name} | {known} | {model.solved(known)['solver']} | {fitted - started:.1f} | "
                f"{time.process_time() - fitted:.1f} | {peak:.2f} GB |",
                flush=True,
            )
        if len(seconds) > 1:
            slope = np.polyfit(np.log(options.samples), np.log(seconds), 1)[0]
            print(f"{name}: fitting grows with samples to the power {slope:.2f}", flush=True)


def simulated(root: Path, reps: int = 2) -> tuple[Any, Any]:
    """Return the store and simulated NTU-60 skeletons: 40 people, each action ``reps`` times, three views."""
    from semtool.artifacts import Store
    from skeleton.simulation import simulate

    store = Store(root)
    return store, simulate("ntu60", subjects=40, reps=reps, store=store).artifact


def landmarks(options: argparse.Namespace) -> None:
    """Accuracy on unseen classes, exactly and on fewer and fewer landmarks."""
    from semtool.embedding import embed
    from semtool.generation import generate
    from skeleton.methods import Examples
    from skeleton.methods.kernel.recombining import SHARE, recombined
    from skeleton.runs import load_task
    from skeleton.runs.auxiliary import acted
    from skeleton.visual import features

    store, arrays = simulated(options.root, options.reps)
    text = embed(generate("ntu60", "attributes", store=store).artifact, "attributes", store=store).artifact
    for split in options.splits:
        shown = features("ntu60", split, store=store, visual="kinematics", arrays=arrays.reference)
        task = load_task(text, shown, "ntu60", split=split)
        bank, tests = task.bank.take(task.unseen), task.unseen_test
        rows = np.array([task.seen.index(c) for c in task.train.labels.tolist()], dtype=np.int64)
        seen = Examples(task.train.features, rows, task.bank.take(task.seen))
        settings: dict[str, tuple[Any, dict[str, Any]]] = {
            "ridge": (None, {}),
            "best": (acted(bank, store, 0), BEST),
            "best-none": (recombined(seen, task.widths, 0), BEST | {"widths": task.widths, "share": SHARE}),
        }
        for name in options.methods:
            auxiliary, how = settings[name]
            for most in (10**9, *options.landmarks):
                regression.EXACT, regression.LANDMARKS = (most, 0) if most == 10**9 else (0, most)
                started = time.process_time()
                model = regression.fit_ridge(seen, auxiliary, **how)
                taken = time.process_time() - started
                guess = np.array(bank.classes)[model.scores(tests.features, bank).argmax(axis=1)]
                samples = len(rows) + (len(auxiliary.rows) if auxiliary else 0)
                print(
                    f"| {split} | {name} | {samples} | {model.solved(samples)['solver']} | {taken:.0f} | "
                    f"{100 * (guess == tests.labels).mean():.2f} of {len(guess)} |",
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


def alignment(options: argparse.Namespace) -> None:
    """Time a step of `paper` at NTU-60 size in each precision, and scoring the test part; say what a run takes."""
    import torch
    from mla_step import SIZES, VISUAL, world

    from skeleton.methods.mla import MLA, MLASettings
    from skeleton.methods.mla.fitting import gradients
    from skeleton.methods.mla.model import TextTensors
    from skeleton.methods.mla.scoring import scores

    torch.set_num_threads(options.threads)
    size = SIZES["ntu60"] | {"d": 384}
    visual, labels, _, bank = world(size)
    text, inputs, settings = TextTensors.of(bank), torch.from_numpy(visual), MLASettings()
    models = {p: MLA(VISUAL, 384, size["heads"], precision=p) for p in ("float32", "bfloat16")}
    steps = {p: torch.optim.Adam(m.parameters(), lr=1e-5, fused=True) for p, m in models.items()}
    taken: dict[str, list[tuple[float, float]]] = {p: [] for p in models}
    for turn in range(options.steps + 2):
        for precision, model in models.items():
            wall, processor = time.perf_counter(), time.process_time()
            steps[precision].zero_grad(set_to_none=True)
            gradients(model, inputs, labels, text, settings, 20, np.random.default_rng(turn))
            steps[precision].step()
            taken[precision].append((time.perf_counter() - wall, time.process_time() - processor))
    each = -(-36_000 // settings.batch) * settings.epochs
    for precision, seconds in taken.items():
        wall, processor = np.median(seconds[2:], axis=0)
        print(f"| {precision} | {wall:.3f} | {processor:.3f} | {wall * each / 3600:.2f} |", flush=True)
    wide = TextTensors(text.book[:1].repeat(60, 1, 1), (100,) * 60, text.motion[:1].repeat(60, 1))
    tests = torch.randn(TEST, VISUAL).abs()
    for half in (False, True):
        wall = time.perf_counter()
        scores(models["float32"], tests, wide, half=half)
        print(
            f"scoring {TEST} x 60, {'bfloat16' if half else 'float32'}: {time.perf_counter() - wall:.0f} s",
            flush=True,
        )
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.2f} GB")


def visual(options: argparse.Namespace) -> None:
    """Time steps of ST-GCN over clips of NTU-60's size and layout, mapped from a file; say what 15 epochs take."""
    import tempfile

    import torch

    from skeleton.data import layout
    from skeleton.visual import find_visual

    class Enough(Exception):
        pass

    torch.set_num_threads(options.threads)
    for samples in options.samples:
        for name, half in itertools.product(options.encoders, options.precisions):
            encoder = find_visual(name)
            settings = encoder.Settings(epochs=15, precision=half)
            taken = [(time.perf_counter(), time.process_time())]

            def stop(done: int, total: int, taken: list[tuple[float, float]] = taken) -> None:
                taken.append((time.perf_counter(), time.process_time()))
                if done == options.steps:
                    raise Enough(total)

            with tempfile.TemporaryFile(dir=options.root) as stream:
                clips = np.memmap(stream, np.float32, "w+", shape=(samples, 3, settings.frames, 25, 2))
                for start in range(0, samples, 1000):
                    part = clips[start : start + 1000]
                    part[:] = np.random.default_rng(start).standard_normal(part.shape, np.float32)
                    part[len(part) * 2 // 11 :, ..., 1] = 0  # eleven of sixty classes have two people
                before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
                try:
                    encoder(settings, layout("kinect-v2")).fit(
                        clips, np.arange(samples) % 55, seed=0, progress=stop
                    )
                except Enough as told:
                    total = int(told.args[0])
            wall, processor = np.median(np.diff(taken, axis=0)[2:], axis=0)
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
            print(
                f"| {name} | {half} | {samples} | {total} | {wall:.3f} | {processor:.3f} | {wall * total / 3600:.2f} | "
                f"{before:.2f} | {peak:.2f} GB |",
                flush=True,
            )


def grid(options: argparse.Namespace) -> None:
    """Train a grid of NTU-60's size, one epoch of `paper`, with two workers of Ray, one of which is killed."""
    import os
    import signal
    import threading

    from semtool.artifacts import Store
    from semtool.catalogue import load_dataset
    from semtool.experiments import sweep
    from semtool.experiments.grid import SweepFile
    from semtool.feature_file import FeatureFile
    from skeleton.runs.cluster import Cluster

    store, data, (chosen, *_) = Store(options.root), load_dataset("ntu60"), options.splits
    unseen, rng = data.split(chosen).unseen, np.random.default_rng(0)
    seen = [c for c in range(len(data.classes)) if c not in unseen]
    class_id = np.r_[
        rng.choice(seen, options.samples[-1]), rng.choice(seen, TEST - 1_500), rng.choice(unseen, 1_500)
    ]
    subset = np.repeat([0, 1, 2], [options.samples[-1], TEST - 1_500, 1_500])
    with store.create("features", f"ntu60/{chosen}/random") as draft:
        FeatureFile(
            dataset="ntu60", split=chosen, protocol=data.default_protocol, visual="random", simulated=True,
            features=rng.standard_normal((len(class_id), 256), np.float32), class_id=class_id,
            subject=np.arange(len(class_id)) % 40 + 1, view=np.arange(len(class_id)) % 3 + 1, subset=subset,
            names=[f"s{i}" for i in range(len(class_id))],
        ).write(draft.folder)  # fmt: skip
        draft.simulated = True
    killed: list[str] = []

    def kill_one() -> None:
        """Wait for two workers at work, then end one as a lost machine would."""
        while not killed:
            time.sleep(1)
            titles = {
                p: p.read_bytes().split(b"\0")[0].decode() for p in Path("/proc").glob("[0-9]*/cmdline")
            }
            busy = [p for p, title in titles.items() if title.startswith("ray::") and "seed" in title]
            if len(busy) == 2 and killed_after.is_set():
                os.kill(int(busy[0].parent.name), signal.SIGKILL)
                killed.append(titles[busy[0]])

    killed_after = threading.Event()
    threading.Thread(target=kill_one, daemon=True).start()
    started = time.perf_counter()
    config = SweepFile(
        name="full-size", datasets={"ntu60": (chosen,)}, prompts=("label", "multi"), encoders=("minilm",),
        presets=("paper",), switches={"epochs": [1]}, seeds=(0, 1),
    )  # fmt: skip
    threading.Timer(options.kill_after, killed_after.set).start()
    done = sweep(config, store=store, executor=Cluster(2), device="cpu")
    print(
        f"trained {done.trained}, failed {len(done.failures)}, killed {killed}, {time.perf_counter() - started:.0f} s, "
        f"peak of the children {resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e6:.2f} GB"
    )


def precision(options: argparse.Namespace) -> None:
    """Accuracy of `paper` (lr 1e-4) in both precisions on kinematic features, ten seeds."""
    from semtool.artifacts import Store
    from semtool.embedding import embed
    from semtool.generation import generate
    from skeleton.data import prepare
    from skeleton.methods import preset
    from skeleton.runs import train
    from skeleton.visual import features

    store = Store(options.root)
    for dataset, split in (("nw-ucla", "purls-5-5"), ("utd-mhad", "purls-22-5")):
        prepare(dataset, options.data / dataset.replace("-", "_"), store=store)
        text = embed(generate(dataset, "multi", store=store).artifact, "minilm", store=store).artifact
        seen = features(dataset, split, store=store, visual="kinematics")
        for how in ("float32", "bfloat16"):
            done = train(
                text, seen, store=store, split=split, seeds=tuple(range(10)), device="cpu", jobs=1,
                settings=preset("paper", lr=1e-4, precision=how, calibrate=False),
            )  # fmt: skip
            zsl = done.summary.zsl.accuracy
            print(f"| {dataset} {split} | {how} | {100 * zsl.mean:.2f} | {100 * zsl.std:.2f} |", flush=True)


WHAT = {f.__name__: f for f in (closed, landmarks, disk, alignment, visual, grid, precision)}


def main() -> None:
    """Run what is asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=tuple(WHAT))
    parser.add_argument("--samples", type=int, nargs="+", default=(9000, 18000, 36000))
    parser.add_argument("--encoders", nargs="+", default=("stgcn",))
    parser.add_argument("--precisions", nargs="+", default=("float32", "bfloat16"), help="of visual encoders")
    parser.add_argument("--methods", nargs="+", default=("eszsl", "ridge"))
    parser.add_argument("--landmarks", type=int, nargs="+", default=(4000, 1200))
    parser.add_argument("--reps", type=int, default=2, help="times that each simulated person acts an action")
    parser.add_argument("--splits", nargs="+", default=("synse-55-5",))
    parser.add_argument("--root", type=Path, default=Path("artifacts"))
    parser.add_argument("--data", type=Path, help="folder of utd_mhad and nw_ucla")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--kill-after", type=float, default=90, help="seconds")
    parser.add_argument("--steps", type=int, default=10)
    options = parser.parse_args()
    WHAT[options.what](options)


if __name__ == "__main__":
    main()

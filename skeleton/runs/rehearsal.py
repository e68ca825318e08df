"""A seed rehearsed: the same code on a few made-up samples in a temporary store, timed, and stretched.

Opening, pilot, training, calibration, scoring and writing are in it, and what simulates auxiliary classes.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from semtool.artifacts import Artifact, Store
from semtool.catalogue import load_dataset
from semtool.embedding_file import write_embeddings
from semtool.feature_file import FeatureFile
from skeleton.methods import EpochSettings, MethodSettings, encoder_of
from skeleton.runs.auxiliary import gives_codes
from skeleton.runs.estimate import Estimate, Sizes, clock_of, grown, peak_memory
from skeleton.runs.planning import plan_run
from skeleton.runs.seed import run_seed

__all__ = ["estimate_seed"]

TRAIN, BATCHES, TEST, EPOCHS = 1500, 3, 600, 3
"""Sizes of a rehearsal: training samples of a closed form, batches of a network, test samples, epochs."""


@dataclass(frozen=True)
class _Rehearsed:
    """Seconds of an epoch, of everything else, samples of auxiliary classes, bytes of weights and answers."""

    epoch: float
    rest: float
    extra: int
    weights: float
    answers: float


def estimate_seed(
    settings: MethodSettings,
    sizes: Sizes,
    *,
    dataset: str,
    split: str | None = None,
    text: Artifact | None = None,
    device: str = "cpu",
    threads: int = 1,
) -> list[Estimate]:
    """Return what one seed takes and, where it has auxiliary classes, what simulating them takes.

    Args:
        settings: of the method.
        sizes: of the data.
        dataset: name or YAML path.
        split: its class split; None: the default.
        text: embedding file; None: made-up vectors of the size that ``sizes`` says. Auxiliary classes are
            left out without one of attribute codes.
        device: of torch, resolved.
        threads: of the seed.
    """
    by_epochs = isinstance(settings, EpochSettings)
    threads = threads if by_epochs else 1
    clock = clock_of(device, threads)
    helped = getattr(settings, "auxiliary", "none") != "none"
    if helped and (text is None or not gives_codes(encoder_of(text))):
        settings, helped = settings.change(auxiliary="none"), False
    batch = getattr(settings, "batch", 128)
    few = BATCHES * batch if by_epochs and getattr(settings, "stem", "none") == "none" else TRAIN
    small = replace(
        sizes, train=max(min(few, sizes.train), 2 * sizes.seen), test=max(min(TEST, sizes.test), sizes.unseen)
    )
    short = settings.change(epochs=EPOCHS) if by_epochs else settings
    with TemporaryDirectory(prefix="semtool-estimate-") as folder:

        def go(of: Sizes, with_: MethodSettings = short) -> _Rehearsed:
            return _rehearse(Store(folder), with_, of, dataset, split, text, device, threads, clock)

        go(small, short.change(auxiliary="none") if helped else short)  # loads libraries
        first = go(small) if helped else None  # simulates
        found = go(small)
        seconds = found.rest
        if sizes.test > small.test:
            fewer = max(small.test // 2, sizes.unseen)
            a_test = (found.rest - go(replace(small, test=fewer)).rest) / max(small.test - fewer, 1)
            seconds += max(a_test, 0.0) * (sizes.test - small.test)
        if sizes.train > small.train and not by_epochs:
            half = go(replace(small, train=small.train // 2))
            fits = 2 if settings.pilots else 1
            whole, some, less = (grown(n + found.extra) for n in (sizes.train, small.train, small.train // 2))
            product = _product()
            a_pair = (found.rest - half.rest) / fits - product * (some.flops - less.flops)
            a_pair = max(a_pair, 0.0) / (some.pairs - less.pairs)
            seconds += fits * (a_pair * (whole.pairs - some.pairs) + product * (whole.flops - some.flops))
    weights, data = found.weights, 3 * 4.0 * (sizes.train + sizes.test) * sizes.visual
    if by_epochs:
        steps = np.ceil((sizes.train + found.extra) / batch) / np.ceil((small.train + found.extra) / batch)
        seconds += found.epoch * float(steps) * settings.steps
        weights *= 4  # with the state from which a killed training goes on
    else:
        size = grown(sizes.train + found.extra)
        weights *= max(1.0, size.landmarks / (small.train + found.extra))
        data += size.memory
    disk = weights + found.answers * sizes.test / small.test
    estimates = [Estimate("one training", seconds, peak_memory() + data, disk)]
    if first is not None:
        kept = found.extra * 4.0 * sizes.visual
        estimates.append(
            Estimate("auxiliary classes", max(first.rest - found.rest, 0.0), peak_memory(), kept)
        )
    return estimates


def _rehearse(
    store: Store,
    settings: MethodSettings,
    sizes: Sizes,
    dataset: str,
    split: str | None,
    text: Artifact | None,
    device: str,
    threads: int,
    clock: Callable[[], float],
) -> _Rehearsed:
    """Train once in a temporary store."""
    inputs = _text(store, sizes, dataset, settings, text), _features(store, sizes, dataset, split)
    run = plan_run(
        *inputs, store=store, dataset=dataset, settings=settings, seeds=[0], device=device, threads=threads,
        again=True,
    )  # fmt: skip
    run.claim()
    marks: dict[str, list[float]] = {}
    started = clock()
    metrics = run_seed(run.specs[0], lambda record: marks.setdefault(record["phase"], []).append(clock()))
    took = clock() - started
    epochs = [(m[-1] - m[0]) / (len(m) - 1) for m in marks.values() if len(m) > 1]
    made = {p.name: p.stat().st_size for p in run.folder.rglob("*") if p.is_file()}
    weights = float(sum(size for name, size in made.items() if name.endswith(".safetensors")))
    return _Rehearsed(
        epoch=sum(epochs) / max(len(epochs), 1),
        rest=max(took - EPOCHS * sum(epochs), 0.0),
        extra=metrics.auxiliary.samples if metrics.auxiliary else 0,
        weights=weights,
        answers=sum(made.values()) - weights,
    )


def _features(store: Store, sizes: Sizes, dataset: str, split: str | None) -> Artifact:
    data = load_dataset(dataset)
    chosen = data.split(split)
    seen, unseen = np.array(data.seen(chosen)), np.array(chosen.unseen)
    hidden = min(max(len(unseen), sizes.test * len(unseen) // (len(seen) + len(unseen))), sizes.test)
    parts = [seen[np.arange(sizes.train) % len(seen)], seen[np.arange(sizes.test - hidden) % len(seen)]]
    parts.append(unseen[np.arange(hidden) % len(unseen)])
    count = [len(p) for p in parts]
    unknown = np.full(sum(count), -1, np.int64)
    vectors = np.random.default_rng(0).normal(size=(sum(count), sizes.visual)).astype(np.float32)
    with store.create("features", f"{data.name}/{chosen.name}/made-up", parameters={"n": count}) as draft:
        FeatureFile(
            dataset=data.name, split=chosen.name, protocol="", visual="made-up", simulated=False,
            features=vectors, class_id=np.concatenate(parts), subject=unknown, view=unknown,
            subset=np.repeat(np.arange(3), count), names=[f"sample{i:09d}" for i in range(sum(count))],
            blocks=[(f"block{i}", w) for i, w in enumerate(sizes.widths)],
            test=np.repeat(np.array([0, 1, 1]), count),
        ).write(draft.folder)  # fmt: skip
    return draft.result


def _text(
    store: Store, sizes: Sizes, dataset: str, settings: MethodSettings, text: Artifact | None
) -> Artifact:
    if text is not None:
        there = Path(store.root) / "embeddings" / text.dataset / text.name / f"v{text.version}"
        if not there.exists():
            shutil.copytree(text.path, there)
        return store.resolve("embeddings", text.reference)
    data = load_dataset(dataset)
    kinds = [*(settings.codebook or ("global",)), *([m] if (m := settings.motion) and m != "none" else [])]
    rows = [(c.id, kinds[i % len(kinds)], i) for c in data.classes for i in range(sizes.descriptions + 1)]
    vectors = np.random.default_rng(0).normal(size=(len(rows), sizes.text)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    with store.create("embeddings", f"{data.name}/made-up/random") as draft:
        write_embeddings(
            draft.folder, vectors=vectors, class_id=np.array([r[0] for r in rows]),
            granularity=[r[1] for r in rows], slot=[""] * len(rows), variant=[r[2] for r in rows],
            dataset=data.name, encoder="random",
        )  # fmt: skip
    return draft.result


@cache
def _product() -> float:
    """Return the seconds of one multiplication in a matrix product of one thread."""
    from threadpoolctl import threadpool_limits

    side = np.random.default_rng(0).normal(size=(1000, 1000))
    with threadpool_limits(1):
        started = time.process_time()
        side @ side
        return (time.process_time() - started) / 1000**3

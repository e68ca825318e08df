"""A seed rehearsed: the same code on a few made-up samples in a temporary store, timed, and stretched.

Opening, pilot, training, calibration, scoring and writing are in it, and what simulates auxiliary classes.
One rehearsal serves all class splits of a data set: they differ in numbers of samples, to which it is
stretched.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np

from semtool.artifacts import Artifact, Store
from semtool.catalogue import load_dataset
from semtool.embedding_file import write_embeddings
from semtool.feature_file import FeatureFile
from skeleton.methods import EpochSettings, MethodSettings, encoder_of
from skeleton.runs.auxiliary import act_all, auxiliary_store, gives_codes, keep_acted, planned_acting
from skeleton.runs.estimate import Estimate, Sizes, clock_of, grown, peak_memory
from skeleton.runs.planning import plan_run
from skeleton.runs.seed import run_seed

__all__ = ["Rehearsal", "estimate_acting", "rehearse"]

TRAIN, BATCHES, TEST, EPOCHS = 1500, 2, 300, 3
"""Sizes of a rehearsal: training samples of a closed form, batches of a network, test samples, epochs."""
ACTED = 60
"""Auxiliary classes that are simulated to see how long one takes."""


@dataclass(frozen=True)
class _Rehearsed:
    """Seconds of an epoch, of everything else, samples of auxiliary classes, bytes of weights and answers."""

    epoch: float
    rest: float
    extra: int
    weights: float
    answers: float


@dataclass(frozen=True)
class Rehearsal:
    """What a seed took on few samples, and how that grows.

    Attributes:
        settings: of the method.
        few: what it was rehearsed on.
        took: what that took.
        a_test: seconds of one more test sample.
        a_pair: seconds of one more pair of training samples, in a closed form.
    """

    settings: MethodSettings
    few: Sizes
    took: _Rehearsed
    a_test: float
    a_pair: float

    def stretch(self, sizes: Sizes) -> Estimate:
        """Return what a seed on data of these sizes takes."""
        few, took = self.few, self.took
        seconds = took.rest + self.a_test * max(sizes.test - few.test, 0)
        weights, data = took.weights, 3 * 4.0 * (sizes.train + sizes.test) * sizes.visual
        if isinstance(self.settings, EpochSettings):
            batch = getattr(self.settings, "batch", 128)
            steps = np.ceil((sizes.train + took.extra) / batch) / np.ceil((few.train + took.extra) / batch)
            seconds += took.epoch * float(steps) * self.settings.steps
            weights *= 4  # with the state from which a killed training goes on
        else:
            whole, some = grown(sizes.train + took.extra), grown(few.train + took.extra)
            more = self.a_pair * (whole.pairs - some.pairs) + _product() * (whole.flops - some.flops)
            seconds += _fits(self.settings) * max(more, 0.0)
            weights *= max(1.0, whole.landmarks / some.landmarks)
            data += whole.memory
        disk = weights + took.answers * sizes.test / few.test
        return Estimate("one training", seconds, peak_memory() + data, disk)


def rehearse(
    settings: MethodSettings,
    sizes: Sizes,
    folder: Path,
    *,
    dataset: str,
    split: str | None = None,
    text: Artifact | None = None,
    device: str = "cpu",
    threads: int = 1,
) -> Rehearsal:
    """Train one seed on a few made-up samples.

    Args:
        settings: of the method.
        sizes: the largest to which it will be stretched.
        folder: where to do it.
        dataset: name or YAML path.
        split: its class split; None: the default.
        text: embedding file; None: made-up vectors of the size that ``sizes`` says. Auxiliary classes are
            left out without one of attribute codes.
        device: of torch, resolved.
        threads: of the seed.
    """
    by_epochs = isinstance(settings, EpochSettings)
    threads = threads if by_epochs else 1
    if (helped := _helped(settings)) and not _codes(text):
        settings, helped = settings.change(auxiliary="none"), False
    by_batches = by_epochs and getattr(settings, "stem", "none") == "none"
    most = BATCHES * getattr(settings, "batch", 128) if by_batches else TRAIN
    least = replace(sizes, train=2 * sizes.seen, test=sizes.seen + sizes.unseen)
    few = replace(
        sizes, train=max(min(most, sizes.train), least.train), test=max(min(TEST, sizes.test), least.test)
    )
    short = settings.change(epochs=EPOCHS) if by_epochs else settings

    def go(of: Sizes, with_: MethodSettings = short) -> _Rehearsed:
        clock = clock_of(device, threads)
        return _rehearse(Store(folder), with_, of, dataset, split, text, device, threads, clock)

    go(least, short.change(auxiliary="none") if helped else short)  # loads libraries
    took, a_test, a_pair = go(few), 0.0, 0.0
    if sizes.test > few.test:
        fewer = replace(few, test=max(few.test // 2, least.test))
        a_test = max(took.rest - go(fewer).rest, 0.0) / max(few.test - fewer.test, 1)
    if sizes.train > few.train and not by_epochs:
        half = replace(few, train=few.train // 2)
        some, less = grown(few.train + took.extra), grown(half.train + took.extra)
        a_fit = (took.rest - go(half).rest) / _fits(settings)
        a_pair = max(a_fit - _product() * (some.flops - less.flops), 0.0) / (some.pairs - less.pairs)
    return Rehearsal(settings, few, took, a_test, a_pair)


def estimate_acting(
    settings: MethodSettings, sizes: Sizes, folder: Path, text: Artifact | None
) -> Estimate | None:
    """Return what simulating the auxiliary classes of one seed takes; None where there are none.

    A few of them are acted out. In a rehearsal in ``folder`` these stand for all.
    """
    if not _helped(settings) or not _codes(text):
        return None
    clock = clock_of("cpu")
    classes, path = planned_acting(auxiliary_store(Store(folder)), 0)
    act_all(classes[:1], 0)  # loads libraries
    started = clock()
    made = act_all(classes[:ACTED], 0)
    seconds = (clock() - started) * len(classes) / ACTED
    keep_acted(path, np.resize(made, (len(classes), made.shape[1])))
    return Estimate("auxiliary classes", seconds, peak_memory(), len(classes) * 4.0 * sizes.visual)


def _helped(settings: MethodSettings) -> bool:
    return getattr(settings, "auxiliary", "none") != "none"


def _codes(text: Artifact | None) -> bool:
    return text is not None and gives_codes(encoder_of(text))


def _fits(settings: MethodSettings) -> int:
    return 2 if settings.pilots else 1


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
    with store.create(
        "features", f"{data.name}/{chosen.name}/made-up", parameters={"n": count, "width": sizes.visual}
    ) as draft:
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
    made_of = {"kinds": kinds, "rows": len(rows), "dim": sizes.text}
    with store.create("embeddings", f"{data.name}/made-up/random", parameters=made_of) as draft:
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

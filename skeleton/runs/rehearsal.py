"""A seed rehearsed: trained and measured on a few made-up samples, timed, and stretched to the real numbers.

One rehearsal serves all class splits of a data set: they differ in numbers of samples, to which it is
stretched.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np

from semtool.artifacts import Artifact
from semtool.catalogue import Dataset, Split
from skeleton.device import reproducible
from skeleton.methods import Context, EpochSettings, Examples, MethodSettings, TextBank, encoder_of, read_text
from skeleton.runs.auxiliary import COMBINATIONS, gives_codes, time_acting
from skeleton.runs.estimate import Estimate, Sizes, clock_of, grown, peak_memory
from skeleton.runs.seed import learn
from skeleton.runs.task import Samples, Task, open_embeddings

__all__ = ["Rehearsal", "bank_of", "estimate_acting", "helped", "rehearse"]

TRAIN, BATCHES, TEST, EPOCHS = 1500, 2, 300, 3
"""Sizes of a rehearsal: training samples of a closed form, batches of a network, test samples, epochs."""


@dataclass(frozen=True)
class Rehearsal:
    """What a seed took on few samples.

    Attributes:
        settings: of the method.
        few: the samples; ``extra`` are those of auxiliary classes.
        epoch: seconds of an epoch, of a method that trains by epochs.
        fixed: seconds of a training on next to nothing.
        training: seconds of the rest of the training, the pilot's included.
        measuring: seconds after that.
        weights: bytes of a checkpoint.
    """

    settings: MethodSettings
    few: Sizes
    extra: int
    epoch: float
    fixed: float
    training: float
    measuring: float
    weights: float

    def stretch(self, sizes: Sizes) -> Estimate:
        """Return what a seed on data of these sizes takes."""
        few, weights = self.few, self.weights
        memory = 12.0 * (sizes.train + sizes.test) * sizes.visual
        if isinstance(self.settings, EpochSettings):
            more = (sizes.train + self.extra) / (few.train + self.extra)
            scored = self.training * max(1.0, sizes.test / few.test)  # by the pilot
            seconds = scored + self.epoch * more * self.settings.steps
            weights *= 4  # with the state from which a killed training goes on
        else:
            whole, some = (grown(self.settings, s.train + self.extra, s.visual) for s in (sizes, few))
            fits = 2 if self.settings.pilots else 1
            pairs = max((self.training - self.fixed) / fits - _product() * some.flops, 0.0) / some.pairs
            seconds = self.fixed + fits * (pairs * whole.pairs + _product() * whole.flops)
            weights *= max(1.0, whole.landmarks / some.landmarks)
            memory += whole.memory
        seconds += self.measuring * sizes.test / few.test
        disk = weights + 150.0 * sizes.test  # a line of the predictions
        return Estimate("one training", seconds, peak_memory() + memory, disk)


def rehearse(
    settings: MethodSettings,
    data: Dataset,
    split: Split,
    sizes: Sizes,
    bank: TextBank,
    *,
    auxiliary: bool = False,
    device: str = "cpu",
    threads: int = 1,
) -> Rehearsal:
    """Train one seed on a few made-up samples, in memory.

    Args:
        settings: of the method.
        data, split: whose classes.
        sizes: the largest to which it will be stretched.
        bank: text of all classes.
        auxiliary: whether there will be auxiliary classes (`helped`).
        device: of torch, resolved.
        threads: of the seed.
    """
    from threadpoolctl import threadpool_limits

    by_epochs = isinstance(settings, EpochSettings)
    short = settings.change(epochs=EPOCHS) if by_epochs else settings
    if not auxiliary and getattr(settings, "auxiliary", "none") != "none":
        short = short.change(auxiliary="none")
    batches = by_epochs and getattr(settings, "stem", "none") == "none"
    most = BATCHES * getattr(settings, "batch", 128) if batches else TRAIN
    classes = len(data.seen(split)), len(data.classes)
    least = replace(sizes, train=2 * classes[0], test=classes[1])
    few = replace(
        sizes, train=max(min(most, sizes.train), least.train), test=max(min(TEST, sizes.test), least.test)
    )
    threads = threads if by_epochs else 1
    clock = clock_of(device, threads)
    marks: dict[str, list[float]] = {}

    def context(phase: str, classes: tuple[int, ...]) -> Context:
        del classes
        return Context(
            dataset=data.name, device=device, widths=sizes.widths,
            on_epoch=lambda _: marks.setdefault(phase, []).append(clock()),
            auxiliary=lambda: _made_up_classes(sizes.visual, bank.dim),
        )  # fmt: skip

    found = []
    with reproducible(threads), threadpool_limits(threads):
        for of in (least, least, few):  # the first loads libraries
            marks.clear()
            found.append(learn(_made_up(data, split, of, bank), short, context, clock))
    _, tiny, done = found
    epochs = [(m[-1] - m[0]) / (len(m) - 1) for m in marks.values() if len(m) > 1]
    trained = done.timing["train_seconds"]
    tensors, _ = done.scorer.checkpoint()
    return Rehearsal(
        settings=settings,
        few=few,
        extra=COMBINATIONS if auxiliary else 0,
        epoch=sum(epochs) / max(len(epochs), 1),
        fixed=tiny.timing["train_seconds"],
        training=max(trained - EPOCHS * sum(epochs), 0.0),
        measuring=done.timing["total_seconds"] - trained,
        weights=float(sum(t.nbytes for t in tensors.values())),
    )


def helped(settings: MethodSettings, text: Artifact | None) -> bool:
    """Return whether auxiliary classes that are acted out go into a training; they need attribute codes."""
    wanted = getattr(settings, "auxiliary", "none") != "none"
    return wanted and text is not None and gives_codes(encoder_of(text))


def estimate_acting(sizes: Sizes) -> Estimate:
    """Return what acting out the auxiliary classes of one seed takes; some of them are, and kept nowhere."""
    return Estimate("auxiliary classes", time_acting(), peak_memory(), COMBINATIONS * 4.0 * sizes.visual)


def bank_of(
    text: Artifact | None, classes: Sequence[int], settings: MethodSettings, dim: int = 384, several: int = 30
) -> TextBank:
    """Return what a run reads of an embedding file; without one ``several`` made-up vectors a class."""
    if text is not None:
        codebook, motion = settings.codebook, settings.motion
        return read_text(open_embeddings(text), classes, codebook=codebook, motion=motion)
    vectors = _random(len(classes), several + 1, dim)
    vectors /= np.linalg.norm(vectors, axis=2, keepdims=True)
    counts = np.full(len(classes), several, np.int64)
    return TextBank(tuple(classes), vectors[:, 1:], counts, vectors[:, 0], ("global",), "global")


def _made_up(data: Dataset, split: Split, sizes: Sizes, bank: TextBank) -> Task:
    """Return a task of samples at random, as many of each class."""

    def samples(count: int, classes: Sequence[int]) -> Samples:
        labels = np.resize(np.array(classes, np.int64), count)
        features = _random(count, sizes.visual)
        return Samples(features, labels, tuple(map(str, range(count))), np.ones(count, np.bool_))

    seen, unseen = data.seen(split), split.unseen
    hidden = max(len(unseen), sizes.test * len(unseen) // len(data.classes))
    return Task(
        data, split, data.protocol(None), seen, unseen, bank.take((*seen, *unseen)),
        train=samples(sizes.train, seen), seen_test=samples(max(sizes.test - hidden, len(seen)), seen),
        unseen_test=samples(hidden, unseen), simulated=True, widths=sizes.widths,
    )  # fmt: skip


def _made_up_classes(visual: int, text: int) -> tuple[Examples, dict[str, Any]]:
    """Return examples as those of combinations that are acted out."""
    rows = np.arange(COMBINATIONS)
    codes = _random(COMBINATIONS, 1, text)
    bank = TextBank(
        tuple(rows.tolist()), codes, np.ones(COMBINATIONS, np.int64), codes[:, 0], ("attribute",), "none"
    )
    return Examples(_random(COMBINATIONS, visual), rows, bank), {}


def _random(*shape: int) -> Any:
    return np.random.default_rng(0).standard_normal(shape, np.float32)


@cache
def _product() -> float:
    """Return the seconds of one multiplication in a matrix product of one thread."""
    from threadpoolctl import threadpool_limits

    side = np.random.default_rng(0).normal(size=(1000, 1000))
    with threadpool_limits(1):
        started = time.process_time()
        side @ side
        return (time.process_time() - started) / 1000**3

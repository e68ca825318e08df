"""What a grid will take: time, memory and disk, from a short measurement on this machine.

The trainings themselves are timed, on a few made-up samples of the right shape, and stretched to the size of
the data: a network's epochs and an MLA training grow with the samples, a closed form with their square.
Processor time is counted, so that the estimate is of a machine with nothing else to do.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from semtool.artifacts import Store
from semtool.experiments.grid import Cell, Grid, unfinished

if TYPE_CHECKING:
    from skeleton.methods import MethodSettings, TextBank

__all__ = ["Cost", "cost_of"]

SAMPLES = 192
"""Samples of the measurement; enough for a batch and more."""
TEXTS, DIM, VISUAL_DIM = 12, 384, 256
"""Texts a class, their length and that of a feature, where no file says them yet."""


@dataclass(frozen=True)
class Cost:
    """Seconds of one core, bytes in memory at once, and bytes on disk."""

    seconds: float = 0.0
    memory: float = 0.0
    disk: float = 0.0

    def __add__(self, other: Cost) -> Cost:
        return Cost(self.seconds + other.seconds, max(self.memory, other.memory), self.disk + other.disk)

    def said(self, jobs: int) -> str:
        """Return the cost in words, with so many jobs at a time."""
        minutes = self.seconds / jobs / 60
        took = f"{minutes / 60:.1f} h" if minutes > 90 else f"{minutes:.1f} min"
        return (
            f"about {took} with {jobs} at a time, {self.memory * jobs / 2**30:.1f} GiB of memory, "
            f"{self.disk / 2**20:.0f} MiB on disk"
        )


@dataclass(frozen=True)
class _Size:
    """Samples that train, that test, of unseen classes; classes seen and unseen; width of a feature."""

    train: int
    test: int
    unseen: int
    classes: int
    hidden: int
    width: int


def cost_of(grid: Grid, *, store: Store, device: str = "auto") -> Cost:
    """Return what is left to do of a grid: features and trainings that are not there."""
    from threadpoolctl import threadpool_limits

    from skeleton.device import reproducible

    total = Cost()
    measured: dict[str, Cost] = {}
    with reproducible(1), threadpool_limits(1):
        for target in grid.targets:
            for split in target.splits:
                size, there = _size(store, target.dataset, split, grid.wanted_visual)
                if not there:
                    total += _features(target.dataset, grid.wanted_visual or "stgcn", size, device)
                for cell in (c for c in grid.cells() if c.target is target and c.split == split):
                    left = len(unfinished(grid, cell, store, device))
                    texts, dim = _text_size(cell, store)
                    key = f"{size} {texts} {dim} {cell.setting.method.model_dump_json()}"
                    if left and key not in measured:
                        measured[key] = _training(cell, size, texts, dim)
                    for _ in range(left):
                        total += measured[key]
    return total


def _size(store: Store, dataset: Any, split: str, visual: str | None) -> tuple[_Size, bool]:
    from skeleton.visual import newest_features

    chosen = dataset.split(split)
    seen = len(dataset.classes) - len(chosen.unseen)
    found = newest_features(store, dataset.name, split, visual)
    if found is not None:
        from semtool.feature_file import SUBSETS, FeatureFile

        file = FeatureFile.read(found.path)
        train, test, hidden = (len(file.rows(subset)) for subset in SUBSETS)
        return _Size(train, test, hidden, seen, len(chosen.unseen), file.features.shape[1]), True
    from skeleton.data import ArraySet
    from skeleton.visual import find_arrays, tested

    samples = ArraySet.open(find_arrays(dataset, store).path).labelled()
    unseen = np.isin(samples.class_id, chosen.unseen)
    tests = tested(samples, dataset.protocol(None))
    train, test, hidden = (int(x.sum()) for x in (~unseen & ~tests, ~unseen & tests, unseen))
    return _Size(train, test, hidden, seen, len(chosen.unseen), VISUAL_DIM), False


def _text_size(cell: Cell, store: Store) -> tuple[int, int]:
    from semtool.embedding import plan

    if cell.dataset in cell.text.descriptions:
        found = plan(cell.descriptions, cell.encoder, store=store)
        counts = cell.descriptions.manifest.counts
        texts = round(counts.get("descriptions", TEXTS) / len(cell.target.dataset.classes))
        if found.existing:
            return texts, store.resolve("embeddings", found.existing).manifest.counts.get("dim", DIM)
        return texts, DIM
    return TEXTS, DIM


def _features(dataset: Any, visual: str, size: _Size, device: str) -> Cost:
    """Time an epoch of the visual encoder on a few clips."""
    from skeleton.data import layout
    from skeleton.visual import find_visual

    kind = find_visual(visual)
    every = size.train + size.test + size.unseen
    disk = every * size.width * 4.0
    joints, usual = layout(dataset.layout), kind.settings_of({})
    rng = np.random.default_rng(0)
    if not kind.trained:
        raw = rng.normal(size=(32, 3, 100, len(joints.joints), dataset.bodies)).astype(np.float32)
        encoder, length = kind(usual, joints, device), np.full(len(raw), 100)
        spent = _timed(lambda: encoder.encode(encoder.clips(raw, joints, length), length))
        return Cost(spent / len(raw) * every, 2**29, disk)
    epochs = usual.epochs_for(size.train) if hasattr(usual, "epochs_for") else 50
    shape = (SAMPLES, 3, usual.frames, len(joints.joints), dataset.bodies)
    clips = rng.normal(size=shape).astype(np.float32)
    encoder = kind(kind.settings_of({"epochs": 1}), joints, device)
    labels = np.arange(SAMPLES) % size.classes
    encoder.fit(clips[:64], labels[:64] % 2, seed=0, progress=None)  # libraries warm up
    fit = _timed(lambda: encoder.fit(clips, labels, seed=0, progress=None))
    encode = _timed(lambda: encoder.encode(clips, np.full(SAMPLES, usual.frames)))
    seconds = (fit * epochs * size.train + encode * every) / SAMPLES
    return Cost(seconds, 2**29 + 2.0 * clips.nbytes / SAMPLES * every, disk)


def _training(cell: Cell, size: _Size, texts: int, dim: int) -> Cost:
    """Time the method on a few samples."""
    from skeleton.methods import Context, EpochSettings, Examples, method_of

    settings: MethodSettings = cell.setting.method
    if hasattr(settings, "auxiliary"):
        settings = settings.change(auxiliary="none")
    by_epochs = isinstance(settings, EpochSettings)
    count = min(size.train, SAMPLES if by_epochs else 1000)
    rng = np.random.default_rng(0)
    examples = Examples(
        rng.normal(size=(count, size.width)).astype(np.float32),
        np.arange(count) % size.classes,
        _bank(size.classes, texts, dim),
    )
    method = method_of(settings)
    context = Context(dataset=cell.dataset, widths=(size.width,), epochs=1)
    method.fit(examples, context)  # libraries warm up
    fit = _timed(lambda: method.fit(examples, context))
    scorer = method.fit(examples, context)
    every = _bank(size.classes + size.hidden, texts, dim)
    scored = examples.features[:SAMPLES]
    score = _timed(lambda: scorer.scores(scored, every)) / len(scored)
    grown = size.train / count
    work = fit * (grown * settings.steps if by_epochs else grown**2 * (2 if settings.pilots else 1))
    tests = size.test + size.unseen
    pilot = 2 if settings.pilots else 1
    tensors, _ = scorer.checkpoint()
    weights = float(sum(t.nbytes for t in tensors.values())) * (1 if by_epochs else grown)
    disk = weights + tests * (60 + 10.0 * size.hidden)
    return Cost(work + score * tests * pilot, 2**29 + 6 * weights, disk)


def _bank(classes: int, texts: int, dim: int) -> TextBank:
    from skeleton.methods import TextBank

    vectors = np.random.default_rng(0).normal(size=(classes, texts, dim)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=2, keepdims=True)
    counts = np.full(classes, texts)
    return TextBank(tuple(range(classes)), vectors, counts, vectors[:, 0].copy(), ("global",), "motion")


def _timed(work: Any) -> float:
    started = time.process_time()  # of one thread: what else runs on the machine does not count
    work()
    return time.process_time() - started

"""What work will take before it is begun: time, memory and disk, from a short measurement on this machine.

Methods and visual encoders are run for a few steps on random data of the shapes that they will meet, and the
time is scaled to the whole. Memory is this process's peak after that, and what the whole adds to it.
"""

from __future__ import annotations

import shutil
import sys
import time
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from semtool.artifacts import Store
from semtool.errors import SemtoolError
from skeleton.methods import Context, EpochSettings, Examples, MethodSettings

if TYPE_CHECKING:
    from skeleton.runs.task import Task
    from skeleton.visual import VisualEncoder

__all__ = [
    "Estimate",
    "Sizes",
    "duration",
    "estimate_features",
    "estimate_seed",
    "least",
    "refuse_short",
    "total",
]

_BATCHES = 3
_SAMPLES = 1500
_SCORED = 600
_STEPS = 4
GB = 1e9


@dataclass(frozen=True)
class Estimate:
    """What some work takes.

    Attributes:
        what: the work, in a few words.
        seconds: from start to end.
        memory: bytes at the peak.
        disk: bytes at the peak, in the store.
    """

    what: str
    seconds: float
    memory: float
    disk: float

    def row(self) -> tuple[str, str, str, str]:
        """Return the line of a table."""
        return self.what, duration(self.seconds), f"{self.memory / GB:.2g} GB", f"{self.disk / GB:.2g} GB"


@dataclass(frozen=True)
class Sizes:
    """The sizes that settle what training costs.

    Attributes:
        train, test: samples.
        seen, unseen: classes.
        visual: Dv; ``widths`` are those of the features' blocks.
        text: d.
        descriptions: of a class.
    """

    train: int
    test: int
    seen: int
    unseen: int
    visual: int = 256
    text: int = 384
    descriptions: int = 30
    widths: tuple[int, ...] = ()

    @classmethod
    def of(cls, task: Task) -> Sizes:
        """Return the sizes of a task."""
        book = task.bank.codebook.shape
        return cls(
            train=len(task.train), test=len(task.seen_test) + len(task.unseen_test), seen=len(task.seen),
            unseen=len(task.unseen), visual=task.train.features.shape[1], text=book[2], descriptions=book[1],
            widths=task.widths,
        )  # fmt: skip

    def examples(self, samples: int) -> Examples:
        """Return random training samples of the seen classes."""
        from skeleton.methods import TextBank

        rng = np.random.default_rng(0)
        classes, count = self.seen, self.descriptions
        book = rng.normal(size=(classes, count, self.text)).astype(np.float32)
        book /= np.linalg.norm(book, axis=2, keepdims=True)
        counts = np.full(classes, count, np.int64)
        bank = TextBank(tuple(range(classes)), book, counts, book[:, 0], ("label",), "label")
        rows = np.arange(samples, dtype=np.int64) % classes
        return Examples(rng.normal(size=(samples, self.visual)).astype(np.float32), rows, bank)


def estimate_seed(
    settings: MethodSettings, sizes: Sizes, *, dataset: str = "", device: str = "cpu", threads: int = 1
) -> Estimate:
    """Return what one seed of a run takes; measures for some seconds."""
    from threadpoolctl import threadpool_limits

    from skeleton.device import reproducible
    from skeleton.methods import method_of

    by_epochs = isinstance(settings, EpochSettings)
    count = _BATCHES * getattr(settings, "batch", 128) if by_epochs else _SAMPLES
    few = sizes.examples(max(min(count, sizes.train), 2 * sizes.seen))
    if hasattr(settings, "auxiliary"):
        settings = settings.change(auxiliary="none")
    seconds: list[float] = []
    context = Context(
        dataset=dataset, device=device, widths=sizes.widths, epochs=2,
        on_epoch=lambda record: seconds.append(float(record.get("seconds", 0))),
    )  # fmt: skip
    times = 2 if settings.pilots else 1
    with reproducible(threads), threadpool_limits(threads):
        if not by_epochs:  # the first fit also loads libraries
            method_of(settings).fit(sizes.examples(2 * sizes.seen), context)
        started = time.perf_counter()
        scorer = method_of(settings).fit(few, context)
        took = time.perf_counter() - started
        scored = sizes.examples(min(_SCORED, max(sizes.test, 1)))
        bank = few.bank.take(range(min(sizes.seen, sizes.seen + sizes.unseen)))
        started = time.perf_counter()
        scorer.scores(scored.features, bank)
        scoring = (time.perf_counter() - started) * sizes.test / len(scored.rows) * times
        scoring *= (sizes.seen + sizes.unseen) / sizes.seen if by_epochs else 1
        data = 3 * 4.0 * (sizes.train + sizes.test) * sizes.visual
        tensors = {name: tensor.nbytes for name, tensor in scorer.checkpoint()[0].items()}
        disk = float(sum(tensors.values())) + sizes.test * (10 * sizes.unseen + 60)
        if by_epochs:
            fitting = (seconds[-1] or took / 2) * sizes.train / len(few.rows) * settings.steps
            disk += 3 * sum(tensors.values())  # the state from which a killed training goes on
        else:
            fitting, extra, landmarks = _closed(took, len(few.rows), sizes)
            fitting, data = fitting * times, data + extra
            disk *= max(1.0, landmarks / len(few.rows))
            scoring *= max(1.0, landmarks / len(few.rows))
    return Estimate("one training", fitting + scoring, _peak() + data, disk)


def least(settings: MethodSettings, sizes: Sizes) -> Estimate:
    """Return the memory that a training takes at least, by arithmetic, without measuring anything."""
    memory = 0.3 * GB + 3 * 4.0 * (sizes.train + sizes.test) * sizes.visual
    if not isinstance(settings, EpochSettings):
        memory += _closed(0.0, _SAMPLES, sizes)[1]
    return Estimate("this training", 0.0, memory, 0.0)


def _closed(took: float, few: int, sizes: Sizes) -> tuple[float, float, int]:
    """Return seconds, memory and landmarks of a kernel method on all samples: kernel pairs and products."""
    from skeleton.methods import EXACT, LANDMARKS

    n = sizes.train
    landmarks = n if n <= EXACT else LANDMARKS
    side = np.random.default_rng(0).normal(size=(700, 700))
    started = time.perf_counter()
    side @ side
    product = (time.perf_counter() - started) / 700**3
    a_pair = max(took - product * few**3 / 3, 0.1 * took) / few**2
    solving = n**3 / 3 if n <= EXACT else n * landmarks**2 / 2 + landmarks**3 / 3
    memory = 28.0 * n * n if n <= EXACT else 4.0 * n * landmarks + 24.0 * landmarks**2
    return a_pair * n * landmarks + product * solving, memory, landmarks


class _Enough(Exception):
    """A measurement has what it needs."""


def estimate_features(
    dataset: str,
    split: str | None,
    *,
    store: Store,
    visual: str = "stgcn",
    protocol: str | None = None,
    arrays: str | None = None,
    settings: dict[str, Any] | None = None,
    device: str = "cpu",
) -> tuple[Estimate, Sizes]:
    """Return what visual features of a split take, and the sizes of a run on them; measures for seconds.

    Raises:
        UsageError: as `skeleton.visual.features` would.
    """
    from semtool.catalogue import load_dataset
    from skeleton.data import ArraySet, layout
    from skeleton.visual import find_arrays, find_visual, tested

    data = load_dataset(dataset)
    chosen, rule = data.split(split), data.protocol(protocol)
    samples = ArraySet.open(find_arrays(data, store, arrays).path).labelled()
    trains = (tested(samples, rule) == 0) & ~np.isin(samples.class_id, chosen.unseen)
    kind = find_visual(visual)
    encoder = kind(kind.settings_of(settings or {}), layout(samples.layout), device)
    probe = min(len(samples), 64)
    started = time.perf_counter()
    length = samples.length[:probe]
    clips = encoder.clips(samples.padded(slice(0, probe)), encoder.layout, length)
    seconds = (time.perf_counter() - started) * len(samples) / probe
    train, width, disk = int(trains.sum()), 256, 0.0
    if encoder.trained:
        step, steps = _step(encoder, clips, train, len(data.seen(chosen)))
        batch = getattr(encoder.settings, "batch", 32)
        seconds += step * steps + step * len(samples) / batch / 3  # a forward pass is a third of a step
        width *= (
            len(getattr(encoder.settings, "streams", ())) if getattr(encoder.settings, "ensemble", 0) else 1
        )
        disk = float(clips[0].nbytes) * len(samples)  # clips on disk while it trains
    else:
        started = time.perf_counter()
        width = encoder.encode(clips, length).shape[1]
        seconds += (time.perf_counter() - started) * len(samples) / probe
    vectors = 4.0 * len(samples) * width
    sizes = Sizes(
        train=train, test=len(samples) - train, seen=len(data.seen(chosen)), unseen=len(chosen.unseen),
        visual=width, widths=tuple(w for _, w in encoder.blocks()),
    )  # fmt: skip
    what = f"features of {data.name} for {chosen.name}"
    return Estimate(what, seconds, _peak() + 2 * vectors, disk + vectors), sizes


def _step(encoder: VisualEncoder, clips: Any, train: int, classes: int) -> tuple[float, int]:
    """Return the seconds of a training step, and how many there will be."""
    at: list[float] = []
    steps = 1

    def tell(done: int, of: int) -> None:
        nonlocal steps
        at.append(time.perf_counter())
        steps = of
        if done > _STEPS or (len(at) > 2 and at[-1] - at[0] > 5):
            raise _Enough

    some = np.broadcast_to(clips[:1], (train, *clips.shape[1:]))
    labels = np.arange(train, dtype=np.int64) % classes
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch minds that these clips, all the same, cannot be written
            encoder.fit(some, labels, seed=0, progress=tell)
    except _Enough:
        pass
    return (at[-1] - at[0]) / max(len(at) - 1, 1), steps


def total(estimates: Sequence[Estimate], jobs: int = 1) -> Estimate:
    """Return what all of them take, ``jobs`` at a time on this machine."""
    longest = max((e.seconds for e in estimates), default=0.0)
    together = sorted((e.memory for e in estimates), reverse=True)[:jobs]
    seconds = max(longest, sum(e.seconds for e in estimates) / jobs)
    return Estimate("all", seconds, sum(together), sum(e.disk for e in estimates))


def refuse_short(estimate: Estimate, store: Store, *, jobs: int = 1) -> None:
    """Raise `SemtoolError` if memory or disk are short, with the figures and what would fit."""
    have, folder = _memory(), store.root
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    if estimate.memory > have:
        fits = int(have / (estimate.memory / jobs)) if jobs > 1 else 0
        advice = f"--jobs {fits} fits" if fits else "fewer samples, or a machine with more, would fit"
        raise SemtoolError(
            f"{estimate.what} would take about {estimate.memory / GB:.1f} GB of memory, of which "
            f"{have / GB:.1f} GB are free here; {advice}"
        )
    if estimate.disk > free:
        raise SemtoolError(
            f"{estimate.what} would take about {estimate.disk / GB:.1f} GB of disk, of which {free / GB:.1f} "
            f"GB are free in {folder}; a --root on a larger disk fits"
        )


def duration(seconds: float) -> str:
    """Return a time in the unit that suits it."""
    for unit, size in (("h", 3600), ("min", 60)):
        if seconds >= 1.5 * size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.0f} s"


def _memory() -> float:
    """Return the bytes of memory that are available."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        return 1024.0 * next(int(line.split()[1]) for line in lines if line.startswith("MemAvailable"))
    except (OSError, StopIteration, ValueError):
        return float("inf")  # not to be had here: nothing is refused for it


def _peak() -> float:
    """Return the most memory that this process has taken."""
    try:
        import resource
    except ImportError:
        return 0.5 * GB  # torch and little else
    peak = float(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
    return peak if sys.platform == "darwin" else 1024 * peak

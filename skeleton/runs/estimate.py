"""What work will take before it is begun: time, memory and disk, from a short measurement on this machine.

Visual encoders run for a few steps on data of the shapes that they will meet, trainings on few samples
(`skeleton.runs.rehearsal`), and the time is stretched to the whole. Processor seconds count where one thread
works, so that what else runs on the machine does not. Memory is this process's peak after that, and what the
whole adds.
"""

from __future__ import annotations

import sys
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from semtool.artifacts import Store
from semtool.disk import refuse_full
from semtool.errors import SemtoolError
from skeleton.methods import EpochSettings, MethodSettings

if TYPE_CHECKING:
    from semtool.feature_file import FeatureFile
    from skeleton.visual import VisualEncoder

__all__ = [
    "Estimate",
    "Sizes",
    "clock_of",
    "duration",
    "estimate_features",
    "estimate_start",
    "grown",
    "least",
    "peak_memory",
    "refuse_short",
    "total",
]

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
        alone: whether nothing else of the same command runs meanwhile.
    """

    what: str
    seconds: float
    memory: float
    disk: float
    alone: bool = False

    def row(self) -> tuple[str, str, str, str]:
        """Return the line of a table."""
        return self.what, duration(self.seconds), f"{self.memory / GB:.2g} GB", f"{self.disk / GB:.2g} GB"


@dataclass(frozen=True)
class Sizes:
    """What settles the cost of a training, beside its text: samples, and widths of the features' blocks."""

    train: int
    test: int
    widths: tuple[int, ...]

    @property
    def visual(self) -> int:
        """Dv."""
        return sum(self.widths)

    @classmethod
    def of(cls, features: FeatureFile) -> Sizes:
        """Return the sizes of features."""
        train = len(features.rows("seen-train"))
        widths = features.widths or (features.features.shape[1],)
        return cls(train, len(features.names) - train, tuple(widths))


def least(settings: MethodSettings, sizes: Sizes) -> Estimate:
    """Return the memory that a training takes at least, by arithmetic, without measuring anything."""
    memory = 0.3 * GB + 3 * 4.0 * (sizes.train + sizes.test) * sizes.visual
    if not isinstance(settings, EpochSettings):
        memory += grown(settings, sizes.train, sizes.visual).memory
    return Estimate("this training", 0.0, memory, 0.0)


@dataclass(frozen=True)
class Grown:
    """What a kernel method does with n samples: kernel pairs, multiplications, bytes at once, landmarks."""

    pairs: float
    flops: float
    memory: float
    landmarks: int


def grown(settings: MethodSettings, n: int, width: int) -> Grown:
    """Return the work of a kernel method on samples (n, width), see `skeleton.methods.kernel.solving`."""
    from skeleton.methods import EXACT, LANDMARKS

    if n <= EXACT:
        return Grown(float(n) * n, n**3 / 3, 28.0 * n * n, n)
    m = width if getattr(settings, "linear", False) else LANDMARKS
    return Grown(float(n) * m, n * m**2 / 2 + m**3 / 3, 4.0 * n * m + 24.0 * m**2, m)


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

    data = load_dataset(store.dataset_file(dataset))
    chosen, rule = data.split(split), data.protocol(protocol)
    samples = ArraySet.open(find_arrays(data, store, arrays).path).labelled()
    trains = (tested(samples, rule) == 0) & ~np.isin(samples.class_id, chosen.unseen)
    kind = find_visual(visual)
    encoder = kind(kind.settings_of(settings or {}), layout(samples.layout), device)
    probe, clock = min(len(samples), 64), clock_of(device)
    length = samples.length[:probe]

    def load() -> Any:
        return encoder.clips(samples.padded(slice(0, probe)), encoder.layout, length)

    clips = load()  # libraries warm up
    started = clock()
    clips = load()
    seconds = (clock() - started) * len(samples) / probe
    train, width, disk = int(trains.sum()), 256, 0.0
    if encoder.trained:
        step, steps = _step(encoder, clips, train, len(data.seen(chosen)), clock)
        batch = getattr(encoder.settings, "batch", 32)
        seconds += step * steps + step * len(samples) / batch / 3  # a forward pass is a third of a step
        width *= (
            len(getattr(encoder.settings, "streams", ())) if getattr(encoder.settings, "ensemble", 0) else 1
        )
        disk = float(clips[0].nbytes) * len(samples)  # clips on disk while it trains
    else:
        width = encoder.encode(clips, length).shape[1]
        started = clock()
        encoder.encode(clips, length)
        seconds += (clock() - started) * len(samples) / probe
    vectors = 4.0 * len(samples) * width
    sizes = Sizes(train, len(samples) - train, tuple(w for _, w in encoder.blocks()) or (width,))
    what = f"features of {data.name} for {chosen.name}"
    return Estimate(what, seconds, peak_memory() + 2 * vectors, disk + vectors), sizes


def _step(
    encoder: VisualEncoder, clips: Any, train: int, classes: int, clock: Callable[[], float]
) -> tuple[float, int]:
    """Return the seconds of a training step, and how many there will be."""
    at: list[float] = []
    steps = 1

    def tell(done: int, of: int) -> None:
        nonlocal steps
        at.append(clock())
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


def clock_of(device: str, threads: int | None = None) -> Callable[[], float]:
    """Return the clock that times work: the processor's for one thread of it, else the wall's."""
    import torch

    one = (threads or torch.get_num_threads()) == 1 and device == "cpu"
    return time.process_time if one else time.perf_counter


def estimate_start() -> Estimate:
    """Return what starting Python with the libraries of a training takes.

    It is what this process has used once they are there: to be asked first, before any other work.
    """
    import_module("scipy.linalg")
    import_module("skeleton.runs.seed")
    return Estimate("start of Python", time.process_time(), 0.0, 0.0)


def total(estimates: Sequence[Estimate], jobs: int = 1) -> Estimate:
    """Return what all of them take, ``jobs`` at a time on this machine."""
    shared = [e for e in estimates if not e.alone]
    longest = max((e.seconds for e in shared), default=0.0)
    together = sorted((e.memory for e in estimates), reverse=True)[:jobs]
    seconds = max(longest, sum(e.seconds for e in shared) / jobs)
    seconds += sum(e.seconds for e in estimates if e.alone)
    return Estimate("all", seconds, sum(together), sum(e.disk for e in estimates))


def refuse_short(estimate: Estimate, store: Store, *, jobs: int = 1) -> None:
    """Raise `SemtoolError` if memory or disk are short, with the figures and what would fit."""
    have = _memory()
    if estimate.memory > have:
        fits = int(have / (estimate.memory / jobs)) if jobs > 1 else 0
        advice = f"--jobs {fits} fits" if fits else "fewer samples, or a machine with more, would fit"
        raise SemtoolError(
            f"{estimate.what} would take about {estimate.memory / GB:.1f} GB of memory, of which "
            f"{have / GB:.1f} GB are free here; {advice}"
        )
    refuse_full(estimate.what, estimate.disk, store.root)


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


def peak_memory() -> float:
    """Return the most memory that this process has taken."""
    try:
        import resource
    except ImportError:
        return 0.5 * GB  # torch and little else
    peak = float(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
    return peak if sys.platform == "darwin" else 1024 * peak

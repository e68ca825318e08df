"""ST-GCN as a visual encoder: trained with cross-entropy on seen-train samples only, then frozen."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from semtool.errors import SemtoolError
from skeleton.data.layouts import Layout
from skeleton.device import reproducible, resolve_device
from skeleton.visual.clips import augment, streams
from skeleton.visual.encoder import Progress, VisualEncoder, VisualSettings
from skeleton.visual.stgcn import COMPACT, PAPER, STGCN

__all__ = ["PaperStgcnEncoder", "PaperStgcnSettings", "StgcnEncoder", "StgcnSettings"]

_ARCHITECTURES = {"compact": COMPACT, "paper": PAPER}
_BATCH = 256


class StgcnSettings(VisualSettings):
    """How ST-GCN is trained (AdamW, one-cycle learning rate).

    Attributes:
        architecture: ``compact``, or the published one, ``paper``.
        streams: of ``joint``, ``bone`` and ``motion``.
        smoothing: label smoothing.
        presentations: training samples shown in all; ``epochs`` follows from it unless it is given.
    """

    architecture: Literal["compact", "paper"] = "compact"
    streams: tuple[Literal["joint", "bone", "motion"], ...] = ("joint", "bone", "motion")
    batch: int = 32
    lr: float = 4e-3
    weight_decay: float = 1e-2
    smoothing: float = 0.1
    presentations: int = 14_000
    epochs: int | None = None

    def epochs_for(self, samples: int) -> int:
        """Return the number of epochs: as given, or enough for ``presentations``, between 15 and 60."""
        return self.epochs or min(60, max(15, math.ceil(self.presentations / max(samples, 1))))


class PaperStgcnSettings(StgcnSettings):
    """The published architecture on joint positions alone."""

    architecture: Literal["compact", "paper"] = "paper"
    streams: tuple[Literal["joint", "bone", "motion"], ...] = ("joint",)
    smoothing: float = 0.0
    presentations: int = 40_000


class StgcnEncoder(VisualEncoder):
    """A compact ST-GCN on joints, bones and motion, which learns from some hundred samples in minutes."""

    name = "stgcn"
    trained = True
    Settings = StgcnSettings
    settings: StgcnSettings

    def __init__(self, settings: VisualSettings, layout: Layout, device: str = "cpu") -> None:
        super().__init__(settings, layout, device)
        self._network: STGCN | None = None
        self._on = resolve_device(device)
        self._details: dict[str, object] = {}

    def encode(self, clips: NDArray[np.float32], length: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return float32 (N, Dv) of clips (N, C, T, V, M)."""
        del length
        return self._forward(clips, self._fitted.features)

    def classify(self, clips: NDArray[np.float32]) -> NDArray[np.int64]:
        """Return the label (N,) that the training head scores highest."""
        chosen: NDArray[np.int64] = self._forward(clips, self._fitted).argmax(axis=1)
        return chosen

    def details(self) -> dict[str, object]:
        """Return how many epochs the training had."""
        return self._details

    def tensors(self) -> dict[str, NDArray[np.generic]]:
        """Return the weights."""
        return {k: v.detach().cpu().numpy() for k, v in self._fitted.state_dict().items()}

    def load(self, tensors: Mapping[str, NDArray[np.generic]]) -> None:
        """Take over the weights."""
        self._network = self._new(classes=len(tensors["head.bias"]))
        self._network.load_state_dict({k: torch.from_numpy(v) for k, v in tensors.items()})
        self._network.to(self._on).eval()

    def fit(
        self, clips: NDArray[np.float32], labels: NDArray[np.int64], *, seed: int, progress: Progress | None
    ) -> None:
        """Train; the encoder is as it was after the last epoch.

        Raises:
            SemtoolError: with fewer than two samples or classes, or when the loss is not finite.
        """
        classes = int(labels.max(initial=-1)) + 1
        if len(clips) < 2 or classes < 2:
            raise SemtoolError(
                f"cannot train a visual encoder on {len(clips)} samples of {classes} seen classes"
            )
        how, generator = self.settings, torch.Generator().manual_seed(seed)
        with torch.random.fork_rng(devices=[]), reproducible():
            torch.manual_seed(seed)  # initial weights and dropout
            network = self._new(classes).to(self._on)
            epochs, batch = how.epochs_for(len(clips)), min(how.batch, len(clips))
            steps = epochs * (len(clips) // batch)
            optimiser = torch.optim.AdamW(network.parameters(), lr=how.lr, weight_decay=how.weight_decay)
            schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, how.lr, total_steps=steps)
            data, target = torch.from_numpy(clips), torch.from_numpy(labels).to(self._on)
            step = 0
            network.train()
            for _ in range(epochs):
                order = torch.randperm(len(data), generator=generator)
                for start in range(0, len(data) - batch + 1, batch):
                    rows = order[start : start + batch]
                    x = streams(augment(data[rows].to(self._on), generator), self.layout, how.streams)
                    loss = nn.functional.cross_entropy(
                        network(x), target[rows.to(self._on)], label_smoothing=how.smoothing
                    )
                    if not torch.isfinite(loss):
                        raise SemtoolError(
                            f"the visual encoder's loss is not finite at step {step}; is a coordinate "
                            f"extreme, or the learning rate {how.lr} too high?"
                        )
                    optimiser.zero_grad(set_to_none=True)
                    loss.backward()  # type: ignore[no-untyped-call]
                    optimiser.step()
                    schedule.step()
                    step += 1
                    if progress:
                        progress(step, steps)
        self._network = network.eval()
        self._details = {"epochs": epochs}

    @property
    def _fitted(self) -> STGCN:
        if self._network is None:
            raise RuntimeError("the encoder is not trained: fit() or load() comes first")
        return self._network

    def _new(self, classes: int) -> STGCN:
        architecture = _ARCHITECTURES[self.settings.architecture]
        return STGCN(self.layout, architecture, 3 * len(self.settings.streams), classes)

    def _forward(
        self, clips: NDArray[np.float32], function: Callable[[Tensor], Tensor]
    ) -> NDArray[np.float32]:
        made = []
        with torch.no_grad():
            for start in range(0, len(clips), _BATCH):
                x = torch.from_numpy(clips[start : start + _BATCH]).to(self._on)
                made.append(function(streams(x, self.layout, self.settings.streams)).cpu().numpy())
        result: NDArray[np.float32] = np.concatenate(made)
        return result


class PaperStgcnEncoder(StgcnEncoder):
    """The published ST-GCN: ten blocks, 256 numbers."""

    name = "stgcn-paper"
    Settings = PaperStgcnSettings

"""Graph networks as visual encoders: trained with cross-entropy on seen-train samples only, then frozen."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Callable, Mapping
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field
from torch import Tensor, nn

from semtool.errors import SemtoolError
from skeleton.data import Layout
from skeleton.device import reproducible, resolve_device
from skeleton.visual.clips import augment, streams
from skeleton.visual.encoder import Progress, VisualEncoder, VisualSettings
from skeleton.visual.network import GraphNetwork

__all__ = ["GraphEncoder", "NetworkSettings", "Stream"]

_BATCH = 256
Stream = Literal["joint", "bone", "motion", "bone-motion"]


class NetworkSettings(VisualSettings):
    """How a graph network is trained (AdamW, one-cycle learning rate).

    Attributes:
        streams: what it is shown of a joint (`skeleton.visual.clips.STREAMS`).
        ensemble: whether each stream has a network of its own; their features then stand side by side, and
            their scores are added.
        turn: most that a clip is turned about the vertical in training, in radians; more where the tests are
            seen from where no training sample was.
        smoothing: label smoothing.
        presentations: training samples shown in all; ``epochs`` follows from it unless it is given.
        precision: of the products in training; weights and features are float32 either way.
    """

    streams: tuple[Stream, ...] = ("joint", "bone", "motion")
    ensemble: bool = False
    batch: int = Field(32, ge=2)
    lr: float = Field(4e-3, gt=0)
    weight_decay: float = Field(1e-2, ge=0)
    turn: float = Field(0.3, ge=0, le=math.pi)
    smoothing: float = Field(0.1, ge=0, lt=1)
    presentations: int = Field(14_000, ge=1)
    epochs: int | None = Field(None, ge=1)
    precision: Literal["float32", "bfloat16"] = "float32"

    def epochs_for(self, samples: int) -> int:
        """Return the number of epochs: as given, or enough for ``presentations``, between 15 and 60."""
        return self.epochs or min(60, max(15, math.ceil(self.presentations / max(samples, 1))))


class GraphEncoder(VisualEncoder):
    """A graph network, or one a stream; a subclass says which network."""

    trained = True
    Settings = NetworkSettings
    settings: NetworkSettings

    @abstractmethod
    def network(self, channels: int, classes: int) -> GraphNetwork:
        """Return an untrained network for ``channels`` numbers a joint and frame."""

    def __init__(self, settings: VisualSettings, layout: Layout, device: str = "cpu") -> None:
        super().__init__(settings, layout, device)
        self._networks: list[GraphNetwork] = []
        self._on = resolve_device(device)
        self._details: dict[str, object] = {}

    def encode(self, clips: NDArray[np.float32], length: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return float32 (N, Dv) of clips (N, C, T, V, M)."""
        del length
        return np.concatenate(self._forward(clips, lambda network: network.features), axis=1)

    def classify(self, clips: NDArray[np.float32]) -> NDArray[np.int64]:
        """Return the label (N,) that the training heads score highest."""
        scores = self._forward(clips, lambda network: network)
        chosen: NDArray[np.int64] = np.sum(scores, axis=0).argmax(axis=1)
        return chosen

    def details(self) -> dict[str, object]:
        """Return how many epochs the training had."""
        return self._details

    def tensors(self) -> dict[str, NDArray[np.generic]]:
        """Return the weights; those of an ensemble's n-th network under ``n/``."""
        found: dict[str, NDArray[np.generic]] = {}
        for name, network in zip(self._names, self._fitted, strict=True):
            found |= {name + k: v.detach().cpu().numpy() for k, v in network.state_dict().items()}
        return found

    def load(self, tensors: Mapping[str, NDArray[np.generic]]) -> None:
        """Take over the weights."""
        self._networks = []
        for name in self._names:
            own = {
                k.removeprefix(name): torch.from_numpy(v) for k, v in tensors.items() if k.startswith(name)
            }
            network = self.network(self._channels, len(own["head.bias"]))
            network.load_state_dict(own)
            self._networks.append(network.to(self._on).eval())

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
        epochs, self._networks = self.settings.epochs_for(len(clips)), []
        with torch.random.fork_rng(devices=[]), reproducible():
            torch.manual_seed(seed)  # initial weights and dropout
            for at, shown in enumerate(self._shown):
                network = self.network(self._channels, classes).to(self._on)
                generator = torch.Generator().manual_seed(seed)

                def tell(done: int, total: int, before: int = at) -> None:
                    if progress:
                        progress(before * total + done, len(self._shown) * total)

                self._train(network, shown, clips, labels, epochs, generator, tell)
                self._networks.append(network.eval())
        self._details = {"epochs": epochs}

    def _train(
        self,
        network: GraphNetwork,
        shown: tuple[Stream, ...],
        clips: NDArray[np.float32],
        labels: NDArray[np.int64],
        epochs: int,
        generator: torch.Generator,
        progress: Progress,
    ) -> None:
        how, batch, step = self.settings, min(self.settings.batch, len(clips)), 0
        steps = epochs * (len(clips) // batch)
        optimiser = torch.optim.AdamW(network.parameters(), lr=how.lr, weight_decay=how.weight_decay)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, how.lr, total_steps=steps)
        data, target = torch.from_numpy(clips), torch.from_numpy(labels).to(self._on)
        network.train()
        for _ in range(epochs):
            order = torch.randperm(len(data), generator=generator)
            for start in range(0, len(data) - batch + 1, batch):
                rows = order[start : start + batch]
                x = streams(augment(data[rows].to(self._on), generator, how.turn), self.layout, shown)
                with torch.autocast(self._on.type, torch.bfloat16, enabled=how.precision == "bfloat16"):
                    logits = network(x)
                loss = nn.functional.cross_entropy(
                    logits.float(), target[rows.to(self._on)], label_smoothing=how.smoothing
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
                progress(step, steps)

    @property
    def _shown(self) -> list[tuple[Stream, ...]]:
        """What each network is shown."""
        wanted = self.settings.streams
        return [(stream,) for stream in wanted] if self.settings.ensemble else [wanted]

    @property
    def _names(self) -> list[str]:
        return [f"{at}/" for at in range(len(self._shown))] if self.settings.ensemble else [""]

    @property
    def _channels(self) -> int:
        return 3 * len(self._shown[0])

    @property
    def _fitted(self) -> list[GraphNetwork]:
        if not self._networks:
            raise RuntimeError("the encoder is not trained: fit() or load() comes first")
        return self._networks

    def _forward(
        self, clips: NDArray[np.float32], part: Callable[[GraphNetwork], Callable[[Tensor], Tensor]]
    ) -> list[NDArray[np.float32]]:
        """Return what a part of each network makes of clips."""
        made: list[list[NDArray[np.float32]]] = [[] for _ in self._fitted]
        with torch.no_grad():
            for start in range(0, len(clips), _BATCH):
                x = torch.from_numpy(clips[start : start + _BATCH]).to(self._on)
                for shown, network, rows in zip(self._shown, self._fitted, made, strict=True):
                    rows.append(part(network)(streams(x, self.layout, shown)).cpu().numpy())
        return [np.concatenate(rows) for rows in made]

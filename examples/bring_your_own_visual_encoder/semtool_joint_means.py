"""Where each joint is on average and how far it moves, scaled by what seen samples do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from skeleton.visual import VisualEncoder, VisualSettings

__all__ = ["JointMeans"]


class JointMeansSettings(VisualSettings):
    """Its own settings; ``frames`` is everybody's."""

    motion: bool = True


class JointMeans(VisualEncoder):
    """The mean of each coordinate of the main actor and, with ``motion``, its standard deviation."""

    trained: ClassVar[bool] = True
    Settings = JointMeansSettings
    scale: NDArray[np.float32]

    def fit(self, clips, labels, *, seed, progress):  # noqa: ANN001, ANN201
        """Remember how much each number varies among seen-train samples."""
        self.scale = self._numbers(clips).std(axis=0) + np.float32(1e-3)

    def encode(self, clips: NDArray[np.float32], length: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return float32 (N, Dv) of clips (N, C, T, V, M)."""
        return self._numbers(clips) / self.scale

    def tensors(self) -> dict[str, NDArray[np.generic]]:
        """Return what `fit` learned."""
        return {"scale": self.scale}

    def load(self, tensors: Mapping[str, NDArray[np.generic]]) -> None:
        """Take it back."""
        self.scale = tensors["scale"].astype(np.float32)

    def _numbers(self, clips: NDArray[np.float32]) -> NDArray[np.float32]:
        actor = clips[..., 0]
        made = [actor.mean(axis=2)] + ([actor.std(axis=2)] if self.settings.motion else [])
        return np.concatenate([m.reshape(len(clips), -1) for m in made], axis=1)

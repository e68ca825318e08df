"""The visual encoder that needs no training: `skeleton.visual.kinematics`, behind the common contract."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from skeleton.visual.encoder import Blocks, VisualEncoder
from skeleton.visual.kinematics import VERSION, kinematic_features

__all__ = ["KinematicEncoder"]


class KinematicEncoder(VisualEncoder):
    """Training-free features: nothing is learned, so nothing can be learned from unseen classes."""

    name = "kinematics"
    version = VERSION

    def encode(self, clips: NDArray[np.float32], length: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return float32 (N, Dv) of clips (N, C, T, V, M)."""
        return kinematic_features(clips, self.layout, length)[0]

    def blocks(self) -> Blocks:
        """Return name and width of each descriptor of each body part."""
        still = np.zeros((1, 3, self.settings.frames, len(self.layout), 1), np.float32)
        return kinematic_features(still, self.layout, np.ones(1, np.int64))[1]

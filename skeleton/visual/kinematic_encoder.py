"""The visual encoder that needs no training: `skeleton.visual.kinematics`, behind the common contract."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from skeleton.data import BODY, Layout, canonical_bodies
from skeleton.visual.encoder import Blocks, VisualEncoder
from skeleton.visual.kinematics import VERSION, kinematic_features

__all__ = ["KinematicEncoder"]


class KinematicEncoder(VisualEncoder):
    """Training-free features: nothing is learned, so nothing can be learned from unseen classes."""

    name = "kinematics"
    version = VERSION
    any_layout = True

    def clips(
        self, positions: NDArray[np.float32], layout: Layout, length: NDArray[np.int64] | None = None
    ) -> NDArray[np.float32]:
        """Return sequences (N, C, T, V, M) of any layout as bodies, (N, 3, frames, 17, M)."""
        return canonical_bodies(positions, layout, self.settings.frames, length).positions

    def encode(self, clips: NDArray[np.float32], length: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return float32 (N, Dv) of bodies (N, 3, T, 17, M)."""
        return kinematic_features(clips, length)[0]

    def blocks(self) -> Blocks:
        """Return name and width of each descriptor of each body part."""
        still = np.zeros((1, 3, self.settings.frames, len(BODY), 1), np.float32)
        return kinematic_features(still, np.ones(1, np.int64))[1]

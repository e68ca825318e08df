"""From arrays to the clips that a visual encoder sees: centred, view-aligned, body-sized, T frames, streams.

The main actor's origin in the first frame is zero, the main actor's mean hip and shoulder line lies along x
(so that the camera's viewpoint does not matter), and the trunk's mean length is one.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from skeleton.arrays import ArraySet
from skeleton.layouts import Layout

__all__ = ["STREAMS", "augment", "canonical", "load_clips", "streams"]

STREAMS = ("joint", "bone", "motion")
"""What a joint's numbers may be: its position, the vector from its parent, its step to the next frame."""
_MOTION_SCALE = 5.0  # steps between frames are small; this brings them to the size of bones


def canonical(positions: NDArray[np.float32], layout: Layout, frames: int) -> NDArray[np.float32]:
    """Return one sequence (C, T', V, M), without padding, as a clip (C, ``frames``, V, M), float32."""
    clip = np.array(positions, dtype=np.float32)
    present = (clip != 0).any(axis=0, keepdims=True)
    main = clip[..., 0]
    clip -= main[:, :1, list(layout.origin)].mean(axis=2, keepdims=True)[..., None]
    main = clip[..., 0]
    pairs = [(a, b) for a, b in layout.swaps if layout.joints[a].endswith(("hip", "shoulder"))]
    across = np.mean([main[:, :, b] - main[:, :, a] for a, b in pairs], axis=(0, 2))
    if clip.shape[0] == 3 and np.hypot(across[0], across[2]) > 1e-6:
        # Turn about the vertical until the right side lies at positive x.
        cos, sin = np.array([across[0], across[2]]) / np.hypot(across[0], across[2])
        turn = np.array([[cos, 0, sin], [0, 1, 0], [-sin, 0, cos]], dtype=np.float32)
        clip = np.einsum("ij,jtvm->itvm", turn, clip)
    top = np.mean(
        [main[:, :, j] for pair in pairs if "shoulder" in layout.joints[pair[0]] for j in pair], axis=0
    )
    low = np.mean([main[:, :, j] for pair in pairs if "hip" in layout.joints[pair[0]] for j in pair], axis=0)
    trunk = float(np.linalg.norm(top - low, axis=0).mean())
    clip = np.where(present, clip / (trunk if trunk > 1e-6 else 1.0), 0)
    return _resample(clip.astype(np.float32), frames)


def _resample(clip: NDArray[np.float32], frames: int) -> NDArray[np.float32]:
    """Resample in time by linear interpolation, ends on ends."""
    place = np.linspace(0, clip.shape[1] - 1, frames)
    left = np.floor(place).astype(int)
    right = np.minimum(left + 1, clip.shape[1] - 1)
    weight = (place - left).astype(np.float32)[None, :, None, None]
    mixed: NDArray[np.float32] = clip[:, left] * (1 - weight) + clip[:, right] * weight
    return mixed


def load_clips(arrays: ArraySet, layout: Layout, frames: int) -> NDArray[np.float32]:
    """Return every sequence of ``arrays`` as a clip, float32 (N, C, ``frames``, V, M)."""
    _, channels, _, joints, bodies = arrays.positions.shape
    clips = np.empty((len(arrays), channels, frames, joints, bodies), dtype=np.float32)
    for index, length in enumerate(arrays.length):
        clips[index] = canonical(arrays.positions[index, :, : int(length)], layout, frames)
    return clips


def streams(clips: Tensor, layout: Layout, wanted: Sequence[str] = STREAMS) -> Tensor:
    """Return (N, 3 * len(wanted), T, V, M): the streams of (N, 3, T, V, M), one after another."""
    parents = torch.tensor([p if p >= 0 else j for j, p in enumerate(layout.parents)], device=clips.device)
    made = []
    for name in wanted:
        if name == "joint":
            made.append(clips)
        elif name == "bone":
            made.append(clips - clips.index_select(3, parents))
        else:
            step = torch.zeros_like(clips)
            step[:, :, 1:] = (clips[:, :, 1:] - clips[:, :, :-1]) * _MOTION_SCALE
            made.append(step)
    return torch.cat(made, dim=1)


def augment(clips: Tensor, generator: torch.Generator) -> Tensor:
    """Return ``clips`` turned by up to 17 degrees, resized by up to 10 % and cropped in time to 80-100 %.

    There is no mirroring: left and right tell classes apart.
    """
    n, channels, t, v, m = clips.shape
    present = clips != 0

    def draw(*shape: int) -> Tensor:
        return torch.rand(*shape, generator=generator).to(clips.device)

    angle = (draw(n) - 0.5) * 0.6
    cos, sin, zero, one = angle.cos(), angle.sin(), torch.zeros_like(angle), torch.ones_like(angle)
    turn = torch.stack([cos, zero, sin, zero, one, zero, -sin, zero, cos], dim=1).view(n, 3, 3)
    size = 1 + (draw(n, 3, 1) - 0.5) * 0.2
    clips = torch.einsum("nij,njtvm->nitvm", turn * size, clips) * present
    length = 0.8 + 0.2 * draw(n)
    start = draw(n) * (1 - length)
    grid = torch.linspace(0, 1, t, device=clips.device)
    place = (start[:, None] + length[:, None] * grid) * (t - 1)
    left = place.floor().long().clamp(max=t - 2)
    weight = (place - left)[:, None, :, None, None]
    index = left[:, None, :, None, None].expand(-1, channels, -1, v, m)
    return clips.gather(2, index) * (1 - weight) + clips.gather(2, index + 1) * weight

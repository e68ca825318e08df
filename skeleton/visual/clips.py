"""From arrays to the clips that a visual encoder sees: centred, facing the sensor, body-sized, T frames.

The main actor's origin in the first frame is zero and the way on from there is kept, the main actor faces the
sensor at the start (so that the camera's viewpoint does not matter), and the trunk has length one.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from semtool.errors import SemtoolError
from skeleton.data import ArraySet, Layout, align_view, centre, resample, scale_by_trunk

__all__ = ["STREAMS", "augment", "batches", "canonical", "load_clips", "streams"]

STREAMS = ("joint", "bone", "motion", "bone-motion")
"""What a joint's numbers may be: its position, the vector from its parent, or the step of either."""
_MOTION_SCALE = 5.0  # steps between frames are small; this brings them to the size of bones
_CHUNK = 256
_CHUNK_FRAMES = _CHUNK * 300
"""Sequences made canonical at a time, and their frames with padding: memory grows with neither."""
_LONGEST = 20_000
"""Frames of a sequence that are looked at: of a longer one every second, third, ... frame."""


def canonical(
    positions: NDArray[np.float32],
    layout: Layout,
    frames: int,
    length: NDArray[np.int64] | None = None,
) -> NDArray[np.float32]:
    """Return sequences (..., C, T, V, M) as clips of ``frames`` frames; ``length`` as in `resample`."""
    made = centre(np.asarray(positions), layout)
    if layout.dimensions == 3:
        made = align_view(made, layout)
    return resample(scale_by_trunk(made, layout), frames, length)


def batches(
    arrays: ArraySet,
    prepare: Callable[[NDArray[np.float32], NDArray[np.int64]], NDArray[np.float32]],
) -> Iterator[tuple[slice, NDArray[np.float32], NDArray[np.int64]]]:
    """Yield rows, what ``prepare`` makes of positions (n, C, T, V, M) and valid frames, and lengths (n,).

    In order and in bounded memory.
    """
    start = 0
    while start < len(arrays):
        lengths = arrays.length[start : start + _CHUNK]
        size = max(
            1, int((np.arange(1, len(lengths) + 1) * np.maximum.accumulate(lengths) <= _CHUNK_FRAMES).sum())
        )
        rows, length = slice(start, start + size), lengths[:size]
        step = -(-int(length.max()) // _LONGEST)
        yield rows, prepare(arrays.padded(rows, step), -(-length // step)), length
        start += size


def load_clips(
    arrays: ArraySet, layout: Layout, frames: int, order: NDArray[np.int64], folder: Path
) -> NDArray[np.float32]:
    """Return every sequence of ``arrays`` as a clip, float32 (N, C, ``frames``, V, M), in a given order.

    The clips are mapped from a file in ``folder`` that nobody else sees and that ends with them, so that
    training takes no more memory for more samples.
    """
    shape = (len(arrays), 3, frames, len(layout), arrays.people)
    if not len(arrays):
        return np.empty(shape, np.float32)
    size, free = 4 * int(np.prod(shape)), shutil.disk_usage(folder).free
    if size > free:
        raise SemtoolError(
            f"the clips of {len(arrays)} samples take {size / 1e9:.1f} GB of disk while a visual encoder "
            f"trains, and {folder} has {free / 1e9:.1f} GB free; a --root on a larger disk fits, or --set "
            f"frames={max(1, int(frames * free / size))}"
        )
    place = np.argsort(order)
    with tempfile.TemporaryFile(dir=folder) as stream:
        clips = np.memmap(stream, np.float32, "w+", shape=shape)
    for rows, part, _ in batches(arrays, lambda raw, length: canonical(raw, layout, frames, length)):
        clips[place[rows]] = part
    return clips


def streams(clips: Tensor, layout: Layout, wanted: Sequence[str] = STREAMS[:3]) -> Tensor:
    """Return (N, 3 * len(wanted), T, V, M): the streams of (N, 3, T, V, M), one after another."""
    parents = torch.tensor([p if p >= 0 else j for j, p in enumerate(layout.parents)], device=clips.device)
    made = []
    for name in wanted:
        what = clips - clips.index_select(3, parents) if name.startswith("bone") else clips
        if name.endswith("motion"):
            step = torch.zeros_like(what)
            step[:, :, 1:] = (what[:, :, 1:] - what[:, :, :-1]) * _MOTION_SCALE
            what = step
        made.append(what)
    return torch.cat(made, dim=1)


def augment(clips: Tensor, generator: torch.Generator, turn: float = 0.3) -> Tensor:
    """Return ``clips`` turned by up to ``turn`` radians, resized by up to 10 %, cropped to 80-100 % in time.

    There is no mirroring: left and right tell classes apart.
    """
    n, channels, t, v, m = clips.shape
    present = clips != 0

    def draw(*shape: int) -> Tensor:
        return torch.rand(*shape, generator=generator).to(clips.device)

    angle = (draw(n) - 0.5) * (2 * turn)
    cos, sin, zero, one = angle.cos(), angle.sin(), torch.zeros_like(angle), torch.ones_like(angle)
    turned = torch.stack([cos, zero, sin, zero, one, zero, -sin, zero, cos], dim=1).view(n, 3, 3)
    size = 1 + (draw(n, 3, 1) - 0.5) * 0.2
    clips = torch.einsum("nij,njtvm->nitvm", turned * size, clips) * present
    length = 0.8 + 0.2 * draw(n)
    start = draw(n) * (1 - length)
    grid = torch.linspace(0, 1, t, device=clips.device)
    place = (start[:, None] + length[:, None] * grid) * (t - 1)
    left = place.floor().long().clamp(max=t - 2)
    weight = (place - left)[:, None, :, None, None]
    index = left[:, None, :, None, None].expand(-1, channels, -1, v, m)
    return clips.gather(2, index) * (1 - weight) + clips.gather(2, index + 1) * weight

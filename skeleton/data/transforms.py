"""Small pure functions on skeletons: positions (..., C, T, V, M) in, a new array of such a shape out.

The leading axes are any batch. Coordinates are x (to the right of a person who faces the sensor), y up, z
away from the sensor. A body whose coordinates are all zero in a frame is absent there and stays zero. The
first body is the main actor.

    kinect = layout("kinect-v2")
    fifty = resample(align_view(centre(positions, kinect), kinect), frames=50)
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from semtool.errors import UsageError
from skeleton.data.layouts import Layout

__all__ = [
    "align_view",
    "centre",
    "in_image",
    "present",
    "resample",
    "scale_by_trunk",
]

Positions = NDArray[np.float32]


def present(positions: Positions) -> NDArray[np.bool_]:
    """Tell which bodies are there in which frames: (..., T, M).

    Whole bodies, not joints: after centring, a joint at zero is as good as any other.
    """
    there: NDArray[np.bool_] = (
        (positions != 0).any(axis=-4).any(axis=-2)
    )  # three times as fast as both at once
    return there


def centre(positions: Positions, layout: Layout, each_frame: bool = False) -> Positions:
    """Move the main actor's origin joint to zero, and everybody else along.

    Args:
        positions: (..., C, T, V, M).
        layout: names the origin (the spine; the middle of the hips in 2D).
        each_frame: take away the actor's path as well. The published NTU preparation does not: it subtracts
            the spine of the first frame from all frames (CTR-GCN), which keeps walking visible.
    """
    origin = positions[..., list(layout.origin), :1].mean(axis=-2, keepdims=True)
    if not each_frame:
        first = _first_frame(positions)[..., None, None, None, None]
        origin = np.take_along_axis(origin, first, axis=-3)
    return _where(positions, positions - origin)


def scale_by_trunk(positions: Positions, layout: Layout) -> Positions:
    """Divide by the main actor's trunk length (middle of hips to middle of shoulders, median over frames).

    Afterwards people of different sizes, or at different distances in 2D, have the same trunk.
    """
    shoulders, hips = _middle(positions, layout, "shoulder"), _middle(positions, layout, "hip")
    length = np.sqrt(((shoulders - hips) ** 2).sum(axis=-2))
    there = present(positions)[..., 0]
    with np.errstate(all="ignore"):
        typical = _nanmedian(np.where(there & (length > 0), length, np.nan))
    scale = np.where(np.isfinite(typical) & (typical > 0), typical, 1.0)[..., None, None, None, None]
    return (positions / scale).astype(np.float32)


def align_view(positions: Positions, layout: Layout) -> Positions:
    """Turn everything about the vertical so that the main actor faces the sensor in the first frame.

    The line from the left to the right shoulder and hip becomes parallel to x, the person's right at larger
    x. Heights do not change. Turning is about the origin: centre first.
    """
    sides = [[layout.index(f"{side}_{name}") for name in ("shoulder", "hip")] for side in ("left", "right")]
    left, right = (positions[..., joints, 0].mean(axis=-1) for joints in sides)
    first = _first_frame(positions)[..., None, None]
    across = np.take_along_axis(right - left, first, axis=-1)[..., 0]
    x, z = across[..., 0], across[..., 2]
    norm = np.hypot(x, z)
    safe = np.where(norm > 0, norm, 1.0)
    cos, sin = (np.where(norm > 0, x / safe, 1.0), np.where(norm > 0, z / safe, 0.0))
    cos, sin = cos[..., None, None, None], sin[..., None, None, None]
    old_x, old_y, old_z = (positions[..., c, :, :, :] for c in range(3))
    turned = np.stack([cos * old_x + sin * old_z, old_y, cos * old_z - sin * old_x], axis=-4)
    return _where(positions, turned)


def resample(positions: Positions, frames: int, length: NDArray[np.int64] | int | None = None) -> Positions:
    """Resample in time to ``frames`` frames, first and last kept, linear in between.

    Published choices are 50 (SMIE, AimCLR) and 64 (CTR-GCN). A body that is absent in one of the two frames
    in between is taken from the nearer one instead.

    Args:
        positions: (..., C, T, V, M).
        frames: frames of the result, at least 1.
        length: valid frames of each sequence, of the batch's shape; without it all T.
    """
    total = positions.shape[-3]
    batch = positions.shape[:-4]
    if frames < 1 or not total:
        raise UsageError(f"cannot resample {total} frames to {frames}")
    valid = np.broadcast_to(np.clip(total if length is None else length, 1, total), batch).reshape(-1, 1)
    place = np.linspace(0.0, 1.0, frames) * (valid - 1)
    low = np.minimum(np.floor(place).astype(np.int64), valid - 1)
    high = np.minimum(low + 1, valid - 1)
    weight = (place - low).astype(np.float32)[:, None, :, None, None]
    flat, rows = positions.reshape(-1, *positions.shape[-4:]), np.arange(len(valid))[:, None]
    before, after = (np.moveaxis(flat[rows, :, at], 1, 2) for at in (low, high))
    both = (present(before) & present(after))[:, None, :, None, :]
    nearest = np.where(weight < 0.5, before, after)
    result: Positions = np.where(both, before + weight * (after - before), nearest).astype(np.float32)
    return np.ascontiguousarray(result).reshape(*batch, *result.shape[1:])


def in_image(positions: Positions) -> Positions:
    """Return what a camera in the sensor's place sees: x and y by the distance, no depth."""
    away = np.maximum(positions[..., 2:3, :, :, :], 0.3)
    seen: Positions = np.concatenate([positions[..., :2, :, :, :] / away, np.zeros_like(away)], axis=-4)
    return seen


def _where(positions: Positions, moved: NDArray[np.floating]) -> Positions:
    """Keep absent bodies at zero."""
    result: Positions = np.where(present(positions)[..., None, :, None, :], moved, 0).astype(np.float32)
    return result


def _middle(positions: Positions, layout: Layout, name: str) -> Positions:
    """Return the middle of the main actor's left and right joint, (..., C, T)."""
    middle: Positions = positions[..., [layout.index(f"{s}_{name}") for s in ("left", "right")], 0].mean(
        axis=-1
    )
    return middle


def _first_frame(positions: Positions) -> NDArray[np.int64]:
    """Return the first frame in which the main actor is there, of the batch's shape; 0 if there is none."""
    first: NDArray[np.int64] = np.asarray(present(positions)[..., 0].argmax(axis=-1))
    return first


def _nanmedian(values: NDArray[np.floating]) -> NDArray[np.floating]:
    """Return the median over the last axis, nan where there is nothing, without a warning."""
    ordered = np.sort(values, axis=-1)
    count = np.isfinite(ordered).sum(axis=-1)
    pick = np.stack([np.maximum(count - 1, 0) // 2, count // 2 * (count > 0)], axis=-1)
    pick = np.minimum(pick, values.shape[-1] - 1)
    median: NDArray[np.floating] = np.take_along_axis(ordered, pick, axis=-1).mean(axis=-1)
    return median

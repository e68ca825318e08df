"""Rotations about the axes of the body's world, one matrix a frame.

The world has x to the performer's right, y up and z backward, as a Kinect sees somebody who faces it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["Array", "apply", "backward", "lean_right", "offset", "pitch_forward", "turn_left", "unit"]

Array = NDArray[np.float64]


def _matrices(angle: Array, first: int, second: int) -> Array:
    """Return (T, 3, 3): rotation by ``angle`` (radians, (T,)), which takes axis ``first`` to ``second``."""
    matrices = np.zeros((*np.shape(angle), 3, 3))
    matrices[..., 3 - first - second, 3 - first - second] = 1.0
    matrices[..., first, first] = matrices[..., second, second] = np.cos(angle)
    sine = np.sin(angle)
    matrices[..., second, first] = sine
    matrices[..., first, second] = -sine
    return matrices


def turn_left(degrees: Array) -> Array:
    """Return rotations about the vertical: forward goes towards the left."""
    return _matrices(np.radians(degrees), 2, 0)


def pitch_forward(degrees: Array) -> Array:
    """Return rotations about the right-left axis: up goes towards forward."""
    return _matrices(-np.radians(degrees), 1, 2)


def lean_right(degrees: Array) -> Array:
    """Return rotations about the front-back axis: up goes towards the right."""
    return _matrices(-np.radians(degrees), 0, 1)


def offset(right: float, up: float, forward: float) -> Array:
    """Return a vector in the body's world from metres to the right, up and forward."""
    return np.array([right, up, -forward])


def apply(matrices: Array, vectors: Array) -> Array:
    """Rotate vectors (T, 3) by matrices (T, 3, 3)."""
    return np.asarray(np.matmul(matrices, vectors[..., None])[..., 0])


def backward(matrices: Array, vectors: Array) -> Array:
    """Rotate vectors (T, 3) by the inverse of matrices (T, 3, 3)."""
    return np.asarray(np.matmul(vectors[..., None, :], matrices)[..., 0, :])


def unit(vectors: Array) -> Array:
    """Return vectors (..., 3) of length 1; a zero vector stays nearly zero."""
    return np.asarray(vectors / (np.sqrt((vectors**2).sum(-1, keepdims=True)) + 1e-9))

"""Open other people's vectors without running other people's code."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from semtool.errors import SemtoolError, UsageError, some

__all__ = ["CHECKPOINTS", "SUFFIXES", "read_vectors"]

CHECKPOINTS = (".pt", ".pth", ".tar", ".ckpt", ".bin")
SUFFIXES = (".npy", *CHECKPOINTS)


def read_vectors(path: Path, key: str | None = None) -> NDArray[np.float32]:
    """Return the vectors of a foreign file, float32 (C, d) or (C, n, d).

    ``.npy`` is read without pickles; a torch checkpoint through ``torch.load(weights_only=True)`` only, where
    ``key`` names the tensor if there are several (``state_dict.text``).

    Raises:
        UsageError: if the file cannot be read or has another suffix.
        SemtoolError: if it holds code, no such tensor, or numbers that are no vectors.
    """
    if not path.is_file():
        what = "it is no plain file" if path.exists() else "no such file"
        raise UsageError(f"cannot read {path}: {what}")
    suffix = path.suffix.lower()
    if suffix == ".npy":
        found = _npy(path)
    elif suffix in CHECKPOINTS:
        found = _checkpoint(path, key)
    elif suffix in (".pkl", ".pickle"):
        raise UsageError(f"{path.name} is refused: opening a pickle can run code; save the array as .npy")
    else:
        raise UsageError(f"cannot tell what {path.name} holds; vectors are read from {', '.join(SUFFIXES)}")
    return _vectors(found, path)


def _npy(path: Path) -> NDArray[Any]:
    try:
        # Mapped, a shape that is larger than the file asks for no memory; no archive or pickle is opened.
        found: NDArray[Any] = np.lib.format.open_memmap(str(path), mode="r")
    except (ValueError, OSError) as error:
        what = "it holds Python objects" if "Python objects" in str(error) else str(error)
        raise SemtoolError(f"{path.name} is refused: {what}") from error
    return found


def _checkpoint(path: Path, key: str | None) -> NDArray[Any]:
    import torch

    try:
        # From memory: a length that a damaged pickle names is then never allocated.
        loaded = torch.load(io.BytesIO(path.read_bytes()), map_location="cpu", weights_only=True)
    except Exception as error:  # pickle, zip and tar readers each raise their own.
        raise SemtoolError(
            f"{path.name} is refused: only checkpoints that hold plain tensors are opened, "
            "anything else could run code; save the tensor alone with torch.save"
        ) from error
    tensors = dict(_tensors(loaded))
    fitting = [
        name for name, tensor in tensors.items() if tensor.ndim in (2, 3) and tensor.is_floating_point()
    ]
    if key is None and len(fitting) == 1:
        key = fitting[0]
    if key not in tensors:
        shapes = ", ".join(f"{name or '(itself)'} {tuple(t.shape)}" for name, t in list(tensors.items())[:10])
        wanted = "choose one tensor with --key" if key is None else f"there is no tensor {key!r}"
        raise UsageError(f"{path.name}: {wanted}; it holds: {shapes or 'none'}")
    if tensors[key].numel() > path.stat().st_size:
        raise SemtoolError(
            f"{path.name}: {key!r} says {tuple(tensors[key].shape)}, which the file does not hold"
        )
    array: NDArray[Any] = tensors[key].detach().to(torch.float32).numpy()
    return array


def _tensors(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    import torch

    if isinstance(value, torch.Tensor):
        yield name, value
    elif isinstance(value, dict | list | tuple):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, item in items:
            yield from _tensors(item, f"{name}.{key}" if name else str(key))


def _vectors(array: NDArray[Any], path: Path) -> NDArray[np.float32]:
    if array.dtype.kind != "f":
        raise SemtoolError(f"{path.name} holds {array.dtype} numbers; vectors are floating-point numbers")
    if array.ndim not in (2, 3) or 0 in array.shape:
        raise SemtoolError(f"{path.name} has the shape {array.shape}; vectors are (C, d) or (C, n, d)")
    vectors = np.ascontiguousarray(array, dtype=np.float32)
    by_class = vectors.reshape(len(vectors), -1, vectors.shape[-1])
    if len(broken := np.flatnonzero(~np.all(np.isfinite(by_class), axis=(1, 2)))):
        raise SemtoolError(f"{path.name}: NaN or infinite numbers in rows {some(broken.tolist())}")
    if len(empty := np.flatnonzero(~np.all(by_class.any(axis=2), axis=1))):
        raise SemtoolError(f"{path.name}: vectors of nothing but zeros in rows {some(empty.tolist())}")
    return vectors

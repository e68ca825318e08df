"""Safetensors files whose bytes depend on their content only."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

__all__ = ["save_tensors"]


def save_tensors(path: Path, tensors: Mapping[str, NDArray[Any]], metadata: Mapping[str, str]) -> None:
    """Write ``tensors`` and ``metadata``; the same arguments give the same bytes.

    The library writes the entries of the metadata in an order that changes from call to call, so the header
    (8 bytes of length, then JSON padded with spaces) is put in order afterwards.
    """
    from safetensors.numpy import save_file

    save_file(dict(tensors), path, metadata=dict(metadata))
    with path.open("r+b") as stream:
        size = int.from_bytes(stream.read(8), "little")
        header = json.loads(stream.read(size))
        header["__metadata__"] = dict(sorted(header.get("__metadata__", {}).items()))
        ordered = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode().ljust(size)
        if len(ordered) != size:
            raise RuntimeError(
                f"the header of {path.name} has {len(ordered)} bytes in order, {size} as written"
            )
        stream.seek(8)
        stream.write(ordered)

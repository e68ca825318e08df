"""Pickles from elsewhere: opened by an unpickler that builds arrays and plain containers and nothing else."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np

from skeleton.data.formats.outcomes import Unreadable

__all__ = ["load_pickle"]

# Under which names numpy arrays, types and scalars are pickled, before and since numpy 2.
_NUMPY = {
    "_reconstruct": ("numpy.core.multiarray", "numpy._core.multiarray"),
    "scalar": ("numpy.core.multiarray", "numpy._core.multiarray"),
    "_frombuffer": ("numpy.core.numeric", "numpy._core.numeric"),
    "ndarray": ("numpy",),
    "dtype": ("numpy",),
}
_PLAIN = {
    ("collections", "OrderedDict"),
    ("_codecs", "encode"),
    ("builtins", "set"),
    ("builtins", "frozenset"),
    ("builtins", "complex"),
    ("__builtin__", "set"),
    ("__builtin__", "frozenset"),
}
_ENCODINGS = ("latin1", "latin-1")


class _Plain(pickle.Unpickler):
    """Refuses every name that is not on the list, before it is imported."""

    def find_class(self, module: str, name: str) -> Any:
        if module in _NUMPY.get(name, ()):
            if name in ("ndarray", "dtype"):
                return getattr(np, name)
            return _NUMPY_FUNCTIONS[name]
        if (module, name) == ("_codecs", "encode"):
            return _encode
        if (module, name) in _PLAIN:
            return super().find_class(module, name)
        raise Unreadable(
            "unsafe", f"the pickle asks for {module}.{name}, which is neither array nor container"
        )


def _encode(text: str, encoding: str = "latin1") -> bytes:
    """Stand in for ``_codecs.encode``, by which old pickles write bytes; other codecs could be anything."""
    if encoding not in _ENCODINGS:
        raise Unreadable("unsafe", f"the pickle asks for the codec {encoding}")
    return text.encode("latin1")


def _numpy_functions() -> dict[str, Any]:
    """Return the functions by which numpy itself pickles, wherever this version keeps them."""
    array = np.zeros(1)
    rebuild = array.__reduce__()[0]
    scalar = np.float64(1).__reduce__()[0]
    buffered = array.__reduce_ex__(5)[0]
    return {"_reconstruct": rebuild, "scalar": scalar, "_frombuffer": buffered}


_NUMPY_FUNCTIONS = _numpy_functions()


def load_pickle(path: Path, most: int = 8 * 2**30) -> Any:
    """Return what a pickle holds.

    Raises:
        Unreadable: ``unsafe`` if it asks for anything else, before any of it runs; ``damaged``, ``empty``,
            ``not-a-file``, ``compressed`` or ``too-large``.
    """
    if not path.is_file():
        raise Unreadable("not-a-file", f"{path.name} is not a file")
    if path.stat().st_size > most:
        raise Unreadable("too-large", f"{path.name} has more than {most // 2**30} GiB")
    with path.open("rb") as stream:
        start = stream.read(4)
        if not start:
            raise Unreadable("empty", f"{path.name} is empty")
        if start.startswith((b"\x1f\x8b", b"PK\x03\x04", b"BZh")):
            raise Unreadable("compressed", f"{path.name} is compressed; unpack it first")
        stream.seek(0)
        try:
            return _Plain(stream, encoding="latin1").load()
        except Unreadable as error:
            raise Unreadable(error.outcome, f"{path.name}: {error}") from None
        except MemoryError:
            raise
        except Exception as error:  # a damaged pickle fails in any way it likes
            raise Unreadable("damaged", f"{path.name} is not a readable pickle: {error}") from error

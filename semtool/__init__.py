"""Text about actions, as versioned embedding files, measured by zero-shot skeleton action recognition.

The names below are imported when they are first used, so that ``import semtool`` costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from semtool.lazy import door

if TYPE_CHECKING:
    from semtool.artifacts import Artifact, Store
    from semtool.catalogue import load_dataset
    from semtool.descriptions import Description, DescriptionSet
    from semtool.embedding import embed, load_embeddings
    from semtool.embedding_file import EmbeddingFile
    from semtool.encoders import Encoder
    from semtool.errors import SemtoolError, UsageError
    from semtool.generation import generate

__all__ = [
    "Artifact",
    "Description",
    "DescriptionSet",
    "EmbeddingFile",
    "Encoder",
    "SemtoolError",
    "Store",
    "UsageError",
    "__version__",
    "embed",
    "generate",
    "load_dataset",
    "load_embeddings",
]

_get, __dir__ = door(__name__, __file__)


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("semtool")
    return _get(name)

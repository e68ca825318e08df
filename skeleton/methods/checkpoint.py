"""Checkpoints: the tensors of a fitted method, and the facts that bring its scorer back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from semtool.errors import SemtoolError
from skeleton.methods.base import MethodSettings, Scorer
from skeleton.methods.registry import method_of

__all__ = ["load_scorer", "read_checkpoint", "save_checkpoint"]


def save_checkpoint(scorer: Scorer, settings: MethodSettings, path: Path) -> None:
    """Write a scorer; the same scorer gives the same bytes.

    Args:
        scorer: fitted.
        settings: what it was fitted with; the file names their method.
        path: the ``.safetensors`` file.
    """
    tensors, facts = scorer.checkpoint()
    arrays = {k: np.ascontiguousarray(v) for k, v in tensors.items()}
    facts = {**facts, "method": settings.method}
    save_file(arrays, path, metadata={"facts": json.dumps(facts, sort_keys=True)})


def read_checkpoint(path: Path) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """Return tensors and facts of a checkpoint; a missing or damaged file is named."""
    try:
        with safe_open(path, framework="numpy") as stream:
            facts = json.loads((stream.metadata() or {})["facts"])
            return {key: stream.get_tensor(key) for key in stream.keys()}, facts  # noqa: SIM118
    except (OSError, SafetensorError, KeyError, ValueError) as error:
        raise SemtoolError(f"cannot open the checkpoint {path}: {error}; train the run again") from error


def load_scorer(path: Path, settings: MethodSettings) -> Scorer:
    """Return the scorer of a checkpoint that was trained with ``settings``.

    Args:
        path: the ``.safetensors`` file.
        settings: of the run.

    Raises:
        SemtoolError: if the file is damaged, or of another method or architecture than the settings say.
    """
    tensors, facts = read_checkpoint(path)
    if facts.get("method") != settings.method:
        raise SemtoolError(
            f"the checkpoint {path} is of the method {facts.get('method')!r}, its run's configuration says "
            f"{settings.method!r}; train the run again"
        )
    try:
        return method_of(settings).restore(tensors, facts)
    except KeyError as error:
        raise SemtoolError(f"the checkpoint {path} lacks {error}; train the run again") from error
    except SemtoolError as error:
        raise type(error)(f"the checkpoint {path} {error}") from error

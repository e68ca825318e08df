"""The standard table of the method: each component off, in turn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from semtool.artifacts import Store
from semtool.errors import unknown_name
from skeleton.methods import COMPONENTS, MethodSettings, preset
from skeleton.runs.inputs import Reference
from skeleton.runs.records import Summary
from skeleton.runs.training import train

__all__ = ["Ablation", "ablate"]


@dataclass(frozen=True)
class Ablation:
    """One row: the variant, what it means, and the summary of its run."""

    name: str
    meaning: str
    summary: Summary


def ablate(
    embeddings: Reference = None,
    features: Reference = None,
    *,
    store: Store,
    settings: MethodSettings | None = None,
    only: Sequence[str] | None = None,
    progress: Callable[[int, int], None] | None = None,
    **options: Any,
) -> list[Ablation]:
    """Train every variant on the same inputs and seeds; finished ones are reused.

    Args:
        embeddings: see `skeleton.runs.training.train`.
        features: likewise.
        store: where everything lives.
        settings: of the full method; the preset `paper` if None.
        only: some of `skeleton.methods.mla.method.COMPONENTS`; all if None.
        progress: told variants done and to do.
        options: the other arguments of `train` (``split``, ``seeds``, ``device`` ...).

    Returns:
        A row for each variant, with the summary of its run.

    Raises:
        UsageError: if there is no such component.
    """
    names = list(only) if only else list(COMPONENTS)
    for name in names:
        if name not in COMPONENTS:
            raise unknown_name("component", name, COMPONENTS)
    settings = settings or preset("paper")
    rows = []
    for at, name in enumerate(names):
        meaning, changes = COMPONENTS[name]
        result = train(embeddings, features, store=store, settings=settings.change(**changes), **options)
        rows.append(Ablation(name, meaning, result.summary))
        if progress is not None:
            progress(at + 1, len(names))
    return rows

"""The standard table of the method: each component off, in turn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from semtool.artifacts import Store
from semtool.errors import unknown_name
from skeleton.methods.config import TrainConfig
from skeleton.runs.training import Reference, train

__all__ = ["COMPONENTS", "Ablation", "ablate"]

COMPONENTS: dict[str, tuple[str, dict[str, Any]]] = {
    "full": ("everything on", {}),
    "one-head": ("one head that reads its single best description", {"heads": (1,)}),
    "no-attention-inverse": ("attention is never inverted", {"attention_inverse": 0}),
    "no-motion": ("no motion description", {"motion": "none"}),
    "all-classes": (
        "cross-entropy over all seen classes instead of loss sampling",
        {"loss": "cross-entropy"},
    ),
    "bilinear": ("bilinear estimator", {"estimator": "bilinear"}),
    "cosine": ("cosine estimator", {"estimator": "cosine"}),
    "label-only": ("the class name is the only description", {"codebook": ("label",)}),
}
"""What is switched, by name: a sentence, and the changes."""


@dataclass(frozen=True)
class Ablation:
    """One row: the variant, what it means, and the summary of its run."""

    name: str
    meaning: str
    summary: dict[str, Any]


def ablate(
    embeddings: Reference = None,
    features: Reference = None,
    *,
    store: Store,
    config: TrainConfig | None = None,
    only: Sequence[str] | None = None,
    progress: Callable[[int, int], None] | None = None,
    **options: Any,
) -> list[Ablation]:
    """Train every variant on the same inputs and seeds; finished ones are reused.

    Args:
        embeddings, features: see `skeleton.runs.training.train`.
        store: where everything lives.
        config: the switches of the full method; the preset `paper` if None.
        only: some of `COMPONENTS`; all if None.
        progress: told variants done and to do.
        options: the other arguments of `train` (``split``, ``seeds``, ``device`` ...).
    """
    names = list(only) if only else list(COMPONENTS)
    for name in names:
        if name not in COMPONENTS:
            raise unknown_name("component", name, COMPONENTS)
    config = config or TrainConfig()
    rows = []
    for at, name in enumerate(names):
        meaning, changes = COMPONENTS[name]
        result = train(embeddings, features, store=store, config=replace(config, **changes), **options)
        rows.append(Ablation(name, meaning, result.summary))
        if progress is not None:
            progress(at + 1, len(names))
    return rows

"""How a model is asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["LlmOptions"]


@dataclass(frozen=True)
class LlmOptions:
    """How a model is asked.

    Attributes:
        model: as the server knows it.
        base_url: of an OpenAI-compatible server; None means ``$OPENAI_BASE_URL``, else OpenAI. The key comes
            from ``$OPENAI_API_KEY`` only.
        temperature: None leaves it to the server.
        seed: of the first variant; the next variants and repeated questions count on from it.
        max_tokens: limit of one answer; None derives it from the prompt set's longest text. It is doubled
            when an answer was cut off.
        variants: answers for each class and granularity; None leaves it to the prompt set.
        classes: names, codes or ids of the classes to describe; empty means all.
        concurrency: requests under way at once.
        limit: most requests in this run.
        allow_missing: write the set although texts are missing; its manifest lists them.
        timeout: seconds from sending a request to the last byte of its answer; a request that takes longer is
            given up and not repeated.
        retries: how often a request is repeated that a server refuses for now (busy, failed, gone).
    """

    model: str
    base_url: str | None = None
    temperature: float | None = 0.7
    seed: int = 0
    max_tokens: int | None = None
    variants: int | None = None
    classes: tuple[str, ...] = ()
    concurrency: int = 8
    limit: int | None = None
    allow_missing: bool = False
    timeout: float = 120.0
    retries: int = 5

    def parameters(self, classes: Sequence[int] | None) -> dict[str, Any]:
        """Return what decides the answers, for a manifest; ``classes`` are the ids meant, None for all."""
        shaping = ("model", "variants", "temperature", "seed", "max_tokens")
        return {name: getattr(self, name) for name in shaping} | {"classes": classes}

"""Embeddings from OpenAI, or from any server with the same interface: ``openai:<model>``."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any, ClassVar
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray

from semtool.encoders.base import Availability, Card, Encoder, Options, Progress
from semtool.encoders.weights import first_line
from semtool.errors import SemtoolError

__all__ = ["OpenAIEncoder"]

BATCH = 256
"""Texts a request, unless the options say otherwise; the service takes 2048 and 300,000 tokens at most."""
CHARACTERS = 400_000
"""Characters a request at most: well below 300,000 tokens for any language."""


def _known(model: str, dim: int) -> Card:
    return Card(
        name=f"openai:{model}",
        family="openai",
        model=model,
        dim=dim,
        max_tokens=8192,
        pooling="server",
        normalised=True,
        licence="proprietary (terms of the service)",
        note="refuses longer texts instead of cutting them",
    )


MODELS = {
    "text-embedding-3-large": _known("text-embedding-3-large", 3072),
    "text-embedding-3-small": _known("text-embedding-3-small", 1536),
    "text-embedding-ada-002": _known("text-embedding-ada-002", 1536),
}


class OpenAIEncoder(Encoder):
    """Asks a server; the key comes from ``OPENAI_API_KEY`` and is written nowhere.

    ``base_url`` (or ``OPENAI_BASE_URL``) names another server with the same interface, such as vLLM or
    Ollama; most of these need no key. The library retries failed requests by itself.
    """

    family: ClassVar[str] = "openai"
    aliases: ClassVar[Mapping[str, str]] = {
        "openai": "text-embedding-3-large",
        "openai-small": "text-embedding-3-small",
    }
    settings: ClassVar[frozenset[str]] = frozenset({"prefix", "dimensions", "batch_size", "base_url"})

    def __init__(self, model: str = "", options: Options | None = None) -> None:
        super().__init__(model or "text-embedding-3-large", options)

    @property
    def server(self) -> str:
        """The address of another server than OpenAI's, or an empty string."""
        return (self.options.base_url or os.environ.get("OPENAI_BASE_URL") or "").rstrip("/")

    @property
    def card(self) -> Card:
        """The identity card; the revision is the host of another server."""
        card = MODELS.get(self.model) or Card(
            f"openai:{self.model}", self.family, self.model, pooling="server"
        )
        if self.server:
            # Host and path only: an address can carry a name and password.
            parts = urlsplit(self.server)
            port = f":{parts.port}" if parts.port else ""
            card = replace(card, revision=f"{parts.hostname}{port}{parts.path}", licence="unknown", note="")
        if self.options.dimensions:
            card = replace(card, dim=self.options.dimensions)
        return replace(card, prefix=self.options.prefix or "")

    def availability(self) -> Availability:
        """Return whether there is a key or another server."""
        if self.server:
            return Availability(True, f"server {self.card.revision}")
        if os.environ.get("OPENAI_API_KEY"):
            return Availability(True, "the OpenAI service")
        return Availability(False, "the OpenAI service, which needs OPENAI_API_KEY")

    def fetch(self) -> None:
        """Check that there is a key before anything is done."""
        if not self.availability().now:
            raise SemtoolError(
                f"openai:{self.model} needs a key: set OPENAI_API_KEY in the environment or in .env, "
                "or name another server with --base-url"
            )

    @property
    def chunk(self) -> int:
        """One request, so that a failed one loses nothing else."""
        return self.options.batch_size or BATCH

    def encode(self, texts: Sequence[str], *, progress: Progress | None = None) -> NDArray[np.float32]:
        """Return one vector a text, float32 (n, d)."""
        rows: list[NDArray[np.float32]] = []
        for batch in self._batches(texts):
            rows += self._ask(batch)
            if progress:
                progress(len(rows), len(texts))
        return np.array(rows, dtype=np.float32) if rows else np.empty((0, self.card.dim or 0), np.float32)

    def _batches(self, texts: Sequence[str]) -> Iterator[list[str]]:
        size = self.options.batch_size or BATCH
        batch: list[str] = []
        for text in self.prefixed(texts):
            if batch and (len(batch) == size or sum(map(len, batch)) + len(text) > CHARACTERS):
                yield batch
                batch = []
            batch.append(text)
        if batch:
            yield batch

    def _ask(self, batch: list[str]) -> list[NDArray[np.float32]]:
        import openai

        extra: dict[str, Any] = {"dimensions": self.options.dimensions} if self.options.dimensions else {}
        where = f"openai:{self.model} at {self.card.revision or 'the OpenAI service'}"
        try:
            answer = self._client.embeddings.create(
                model=self.model, input=batch, encoding_format="float", **extra
            )
        except openai.OpenAIError as error:
            reason = self._without_key(first_line(error))
            raise SemtoolError(
                f"{where} failed: {reason}; what came before is kept, run the command again"
            ) from error
        by_index = {item.index: item.embedding for item in answer.data}
        if sorted(by_index) != list(range(len(batch))):
            raise SemtoolError(f"{where} answered {len(answer.data)} vectors for {len(batch)} texts")
        return [np.array(by_index[i], dtype=np.float32) for i in range(len(batch))]

    def _without_key(self, text: str) -> str:
        key = os.environ.get("OPENAI_API_KEY", "")
        return text.replace(key, "***") if key else text

    @cached_property
    def _client(self) -> Any:
        self.fetch()
        from openai import OpenAI

        return OpenAI(base_url=self.server or None, api_key=os.environ.get("OPENAI_API_KEY") or "none")

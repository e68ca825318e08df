"""Embeddings from OpenAI, or from any server with the same interface: ``openai:<model>``."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from semtool.encoders.answer import read_vectors
from semtool.encoders.base import Availability, Card, Encoder, Options, Progress
from semtool.errors import SemtoolError
from semtool.server import OPENAI, Server, finish

__all__ = ["OpenAIEncoder"]

BATCH = 256
"""Texts a request, unless the options say otherwise; the service takes 2048 and 300,000 tokens at most."""
CHARACTERS = 400_000
"""Characters a request at most: well below 300,000 tokens for any language."""
SECONDS = 300.0
"""How long one answer may take, from the first byte sent to the last received."""
RETRIES = 2
"""Tries after the first, where the server is busy or the connection is lost."""
BYTES = 1 << 29
"""The longest answer that is read, unpacked: 256 vectors of 8192 numbers take a tenth of it."""


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
    Ollama; most of these need no key. What follows a ``?`` (``?api-version=...``) goes with every request.
    The library retries failed requests by itself.
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
    def server(self) -> Server:
        """The server that is asked."""
        return Server(self.options.base_url)

    @property
    def card(self) -> Card:
        """The identity card; the revision is the host of another server."""
        card = MODELS.get(self.model) or Card(
            f"openai:{self.model}", self.family, self.model, pooling="server"
        )
        if (place := self.server.place) != Server(OPENAI).place:
            card = replace(card, revision=place, licence="unknown", note="")
        if self.options.dimensions:
            card = replace(card, dim=self.options.dimensions)
        return replace(card, prefix=self.options.prefix or "")

    def availability(self) -> Availability:
        """Return whether there is a key or another server."""
        if revision := self.card.revision:
            return Availability(True, f"server {revision}")
        ready = self.server.ready
        return Availability(ready, "the OpenAI service" + ("" if ready else ", which needs OPENAI_API_KEY"))

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
        parts: list[NDArray[np.float32]] = []
        done = 0
        for batch in self._batches(texts):
            parts.append(self._ask(batch))
            done += len(batch)
            if progress:
                progress(done, len(texts))
        if len({part.shape[1] for part in parts}) > 1:
            raise SemtoolError(f"{self._where} answered vectors of different lengths")
        return np.concatenate(parts) if parts else np.empty((0, self.card.dim or 0), np.float32)

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

    @property
    def _where(self) -> str:
        return f"openai:{self.model} at {self.card.revision or 'the OpenAI service'}"

    def _ask(self, batch: list[str]) -> NDArray[np.float32]:
        """Return the vectors of one request."""
        self.fetch()
        more: dict[str, Any] = {"encoding_format": "float"}
        if self.options.dimensions:
            more["dimensions"] = self.options.dimensions
        try:
            body = finish(self._receive(model=self.model, input=batch, **more))
            return read_vectors(_parsed(body), len(batch))
        except Exception as error:  # what the HTTP library raises while an answer is read is not the client's
            why = self.server.redact(f"{error.__cause__ or error}") or "no reason given"
            raise SemtoolError(
                f"{self._where} failed: {why}; what came before is kept, run the command again"
            ) from error

    async def _receive(self, **request: Any) -> bytes:
        """Return the body of an answer, within the limits of time and size."""
        async with self.server.connect(timeout=SECONDS, retries=RETRIES, most=BYTES) as client:
            return (await client.embeddings.with_raw_response.create(**request)).content


def _parsed(body: bytes) -> Any:
    """Return what an answer holds; as text if it is no JSON."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return body.decode("utf-8", "replace")

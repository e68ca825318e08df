"""Embeddings from OpenAI, or from any server with the same interface: ``openai:<model>``."""

from __future__ import annotations

import asyncio
import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any, ClassVar
from urllib.parse import SplitResult, parse_qsl, urlsplit

import numpy as np
from numpy.typing import NDArray

from semtool.encoders.answer import read_vectors
from semtool.encoders.base import Availability, Card, Encoder, Options, Progress
from semtool.errors import SemtoolError, UsageError

__all__ = ["OpenAIEncoder"]

BATCH = 256
"""Texts a request, unless the options say otherwise; the service takes 2048 and 300,000 tokens at most."""
CHARACTERS = 400_000
"""Characters a request at most: well below 300,000 tokens for any language."""
SECONDS = 300.0
"""How long one answer may take, from the first byte sent to the last received, second tries included."""
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
    def server(self) -> SplitResult | None:
        """The address of another server than OpenAI's, or None."""
        address = (self.options.base_url or os.environ.get("OPENAI_BASE_URL") or "").strip()
        if not address:
            return None
        try:
            parts = urlsplit(address)
            fits = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
        except ValueError:
            fits = False
        if not fits:
            raise UsageError("the address of a server has the form http(s)://host[:port]/v1")
        return parts

    @property
    def card(self) -> Card:
        """The identity card; the revision is the host of another server."""
        card = MODELS.get(self.model) or Card(
            f"openai:{self.model}", self.family, self.model, pooling="server"
        )
        if server := self.server:
            # Host and path only: an address can carry a name and password.
            port = f":{server.port}" if server.port else ""
            place = f"{server.hostname}{port}{server.path.rstrip('/')}"
            card = replace(card, revision=place, licence="unknown", note="")
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
        import openai

        more: dict[str, Any] = {"encoding_format": "float"}
        if self.options.dimensions:
            more["dimensions"] = self.options.dimensions
        try:
            body = self._receive(model=self.model, input=batch, **more)
        except openai.OpenAIError as error:
            raise self._failed(str(error)) from error
        except Exception as error:  # what the HTTP library raises while an answer is read
            raise self._failed(f"{type(error).__name__} {error}") from error
        try:
            answer = json.loads(body)
        except (ValueError, RecursionError):
            answer = body.decode("utf-8", "replace")
        try:
            return read_vectors(answer, len(batch))
        except ValueError as error:
            raise self._failed(str(error)) from error

    def _receive(self, **request: Any) -> bytes:
        """Return the bytes of an answer, within the limits of time and size."""
        # In a thread, because a notebook's own loop is running already.
        with ThreadPoolExecutor(1) as thread:
            return thread.submit(asyncio.run, self._bounded(request)).result()

    async def _bounded(self, request: Mapping[str, Any]) -> bytes:
        body = bytearray()
        try:
            # A server that drips, in its headers too, is given up as one that says nothing.
            async with (
                asyncio.timeout(SECONDS),
                self._client() as client,
                client.embeddings.with_streaming_response.create(**request) as response,
            ):
                async for piece in response.iter_bytes():
                    body += piece
                    if len(body) > BYTES:
                        raise ValueError(f"an answer of more than {BYTES >> 20} MB")
        except TimeoutError as error:
            raise TimeoutError(
                f"no answer within {SECONDS:.0f} seconds; try a smaller --batch-size"
            ) from error
        return bytes(body)

    def _failed(self, why: str) -> SemtoolError:
        server = self.server
        secrets = [
            os.environ.get("OPENAI_API_KEY", ""),
            *((server and (server.password, server.query)) or ()),
        ]
        for secret in filter(None, secrets):
            why = why.replace(secret, "***")
        why = re.sub(r"[\x00-\x1f\x7f-\x9f\s]+", " ", why).strip()[:300] or "no reason given"
        return SemtoolError(f"{self._where} failed: {why}; what came before is kept, run the command again")

    def _client(self) -> Any:
        self.fetch()
        from openai import AsyncOpenAI

        key = os.environ.get("OPENAI_API_KEY", "").strip() or "none"
        query = dict(parse_qsl(self.server.query)) if self.server else {}
        return AsyncOpenAI(
            base_url=self.server._replace(query="", fragment="").geturl() if self.server else None,
            api_key=key,
            default_query=query,
            # Azure, whose addresses carry an api-version, reads the key here.
            default_headers={"api-key": key} if "api-version" in query else None,
        )

"""Embeddings from OpenAI, or from any server with the same interface: ``openai:<model>``."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from semtool.encoders.base import Availability, Card, Encoder, Options, Progress
from semtool.encoders.known import aliases_of, card_of, default_model
from semtool.errors import SemtoolError
from semtool.server import OPENAI, Server, finish

__all__ = ["OpenAIEncoder", "read_vectors"]

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


class OpenAIEncoder(Encoder):
    """Asks a server; the key comes from ``OPENAI_API_KEY`` and is written nowhere.

    ``base_url`` (or ``OPENAI_BASE_URL``) names another server with the same interface, such as vLLM or
    Ollama; most of these need no key. What follows a ``?`` (``?api-version=...``) goes with every request.
    The library retries failed requests by itself.
    """

    family: ClassVar[str] = "openai"
    aliases: ClassVar[Mapping[str, str]] = aliases_of(family)
    settings: ClassVar[frozenset[str]] = frozenset({"prefix", "dimensions", "batch_size", "base_url"})

    def __init__(self, model: str = "", options: Options | None = None) -> None:
        super().__init__(model or default_model(self.family), options)

    @property
    def server(self) -> Server:
        """The server that is asked."""
        return Server(self.options.base_url)

    @property
    def card(self) -> Card:
        """The identity card; the revision is the host of another server."""
        card = replace(card_of(self.family, self.model), pooling="server")
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


def read_vectors(answer: Any, wanted: int) -> NDArray[np.float32]:
    """Return the vectors of an answer in the order of the texts, float32 (n, d).

    Args:
        answer: the body as parsed JSON, or text that is none.
        wanted: number n of texts that were asked for.

    Raises:
        ValueError: if the answer cannot be matched with the texts; one sentence.
    """
    items = answer.get("data") if isinstance(answer, dict) else None
    if not isinstance(items, list):
        shown = answer if isinstance(answer, str) else json.dumps(answer, ensure_ascii=False)
        raise ValueError(f"the answer holds no vectors: {shown[:200]}")
    if len(items) != wanted:
        raise ValueError(f"it answered {len(items)} vectors for {wanted} texts")
    if not all(isinstance(item, dict) for item in items):
        raise ValueError("the entries of the answer are no records")
    rows = _order([item.get("index") for item in items])
    vectors = [_vector(item.get("embedding")) for item in items]
    if len({len(vector) for vector in vectors}) > 1:
        raise ValueError("it answered vectors of different lengths")
    out = np.empty((wanted, len(vectors[0])), dtype=np.float32)
    out[rows] = vectors
    return out


def _order(given: list[Any]) -> list[int]:
    """Return the text that each entry belongs to.

    Without a usable ``index`` (none, or the same everywhere) that is the order of the answer. A server that
    leaves out a zero, or counts from 1, is understood; anything else contradicts itself.
    """
    n = len(given)
    indices = [_number(value) for value in given]
    known = [i for i in indices if i is not None]
    if not known or n == 1 or (len(known) == n and len(set(known)) == 1):
        return list(range(n))
    for first in (0, 1):
        if sorted(known) == list(range(first, n + first)):
            return [i - first for i in known]
    if sorted(known) == list(range(1, n)):  # one lacks: zero, which some servers do not write
        return [i or 0 for i in indices]
    for first in (0, 1):
        if all(i is None or i == row + first for row, i in enumerate(indices)):
            return list(range(n))
    shown = ", ".join("none" if value is None else str(value)[:20] for value in given[:8])
    raise ValueError(f"the index of its vectors contradicts itself: {shown}{', ...' if n > 8 else ''}")


def _number(value: Any) -> int | None:
    if value is None:
        return None
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = float("nan")
    if isinstance(value, bool) or not number.is_integer():
        raise ValueError(f"the index of a vector is {str(value)[:20]!r}, not a number")
    return int(number)


def _vector(value: Any) -> NDArray[np.float32]:
    """Return one vector: a list of numbers, or base64 of little-endian float32."""
    try:
        if isinstance(value, str):
            vector = np.frombuffer(base64.b64decode(value, validate=True), dtype="<f4")
        else:
            vector = np.asarray(value, dtype=np.float32)
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError("one of its vectors is neither a list of numbers nor base64 of float32") from error
    if vector.ndim == 2 and len(vector) == 1:
        vector = vector[0]
    if vector.ndim != 1 or not len(vector):
        raise ValueError(f"one of its vectors has the shape {vector.shape}, not (d,)")
    return vector.astype(np.float32)

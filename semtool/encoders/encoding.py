"""Texts to unit vectors: each text once, longest first, known vectors reused, order restored."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from semtool.encoders.base import Encoder, Progress, short
from semtool.errors import SemtoolError, UsageError
from semtool.plugins import package_of, reason

if TYPE_CHECKING:
    from pathlib import Path

    from semtool.vector_cache import VectorCache

__all__ = ["Encoded", "cache_for", "encode_texts", "unit"]


@dataclass(frozen=True)
class Encoded:
    """Vectors of texts, in the order of the texts.

    Attributes:
        vectors: float32 (n, d), unit length.
        tokens: int64 (n,), length of each text in tokens, -1 where the encoder does not count.
        new: how many different texts were encoded.
        reused: how many different texts had a vector already.
    """

    vectors: NDArray[np.float32]
    tokens: NDArray[np.int64]
    new: int
    reused: int


def cache_for(root: Path | None, encoder: Encoder) -> VectorCache | None:
    """Return the cache of an encoder's vectors below ``root``; None if they cannot be reused.

    Args:
        root: root of a store; None: nothing is cached.
        encoder: the encoder.
    """
    if root is None or encoder.corpus_bound or encoder.reads == "codes":
        return None
    from semtool.vector_cache import VectorCache

    return VectorCache(root, encoder.vector_key())


def encode_texts(
    encoder: Encoder,
    texts: Sequence[str],
    *,
    cache: VectorCache | None = None,
    refresh: bool = False,
    on_truncation: Literal["warn", "error"] = "warn",
    progress: Progress | None = None,
) -> Encoded:
    """Return the vectors of ``texts``; only texts that ``cache`` does not know reach the encoder.

    Args:
        encoder: what encodes.
        texts: n texts, none of them empty.
        cache: vectors of earlier runs; new ones are added a chunk at a time.
        refresh: encode every text, whatever the cache knows.
        on_truncation: with ``error``, a text that is longer than the encoder reads is refused.
        progress: called with (texts done, texts in all), counting different texts.

    Raises:
        UsageError: if a text is empty.
        SemtoolError: if a text is too long under ``error``, or the encoder returns something unusable.
    """
    for position, text in enumerate(texts):
        if not text.strip():
            raise UsageError(f"text {position + 1} of {len(texts)} is empty; every text needs words")
    unique = list(dict.fromkeys(texts))
    known = cache.get(unique) if cache and not refresh else {}
    missing = sorted((t for t in unique if t not in known), key=lambda t: (len(t), t), reverse=True)
    if on_truncation == "error":
        _refuse_long(encoder, [(text, entry.tokens) for text, entry in known.items()])
    kept = _Kept(encoder, texts)
    for text, entry in known.items():
        kept.add([text], entry.vector[None], [entry.tokens])
    if missing:
        _call(encoder, encoder.fit, unique)
    for start in range(0, len(missing), encoder.chunk):
        chunk = missing[start : start + encoder.chunk]
        lengths = _token_counts(encoder, chunk)
        if on_truncation == "error":
            _refuse_long(encoder, list(zip(chunk, lengths, strict=True)))
        done = len(known) + start

        def step(n: int, total: int, done: int = done) -> None:
            del total
            if progress:
                progress(done + n, len(unique))

        part = _checked(encoder, chunk, _call(encoder, encoder.encode, chunk, progress=step))
        if cache:
            cache.put(chunk, part, lengths)
        kept.add(chunk, part, lengths)
    if progress:
        progress(len(unique), len(unique))
    return Encoded(vectors=kept.vectors, tokens=kept.tokens, new=len(missing), reused=len(known))


def _call(encoder: Encoder, method: Callable[..., Any], *arguments: Any, **more: Any) -> Any:
    """Call a method of an encoder; whatever it raises becomes one sentence with its package's name."""
    try:
        return method(*arguments, **more)
    except SemtoolError:
        raise
    except (Exception, SystemExit) as error:
        package = package_of(type(encoder))
        raise SemtoolError(
            f"the encoder {encoder.card.name} of the package {package} failed: {reason(error)}"
        ) from error


def _token_counts(encoder: Encoder, texts: Sequence[str]) -> list[int]:
    counts = _call(encoder, encoder.count_tokens, texts)
    if counts is None:
        return [-1] * len(texts)
    if len(counts) != len(texts):
        raise SemtoolError(
            f"the encoder {encoder.card.name} counted the tokens of {len(counts)} texts, not of {len(texts)}"
        )
    return [int(count) for count in counts]


class _Kept:
    """The arrays of an `Encoded`, filled as vectors come: each vector is held once."""

    def __init__(self, encoder: Encoder, texts: Sequence[str]) -> None:
        self._encoder = encoder.card.name
        self._rows: dict[str, list[int]] = {}
        for row, text in enumerate(texts):
            self._rows.setdefault(text, []).append(row)
        self.vectors = np.empty((len(texts), 0), dtype=np.float32)
        self.tokens = np.full(len(texts), -1, dtype=np.int64)

    def add(self, texts: Sequence[str], vectors: NDArray[np.float32], tokens: Sequence[int]) -> None:
        width = vectors.shape[1]
        if not self.vectors.shape[1]:
            self.vectors = np.empty((len(self.vectors), width), dtype=np.float32)
        elif self.vectors.shape[1] != width:
            raise SemtoolError(
                f"the encoder {self._encoder} returned vectors of different lengths: "
                f"{sorted((self.vectors.shape[1], width))}"
            )
        for text, vector, count in zip(texts, vectors, tokens, strict=True):
            rows = self._rows[text]
            self.vectors[rows] = vector
            self.tokens[rows] = count


def unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return vectors (n, d) scaled to unit length."""
    scaled = np.empty(vectors.shape, dtype=np.float32)
    # In double precision, but without a copy of everything in it.
    np.divide(vectors, _norms(vectors)[:, None], out=scaled, dtype=np.float64, casting="same_kind")
    return scaled


def _norms(vectors: NDArray[np.floating]) -> NDArray[np.float64]:
    squares: NDArray[np.float64] = np.einsum("nd,nd->n", vectors, vectors, dtype=np.float64)
    return np.sqrt(squares)


def _checked(encoder: Encoder, texts: Sequence[str], vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the encoder's answer as unit vectors; refuse a wrong shape, NaN, infinity and zero vectors."""
    name = encoder.card.name
    try:
        vectors = np.asarray(vectors)
    except ValueError as error:
        raise SemtoolError(f"the encoder {name} returned no array of numbers: {error}") from error
    dim = encoder.card.dim
    if vectors.ndim != 2 or len(vectors) != len(texts) or vectors.shape[1] == 0:
        raise SemtoolError(
            f"the encoder {name} returned an array of shape {vectors.shape} for {len(texts)} texts; "
            f"it has to be ({len(texts)}, {dim or 'd'})"
        )
    if dim is not None and not encoder.corpus_bound and vectors.shape[1] != dim:
        raise SemtoolError(
            f"the encoder {name} returned vectors of length {vectors.shape[1]}, its card says {dim}"
        )
    if vectors.dtype.kind != "f":
        raise SemtoolError(f"the encoder {name} returned {vectors.dtype}, not float32")
    finite = np.isfinite(vectors).all(axis=1)
    if not finite.all():
        text = texts[int(np.flatnonzero(~finite)[0])]
        raise SemtoolError(f"the encoder {name} returned NaN or infinity for the text {short(text)!r}")
    norms = _norms(vectors)
    if not norms.all():
        text = texts[int(np.flatnonzero(norms == 0)[0])]
        raise SemtoolError(
            f"the encoder {name} has no vector for the text {short(text)!r}: all its numbers are zero"
        )
    return unit(vectors)


def _refuse_long(encoder: Encoder, tokens: Sequence[tuple[str, int]]) -> None:
    limit = encoder.card.max_tokens
    if limit is None:
        return
    for text, count in tokens:
        if count > limit:
            raise SemtoolError(
                f"the text {short(text)!r} has {count} tokens and {encoder.card.name} reads {limit}; "
                "shorten it, or let it be cut with --on-truncation warn"
            )

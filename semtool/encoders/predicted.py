"""Attribute codes read from words: ``attributes-from:minilm``, for short ``kinetic``.

A sentence encoder's vector is mapped onto the axes of `attributes` (`semtool.encoders.fact_map`); words that
decide a field have the last say (`semtool.encoders.wording`). A field weighs as much as it is sure, so that
what cannot be told from the text counts for little. Written facts of a class are taken as they are.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from semtool.disk import atomic
from semtool.encoders.attributes import AttributeEncoder, blocks, choose, parse_codes, probabilities
from semtool.encoders.base import Availability, Card, Encoder, Options, Progress
from semtool.encoders.fact_map import SHIPPED, FactMap, bank_digest, fit_map, shipped_digest, shipped_for
from semtool.encoders.wording import worded, wording_digest
from semtool.errors import UsageError

__all__ = ["PredictedAttributeEncoder", "PredictedFacts", "facts_of", "map_for", "predict_facts"]

Matrix = NDArray[np.float32]
SAID, SAID_STRANGELY, STRANGE = 0.95, 0.5, 0.38
"""Confidence of a field that a word decides, the same in a strange text, and below which cosine that is."""


@dataclass(frozen=True)
class PredictedFacts:
    """What texts say of motion.

    Attributes:
        codes: (n, m) on the axes of `attributes`, unit length, each field weighed by its confidence.
        values: for each text the likeliest value of every field.
        confidence: (n, fields) how likely that value is right.
        said: for each text the fields that its words decide.
        nearest: (n,) cosine with the nearest text that the map was learned from.
    """

    codes: Matrix
    values: list[dict[str, str]]
    confidence: Matrix
    said: list[frozenset[str]]
    nearest: Matrix

    @property
    def strange(self) -> NDArray[np.bool_]:
        """(n,) whether a text is like none that the map was learned from: nonsense, another language."""
        return self.nearest < STRANGE


def predict_facts(
    texts: Sequence[str], base: str | Encoder = "minilm", fact_map: FactMap | None = None
) -> PredictedFacts:
    """Read attribute facts from texts.

    Args:
        texts: n texts, none of them empty.
        base: the sentence encoder, or an encoder ``attributes-from`` it.
        fact_map: a map of that encoder (`fit_map`); None: the one that ships, or is cached.

    Returns:
        Codes (n, m), and for each text values, confidences and what its words decide.

    Raises:
        UsageError: if a text is empty.
        SemtoolError: if the sentence encoder cannot be had.
    """
    from semtool.encoders.encoding import encode_texts
    from semtool.encoders.registry import find_encoder

    encoder = find_encoder(base) if isinstance(base, str) else base
    if isinstance(encoder, PredictedAttributeEncoder):
        encoder = encoder.base
    encoder.fetch()
    return facts_of(texts, encode_texts(encoder, texts).vectors, fact_map or map_for(encoder))


def facts_of(texts: Sequence[str], vectors: Matrix, fact_map: FactMap) -> PredictedFacts:
    """Read attribute facts from texts whose vectors (n, d) are at hand."""
    from semtool.catalogue import load_vocabulary

    codes, nearest = fact_map(vectors)
    said = [worded(text) for text in texts]
    stated = AttributeEncoder().encode(["; ".join(f"{f}={v}" for f, v in found.items()) for found in said])
    decided = np.array([[field in found for field in blocks()] for found in said]).reshape(len(texts), -1)
    picks, chosen = [], []
    for at, (block, ordered) in enumerate(blocks().values()):
        codes[:, block] = np.where(decided[:, at, None], stated[:, block], codes[:, block])
        p = probabilities(codes[:, block], ordered)
        picks.append(choose(p, ordered))
        chosen.append(np.take_along_axis(p, picks[-1][:, None], axis=1)[:, 0])
    sure = np.where(nearest >= STRANGE, SAID, SAID_STRANGELY)[:, None]
    learned = fact_map.confidence(np.stack(chosen, axis=1), nearest)
    confidence = np.where(decided, sure, learned).astype(np.float32)
    for at, (block, _) in enumerate(blocks().values()):
        codes[:, block] *= confidence[:, at, None]
    codes /= np.linalg.norm(codes, axis=1, keepdims=True)
    names = {field: list(load_vocabulary().fields[field].values) for field in blocks()}
    values = [
        {field: names[field][pick] for field, pick in zip(blocks(), row, strict=True)}
        for row in np.stack(picks, axis=1)
    ]
    return PredictedFacts(codes, values, confidence, [frozenset(found) for found in said], nearest)


def map_for(encoder: Encoder) -> FactMap:
    """Return the map of a sentence encoder: the shipped one, else the cached one, else fitted and cached."""
    if shipped_for(encoder):
        return FactMap.load(SHIPPED)
    path = _cached(encoder)
    if not path.exists():
        fitted = fit_map(encoder)
        with atomic(path, durable=False) as partial:
            fitted.save(partial)
    return FactMap.load(path)


def _cached(encoder: Encoder) -> Path:
    from semtool.disk import digest

    key = digest([encoder.vector_key(), bank_digest()])
    cache = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser()
    return cache / "semtool" / "maps" / f"{key[:24]}.safetensors"


class PredictedAttributeEncoder(Encoder):
    """Any text to attribute codes, through a sentence encoder; a row of written codes to those codes."""

    family: ClassVar[str] = "attributes-from"
    aliases: ClassVar[Mapping[str, str]] = {"kinetic": "minilm"}
    reads: ClassVar[Literal["text", "codes", "either"]] = "either"
    settings: ClassVar[frozenset[str]] = frozenset({"batch_size", "base_url"})

    def __init__(self, model: str = "", options: Options | None = None) -> None:
        from semtool.encoders.registry import find_encoder

        super().__init__(model or "minilm", options)
        self.base = find_encoder(self.model)
        if self.base.reads != "text" or self.base.corpus_bound:
            raise UsageError(
                f"attributes-from:{self.model}: codes are read from sentences; name a sentence encoder"
            )
        own = {name: getattr(self.options, name) for name in self.settings & self.base.settings}
        self.base = find_encoder(self.model, Options(**own))

    @property
    def card(self) -> Card:
        """The identity card; the revision is that of everything that decides a vector."""
        base = self.base.card
        shipped = shipped_digest() if shipped_for(self.base) else "fitted"
        return Card(
            name=f"{self.family}:{self.model}",
            family=self.family,
            model=self.model,
            revision="-".join(
                (base.revision or "?", AttributeEncoder().card.revision, shipped, wording_digest())
            ),
            dim=AttributeEncoder().card.dim,
            max_tokens=base.max_tokens,
            pooling="kernel ridge regression onto attribute codes, fields weighed by confidence",
            licence=base.licence,
            note=f"attribute codes predicted from {base.name}; written codes where a class has them",
        )

    def encode(self, texts: Sequence[str], *, progress: Progress | None = None) -> Matrix:
        """Return one vector a text, float32 (n, m); a text ``field=value; ...`` is read as codes."""
        from semtool.encoders.encoding import unit

        written = [_is_codes(text) for text in texts]
        out = np.empty((len(texts), self.card.dim or 0), dtype=np.float32)
        if any(written):
            out[written] = AttributeEncoder().encode([t for t, w in zip(texts, written, strict=True) if w])
        if words := [t for t, w in zip(texts, written, strict=True) if not w]:
            vectors = unit(self.base.encode(words, progress=progress))
            out[~np.array(written)] = facts_of(words, vectors, self._map).codes
        return out

    @cached_property
    def _map(self) -> FactMap:
        return map_for(self.base)

    def dimension_names(self) -> tuple[str, ...]:
        """Return the axes of `attributes`."""
        return AttributeEncoder().dimension_names()

    def availability(self) -> Availability:
        """Return whether the sentence encoder can be used now."""
        return self.base.availability()

    def fetch(self) -> None:
        """Bring the sentence encoder within reach."""
        self.base.fetch()

    def count_tokens(self, texts: Sequence[str]) -> NDArray[np.int64] | None:
        """Return the sentence encoder's count."""
        return self.base.count_tokens(texts)


def _is_codes(text: str) -> bool:
    parts = [part for part in text.split(";") if part.strip()]
    return bool(parts) and all("=" in part for part in parts) and set(parse_codes(text)) <= set(blocks())

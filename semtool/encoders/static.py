"""Static word vectors through model2vec: ``static:<model or folder>``. Light, and fast without a GPU."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from semtool.encoders.base import Availability, Card, Options, Progress
from semtool.encoders.pretrained import PretrainedEncoder
from semtool.encoders.weights import fingerprint, read_json
from semtool.errors import SemtoolError

__all__ = ["StaticEncoder"]

DIMENSIONS = {"potion-base-2M": 64, "potion-base-8M": 256, "potion-base-32M": 512}
LIMIT = 512
"""Word pieces that the library reads of a text, unless the model says otherwise."""
MISSING = "needs model2vec: pip install 'semtool[static]'"


class StaticEncoder(PretrainedEncoder):
    """The average of one vector a word piece: word order means nothing. Needs the extra ``static``."""

    family: ClassVar[str] = "static"
    aliases: ClassVar[Mapping[str, str]] = {"static": "potion-base-8M", "potion": "potion-base-8M"}
    settings: ClassVar[frozenset[str]] = frozenset({"prefix", "batch_size"})
    organisation: ClassVar[str] = "minishlab"
    needed: ClassVar[tuple[str, ...]] = ("config.json", "config_sentence_transformers.json")
    skipped: ClassVar[tuple[str, ...]] = ("onnx/*", "*.onnx")

    def __init__(self, model: str = "", options: Options | None = None) -> None:
        super().__init__(model or "potion-base-8M", options)

    @property
    def card(self) -> Card:
        """The identity card."""
        name = self.model_name
        card = Card(
            name=f"{self.family}:{name}",
            family=self.family,
            model=name,
            dim=None if self.path else DIMENSIONS.get(name),
            max_tokens=LIMIT,
            pooling="mean of word vectors",
            prefix=self.options.prefix or "",
            licence="MIT" if not self.path and name in DIMENSIONS else "unknown",
            note="" if find_spec("model2vec") else MISSING,
        )
        if not (place := self.place()):
            return card
        config = read_json(place[0] / "config.json")
        return replace(
            card,
            revision=fingerprint(place[0]),
            max_tokens=config.get("max_length", LIMIT),
            normalised=bool(config.get("normalize")),
        )

    def availability(self) -> Availability:
        """Return where the weights are or would come from."""
        return super().availability() if find_spec("model2vec") else Availability(False, MISSING)

    def fetch(self) -> None:
        """Download the weights if they are not on this disk."""
        if not find_spec("model2vec"):
            raise SemtoolError(f"the static encoder {MISSING}")
        super().fetch()

    def encode(self, texts: Sequence[str], *, progress: Progress | None = None) -> NDArray[np.float32]:
        """Return one vector a text, float32 (n, d)."""
        if not texts:
            return np.empty((0, self.card.dim or 0), dtype=np.float32)
        vectors = self._model.encode(self.prefixed(texts), use_multiprocessing=False)
        if progress:
            progress(len(texts), len(texts))
        return np.asarray(vectors, dtype=np.float32)

    def count_tokens(self, texts: Sequence[str]) -> NDArray[np.int64] | None:
        """Return the length of each text in word pieces; None if the model reads texts of any length."""
        limit = self._model.max_length
        if limit is None:
            return None
        tokenizer = self._model.tokenizer
        tokenizer.no_truncation()  # the library sets its own limit before it encodes
        prefixed = self.prefixed(texts)
        pieces = tokenizer.encode_batch(prefixed, add_special_tokens=False)
        # The library also cuts a text by letters, at the limit times the usual length of a piece.
        letters = limit * self._model.median_token_length
        counts = [
            max(len(p.ids), limit + 1 if len(text) > letters else 0)
            for p, text in zip(pieces, prefixed, strict=True)
        ]
        return np.array(counts, dtype=np.int64)

    def _load(self, path: Path) -> Any:
        from model2vec import StaticModel

        return StaticModel.from_pretrained(path, force_download=False)

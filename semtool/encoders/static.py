"""Static word vectors through model2vec: ``static:<model or folder>``. Light, and fast without a GPU."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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

__all__ = ["StaticEncoder"]

DIMENSIONS = {"potion-base-2M": 64, "potion-base-8M": 256, "potion-base-32M": 512}


class StaticEncoder(Encoder):
    """The average of one vector a word piece: word order means nothing. Needs the extra ``static``."""

    family: ClassVar[str] = "static"
    aliases: ClassVar[Mapping[str, str]] = {"static": "potion-base-8M", "potion": "potion-base-8M"}
    settings: ClassVar[frozenset[str]] = frozenset({"prefix", "batch_size"})

    def __init__(self, model: str = "", options: Options | None = None) -> None:
        super().__init__(model or "potion-base-8M", options)

    @property
    def repository(self) -> str:
        """The model's name on the hub."""
        return self.model if "/" in self.model else f"minishlab/{self.model}"

    def folder(self) -> tuple[Path, str] | None:
        """Return where the weights are on this disk and how to call that place, or None."""
        if path := local_model(self.model, self.model.rsplit("/", 1)[-1]):
            return path, f"folder {path}"
        if looks_like_path(self.model):
            return None
        snapshot = hub_snapshot(self.repository, "model.safetensors")
        return (snapshot, "the Hugging Face cache") if snapshot else None

    @property
    def card(self) -> Card:
        """The identity card."""
        model = Path(self.model).expanduser().resolve().name if looks_like_path(self.model) else self.model
        card = Card(
            name=f"{self.family}:{model}",
            family=self.family,
            model=model,
            dim=DIMENSIONS.get(model),
            pooling="mean of word vectors",
            prefix=self.options.prefix or "",
            licence="MIT" if model in DIMENSIONS else "unknown",
            note="" if find_spec("model2vec") else "needs the extra 'static'",
        )
        found = self.folder()
        return replace(card, revision=fingerprint(found[0])) if found else card

    def availability(self) -> Availability:
        """Return where the weights are or would come from."""
        if not find_spec("model2vec"):
            return Availability(False, "needs model2vec: pip install 'semtool[static]'")
        if found := self.folder():
            return Availability(True, found[1])
        if looks_like_path(self.model):
            return Availability(False, f"no such folder: {self.model}")
        return Availability(False, f"download of {self.repository} from {endpoint()}")

    def fetch(self) -> None:
        """Download the weights if they are not on this disk."""
        if not find_spec("model2vec"):
            raise SemtoolError("the static encoder needs model2vec: pip install 'semtool[static]'")
        if self.folder():
            return
        remedy = "give the folder of a downloaded model: static:/path/to/folder"
        if looks_like_path(self.model):
            raise SemtoolError(f"there is no model folder {self.model}; {remedy}")
        if offline():
            raise SemtoolError(f"{self.repository} is not on this disk and HF_HUB_OFFLINE is set; {remedy}")
        if not reachable(endpoint()):
            raise SemtoolError(
                f"{self.repository} is not on this disk and {endpoint()} does not answer; {remedy}"
            )
        from huggingface_hub import snapshot_download

        try:
            snapshot_download(self.repository, ignore_patterns=["onnx/*", "*.onnx"])
        except Exception as error:
            raise SemtoolError(f"cannot download {self.repository}: {first_line(error)}; {remedy}") from error

    def encode(self, texts: Sequence[str], *, progress: Progress | None = None) -> NDArray[np.float32]:
        """Return one vector a text, float32 (n, d)."""
        vectors = self._model.encode(self.prefixed(texts), max_length=None, use_multiprocessing=False)
        if progress:
            progress(len(texts), len(texts))
        return np.asarray(vectors, dtype=np.float32)

    @cached_property
    def _model(self) -> Any:
        self.fetch()
        found = self.folder()
        from model2vec import StaticModel

        try:
            return StaticModel.from_pretrained(
                str(found[0] if found else self.repository), force_download=False
            )
        except Exception as error:
            raise SemtoolError(f"cannot load {self.card.name}: {first_line(error)}") from error

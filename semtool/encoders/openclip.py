"""The text tower of CLIP models through open_clip: ``open_clip:<architecture>/<weights>``, or saved ones."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from semtool.encoders.base import Card, Options, Progress
from semtool.encoders.known import aliases_of, card_of, default_model, repository_of
from semtool.encoders.pretrained import HUB, LOCAL, PretrainedEncoder, below_models
from semtool.encoders.weights import WEIGHTS, fingerprint, looks_like_path, read_json, snapshot
from semtool.errors import SemtoolError, UsageError, unknown_name

__all__ = ["OpenClipEncoder", "architecture_settings"]

BATCH = 64
FILES = ("open_clip_model.safetensors", "open_clip_pytorch_model.safetensors", "open_clip_pytorch_model.bin")
SETTINGS = "open_clip_config.json"
POOLING = {"argmax": "end of text", "last": "last token", "first": "first token"}


class OpenClipEncoder(PretrainedEncoder):
    """Reads at most 77 tokens of a text (SigLIP 64). Only the text tower stays in memory.

    A model is a saved one (``hf-hub:organisation/name``, ``local-dir:folder``, ``./folder``) with its own
    settings, or an architecture and weights: a tag that open_clip knows (``ViT-B-32/openai``), or the path of
    a checkpoint (``ViT-B-32/weights/clip.pt``), whose settings (``open_clip_config.json``) count if they lie
    beside it. OpenAI's weights were trained with another activation; the tag implies it, with a path that
    has no settings beside it say ``ViT-B-32-quickgelu/...``.
    """

    family: ClassVar[str] = "open_clip"
    aliases: ClassVar[Mapping[str, str]] = aliases_of(family)
    settings: ClassVar[frozenset[str]] = frozenset({"prefix", "batch_size"})
    needed: ClassVar[tuple[str, ...]] = (SETTINGS,)
    skipped: ClassVar[tuple[str, ...]] = (
        "*.onnx",
        "*.h5",
        "*.msgpack",
        "pytorch_model*",
        "model.safetensors",
    )

    def __init__(self, model: str = "", options: Options | None = None) -> None:
        super().__init__(model or default_model(self.family), options)
        self.architecture, self.weights = "", ""
        if self.path or self.hub_only:
            return
        self.architecture, _, self.weights = self.model.partition("/")
        if not self.weights:
            raise UsageError(
                f"open_clip:{self.model} names no weights; say open_clip:{self.architecture}/openai, "
                f"open_clip:{self.architecture}/path/to/file.pt or open_clip:local-dir:{self.architecture}"
            )

    @cached_property
    def files(self) -> list[Path]:
        """The checkpoints that the part after the slash may mean: the path as it is, and from the root."""
        if not (looks_like_path(self.weights) or self.weights.endswith(WEIGHTS)):
            return []
        given = Path(self.weights).expanduser()
        return [given] if given.is_absolute() else [given, Path("/") / given]

    @property
    def model_name(self) -> str:
        """The name that may be written into a file: of a path only its last part."""
        return f"{self.architecture}/{self.files[0].name}" if self.files else super().model_name

    @property
    def given(self) -> bool:
        """Whether the model was written as a path, so that it is looked for nowhere else."""
        return bool(self.path or self.files)

    @property
    def repository(self) -> str:
        """The hub repository of a saved model, or of a tag."""
        return self.model if self.hub_only else self._tag[0]

    @cached_property
    def _tag(self) -> tuple[str, tuple[str, ...]]:
        """The hub repository and the file names that a tag stands for."""
        if known := repository_of(self.family, self.model):
            return known, FILES
        architecture_settings(self.architecture)
        import open_clip

        settings = open_clip.get_pretrained_cfg(self.architecture, self.weights)
        if not settings:
            tags = open_clip.list_pretrained_tags_by_model(self.architecture)
            raise unknown_name(f"open_clip weights of {self.architecture}", self.weights, tags)
        repository, _, name = settings.get("hf_hub", "").rpartition("/")
        if not repository:
            raise SemtoolError(f"the weights of open_clip:{self.model} are not on the hub; {self.remedy}")
        return repository, (name,) if name else FILES

    @property
    def remedy(self) -> str:
        """What to do about weights that cannot be had."""
        if self.hub_only:
            return "give the folder of the downloaded model (--encoder open_clip:local-dir:/path/to/it)"
        return (
            f"give a checkpoint by path (--encoder open_clip:{self.architecture}/path/to/file.pt) "
            "or put it below $SEMTOOL_MODELS"
        )

    def place(self) -> tuple[Path, str] | None:
        """Return the saved model's folder, or the checkpoint's file, and how to call that place."""
        if self.path or self.hub_only:
            return super().place()
        ends = ("", ".safetensors", ".pt", ".bin")
        names = [f"{self.architecture}{join}{self.weights}{end}" for join in "/-" for end in ends]
        for path in (*self.files, *below_models(*names)):
            if path.is_file():
                return path, f"file {path}"
        if self.files:
            return None
        repository, files = self._tag
        for cache in self.caches():
            if folder := snapshot(repository, files, cache):
                path = next(folder / name for name in files if (folder / name).is_file())
                return path, "the Hugging Face cache"
        return None

    def _no_such_path(self) -> str:
        if self.files:
            return f"there is no CLIP checkpoint {' or '.join(map(str, self.files))}"
        return super()._no_such_path()

    def _settings(self, place: Path | None) -> dict[str, Any]:
        """Return open_clip's record of the model: the one beside the weights, else the architecture's."""
        if place and (beside := _saved_settings(place)):
            named = architecture_settings(self.architecture) if self.files else {}
            text = beside.get("text_cfg") or {}
            if (
                any(text.get(key, value) != value for key, value in named.get("text_cfg", {}).items())
                or named.get("embed_dim") not in (None, beside.get("embed_dim"))
                or (named.get("quick_gelu") and not beside.get("quick_gelu"))
            ):
                raise SemtoolError(
                    f"{SETTINGS} beside {place.name} describes another model than {self.architecture}; "
                    f"use the saved model (open_clip:local-dir:{place.parent}) or move the checkpoint away"
                )
            return beside
        if not self.architecture:
            return {}
        return architecture_settings(self.architecture)

    @property
    def card(self) -> Card:
        """The identity card."""
        place = self.place()
        path = place[0] if place else None
        settings = self._settings(path if self.given or self.hub_only else None)
        text = settings.get("text_cfg") or {}
        name = self.model_name
        revision = fingerprint(path) if path else ""
        if self.files and path and _saved_settings(path):
            revision = f"{revision}-{fingerprint(path.parent / SETTINGS)[:8]}"
        return Card(
            name=f"{self.family}:{HUB if self.hub_only else ''}{name}",
            family=self.family,
            model=f"{HUB if self.hub_only else ''}{name}",
            revision=revision,
            dim=settings.get("embed_dim"),
            max_tokens=text.get("context_length", 77) if settings else None,
            pooling=text.get("hf_pooler_type") or POOLING.get(text.get("pool_type", "argmax"), "own"),
            prefix=self.options.prefix or "",
            licence=card_of(self.family, self.model).licence,
            note="text tower only",
        )

    def fetch(self) -> None:
        """Download the checkpoint if it is not on this disk; says within seconds if that cannot be."""
        if self.architecture:
            architecture_settings(self.architecture)
        super().fetch()

    def _download(self) -> None:
        if self.hub_only:
            super()._download()
            return
        from huggingface_hub import hf_hub_download
        from huggingface_hub.errors import EntryNotFoundError

        repository, names = self._tag
        for name in names[:-1]:
            with suppress(EntryNotFoundError):
                hf_hub_download(repository, name, cache_dir=self.caches()[0])
                return
        hf_hub_download(repository, names[-1], cache_dir=self.caches()[0])

    def encode(self, texts: Sequence[str], *, progress: Progress | None = None) -> NDArray[np.float32]:
        """Return one vector a text, float32 (n, d)."""
        import torch

        model, tokenizer = self._model
        size = self.options.batch_size or BATCH
        parts = []
        with torch.inference_mode():
            for start in range(0, len(texts), size):
                tokens = tokenizer(self.prefixed(texts[start : start + size]))
                parts.append(model.encode_text(tokens).float().numpy())
                if progress:
                    progress(min(start + size, len(texts)), len(texts))
        return np.concatenate(parts) if parts else np.empty((0, self.card.dim or 0), np.float32)

    def count_tokens(self, texts: Sequence[str]) -> NDArray[np.int64] | None:
        """Return the length of each text in tokens, start and end included."""
        _, tokenizer = self._model
        texts = self.prefixed(texts)
        if hasattr(tokenizer, "sot_token_id"):
            return np.array([len(tokenizer.encode(text)) + 2 for text in texts], dtype=np.int64)
        cleaned = [tokenizer.clean_fn(text) for text in texts] if hasattr(tokenizer, "clean_fn") else texts
        # Begin, end and class, set by open_clip.
        own_marks = getattr(tokenizer, "tokenizer_mode", "") == "clips"
        found = tokenizer.tokenizer(cleaned, add_special_tokens=not own_marks, verbose=False)["input_ids"]
        return np.array([len(ids) + 3 * own_marks for ids in found], dtype=np.int64)

    def _load(self, path: Path) -> Any:
        import open_clip

        try:
            if path.is_dir():
                return self._load_saved(path)
            if self.files and _saved_settings(path):
                self._settings(path)
                with TemporaryDirectory() as folder:
                    return self._load_saved(_alone(path, Path(folder)))
            tag = {} if self.files else open_clip.get_pretrained_cfg(self.architecture, self.weights) or {}
            model = open_clip.create_model(
                self.architecture, pretrained=str(path), force_quick_gelu=bool(tag.get("quick_gelu"))
            )
        except (RuntimeError, AssertionError) as error:
            # open_clip fits the table of positions first, then everything.
            if "loading state_dict" not in str(error) and "pos_embed" not in str(error):
                raise
            raise SemtoolError(
                f"{path} does not fit the architecture {self.architecture or SETTINGS}"
            ) from error
        return _text_only(model), open_clip.get_tokenizer(self.architecture, cache_dir=str(self.caches()[0]))

    def _load_saved(self, folder: Path) -> Any:
        import open_clip

        name, cache = LOCAL + str(folder), None
        model = open_clip.create_model(name, require_pretrained=True)
        text = (_saved_settings(folder) or {}).get("text_cfg") or {}
        if text.get("hf_tokenizer_name") and not any(folder.glob("tokenizer*")):
            # A snapshot may lack the tokenizer; then the settings name the repository that has it.
            if not self.hub_only:
                raise SemtoolError(
                    f"{folder} holds no tokenizer, and its settings ask for one; add its files"
                )
            name, cache = HUB + self.model, str(self.caches()[0])
        return _text_only(model), open_clip.get_tokenizer(name, cache_dir=cache)


def _text_only(model: Any) -> Any:
    """Return the model without the tower that reads images."""
    del model.visual
    return model.eval()


def _saved_settings(path: Path) -> dict[str, Any]:
    """Return the model's own record beside (or in) ``path``; empty if there is none."""
    settings = read_json((path if path.is_dir() else path.parent) / SETTINGS)
    found: dict[str, Any] = settings.get("model_cfg") or {}
    return found


def _alone(checkpoint: Path, folder: Path) -> Path:
    """Link one checkpoint and the small files beside it into ``folder``: open_clip chooses by name."""
    for path in checkpoint.parent.iterdir():
        if path.is_file() and path.suffix not in WEIGHTS:
            (folder / path.name).symlink_to(path.absolute())
    name = FILES[0] if checkpoint.suffix == ".safetensors" else FILES[2]
    (folder / name).symlink_to(checkpoint.absolute())
    return folder


def architecture_settings(architecture: str) -> dict[str, Any]:
    """Return open_clip's own record of an architecture, without importing open_clip."""
    spec = find_spec("open_clip")
    if spec is None or spec.origin is None:
        raise SemtoolError("open_clip is not installed; pip install open_clip_torch")
    folder = Path(spec.origin).parent / "model_configs"
    path = folder / f"{architecture}.json"
    if not path.is_file():
        raise unknown_name("open_clip architecture", architecture, {p.stem for p in folder.glob("*.json")})
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found

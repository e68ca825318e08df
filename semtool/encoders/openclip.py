"""The text tower of CLIP models through open_clip: ``open_clip:<architecture>/<weights or path>``."""

from __future__ import annotations

import json
import pickle
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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
    hub_holds,
    hub_snapshot,
    local_model,
    offline,
    reachable,
)
from semtool.errors import SemtoolError, UsageError, unknown_name

__all__ = ["OpenClipEncoder", "configuration", "read_text_weights"]

BATCH = 64
FILES = ("open_clip_model.safetensors", "open_clip_pytorch_model.safetensors", "open_clip_pytorch_model.bin")


@dataclass(frozen=True)
class _Weights:
    """Weights that open_clip knows: the hub repository and the licence."""

    repository: str
    licence: str = "MIT"


KNOWN = {
    "ViT-B-32/openai": _Weights("timm/vit_base_patch32_clip_224.openai"),
    "ViT-B-16/openai": _Weights("timm/vit_base_patch16_clip_224.openai"),
    "ViT-L-14/openai": _Weights("timm/vit_large_patch14_clip_224.openai"),
    "ViT-L-14-336/openai": _Weights("timm/vit_large_patch14_clip_336.openai"),
    "ViT-B-32/laion2b_s34b_b79k": _Weights("laion/CLIP-ViT-B-32-laion2B-s34B-b79K"),
    "ViT-L-14/laion2b_s32b_b82k": _Weights("laion/CLIP-ViT-L-14-laion2B-s32B-b82K"),
    "ViT-H-14/laion2b_s32b_b79k": _Weights("laion/CLIP-ViT-H-14-laion2B-s32B-b79K"),
}
"""Listed so that availability is known without importing open_clip; others are looked up there."""


class OpenClipEncoder(Encoder):
    """Reads at most 77 tokens of a text. Only the text tower stays in memory.

    The part after the slash is a tag that open_clip knows (``openai``), or the path of a checkpoint, as in
    ``open_clip:ViT-B-32/weights/clip.pt``. Checkpoints are read by the safe loader only. OpenAI's weights
    were trained with another activation; the tag implies it, with a path say ``ViT-B-32-quickgelu/...``.
    """

    family: ClassVar[str] = "open_clip"
    aliases: ClassVar[Mapping[str, str]] = {
        "clip": "ViT-B-32/openai",
        "clip-b16": "ViT-B-16/openai",
        "clip-l": "ViT-L-14/openai",
        "clip-l-336": "ViT-L-14-336/openai",
        "clip-h": "ViT-H-14/laion2b_s32b_b79k",
    }
    settings: ClassVar[frozenset[str]] = frozenset({"prefix", "batch_size"})

    def __init__(self, model: str = "", options: Options | None = None) -> None:
        super().__init__(model or "ViT-B-32/openai", options)
        self.architecture, slash, self.weights = self.model.partition("/")
        if not slash or not self.weights:
            raise UsageError(
                f"open_clip:{self.model} names no weights; say open_clip:{self.architecture}/openai "
                f"or open_clip:{self.architecture}/path/to/checkpoint.pt"
            )

    def file(self) -> tuple[Path, str] | None:
        """Return where the checkpoint is on this disk and how to call that place, or None."""
        for path in self._paths():
            if path.is_file():
                return path, f"file {path}"
        ends = ("", ".safetensors", ".pt", ".bin")
        names = [f"{self.architecture}{join}{self.weights}{end}" for join in "/-" for end in ends]
        if (found := local_model(*names)) and found.is_file():
            return found, f"file {found}"
        # Looking up a tag that is not listed here costs importing open_clip, so look for any such file first.
        if (self.model in KNOWN or hub_holds(*FILES)) and (source := self._source()):
            repository, files = source
            if folder := hub_snapshot(repository, *files):
                return next(
                    folder / name for name in files if (folder / name).is_file()
                ), "the Hugging Face cache"
        return None

    @property
    def card(self) -> Card:
        """The identity card."""
        settings = configuration(self.architecture)
        known, found = KNOWN.get(self.model), self.file()
        model = f"{self.architecture}/{Path(self.weights).name}" if self._paths() else self.model
        return Card(
            name=f"{self.family}:{model}",
            family=self.family,
            model=model,
            revision=fingerprint(found[0]) if found else "",
            dim=settings["embed_dim"],
            max_tokens=settings["text_cfg"].get("context_length", 77),
            pooling="end of text",
            prefix=self.options.prefix or "",
            licence=known.licence if known else "unknown",
            note="text tower only",
        )

    def availability(self) -> Availability:
        """Return where the checkpoint is or would come from."""
        if found := self.file():
            return Availability(True, found[1])
        if self._paths():
            return Availability(False, f"no such file: {self.weights}")
        repository = KNOWN[self.model].repository if self.model in KNOWN else self.model
        return Availability(False, f"download of {repository} from {endpoint()}")

    def fetch(self) -> None:
        """Download the checkpoint if it is not on this disk; says within seconds if that cannot be."""
        configuration(self.architecture)
        if self._paths():
            if self.file() is None:
                tried = " or ".join(str(p) for p in self._paths())
                raise SemtoolError(
                    f"there is no CLIP checkpoint {tried}; give the path of an open_clip checkpoint"
                )
            return
        if self.file():
            return
        missing = f"the weights of open_clip:{self.model} are not on this disk"
        remedy = (
            f"give a checkpoint by path (--encoder open_clip:{self.architecture}/path/to/file.pt) "
            "or put it below $SEMTOOL_MODELS"
        )
        if offline():
            raise SemtoolError(f"{missing} and HF_HUB_OFFLINE is set; {remedy}")
        if not reachable(endpoint()):
            raise SemtoolError(f"{missing} and {endpoint()} does not answer; {remedy}")
        source = self._source()
        if source is None:
            raise SemtoolError(f"{missing} and are not on the hub; {remedy}")
        from huggingface_hub import hf_hub_download

        problem = ""
        for name in source[1]:
            try:
                hf_hub_download(source[0], name)
            except Exception as error:
                problem = first_line(error)
            else:
                return
        raise SemtoolError(f"cannot download the weights of open_clip:{self.model}: {problem}; {remedy}")

    def encode(self, texts: Sequence[str], *, progress: Progress | None = None) -> NDArray[np.float32]:
        """Return one vector a text, float32 (n, d)."""
        import torch

        model, tokenizer = self._tower
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
        _, tokenizer = self._tower
        if hasattr(tokenizer, "encode") and hasattr(tokenizer, "sot_token_id"):
            return np.array([len(tokenizer.encode(t)) + 2 for t in self.prefixed(texts)], dtype=np.int64)
        inner = getattr(tokenizer, "tokenizer", None)
        if inner is None:
            return None
        return np.array([len(ids) for ids in inner(self.prefixed(texts))["input_ids"]], dtype=np.int64)

    @cached_property
    def _tower(self) -> tuple[Any, Any]:
        self.fetch()
        found = self.file()
        if found is None:
            raise SemtoolError(
                f"the weights of open_clip:{self.model} were downloaded but are not in the cache"
            )
        import open_clip

        tag = open_clip.get_pretrained_cfg(self.architecture, self.weights) or {}
        # open_clip builds both towers; one without layers stands in for the images until it is dropped.
        vision = {"image_size": 32, "layers": 0, "width": 64, "head_width": 64, "patch_size": 32}
        model = open_clip.create_model(
            self.architecture,
            load_weights=False,
            pretrained_text=False,
            pretrained_image=False,
            force_quick_gelu=bool(tag.get("quick_gelu")),
            vision_cfg=vision,
        )
        state = read_text_weights(found[0])
        if "positional_embedding" in state and not hasattr(model, "positional_embedding"):
            from open_clip.model import convert_to_custom_text_state_dict

            state = convert_to_custom_text_state_dict(state)
        try:
            lacking, unexpected = model.load_state_dict(state, strict=False)
        except RuntimeError as error:
            lacking, unexpected = [str(error).splitlines()[-1].strip()], []
        wrong = [k for k in (*lacking, *unexpected) if not k.startswith(("visual.", "logit_"))]
        if wrong:
            raise SemtoolError(
                f"{found[0]} does not fit the architecture {self.architecture}: {wrong[0]} differs"
            )
        del model.visual
        return model.eval(), open_clip.get_tokenizer(self.architecture)

    def _paths(self) -> list[Path]:
        """Return the paths that the part after the slash may mean: as it is, and from the root."""
        if not self.weights.endswith((".pt", ".pth", ".bin", ".safetensors", ".ckpt")):
            return []
        given = Path(self.weights).expanduser()
        return [given] if given.is_absolute() else [given, Path("/") / given]

    def _source(self) -> tuple[str, tuple[str, ...]] | None:
        """Return the hub repository and the file names that a tag stands for."""
        if known := KNOWN.get(self.model):
            return known.repository, FILES
        if self._paths():
            return None
        import open_clip

        tags = open_clip.list_pretrained_tags_by_model(self.architecture)
        settings = open_clip.get_pretrained_cfg(self.architecture, self.weights)
        if not settings:
            raise unknown_name(f"open_clip weights of {self.architecture}", self.weights, tags)
        repository, _, name = settings.get("hf_hub", "").rpartition("/")
        return (repository, (name,) if name else FILES) if repository else None


def configuration(architecture: str) -> dict[str, Any]:
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


def read_text_weights(path: Path) -> dict[str, Any]:
    """Return the tensors of a CLIP checkpoint without those of the image tower.

    Raises:
        SemtoolError: if the file is damaged or holds anything but tensors (a pickle with code, TorchScript).
    """
    import torch
    from safetensors import SafetensorError, safe_open

    try:
        if path.suffix == ".safetensors":
            with safe_open(path, framework="pt") as stream:
                return {k: stream.get_tensor(k) for k in stream.keys() if not k.startswith("visual.")}  # noqa: SIM118
        with warnings.catch_warnings(action="ignore"):
            raw = torch.load(path, map_location="cpu", weights_only=True)
    except (SafetensorError, pickle.UnpicklingError, RuntimeError, OSError, EOFError, KeyError) as error:
        reason = str(error).strip().splitlines()[0][:120] if str(error).strip() else type(error).__name__
        raise SemtoolError(
            f"cannot read the checkpoint {path} with the safe loader ({reason}); "
            "it has to be safetensors or a torch file of tensors only"
        ) from error
    state = raw.get("state_dict", raw) if isinstance(raw, dict) else {}
    tensors = {k.removeprefix("module."): v for k, v in state.items() if isinstance(v, torch.Tensor)}
    if not tensors:
        raise SemtoolError(f"the checkpoint {path} holds no tensors by name")
    return {k: v for k, v in tensors.items() if not k.startswith("visual.")}

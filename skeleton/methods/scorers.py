"""Trained scorers: features and class texts in, scores out. What a checkpoint holds."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from semtool.errors import SemtoolError
from skeleton.methods.config import TrainConfig, head_series
from skeleton.methods.mla.model import MLA, TextTensors
from skeleton.methods.mla.scoring import scores
from skeleton.methods.mla.streams import Stream
from skeleton.methods.text import TextBank

__all__ = ["MLAScorer", "Normalisation", "Scorer", "load_scorer", "read_checkpoint", "save_checkpoint"]

Vectors = NDArray[np.float32]


class Scorer(Protocol):
    """Anything that scores visual features against class texts, also of classes it has never seen."""

    def scores(self, features: Vectors, bank: TextBank) -> Vectors:
        """Return (n, C): features (n, Dv) against the classes of ``bank``, higher is better."""
        ...

    def checkpoint(self) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
        """Return the tensors and the facts that `load_scorer` needs."""
        ...


@dataclass(frozen=True)
class Normalisation:
    """What is done to visual features before anything else: ``(v - mean) / scale``, then L2 if asked for."""

    kind: str
    mean: Vectors
    scale: Vectors

    @classmethod
    def of(cls, kind: str, features: Vectors) -> Normalisation:
        """Settle the normalisation on seen training features (n, Dv)."""
        mean, scale = np.zeros(features.shape[1], np.float32), np.ones(features.shape[1], np.float32)
        if kind == "standard":
            mean, scale = features.mean(axis=0), features.std(axis=0)
            scale = np.where(scale > 0, scale, 1).astype(np.float32)
        return cls(kind, mean, scale)

    def __call__(self, features: Vectors) -> Vectors:
        """Return features (n, Dv) normalised."""
        if self.kind == "none":
            return features
        out = (features - self.mean) / self.scale
        if self.kind == "l2":
            out = out / np.maximum(np.linalg.norm(out, axis=1, keepdims=True), 1e-12)
        return np.asarray(out, dtype=np.float32)


@dataclass(frozen=True)
class MLAScorer:
    """A trained MLA and the normalisation of its features."""

    model: MLA
    normalise: Normalisation

    def scores(self, features: Vectors, bank: TextBank) -> Vectors:
        """Return (n, C), the sum over heads of -softplus(-D)."""
        if features.shape[1] != self.model.visual_dim or bank.dim != self.model.text_dim:
            raise SemtoolError(
                f"the run was trained on features of length {self.model.visual_dim} and text of length "
                f"{self.model.text_dim}, not {features.shape[1]} and {bank.dim}; use those it was trained "
                "on, or text of the same encoder"
            )
        device = next(self.model.parameters()).device
        visual = torch.from_numpy(self.normalise(features)).to(device)
        text = TextTensors.of(bank, self.model.streams, device)
        found: Vectors = scores(self.model, visual, text).cpu().numpy()
        if not np.isfinite(found).all():
            raise SemtoolError(
                "the trained model gives scores that are not finite numbers, most likely because the "
                "learning rate was too high; train with a smaller --lr"
            )
        return found

    @torch.no_grad()
    def queries(self, features: Vectors) -> Vectors:
        """Return what each head asks the text for: q (H, n, d) of features (n, Dv), heads in model order."""
        device = next(self.model.parameters()).device
        visual = torch.from_numpy(self.normalise(features)).to(device)
        found: Vectors = torch.cat([group.project(visual) for group, _ in self.model.parts()]).cpu().numpy()
        return found

    def checkpoint(self) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
        """Return weights and normalisation, and what the model's shape is."""
        tensors = {k: p.detach().cpu().numpy() for k, p in self.model.named_parameters()}
        tensors |= {"normalise/mean": self.normalise.mean, "normalise/scale": self.normalise.scale}
        facts = {
            "method": "mla",
            "visual_dim": self.model.visual_dim,
            "text_dim": self.model.text_dim,
            "streams": [asdict(stream) for stream in self.model.streams],
        }
        return tensors, facts

    @classmethod
    def restore(
        cls, config: TrainConfig, tensors: Mapping[str, NDArray[Any]], facts: dict[str, Any], source: Path
    ) -> MLAScorer:
        """Build the scorer of a checkpoint; refuse weights of another architecture."""
        # Checkpoints from before there were streams name the heads only.
        streams = [Stream(**raw) for raw in facts.get("streams") or [{"heads": facts["heads"]}]]
        other = f"the checkpoint {source} is of another architecture than its run's configuration: "
        if config.alignment == "whole" and len(streams) > 1:
            names = ", ".join(stream.name for stream in streams)
            raise SemtoolError(f"{other}it has the streams {names}, not one; train the run again")
        for series in (stream.heads for stream in streams):
            if config.heads is not None and head_series(config, "", max(series)) != series:
                raise SemtoolError(
                    f"{other}its heads are {list(series)}, not {list(config.heads)}; train the run again"
                )
        model = new_model(config, facts["visual_dim"], facts["text_dim"], streams, seed=0)
        with torch.no_grad():
            for name, p in model.named_parameters():
                found = tensors.get(name)
                if found is None or tuple(found.shape) != tuple(p.shape):
                    shape = "missing" if found is None else f"of shape {tuple(found.shape)}"
                    raise SemtoolError(f"{other}{name} is {shape}, not {tuple(p.shape)}; train the run again")
                p.copy_(torch.from_numpy(found))
        normalise = Normalisation(config.feature_norm, tensors["normalise/mean"], tensors["normalise/scale"])
        return cls(model, normalise)


def new_model(
    config: TrainConfig, visual_dim: int, text_dim: int, streams: Sequence[Stream], *, seed: int
) -> MLA:
    """Return an untrained MLA of a configuration."""
    return MLA(
        visual_dim,
        text_dim,
        streams,
        hidden=config.hidden,
        estimator=config.estimator,
        visual_layernorm=config.visual_layernorm,
        seed=seed,
    )


def save_checkpoint(scorer: Scorer, path: Path) -> None:
    """Write a scorer's tensors and facts; the same scorer gives the same bytes."""
    tensors, facts = scorer.checkpoint()
    arrays = {k: np.ascontiguousarray(v) for k, v in tensors.items()}
    save_file(arrays, path, metadata={"facts": json.dumps(facts, sort_keys=True)})


def read_checkpoint(path: Path) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """Return tensors and facts of a checkpoint; a missing or damaged file is named."""
    try:
        with safe_open(path, framework="numpy") as stream:
            facts = json.loads((stream.metadata() or {})["facts"])
            return {key: stream.get_tensor(key) for key in stream.keys()}, facts  # noqa: SIM118
    except (OSError, SafetensorError, KeyError, ValueError) as error:
        raise SemtoolError(f"cannot open the checkpoint {path}: {error}; train the run again") from error


def load_scorer(path: Path, config: TrainConfig) -> Scorer:
    """Return the scorer of a checkpoint that was trained with ``config``."""
    tensors, facts = read_checkpoint(path)
    if facts.get("method") != config.method:
        raise SemtoolError(
            f"the checkpoint {path} is of the method {facts.get('method')!r}, its run's configuration says "
            f"{config.method!r}; train the run again"
        )
    if config.method == "mla":
        return MLAScorer.restore(config, tensors, facts, path)
    if config.method == "transfer":
        from skeleton.methods.transfer import Transfer

        return Transfer.restore(tensors, facts)
    from skeleton.methods.baselines import ClosedForm

    return ClosedForm.restore(tensors, facts)

"""A trained MLA: features and class texts in, scores out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from semtool.errors import SemtoolError
from skeleton.methods.base import Scorer
from skeleton.methods.mla.method import MLASettings, top_k_series
from skeleton.methods.mla.model import MLA, TextTensors
from skeleton.methods.mla.scoring import scores
from skeleton.methods.normalisation import Normalisation
from skeleton.methods.text import TextBank, prototypes

__all__ = ["MLAScorer", "new_model"]

Vectors = NDArray[np.float32]


@dataclass(frozen=True)
class MLAScorer(Scorer):
    """A trained MLA and the normalisation of its features."""

    model: MLA
    normalise: Normalisation

    def scores(self, features: Vectors, bank: TextBank) -> Vectors:
        """Return (n, C), the sum over heads of -softplus(-D).

        Raises:
            SemtoolError: if features or text are of another length, or a score is not a finite number.
        """
        if features.shape[1] != self.model.visual_dim or bank.dim != self.model.text_dim:
            raise SemtoolError(
                f"the run was trained on features of length {self.model.visual_dim} and text of length "
                f"{self.model.text_dim}, not {features.shape[1]} and {bank.dim}; use those it was trained "
                "on, or text of the same encoder"
            )
        text = TextTensors.of(bank, self._device)
        result: Vectors = scores(self.model, self._visual(features), text).cpu().numpy()
        if not np.isfinite(result).all():
            raise SemtoolError(
                "the trained model gives scores that are not finite numbers, most likely because the "
                "learning rate was too high; train with a smaller --lr"
            )
        return result

    @torch.no_grad()
    def queries(self, features: Vectors) -> Vectors:
        """Return what each head asks the text for: q (H, n, d) of features (n, Dv), heads in model order."""
        visual = self._visual(features)
        result: Vectors = torch.cat([group.project(visual) for group, _ in self.model.parts()]).cpu().numpy()
        return result

    def place(self, features: Vectors, bank: TextBank) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the mean query of each sample (n, d), and the prototype of each class (C, d)."""
        return self.queries(features).mean(axis=0).astype(np.float64), prototypes(bank).astype(np.float64)

    def checkpoint(self) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
        """Return weights and normalisation, and what the model's shape is."""
        tensors = {k: p.detach().cpu().numpy() for k, p in self.model.named_parameters()}
        shape = {key: getattr(self.model, key) for key in ("visual_dim", "text_dim", "top_k")}
        return tensors | self.normalise.tensors(), shape

    @classmethod
    def restore(
        cls, settings: MLASettings, tensors: Mapping[str, NDArray[Any]], facts: Mapping[str, Any]
    ) -> MLAScorer:
        """Return the scorer of a checkpoint; refuse weights of another architecture."""
        other, top_k = "is of another architecture than its run's configuration: ", tuple(facts["top_k"])
        if settings.top_k is not None and top_k_series(settings, "", max(top_k)) != top_k:
            raise SemtoolError(
                f"{other}its heads keep {list(top_k)}, not {list(settings.top_k)}; train the run again"
            )
        model = new_model(settings, facts["visual_dim"], facts["text_dim"], top_k, seed=0)
        with torch.no_grad():
            for name, p in model.named_parameters():
                kept = tensors.get(name)
                if kept is None or tuple(kept.shape) != tuple(p.shape):
                    shape = "missing" if kept is None else f"of shape {tuple(kept.shape)}"
                    raise SemtoolError(f"{other}{name} is {shape}, not {tuple(p.shape)}; train the run again")
                p.copy_(torch.from_numpy(kept))
        return cls(model, Normalisation.restore(settings.feature_norm, tensors))

    @property
    def _device(self) -> torch.device:
        return next(self.model.parameters()).device

    def _visual(self, features: Vectors) -> torch.Tensor:
        return torch.from_numpy(self.normalise(features)).to(self._device)


def new_model(
    settings: MLASettings, visual_dim: int, text_dim: int, top_k: Sequence[int], *, seed: int
) -> MLA:
    """Return an untrained MLA; its starting weights are those of the seed."""
    return MLA(
        visual_dim,
        text_dim,
        top_k,
        hidden=settings.hidden,
        estimator=settings.estimator,
        visual_layernorm=settings.visual_layernorm,
        precision=settings.precision,
        seed=seed,
    )

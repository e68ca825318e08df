"""A closed form before the heads: MLA that learns how facts are weighed, not how they are seen.

With five to twenty seen classes the heads' projections, tens of thousands of weights, learn the classes by
heart. The stem is `best`'s regression (`skeleton.methods.kernel`) from motion onto attribute codes; the heads
read its predictions and start from its metric. On its own training classes a regression is right in a way
that it never is on others: the heads train on predictions for classes that were left out (cross-fitting, in
folds over classes), where it shows how far a fact can be trusted of a class that is new.

The texts of a class are its facts: the code of each attribute field alone is a description, the whole code is
the motion description. A head that keeps one description looks at the fact that fits best, one that keeps
many at their consensus.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray

from semtool.errors import UsageError
from skeleton.methods.base import Examples, Scorer
from skeleton.methods.kernel.regression import KernelScorer, fit_ridge
from skeleton.methods.mla.model import MLA, HeadGroup
from skeleton.methods.mla.scorer import MLAScorer
from skeleton.methods.text import TextBank, code_widths, prototypes

__all__ = ["Stem", "StemmedScorer"]

FOLDS = 5
SHARPNESS = 5.0
"""Mean of the diagonal from which a head's pair weights start: scores of about plus and minus five."""
_PREFIX = "stem/"
Vectors = NDArray[np.float32]


@dataclass(frozen=True)
class Stem:
    """A fitted regression, and what the heads see of motion and text through it."""

    regression: KernelScorer

    @classmethod
    def fit(cls, seen: Examples, auxiliary: Examples | None) -> tuple[Self, Examples]:
        """Fit the regression; also return what the heads train on, seen classes first.

        Args:
            seen: training samples of the seen classes.
            auxiliary: of other classes, see `fit_ridge`.
        """
        stem = cls(_regress(seen, auxiliary))
        sources = [seen, *([auxiliary] if auxiliary is not None else [])]
        points = [np.zeros((len(e.rows), seen.bank.dim), np.float32) for e in sources]
        for fold in range(FOLDS):
            held = [e.rows % FOLDS == fold for e in sources]
            known = [_some(e, ~out) for e, out in zip(sources, held, strict=True)]
            if not len(known[0].rows):
                continue
            part = _regress(known[0], known[1] if len(known) > 1 else None)
            for made, e, out, rest in zip(points, sources, held, known, strict=True):
                level = part.normalise.of("standard", rest.features)
                made[out] = replace(part, normalise=level).predict(e.features[out])
        banks = [stem.read(e.bank, own=True) for e in sources]
        rows = np.concatenate(
            [e.rows + (len(seen.bank.classes) if at else 0) for at, e in enumerate(sources)]
        )
        return stem, Examples(np.concatenate(points), rows, _joined(banks))

    def see(self, features: Vectors) -> Vectors:
        """Return predicted codes (n, d), centred, of unit length."""
        return self.regression.predict(features)

    def read(self, bank: TextBank, *, own: bool = False) -> TextBank:
        """Return classes as facts: a description a field, the whole code in the motion slot.

        Args:
            bank: attribute codes.
            own: whether they are centred at their own mean in place of that of the seen classes.

        Raises:
            UsageError: if the text is no attribute codes.
        """
        widths = code_widths()
        if bank.dim != sum(widths):
            raise UsageError(
                f"a stem reads attribute codes of length {sum(widths)}, not text of length {bank.dim}; "
                "embed with --encoder attributes or kinetic, or use --stem none"
            )
        text = prototypes(bank)
        centred = text - (text.mean(axis=0) if own else self.regression.centre)
        whole = centred / np.maximum(np.linalg.norm(centred, axis=1, keepdims=True), 1e-12)
        field = np.repeat(np.arange(len(widths)), widths) == np.arange(len(widths))[:, None]
        counts = np.full(len(whole), len(widths))
        facts = np.asarray(whole[:, None] * field, np.float32)
        return replace(bank, codebook=facts, counts=counts, motion=np.asarray(whole, np.float32))

    @torch.no_grad()
    def start(self, model: MLA) -> None:
        """Let every head begin as the closed form: queries are predictions, pairs compare by its metric."""
        metric = torch.from_numpy(
            self.regression.metric * (SHARPNESS / self.regression.metric.diagonal().mean())
        )
        for group in model.groups:
            assert isinstance(group, HeadGroup)
            group.project_weight.copy_(torch.eye(model.text_dim) * model.text_dim**0.5)
            group.project_bias.zero_()
            group.pair_weight.copy_(metric)
            group.last_bias.zero_()


@dataclass(frozen=True)
class StemmedScorer(Scorer):
    """Heads behind a stem."""

    stem: Stem
    heads: MLAScorer

    def scores(self, features: Vectors, bank: TextBank) -> Vectors:
        """Return (n, C), as `MLAScorer.scores`."""
        return self.heads.scores(self.stem.see(features), self.stem.read(bank))

    def place(self, features: Vectors, bank: TextBank) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return predicted codes (n, d) and classes (C, d), as the stem places them."""
        return self.stem.regression.place(features, bank)

    def checkpoint(self) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
        """Return tensors and facts of both."""
        tensors, facts = self.stem.regression.checkpoint()
        own, shape = self.heads.checkpoint()
        return own | {_PREFIX + name: t for name, t in tensors.items()}, shape | {"stem": facts}

    @classmethod
    def restore(cls, settings: Any, tensors: Mapping[str, NDArray[Any]], facts: Mapping[str, Any]) -> Self:
        """Return the scorer of a checkpoint."""
        own = {n.removeprefix(_PREFIX): t for n, t in tensors.items() if n.startswith(_PREFIX)}
        heads = MLAScorer.restore(settings, tensors, facts)
        return cls(Stem(KernelScorer.restore(own, facts["stem"])), heads)


def _regress(seen: Examples, auxiliary: Examples | None) -> KernelScorer:
    return fit_ridge(seen, auxiliary, hub_correction=False, target="centred", decorrelate=True, clip=4.0)


def _some(examples: Examples, kept: NDArray[np.bool_]) -> Examples:
    """Return some samples and the classes that they are of."""
    found, rows = np.unique(examples.rows[kept], return_inverse=True)
    bank = examples.bank.take([examples.bank.classes[r] for r in found]) if len(found) else examples.bank
    return Examples(examples.features[kept], rows.astype(np.int64), bank)


def _joined(banks: Sequence[TextBank]) -> TextBank:
    """Return all classes; their numbers are only places."""
    codebook, counts, motion = (
        np.concatenate([getattr(b, name) for b in banks]) for name in ("codebook", "counts", "motion")
    )
    return replace(
        banks[0], classes=tuple(range(len(counts))), codebook=codebook, counts=counts, motion=motion
    )

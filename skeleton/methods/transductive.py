"""Transductive rows: ridge regression whose classes are moved by the unlabelled test samples themselves.

Not comparable with inductive methods, and marked so everywhere (``inductive: false``). Two ways, both on the
text-space points x of `skeleton.methods.kernel.regression` (unit length) and the class texts p:

- `prototypes`: each class moves to ``(1 - w) p + w m``, with m the mean of the samples weighted by
  ``softmax(t x p)``, once, in closed form.
- `cache`: the samples that each class is surest of are kept, and a sample's score for the class gains
  ``w mean exp(-t (1 - x x'))`` over them (as Tip-Adapter, Zhang et al., ECCV 2022, does with labelled ones).

w and t are chosen on seen classes that are held out of a fit of their own, never on test samples; w may be 0.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from skeleton.methods.base import Context, Examples, FeatureNorm, Method, MethodSettings, Scorer

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from skeleton.methods.kernel.regression import KernelScorer
    from skeleton.methods.text import TextBank

    Matrix = NDArray[np.float32]

__all__ = ["Transductive", "TransductiveScorer", "TransductiveSettings"]

WEIGHTS, TEMPERATURES = (0.0, 0.25, 0.5, 0.75, 1.0), (5.0, 10.0, 20.0)
"""What is tried for w and t."""
KEPT = 16
"""Samples a class that the cache keeps."""


class TransductiveSettings(MethodSettings):
    """Settings of ridge regression that adapts to the test samples.

    Attributes:
        adapt: how, see the module.
        feature_norm: see `skeleton.methods.base.FeatureNorm`.
    """

    method: Literal["transductive"] = "transductive"
    adapt: Literal["prototypes", "cache"] = Field("prototypes", description="What adapts to test samples.")
    feature_norm: FeatureNorm = Field("standard", description="Normalise visual features.")

    @property
    def depends_on_seed(self) -> bool:
        """A closed form has nothing to draw; the held-out classes follow from ``validation_seed``."""
        return False

    @property
    def inductive(self) -> bool:
        """It looks at the unlabelled test samples."""
        return False


@dataclass(frozen=True)
class TransductiveScorer(Scorer):
    """A fitted regression, and how far its classes follow the samples that are scored together."""

    inductive: ClassVar[bool] = False
    base: KernelScorer
    adapt: str
    weight: float = 0.0
    temperature: float = 10.0

    def scores(self, features: Matrix, bank: TextBank) -> Matrix:
        """Return (n, C); every sample's scores depend on all n samples."""
        import numpy as np

        points, text = self.base.place(features, bank)
        return np.asarray(_adapted(points, text, self.adapt, self.weight, self.temperature), np.float32)

    def checkpoint(self) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
        """Return the regression's tensors, and its facts beside what was chosen."""
        tensors, facts = self.base.checkpoint()
        return tensors, {"base": facts, "weight": self.weight, "temperature": self.temperature}


class Transductive(Method):
    """Ridge regression that adapts to the test samples."""

    name: ClassVar[str] = "transductive"
    Settings: ClassVar[type[MethodSettings]] = TransductiveSettings
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "transductive-prototypes": {"adapt": "prototypes"},
        "transductive-cache": {"adapt": "cache"},
    }

    def fit(self, examples: Examples, context: Context) -> Scorer:
        """Fit the regression; choose w and t on seen classes that a first fit does without."""
        import numpy as np

        del context
        settings, classes = self.settings, len(examples.bank.classes)
        weight, temperature = 0.0, TEMPERATURES[0]
        if classes >= 4:
            rng = np.random.default_rng(settings.validation_seed)
            held = np.sort(rng.choice(classes, max(2, round(classes / 5)), replace=False))
            kept = np.setdiff1d(np.arange(classes), held)
            hidden = np.isin(examples.rows, held)
            ids = examples.bank.classes
            first = self._regression(
                Examples(
                    examples.features[~hidden],
                    np.searchsorted(kept, examples.rows[~hidden]),
                    examples.bank.take(tuple(ids[i] for i in kept)),
                )
            )
            points, text = first.place(
                examples.features[hidden], examples.bank.take(tuple(ids[i] for i in held))
            )
            truth = np.searchsorted(held, examples.rows[hidden])

            def right(choice: tuple[float, float]) -> float:
                found = _adapted(points, text, settings.adapt, *choice)
                return float((found.argmax(axis=1) == truth).mean())

            # The first of equals: without adaptation, unless that helps.
            weight, temperature = max(itertools.product(WEIGHTS, TEMPERATURES), key=right)
            self.record_ = {"chosen_on": [ids[i] for i in held]}
        self.record_ |= {"weight": weight, "temperature": temperature}
        return TransductiveScorer(self._regression(examples), settings.adapt, weight, temperature)

    def restore(self, tensors: Mapping[str, NDArray[Any]], facts: Mapping[str, Any]) -> Scorer:
        """Return the scorer of a checkpoint."""
        from skeleton.methods.kernel.regression import KernelScorer

        base = KernelScorer.restore(tensors, facts["base"])
        return TransductiveScorer(base, self.settings.adapt, facts["weight"], facts["temperature"])

    def _regression(self, examples: Examples) -> KernelScorer:
        from skeleton.methods.kernel.regression import fit_ridge

        return fit_ridge(examples, feature_norm=self.settings.feature_norm, hub_correction=False)


def _adapted(points: Any, text: Any, adapt: str, weight: float, temperature: float) -> Any:
    """Return scores (n, C) of unit points (n, d) against unit texts (C, d), adapted to the points."""
    import numpy as np
    from scipy.special import softmax

    plain = points @ text.T
    if weight == 0 or len(points) < 2:
        return plain
    share = softmax(temperature * plain, axis=1)
    if adapt == "prototypes":
        means = share.T @ points
        means /= np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-12)
        moved = (1 - weight) * text + weight * means
        return points @ (moved / np.linalg.norm(moved, axis=1, keepdims=True)).T
    surest = np.argsort(-share, axis=0, kind="stable")[: min(KEPT, len(points) // 2)]
    near = [np.exp(-temperature * (1 - points @ points[rows].T)).mean(axis=1) for rows in surest.T]
    return plain + weight * np.stack(near, axis=1)

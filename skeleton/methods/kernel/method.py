"""The settings of the kernel methods, and how they are fitted.

Both regress from motion onto text, in closed form, and differ in what they regress onto and how a class is
compared; `skeleton.methods.kernel.regression` has the formulas. The preset `ridge` is plain kernel ridge
regression. `best` learns from simulated classes beside the seen ones and compares decorrelated text; without
them it takes seen motion apart: kernels summed over the blocks of kinematic features, and arms of one sample
with the rest of another. It is meant for attribute codes. `eszsl` is the method of
Romera-Paredes and Torr.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from semtool.errors import UsageError
from skeleton.methods.base import Context, Examples, FeatureNorm, Method, MethodSettings, Scorer

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Eszsl", "EszslSettings", "Ridge", "RidgeSettings"]


class _KernelSettings(MethodSettings):
    """What both methods have.

    Attributes:
        feature_norm: see `skeleton.methods.base.FeatureNorm`.
        clip: where normalised features end, in standard deviations; a tracking error is no motion.
        hub_correction: whether each class's scores are standardised over the seen training samples.
        linear: whether the kernel is: its landmarks are the axes of the features.
    """

    linear: ClassVar[bool] = False

    feature_norm: FeatureNorm = Field("standard", description="Normalise visual features.")
    clip: float | None = Field(None, gt=0, description="Clip normalised features at so much.")
    hub_correction: bool = Field(True, description="Standardise each class's scores over seen samples.")

    @property
    def depends_on_seed(self) -> bool:
        """A closed form has nothing to draw."""
        return False


class RidgeSettings(_KernelSettings):
    """Settings of kernel ridge regression.

    Attributes:
        kernel: one over all columns, or, `parts`, where no auxiliary class helps, summed over the features'
            blocks and learned from recombined samples too (`skeleton.methods.kernel.recombining`).
        auxiliary: classes beside the seen ones from which the map to text is learned.
        target: what is regressed onto: prototypes of unit length, or as long as centring leaves them.
        decorrelate: whether text is compared after its dimensions are decorrelated.
    """

    method: Literal["ridge"] = "ridge"
    kernel: Literal["parts", "whole"] = Field(
        "whole",
        description="One kernel, or, without auxiliary classes, one a feature block and samples recombined.",
    )
    auxiliary: Literal["none", "simulated"] = Field("none", description="Learn from simulated classes too.")
    target: Literal["unit", "centred"] = Field("unit", description="Text that is regressed onto.")
    decorrelate: bool = Field(False, description="Compare text with its dimensions decorrelated.")

    @property
    def depends_on_seed(self) -> bool:
        """Simulating and recombining draw."""
        return self.auxiliary != "none" or self.kernel == "parts"

    @property
    def visual(self) -> str | None:
        """Parts and simulated classes are of kinematic features."""
        return "kinematics" if self.kernel == "parts" or self.auxiliary != "none" else None


class EszslSettings(_KernelSettings):
    """Settings of ESZSL."""

    linear: ClassVar[bool] = True
    method: Literal["eszsl"] = "eszsl"


class Ridge(Method):
    """Kernel ridge regression onto text, RBF kernels."""

    name: ClassVar[str] = "ridge"
    Settings: ClassVar[type[MethodSettings]] = RidgeSettings
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "ridge": {},
        "best": {
            "clip": 4.0,
            "kernel": "parts",
            "hub_correction": False,
            "auxiliary": "simulated",
            "target": "centred",
            "decorrelate": True,
        },
    }

    def fit(self, examples: Examples, context: Context) -> Scorer:
        """Fit the map from features to text; see `skeleton.methods.kernel.regression.fit_ridge`."""
        from skeleton.methods.kernel.recombining import SHARE, recombined
        from skeleton.methods.kernel.regression import fit_ridge

        settings = self.settings
        extra: Examples | None = None
        how: dict[str, Any] = {}
        if settings.auxiliary != "none":
            if context.auxiliary is None:
                raise UsageError("there is nothing to make auxiliary classes from; use --auxiliary none")
            extra, self.record_["auxiliary"] = context.auxiliary()
        elif settings.kernel == "parts":
            extra = recombined(examples, context.widths, context.seed)
            how = {"widths": context.widths, "share": SHARE}
        named = ("feature_norm", "hub_correction", "target", "decorrelate", "clip")
        scorer = fit_ridge(examples, extra, **{name: getattr(settings, name) for name in named}, **how)
        self.record_ |= scorer.solved(len(examples.rows) + (len(extra.rows) if extra else 0))
        return scorer

    def restore(self, tensors: Mapping[str, NDArray[Any]], facts: Mapping[str, Any]) -> Scorer:
        """Return the scorer of a checkpoint."""
        from skeleton.methods.kernel.regression import KernelScorer

        return KernelScorer.restore(tensors, facts)


class Eszsl(Method):
    """Embarrassingly simple zero-shot learning, kernelised."""

    name: ClassVar[str] = "eszsl"
    Settings: ClassVar[type[MethodSettings]] = EszslSettings
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {"eszsl": {}}
    restore = Ridge.restore

    def fit(self, examples: Examples, context: Context) -> Scorer:
        """Fit the bilinear map; see `skeleton.methods.kernel.regression.fit_eszsl`."""
        from skeleton.methods.kernel.regression import fit_eszsl

        del context
        named = ("feature_norm", "hub_correction", "clip")
        scorer = fit_eszsl(examples, **{name: getattr(self.settings, name) for name in named})
        self.record_ |= scorer.solved(len(examples.rows))
        return scorer

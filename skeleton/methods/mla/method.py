"""The settings of MLA, and how it is trained.

The preset `paper` is the published method: heads that keep 1, 5, 10, ... descriptions, top-k attention,
attention-inverse for 15 epochs, loss sampling with 8 negatives, Adam at 1e-5, batch 128, 100 epochs (15 of
linear warm-up, then cosine to 0). The published learning rate hardly moves anything on data sets of a few
hundred samples: there, ``--lr 1e-4`` is the option to use.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field

from semtool.errors import UsageError
from skeleton.methods.base import (
    Context,
    EpochSettings,
    Examples,
    FeatureNorm,
    Method,
    MethodSettings,
    Scorer,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["COMPONENTS", "MLAMethod", "MLASettings", "top_k_series"]

MAX_K = {"ntu60": 60, "ntu120": 25, "pku-mmd": 15}
"""Published ends of the series of top-k; any other data set ends at `DEFAULT_MAX_K`."""
DEFAULT_MAX_K = 25

COMPONENTS: dict[str, tuple[str, dict[str, Any]]] = {
    "full": ("everything on", {}),
    "one-head": ("one head that reads its single best description", {"top_k": (1,)}),
    "no-attention-inverse": ("attention is never inverted", {"attention_inverse": 0}),
    "no-motion": ("no motion description", {"motion": "none"}),
    "all-classes": ("cross-entropy over all seen classes, no loss sampling", {"loss": "cross-entropy"}),
    "bilinear": ("bilinear estimator", {"estimator": "bilinear"}),
    "cosine": ("cosine estimator", {"estimator": "cosine"}),
    "label-only": ("the class name is the only description", {"codebook": ("label",)}),
}
"""What an ablation switches, by name: a sentence, and the changes."""

Positive = Annotated[int, Field(ge=1)]


class MLASettings(EpochSettings):
    """Settings of MLA.

    Attributes:
        max_k: end (exclusive) of the series 1, 5, 10, ...; None: `MAX_K` of the data set.
        top_k: for each head, how many descriptions it keeps, instead of a series.
        estimator: `mlp` scores the concatenation of motion and text; `bilinear` and `cosine` are ablations.
        hidden: widths of the estimator's two hidden layers.
        attention_inverse: epochs during which a head is fed the descriptions it likes least; 0: never.
        loss: `sampling` contrasts a sample with ``negatives`` others under the same text; `cross-entropy`
            contrasts it with all seen classes.
        visual_layernorm: LayerNorm (no affine part) over the visual feature before the heads' projections.
        precision: of the products of an `mlp` estimator in training (`MLA`).
        stem: whether the heads read features or what a closed form makes of them (`mla.stem`).
        auxiliary: classes beside the seen ones that stem and heads learn from.
    """

    method: Literal["mla"] = "mla"
    max_k: int | None = Field(
        None,
        ge=1,
        description="End of the series of top-k 1,5,10... (default: 60 ntu60, 15 pku-mmd, 25).",
    )
    top_k: tuple[Positive, ...] | None = Field(
        None, min_length=1, description="Descriptions that each head keeps, as 1,5,10 (default: the series)."
    )
    estimator: Literal["mlp", "bilinear", "cosine"] = Field("mlp", description="How a head compares.")
    hidden: tuple[Positive, Positive] = Field(
        (1024, 512), description="Widths of the estimator's hidden layers."
    )
    attention_inverse: int = Field(15, ge=0, description="Epochs of inverted attention; 0 for none.")
    loss: Literal["sampling", "cross-entropy"] = Field("sampling", description="Training loss.")
    negatives: int = Field(8, ge=1, description="Negatives a sample (loss sampling).")
    feature_norm: FeatureNorm = Field("none", description="Normalise visual features.")
    visual_layernorm: bool = Field(False, description="LayerNorm before the heads' projections.")
    lr: float = Field(1e-5, ge=0, description="Learning rate; 1e-4 for small data.")
    weight_decay: float = Field(0.0, ge=0, description="Weight decay.")
    batch: int = Field(128, ge=2, description="Samples a step; the loss contrasts those of one batch.")
    warmup: int = Field(15, ge=0, description="Epochs of warm-up.")
    precision: Literal["float32", "bfloat16"] = Field(
        "float32", description="Of the estimator's products in training; bfloat16 is faster where it can be."
    )
    stem: Literal["none", "regression"] = Field("none", description="A closed form before the heads.")
    auxiliary: Literal["none", "simulated"] = Field(
        "none", description="Learn from simulated classes (stem)."
    )

    @property
    def visual(self) -> str | None:
        """A stem reads kinematic features."""
        return "kinematics" if self.stem != "none" else None


def top_k_series(settings: MLASettings, dataset: str, longest: int) -> tuple[int, ...]:
    """Return the heads' top-k: 1, then 5, 10, ... below the end of the series.

    A head cannot keep more descriptions than the class with most of them has: the series is clipped to
    ``longest``, and of heads that clipping made equal only the first is kept (they would differ in nothing
    but their starting weights). With 100 descriptions a class this gives the published 12 heads for NTU-60
    (end 60), 5 for NTU-120 (25) and 3 for PKU-MMD (15).
    """
    if settings.top_k is not None:
        wanted: tuple[int, ...] = settings.top_k
    else:
        end = settings.max_k if settings.max_k is not None else MAX_K.get(dataset, DEFAULT_MAX_K)
        wanted = (1, *range(5, end, 5))
    return tuple(dict.fromkeys(min(k, longest) for k in wanted))


class MLAMethod(Method):
    """Multi-level alignment, trained by epochs; its state is on disk, so that a killed training goes on."""

    name: ClassVar[str] = "mla"
    Settings: ClassVar[type[MethodSettings]] = MLASettings
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "paper": {},
        "best-mla": {
            "stem": "regression",
            "auxiliary": "simulated",
            "estimator": "bilinear",
            "top_k": (1, 5, 20),
            "attention_inverse": 0,
            "lr": 1e-4,
            "warmup": 0,
            "epochs": 5,
        },
    }

    def fit(self, examples: Examples, context: Context) -> Scorer:
        """Train; see `skeleton.methods.mla.fitting.fit`."""
        from skeleton.methods.mla.fitting import State, fit
        from skeleton.methods.mla.scorer import MLAScorer, new_model
        from skeleton.methods.mla.stem import Stem, StemmedScorer
        from skeleton.methods.normalisation import Normalisation

        settings, monitor, stem = self.settings, context.monitor, None
        self.record_ = {}
        if settings.stem == "none" and settings.auxiliary != "none":
            raise UsageError("auxiliary classes are learned from with --stem regression only")
        if settings.stem != "none":
            if settings.estimator != "bilinear":
                raise UsageError("a stem starts heads that compare with --estimator bilinear")
            extra = None
            if settings.auxiliary != "none":
                if context.auxiliary is None:
                    raise UsageError("there is nothing to make auxiliary classes from; use --auxiliary none")
                extra, self.record_["auxiliary"] = context.auxiliary()
            stem, examples = Stem.fit(examples, extra)
        bank = examples.bank
        normalise = Normalisation.of(settings.feature_norm, examples.features)
        top_k = top_k_series(settings, context.dataset, int(bank.counts.max()))
        model = new_model(settings, examples.features.shape[1], bank.dim, top_k, seed=context.seed)
        if stem is not None:
            stem.start(model)
        heads = MLAScorer(model.to(context.device), normalise)
        scorer: Scorer = heads if stem is None else StemmedScorer(stem, heads)
        fitted = fit(
            model,
            normalise(examples.features),
            examples.rows,
            bank,
            settings,
            seed=context.seed,
            epochs=context.epochs,
            monitor=(lambda _: monitor(scorer)) if monitor else None,
            state=State(context.state, context.identity) if context.state else None,
            on_epoch=context.on_epoch,
        )
        self.record_ |= {"epoch": fitted.best_epoch or fitted.epoch, "top_k": list(top_k)}
        return scorer

    def restore(self, tensors: Mapping[str, NDArray[Any]], facts: Mapping[str, Any]) -> Scorer:
        """Return the scorer of a checkpoint; refuse weights of another architecture."""
        from skeleton.methods.mla.scorer import MLAScorer
        from skeleton.methods.mla.stem import StemmedScorer

        restored = MLAScorer if self.settings.stem == "none" else StemmedScorer
        return restored.restore(self.settings, tensors, facts)

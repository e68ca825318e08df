"""How a run is trained: every switch in one frozen record, and the presets.

The preset `paper` is the published method: heads of granularity 1, 5, 10, ..., top-k attention,
attention-inverse for 15 epochs, loss sampling with 8 negatives, Adam at 1e-5, batch 128, 100 epochs (15 of
linear warm-up, then cosine to 0). The published learning rate hardly moves anything on data sets of a few
hundred samples: there, ``--lr 1e-4`` is the option to use. `ridge` and `eszsl` need no training
(`baselines`), nor does `best` (`transfer`), meant for attribute codes and kinematic
features, with simulated auxiliary classes.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from semtool.errors import UsageError, unknown_name

__all__ = ["CHOICES", "MAX_K", "PRESETS", "TrainConfig", "head_series", "preset"]

MAX_K = {"ntu60": 60, "ntu120": 25, "pku-mmd": 15}
"""Published ends of the granularity series; any other data set ends at `DEFAULT_MAX_K`."""
DEFAULT_MAX_K = 25

CHOICES: dict[str, tuple[str, ...]] = {
    "method": ("mla", "ridge", "eszsl", "transfer"),
    "estimator": ("mlp", "bilinear", "cosine"),
    "alignment": ("whole", "granularity"),
    "loss": ("sampling", "cross-entropy"),
    "select": ("last", "validation", "test"),
    "feature_norm": ("none", "l2", "standard"),
    "kernel": ("blocks", "whole"),
    "auxiliary": ("none", "simulated"),
}
"""The switches that take one of a few words."""
LATER = ("alignment",)
"""Switches younger than the first runs: at their default they leave a run's identity as it was."""


@dataclass(frozen=True)
class TrainConfig:
    """Every switch of a run. What is left None is settled by the data set or the embedding file.

    Attributes:
        preset: name of the preset this started from.
        method: `mla`, or the training-free `ridge`, `eszsl` and `transfer`.
        codebook: granularities that feed the codebook; None: every one but `motion`.
        motion: granularity that feeds the motion slot, `none` for no motion slot; None: the first of
            `motion`, `global`, `label` that every class has.
        max_k: end (exclusive) of the granularity series 1, 5, 10, ...; None: `MAX_K` of the data set.
        heads: the granularities themselves, instead of a series.
        estimator: `mlp` scores the concatenation of motion and text; `bilinear` and `cosine` are ablations.
        hidden: widths of the estimator's two hidden layers.
        attention_inverse: epochs during which a head is fed the descriptions it likes least; 0: never.
        loss: `sampling` contrasts a sample with ``negatives`` others under the same text; `cross-entropy`
            contrasts it with all seen classes.
        feature_norm: what is done to visual features first; `standard` uses seen training samples only.
        visual_layernorm: LayerNorm (no affine part) over the visual feature before the heads' projections.
        alignment: `whole`: every head sees the whole visual feature and reads the whole codebook, as
            published; `granularity`: text about a body part or a phase has heads of its own, which see the
            columns of that part or phase (`skeleton.methods.mla.streams`; needs kinematic features).
        select: which epoch is the result; `test` looks at the test samples and marks the run as leaky.
        calibrate: whether constant and gate for the generalised task are chosen on held-out seen classes.
        validation_classes: how many seen classes are held out for that; None: a fifth of them, at least two.
        validation_seed: the seed that chooses them.
        kernel: of `transfer`: summed over the features' blocks, or one over all columns.
        auxiliary: of `transfer`: classes beside the seen ones from which the map to text is learned.
        hub_correction: without training: whether each class's scores are standardised over the seen training
            samples.
        decorrelate: of `transfer`: whether text is compared after its dimensions are decorrelated.
    """

    preset: str = "paper"
    method: str = "mla"
    codebook: tuple[str, ...] | None = None
    motion: str | None = None
    max_k: int | None = None
    heads: tuple[int, ...] | None = None
    estimator: str = "mlp"
    hidden: tuple[int, int] = (1024, 512)
    attention_inverse: int = 15
    loss: str = "sampling"
    negatives: int = 8
    feature_norm: str = "none"
    visual_layernorm: bool = False
    alignment: str = "whole"
    lr: float = 1e-5
    weight_decay: float = 0.0
    batch: int = 128
    epochs: int = 100
    warmup: int = 15
    select: str = "last"
    calibrate: bool = False
    validation_classes: int | None = None
    validation_seed: int = 0
    kernel: str = "blocks"
    auxiliary: str = "none"
    hub_correction: bool = True
    decorrelate: bool = True

    def __post_init__(self) -> None:
        for name in ("codebook", "heads", "hidden"):
            if (value := getattr(self, name)) is not None:
                object.__setattr__(self, name, tuple(value))
        for name, known in CHOICES.items():
            if getattr(self, name) not in known:
                raise unknown_name(name.replace("_", " "), str(getattr(self, name)), known)
        if self.batch < 2:
            raise UsageError(
                f"a batch of {self.batch} has no negatives: the loss contrasts samples of one batch, "
                "so set --batch to at least 2"
            )
        least = {
            "epochs": 1, "negatives": 1, "warmup": 0, "attention_inverse": 0, "lr": 0, "weight_decay": 0,
            "max_k": 1, "validation_seed": 0,
        }  # fmt: skip
        for name, bound in least.items():
            if (value := getattr(self, name)) is not None and not bound <= value < math.inf:
                raise UsageError(f"{name.replace('_', '-')} must be a number from {bound}, not {value}")
        if self.heads is not None and (not self.heads or min(self.heads) < 1):
            raise UsageError("every head needs a granularity of at least 1: --heads 1,5,10")
        if len(self.hidden) != 2 or min(self.hidden) < 1:
            raise UsageError(f"hidden needs two widths of at least 1, not {self.hidden}")

    @property
    def depends_on_seed(self) -> bool:
        """Whether two seeds on the same features may differ: closed forms have nothing to draw, simulation
        has."""
        return self.method == "mla" or self.auxiliary != "none"

    @property
    def visual(self) -> str | None:
        """The visual encoder whose features this is meant for; None: see
        `skeleton.visual.extraction.newest_features`."""
        parts = self.method == "mla" and self.alignment == "granularity"
        return "kinematics" if parts or self.method == "transfer" else None

    def to_dict(self) -> dict[str, Any]:
        """Return the record as JSON and YAML hold it (tuples as lists); `LATER` switches only where they are
        set."""
        raw = {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(self).items()}
        return {k: v for k, v in raw.items() if k not in LATER or v != getattr(TrainConfig, k)}

    @classmethod
    def from_dict(cls, raw: dict[str, Any]) -> TrainConfig:
        """Return the record of `to_dict`; an unknown switch is named."""
        known = [f.name for f in fields(cls)]
        for name in raw:
            if name not in known:
                raise unknown_name("switch of a run", name, known)
        try:
            return cls(**raw)
        except TypeError as error:
            raise UsageError(f"the configuration of the run does not fit: {error}") from error


PRESETS: dict[str, TrainConfig] = {
    "paper": TrainConfig(),
    "ridge": TrainConfig(preset="ridge", method="ridge", feature_norm="standard", calibrate=True),
    "eszsl": TrainConfig(preset="eszsl", method="eszsl", feature_norm="standard", calibrate=True),
    "best": TrainConfig(
        preset="best", method="transfer", feature_norm="standard", calibrate=True, auxiliary="simulated"
    ),
}


def preset(name: str, **changes: Any) -> TrainConfig:
    """Return a preset, with ``changes`` on top (those that are None are left out)."""
    if name not in PRESETS:
        raise unknown_name("preset", name, PRESETS)
    known = [f.name for f in fields(TrainConfig)]
    for key in changes:
        if key not in known:
            raise unknown_name("switch of a run", key, known)
    return replace(PRESETS[name], **{k: v for k, v in changes.items() if v is not None})


def head_series(config: TrainConfig, dataset: str, longest: int) -> tuple[int, ...]:
    """Return the heads' granularities: 1, then 5, 10, ... below the end of the series.

    A head cannot choose more descriptions than the class with most of them has: granularities are clipped to
    ``longest``, and of heads that clipping made equal only the first is kept (they would differ in nothing
    but their starting weights). With 100 descriptions a class this gives the published 12 heads for NTU-60
    (end 60), 5 for NTU-120 (25) and 3 for PKU-MMD (15).
    """
    if config.heads is not None:
        wanted: tuple[int, ...] = config.heads
    else:
        end = config.max_k if config.max_k is not None else MAX_K.get(dataset, DEFAULT_MAX_K)
        wanted = (1, *range(5, end, 5))
    return tuple(dict.fromkeys(min(k, longest) for k in wanted))

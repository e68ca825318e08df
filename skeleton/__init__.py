"""The motion side: skeletons in, zero-shot accuracy out.

The names below are imported when they are first used, so that ``import skeleton`` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from skeleton.ablation import ablate
    from skeleton.arrays import ArraySet
    from skeleton.config import TrainConfig, preset
    from skeleton.extraction import features
    from skeleton.feature_file import FeatureFile
    from skeleton.inference import ZeroShotClassifier
    from skeleton.preparation import prepare
    from skeleton.reevaluation import evaluate
    from skeleton.sequence import SkeletonSequence
    from skeleton.simulation import simulate
    from skeleton.training import train

__all__ = [
    "ArraySet",
    "FeatureFile",
    "SkeletonSequence",
    "TrainConfig",
    "ZeroShotClassifier",
    "ablate",
    "evaluate",
    "features",
    "prepare",
    "preset",
    "simulate",
    "train",
]

_WHERE = {
    "ArraySet": "skeleton.arrays",
    "FeatureFile": "skeleton.feature_file",
    "SkeletonSequence": "skeleton.sequence",
    "TrainConfig": "skeleton.config",
    "ZeroShotClassifier": "skeleton.inference",
    "ablate": "skeleton.ablation",
    "evaluate": "skeleton.reevaluation",
    "features": "skeleton.extraction",
    "prepare": "skeleton.preparation",
    "preset": "skeleton.config",
    "simulate": "skeleton.simulation",
    "train": "skeleton.training",
}


def __getattr__(name: str) -> Any:
    if name in _WHERE:
        return getattr(import_module(_WHERE[name]), name)
    raise AttributeError(f"module 'skeleton' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)

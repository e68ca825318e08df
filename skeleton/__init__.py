"""The motion side: skeletons in, zero-shot accuracy out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from semtool.lazy import door

if TYPE_CHECKING:
    from semtool.feature_file import FeatureFile
    from skeleton.data.arrays import ArraySet
    from skeleton.data.preparation import prepare
    from skeleton.data.sequence import SkeletonSequence
    from skeleton.methods import Method, MethodSettings, preset
    from skeleton.recogniser import Recogniser, load_recogniser
    from skeleton.runs.ablation import ablate
    from skeleton.runs.classification import ZeroShotClassifier
    from skeleton.runs.reevaluation import evaluate
    from skeleton.runs.training import train
    from skeleton.simulation import simulate
    from skeleton.visual.extraction import features

__all__ = [
    "ArraySet",
    "FeatureFile",
    "Method",
    "MethodSettings",
    "Recogniser",
    "SkeletonSequence",
    "ZeroShotClassifier",
    "ablate",
    "evaluate",
    "features",
    "load_recogniser",
    "prepare",
    "preset",
    "simulate",
    "train",
]

__getattr__, __dir__ = door(
    __name__,
    {
        "ArraySet": "skeleton.data.arrays",
        "FeatureFile": "semtool.feature_file",
        "SkeletonSequence": "skeleton.data.sequence",
        "Method": "skeleton.methods.base",
        "MethodSettings": "skeleton.methods.base",
        "Recogniser": "skeleton.recogniser",
        "load_recogniser": "skeleton.recogniser",
        "ZeroShotClassifier": "skeleton.runs.classification",
        "ablate": "skeleton.runs.ablation",
        "evaluate": "skeleton.runs.reevaluation",
        "features": "skeleton.visual.extraction",
        "prepare": "skeleton.data.preparation",
        "preset": "skeleton.methods.registry",
        "simulate": "skeleton.simulation",
        "train": "skeleton.runs.training",
    },
)

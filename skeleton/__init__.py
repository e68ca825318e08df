"""The motion side: skeletons in, zero-shot accuracy out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from semtool.lazy import door

if TYPE_CHECKING:
    from semtool.feature_file import FeatureFile
    from skeleton.data import ArraySet, SkeletonSequence, prepare
    from skeleton.methods import Method, MethodSettings, preset
    from skeleton.recogniser import Recogniser, load_recogniser
    from skeleton.runs import ZeroShotClassifier, ablate, evaluate, train
    from skeleton.simulation.simulating import simulate
    from skeleton.visual import features

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

__getattr__, __dir__ = door(__name__, __file__)

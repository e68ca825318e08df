"""Visual encoders: a skeleton sequence in, a vector out; trained, training-free, imported or a plug-in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from semtool.lazy import door

if TYPE_CHECKING:
    from skeleton.visual.encoder import VisualEncoder, VisualSettings
    from skeleton.visual.exporting import export_visual
    from skeleton.visual.extraction import features, find_arrays, find_features, newest_features, tested
    from skeleton.visual.importing import import_features
    from skeleton.visual.kinematics import NAME as KINEMATICS
    from skeleton.visual.kinematics import VERSION as KINEMATICS_VERSION
    from skeleton.visual.kinematics import Blocks, Described, describe, describe_all
    from skeleton.visual.registry import find_visual, load_visual, plugin_problems

__all__ = [
    "VisualEncoder",
    "VisualSettings",
    "export_visual",
    "features",
    "find_arrays",
    "find_features",
    "find_visual",
    "import_features",
    "load_visual",
    "newest_features",
]

__getattr__, __dir__ = door(__name__, __file__)

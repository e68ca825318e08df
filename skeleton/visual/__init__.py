"""Visual encoders: a skeleton sequence in, a vector out; trained, training-free, imported or a plug-in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from semtool.lazy import door

if TYPE_CHECKING:
    from skeleton.visual.encoder import VisualEncoder, VisualSettings
    from skeleton.visual.exporting import export_visual
    from skeleton.visual.extraction import features, find_arrays, find_features, newest_features
    from skeleton.visual.importing import import_features
    from skeleton.visual.registry import find_visual, load_visual, visual_names

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
    "visual_names",
]

__getattr__, __dir__ = door(
    __name__,
    {
        "VisualEncoder": "skeleton.visual.encoder",
        "VisualSettings": "skeleton.visual.encoder",
        "export_visual": "skeleton.visual.exporting",
        "features": "skeleton.visual.extraction",
        "find_arrays": "skeleton.visual.extraction",
        "find_features": "skeleton.visual.extraction",
        "find_visual": "skeleton.visual.registry",
        "import_features": "skeleton.visual.importing",
        "load_visual": "skeleton.visual.registry",
        "newest_features": "skeleton.visual.extraction",
        "visual_names": "skeleton.visual.registry",
    },
)

"""Visual encoders: a skeleton sequence in, a vector out; trained, training-free or imported."""

from __future__ import annotations

from typing import TYPE_CHECKING

from semtool.lazy import door

if TYPE_CHECKING:
    from skeleton.visual.extraction import features, find_features, newest_features
    from skeleton.visual.importing import import_features
    from skeleton.visual.trained import load_visual

__all__ = [
    "features",
    "find_features",
    "import_features",
    "load_visual",
    "newest_features",
]

__getattr__, __dir__ = door(
    __name__,
    {
        "features": "skeleton.visual.extraction",
        "find_features": "skeleton.visual.extraction",
        "newest_features": "skeleton.visual.extraction",
        "import_features": "skeleton.visual.importing",
        "load_visual": "skeleton.visual.trained",
    },
)

"""How features and text are aligned: one file or folder a method."""

from __future__ import annotations

from typing import TYPE_CHECKING

from semtool.lazy import door

if TYPE_CHECKING:
    from skeleton.methods.base import Context, EpochSettings, Examples, Method, MethodSettings, Scorer
    from skeleton.methods.checkpoint import load_scorer, save_checkpoint
    from skeleton.methods.normalisation import Normalisation
    from skeleton.methods.registry import methods, preset, presets, settings_of
    from skeleton.methods.text import TextBank, prototypes, read_text

__all__ = [
    "Context",
    "EpochSettings",
    "Examples",
    "Method",
    "MethodSettings",
    "Normalisation",
    "Scorer",
    "TextBank",
    "load_scorer",
    "methods",
    "preset",
    "presets",
    "prototypes",
    "read_text",
    "save_checkpoint",
    "settings_of",
]

__getattr__, __dir__ = door(
    __name__,
    {
        **dict.fromkeys(
            ("Context", "EpochSettings", "Examples", "Method", "MethodSettings", "Scorer"),
            "skeleton.methods.base",
        ),
        **dict.fromkeys(("load_scorer", "save_checkpoint"), "skeleton.methods.checkpoint"),
        **dict.fromkeys(("methods", "preset", "presets", "settings_of"), "skeleton.methods.registry"),
        **dict.fromkeys(("TextBank", "prototypes", "read_text"), "skeleton.methods.text"),
        "Normalisation": "skeleton.methods.normalisation",
    },
)

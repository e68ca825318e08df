"""How features and text are aligned: one file or folder a method."""

from __future__ import annotations

from typing import TYPE_CHECKING

from semtool.lazy import door

if TYPE_CHECKING:
    from skeleton.methods.base import Context, EpochSettings, Examples, Method, MethodSettings, Scorer
    from skeleton.methods.checkpoint import load_scorer, save_checkpoint
    from skeleton.methods.kernel.solving import EXACT, LANDMARKS
    from skeleton.methods.mla import MLAScorer
    from skeleton.methods.mla.method import COMPONENTS
    from skeleton.methods.mla.model import top_softmax
    from skeleton.methods.normalisation import Normalisation
    from skeleton.methods.registry import BUILT_IN, method_of, methods, preset, presets, settings_of
    from skeleton.methods.text import TextBank, code_widths, encoder_of, prototypes, read_text

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

__getattr__, __dir__ = door(__name__, __file__)

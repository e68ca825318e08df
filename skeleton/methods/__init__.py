"""How features and text are aligned: one file or folder a method."""

from __future__ import annotations

from typing import TYPE_CHECKING

from semtool.lazy import door

if TYPE_CHECKING:
    from skeleton.methods.config import TrainConfig, preset
    from skeleton.methods.scorers import load_scorer
    from skeleton.methods.text import TextBank, read_text

__all__ = [
    "TextBank",
    "TrainConfig",
    "load_scorer",
    "preset",
    "read_text",
]

__getattr__, __dir__ = door(
    __name__,
    {
        "TrainConfig": "skeleton.methods.config",
        "preset": "skeleton.methods.config",
        "TextBank": "skeleton.methods.text",
        "read_text": "skeleton.methods.text",
        "load_scorer": "skeleton.methods.scorers",
    },
)

"""Descriptions from prompt sets: rendered from the catalogue, or answered by a language model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from semtool.lazy import door

if TYPE_CHECKING:
    from semtool.generation.checks import check_prompt_set
    from semtool.generation.describing import describe, describe_class
    from semtool.generation.generating import OVERWRITE, GenerationResult, Overwrite, generate
    from semtool.generation.llm import LlmOptions
    from semtool.generation.llm.rules import names_label, words
    from semtool.generation.prompt_set import (
        GranularitySpec,
        PromptSet,
        load_prompt_set,
        prompt_folder,
        prompt_set_names,
    )
    from semtool.generation.resampling import resample
    from semtool.generation.scaffolding import scaffold

__all__ = [
    "OVERWRITE",
    "GenerationResult",
    "GranularitySpec",
    "LlmOptions",
    "Overwrite",
    "PromptSet",
    "check_prompt_set",
    "describe",
    "describe_class",
    "generate",
    "load_prompt_set",
    "names_label",
    "prompt_folder",
    "prompt_set_names",
    "resample",
    "scaffold",
    "words",
]

_IN = {
    "checks": ("check_prompt_set",),
    "describing": ("describe", "describe_class"),
    "generating": ("OVERWRITE", "GenerationResult", "Overwrite", "generate"),
    "llm": ("LlmOptions",),
    "llm.rules": ("names_label", "words"),
    "prompt_set": ("GranularitySpec", "PromptSet", "load_prompt_set", "prompt_folder", "prompt_set_names"),
    "resampling": ("resample",),
    "scaffolding": ("scaffold",),
}
__getattr__, __dir__ = door(
    __name__, {name: f"{__name__}.{module}" for module, names in _IN.items() for name in names}
)

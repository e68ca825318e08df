"""Descriptions from prompt sets: rendered from the catalogue, or answered by a language model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from semtool.lazy import door

if TYPE_CHECKING:
    from semtool.generation.checks import MAX_TOKENS, Finding, check_prompt_set
    from semtool.generation.describing import describe, describe_class
    from semtool.generation.generating import OVERWRITE, GenerationResult, Overwrite, generate, resample
    from semtool.generation.llm import Agreement, LlmOptions, LlmRecord, Outcome, Plan
    from semtool.generation.llm.rules import names_label, words
    from semtool.generation.prompt_set import (
        GranularitySpec,
        PromptSet,
        load_prompt_set,
        prompt_folder,
        prompt_set_names,
        scaffold,
    )

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

__getattr__, __dir__ = door(__name__, __file__)

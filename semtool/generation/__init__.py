"""Descriptions from prompt sets: rendered from the catalogue, or answered by a language model."""

from semtool.generation.generation import OVERWRITE, GenerationResult, Overwrite, generate
from semtool.generation.prompt_set import GranularitySpec, PromptSet, load_prompt_set, prompt_set_names

__all__ = [
    "OVERWRITE",
    "GenerationResult",
    "GranularitySpec",
    "Overwrite",
    "PromptSet",
    "generate",
    "load_prompt_set",
    "prompt_set_names",
]

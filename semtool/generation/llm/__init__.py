"""Descriptions from a language model: structured, resumable, cached, costed."""

from semtool.generation.llm.costs import Price, parse_price
from semtool.generation.llm.outcomes import MEANING, Outcome
from semtool.generation.llm.requests import Sampling
from semtool.generation.llm.run import LlmOptions, generate_with_llm

__all__ = ["MEANING", "LlmOptions", "Outcome", "Price", "Sampling", "generate_with_llm", "parse_price"]

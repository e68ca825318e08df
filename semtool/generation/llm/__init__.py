"""Answers from a language model: structured, kept when they arrive, judged, asked again where they fail."""

from semtool.generation.llm.job import LlmJob, Plan
from semtool.generation.llm.questions import LlmOptions
from semtool.generation.llm.record import Agreement, LlmRecord
from semtool.generation.llm.rules import Outcome

__all__ = ["Agreement", "LlmJob", "LlmOptions", "LlmRecord", "Outcome", "Plan"]

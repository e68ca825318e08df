"""A language model asked again: the same questions, other seeds, so that its spread can be measured."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from semtool.artifacts import Store
from semtool.catalogue import Dataset
from semtool.errors import UsageError
from semtool.generation.generating import GenerationResult, Overwrite, generate
from semtool.generation.llm import LlmOptions
from semtool.generation.prompt_set import PromptSet, load_prompt_set

__all__ = ["resample"]

_STRIDE = 100_000
"""Between the seeds of two draws: more than the seeds that one draw's variants and repetitions count on."""


def resample(
    dataset: str | Path | Dataset,
    prompts: str | Path | PromptSet | None = None,
    *,
    llm: LlmOptions | None,
    draws: int,
    store: Store | None = None,
    overwrite: Overwrite = "only-missing",
    dry_run: bool = False,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> list[GenerationResult]:
    """Write ``draws`` description sets from the same questions: ``<prompt set>-r1``, ``-r2`` and so on.

    The first has the answers of `generate`. `semtool.experiments.compare` takes ``<prompt set>-r*`` as one
    text drawn several times.

    Args:
        dataset: as of `generate`.
        prompts: of source ``llm``; None means ``llm-multi``.
        llm: the model; each draw has a seed of its own.
        draws: how many, two or more.
        store: as of `generate`.
        overwrite: as of `generate`.
        dry_run: as of `generate`.
        progress: called in each draw with the answers that are settled and those that are wanted.

    Returns:
        What `generate` did, for each draw.

    Raises:
        UsageError: without a model, for fewer than two draws, or at temperature 0, which draws nothing.
    """
    if llm is None:
        raise UsageError("only a language model's text can be drawn again: name one with --llm MODEL")
    if draws < 2:
        raise UsageError("to see a spread a text is drawn at least twice: --resamples 5")
    if llm.temperature == 0:
        raise UsageError("at temperature 0 a model gives the same text again; use --temperature 0.7")
    asked = prompts if isinstance(prompts, PromptSet) else load_prompt_set(prompts or "llm-multi")
    return [
        generate(
            dataset,
            asked.model_copy(update={"name": f"{asked.name}-r{draw + 1}"}),
            llm=replace(llm, seed=llm.seed + draw * _STRIDE),
            store=store,
            overwrite=overwrite,
            dry_run=dry_run,
            progress=progress,
        )
        for draw in range(draws)
    ]

"""From a class and a prompt set to the requests that are sent: messages, schema, parameters, key."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from semtool.artifacts.manifest import digest
from semtool.catalogue import ActionClass, ActionFacts, Dataset, load_vocabulary
from semtool.generation.llm.rules import MIN_WORDS, words
from semtool.generation.llm.schema import answer_rule, enum_schema, text_schema
from semtool.generation.prompt_set import GranularitySpec, PromptSet
from semtool.generation.templates import class_variables, subject

__all__ = ["TEXT", "Ask", "Cell", "Sampling", "cells"]

TEXT = "text"
"""The key of the answer at granularities without slots."""
_TOKENS_PER_WORD = 2
_SENTENCE_END = re.compile(r'[.!?:"\n]+')
_SEED_STRIDE = 1000


@dataclass(frozen=True)
class Sampling:
    """What a model is asked with; part of every request's key.

    Attributes:
        temperature: None leaves it to the server.
        seed: of the first variant; the next variants and repeated questions count on from it.
        max_tokens: limit of one answer; None derives it from the prompt set's longest text. It is doubled
            when an answer was cut off.
    """

    temperature: float | None = 0.7
    seed: int = 0
    max_tokens: int | None = None


@dataclass(frozen=True)
class Ask:
    """One request, whichever way it is sent."""

    model: str
    messages: tuple[dict[str, str], ...]
    schema: dict[str, Any]
    parameters: dict[str, Any]

    @cached_property
    def key(self) -> str:
        """Checksum of everything that shapes the answer."""
        return digest([self.model, self.messages, self.schema, self.parameters])


@dataclass(frozen=True)
class Cell:
    """All requests for one class at one granularity: the same question, ``variants`` times.

    Attributes:
        slots: keys of the answer; ``("text",)`` where the granularity has no slots.
        longest: number of tokens that the longest answer allowed may take.
    """

    action: ActionClass
    granularity: str
    slots: tuple[str, ...]
    spec: GranularitySpec
    variants: int
    model: str
    messages: tuple[dict[str, str], ...]
    schema: dict[str, Any]
    longest: int
    sampling: Sampling

    @cached_property
    def sentences(self) -> list[str]:
        """What the request says, sentence by sentence."""
        pieces = (piece for m in self.messages for piece in _SENTENCE_END.split(m["content"]))
        return [piece for piece in pieces if len(words(piece)) >= MIN_WORDS]

    def ask(self, variant: int, attempt: int = 0, doubled: int = 0) -> Ask:
        """Return the request for a variant; each ``attempt`` has a seed of its own."""
        parameters: dict[str, Any] = {
            "seed": self.sampling.seed + variant + attempt * _SEED_STRIDE,
            "max_tokens": (self.sampling.max_tokens or self.longest) * 2**doubled,
        }
        if self.sampling.temperature is not None:
            parameters["temperature"] = self.sampling.temperature
        return Ask(self.model, self.messages, self.schema, parameters)


def cells(
    prompt_set: PromptSet,
    dataset: Dataset,
    bank: Mapping[int, ActionFacts],
    *,
    model: str,
    sampling: Sampling,
    variants: int | None = None,
    classes: Collection[int] | None = None,
) -> Iterator[Cell]:
    """Yield the cells of every class (or of ``classes``), class by class, rendered as they are needed."""
    for action in dataset.classes:
        if classes is not None and action.id not in classes:
            continue
        known = class_variables(dataset, action, bank.get(action.id))
        for granularity, spec in prompt_set.granularities.items():
            yield _cell(
                prompt_set, dataset, action, known, granularity, model, sampling, variants or spec.variants
            )


def _cell(
    prompt_set: PromptSet,
    dataset: Dataset,
    action: ActionClass,
    known: Mapping[str, Any],
    granularity: str,
    model: str,
    sampling: Sampling,
    variants: int,
) -> Cell:
    spec = prompt_set.granularities[granularity]
    slots = tuple(s or TEXT for s in prompt_set.slots(granularity))
    variables = dict(known) | {
        "granularity": granularity,
        "slots": [] if slots == (TEXT,) else list(slots),
        "ask": spec.ask,
        "max_words": spec.max_words,
        "forbid_label": spec.forbid_label,
    }
    if granularity == "attribute":
        # The facts that the catalogue has at hand must not answer the question.
        variables = {k: v for k, v in variables.items() if k not in ("attribute", "says", "told", "codes")}
        fields = {name: load_vocabulary().fields[name] for name in slots}
        variables["fields"] = {
            name: {"about": f.about, "values": {v: value.means for v, value in f.values.items()}}
            for name, f in fields.items()
        }
        schema, longest = enum_schema({name: f.values for name, f in fields.items()}), 12 * len(slots)
    else:
        schema, longest = text_schema(slots), len(slots) * (_TOKENS_PER_WORD * spec.max_words + 16)
    who = subject(dataset, action)
    system = prompt_set.render(prompt_set.system, variables, subject=who).strip()
    request = prompt_set.render(prompt_set.request, variables, subject=who).strip()
    messages = (
        {"role": "system", "content": system},
        {"role": "user", "content": f"{request}\n\n{answer_rule(schema)}"},
    )
    return Cell(action, granularity, slots, spec, variants, model, messages, schema, 64 + longest, sampling)

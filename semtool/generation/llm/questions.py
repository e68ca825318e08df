"""From a class and a prompt set to the requests that are sent: messages, schema, parameters, key."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from semtool.catalogue import ActionClass, ActionFacts, Dataset, load_vocabulary
from semtool.disk import digest
from semtool.generation.describing import class_variables, subject
from semtool.generation.llm.options import LlmOptions
from semtool.generation.llm.rules import MIN_WORDS, words
from semtool.generation.llm.schema import answer_rule, enum_schema, text_schema
from semtool.generation.prompt_set import GranularitySpec, PromptSet

__all__ = ["TEXT", "Question", "Request", "questions"]

TEXT = "text"
"""The key of the answer at granularities without slots."""
_TOKENS_PER_WORD = 2
_SENTENCE_END = re.compile(r'[.!?:"\n]+')
_SEED_STRIDE = 1000
_ANSWERS = ("attribute", "says", "told", "codes")
"""Facts of the catalogue that must not answer a question for attributes."""


@dataclass(frozen=True)
class Request:
    """One request, before it is put into a server's dialect."""

    model: str
    messages: tuple[dict[str, str], ...]
    schema: dict[str, Any]
    parameters: dict[str, Any]

    @cached_property
    def key(self) -> str:
        """Checksum of everything that shapes the answer."""
        return digest([self.model, self.messages, self.schema, self.parameters])


@dataclass(frozen=True)
class Question:
    """What is asked about one class at one granularity, ``variants`` times.

    Attributes:
        slots: keys of the answer; ``("text",)`` where the granularity has no slots.
        longest: number of tokens that the longest answer allowed may take.
    """

    action: ActionClass
    granularity: str
    slots: tuple[str, ...]
    spec: GranularitySpec
    messages: tuple[dict[str, str], ...]
    schema: dict[str, Any]
    longest: int
    options: LlmOptions

    @property
    def variants(self) -> int:
        """How many answers are wanted."""
        return self.options.variants or self.spec.variants

    @cached_property
    def sentences(self) -> list[str]:
        """What the request says, sentence by sentence."""
        pieces = (piece for m in self.messages for piece in _SENTENCE_END.split(m["content"]))
        return [piece for piece in pieces if len(words(piece)) >= MIN_WORDS]

    def request(self, variant: int, attempt: int = 0, doubled: int = 0) -> Request:
        """Return the request for a variant; each ``attempt`` has a seed of its own."""
        parameters: dict[str, Any] = {
            "seed": self.options.seed + variant + attempt * _SEED_STRIDE,
            "max_tokens": (self.options.max_tokens or self.longest) * 2**doubled,
        }
        if self.options.temperature is not None:
            parameters["temperature"] = self.options.temperature
        return Request(self.options.model, self.messages, self.schema, parameters)


def questions(
    prompt_set: PromptSet,
    dataset: Dataset,
    bank: Mapping[int, ActionFacts],
    options: LlmOptions,
    classes: Collection[int] | None = None,
) -> Iterator[Question]:
    """Yield the questions about every class (or ``classes``), class by class, rendered as they are needed."""
    for action in dataset.classes:
        if classes is not None and action.id not in classes:
            continue
        facts = class_variables(dataset, action, bank.get(action.id))
        for granularity in prompt_set.granularities:
            yield _question(prompt_set, granularity, action, facts, subject(dataset, action), options)


def _question(
    prompt_set: PromptSet,
    granularity: str,
    action: ActionClass,
    facts: Mapping[str, Any],
    who: str,
    options: LlmOptions,
) -> Question:
    spec = prompt_set.granularities[granularity]
    slots = tuple(s or TEXT for s in prompt_set.slots(granularity))
    variables = dict(facts) | {
        "granularity": granularity,
        "slots": [] if slots == (TEXT,) else list(slots),
        "ask": spec.ask,
        "max_words": spec.max_words,
        "forbid_label": spec.forbid_label,
    }
    if granularity == "attribute":
        fields = {name: load_vocabulary().fields[name] for name in slots}
        variables = {name: value for name, value in variables.items() if name not in _ANSWERS}
        variables["fields"] = {
            name: {"about": f.about, "values": {v: value.means for v, value in f.values.items()}}
            for name, f in fields.items()
        }
        schema, longest = enum_schema({name: f.values for name, f in fields.items()}), 12 * len(slots)
    else:
        schema, longest = text_schema(slots), len(slots) * (_TOKENS_PER_WORD * spec.max_words + 16)
    system = prompt_set.render(prompt_set.system, variables, subject=who).strip()
    request = prompt_set.render(prompt_set.request, variables, subject=who).strip()
    messages = (
        {"role": "system", "content": system},
        {"role": "user", "content": f"{request}\n\n{answer_rule(schema)}"},
    )
    return Question(action, granularity, slots, spec, messages, schema, 64 + longest, options)

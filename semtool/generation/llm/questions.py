"""How a model is asked; from a class and a prompt set to the requests: messages, schema, parameters, key."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from semtool.catalogue import ActionClass, ActionFacts, Dataset, load_vocabulary
from semtool.disk import digest
from semtool.generation.describing import class_variables, subject
from semtool.generation.llm.rules import MIN_WORDS, words
from semtool.generation.llm.schema import answer_rule, enum_schema, text_schema
from semtool.generation.prompt_set import GranularitySpec, PromptSet

__all__ = ["TEXT", "LlmOptions", "Question", "Request", "questions"]

TEXT = "text"
"""The key of the answer at granularities without slots."""
_TOKENS_PER_WORD = 2
_SENTENCE_END = re.compile(r'[.!?:"\n]+')
_SEED_STRIDE = 1000
_ANSWERS = ("attribute", "says", "told", "codes")
"""Facts of the catalogue that must not answer a question for attributes."""


@dataclass(frozen=True)
class LlmOptions:
    """How a model is asked.

    Attributes:
        model: as the server knows it.
        base_url: of an OpenAI-compatible server; None means ``$OPENAI_BASE_URL``, else OpenAI. The key comes
            from ``$OPENAI_API_KEY`` only.
        temperature: None leaves it to the server.
        seed: of the first variant; the next variants and repeated questions count on from it.
        max_tokens: limit of one answer; None derives it from the prompt set's longest text. It is doubled
            when an answer was cut off.
        variants: answers for each class and granularity; None leaves it to the prompt set.
        classes: names, codes or ids of the classes to describe; empty means all.
        concurrency: requests under way at once.
        limit: most requests in this run.
        allow_missing: write the set although texts are missing; its manifest lists them.
        timeout: seconds from sending a request to the last byte of its answer; a request that takes longer is
            given up and not repeated.
        retries: how often a request is repeated that a server refuses for now (busy, failed, gone).
    """

    model: str
    base_url: str | None = None
    temperature: float | None = 0.7
    seed: int = 0
    max_tokens: int | None = None
    variants: int | None = None
    classes: tuple[str, ...] = ()
    concurrency: int = 8
    limit: int | None = None
    allow_missing: bool = False
    timeout: float = 120.0
    retries: int = 5

    def parameters(self, classes: Sequence[int] | None) -> dict[str, Any]:
        """Return what decides the answers, for a manifest; ``classes`` are the ids meant, None for all."""
        shaping = ("model", "variants", "temperature", "seed", "max_tokens")
        return {name: getattr(self, name) for name in shaping} | {"classes": classes}


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

"""From answers to descriptions, and the record of how they came about."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any

from pydantic import BaseModel

from semtool.catalogue import load_vocabulary
from semtool.descriptions import CODES, Description
from semtool.generation.llm.cache import Answer
from semtool.generation.llm.questions import TEXT, Question
from semtool.generation.llm.replay import Lookup, replay
from semtool.generation.llm.rules import Outcome

__all__ = ["Agreement", "Gap", "LlmRecord", "assemble", "majority"]


class Gap(BaseModel):
    """A text that is not there, and why."""

    class_id: int
    class_name: str
    granularity: str
    variant: int
    outcome: Outcome


class Agreement(BaseModel):
    """How often two fillings of the attributes of one class give the same value, over all classes.

    A field that always has the same value agrees without telling anything: compare ``mean`` with ``chance``.

    Attributes:
        pairs: pairs of fillings compared.
        mean: of ``fields``, in [0, 1].
        chance: the mean if fillings were drawn from the values that each field was given.
        fields: for each field the share of pairs that agree, in [0, 1].
    """

    pairs: int
    mean: float
    chance: float
    fields: dict[str, float]

    @classmethod
    def of(cls, classes: Sequence[Sequence[Mapping[str, str]]]) -> Agreement | None:
        """Return the agreement over the fillings of every class; None if no class has two."""
        pairs = [pair for fillings in classes for pair in combinations(fillings, 2)]
        if not pairs:
            return None
        every = [filling for fillings in classes for filling in fillings]
        fields, chance = {}, []
        for name in every[0]:
            fields[name] = sum(one[name] == other[name] for one, other in pairs) / len(pairs)
            chance.append(sum((n / len(every)) ** 2 for n in Counter(f[name] for f in every).values()))
        mean = sum(fields.values()) / len(fields)
        rounded = {name: round(share, 4) for name, share in fields.items()}
        return cls(
            pairs=len(pairs), mean=round(mean, 4), chance=round(sum(chance) / len(chance), 4), fields=rounded
        )


class LlmRecord(BaseModel):
    """What a manifest says about the origin of a model's texts.

    Attributes:
        model: as it was asked for; ``models`` are the names under which servers answered, with counts.
        answers: answers that were read, usable or not.
        tokens: ``in`` and ``out``, as servers reported them.
        formats: how answers were held to the schema; ``dropped``: parameters that the server did not take.
        answered: date and time of the ``first`` and the ``last`` answer.
        outcomes: how many requests ended how.
        shared_texts: texts that are said of several classes; many mean that the model does not listen.
        missing: the texts that are not there.
    """

    model: str
    prompts_sha256: str = ""
    models: dict[str, int] = {}
    hosts: list[str] = []
    answers: int = 0
    tokens: dict[str, int] = {"in": 0, "out": 0}
    finish_reasons: dict[str, int] = {}
    formats: dict[str, int] = {}
    dropped: dict[str, int] = {}
    answered: dict[str, str] = {}
    outcomes: dict[str, int] = {}
    shared_texts: int = 0
    missing: list[Gap] = []
    agreement: Agreement | None = None


def assemble(
    questions: Iterable[Question], lookup: Lookup, *, dataset: str, prompts: str, model: str, sha256: str
) -> tuple[list[Description], LlmRecord]:
    """Judge what is known of every question, ask for nothing, and return the texts and their record."""
    descriptions: list[Description] = []
    answers: list[Answer] = []
    outcomes: Counter[str] = Counter()
    missing: list[Gap] = []
    fillings: list[list[dict[str, str]]] = []
    for question in questions:
        state, action, granularity = replay(question, lookup), question.action, question.granularity
        answers += state.used
        outcomes.update(str(outcome) for outcome in state.outcomes.values())
        missing += [
            Gap(
                class_id=action.id,
                class_name=action.name,
                granularity=granularity,
                variant=v,
                outcome=outcome,
            )
            for v, outcome in sorted(state.outcomes.items())
            if not outcome.good
        ]
        values = [state.accepted[variant] for variant in sorted(state.accepted)]
        if granularity == "attribute":
            fillings.append(values)
        source = f"{prompts}:{model}"
        descriptions += [
            Description(dataset, action.id, action.name, granularity, slot, variant, text, source)
            for slot, variant, text in _texts(question, values)
        ]
    times = sorted(a.answered for a in answers)
    record = LlmRecord(
        model=model,
        prompts_sha256=sha256,
        models=_sorted(a.model for a in answers),
        hosts=sorted({a.host for a in answers}),
        answers=len(answers),
        tokens={
            "in": sum(max(a.tokens_in, 0) for a in answers),
            "out": sum(max(a.tokens_out, 0) for a in answers),
        },
        finish_reasons=_sorted(a.finish or "none" for a in answers),
        formats=_sorted(a.format for a in answers),
        dropped=_sorted(name for a in answers for name in a.dropped),
        answered={"first": times[0], "last": times[-1]} if times else {},
        outcomes=_sorted(outcomes.elements()),
        shared_texts=_shared(descriptions),
        missing=missing,
        agreement=Agreement.of(fillings),
    )
    return descriptions, record


def majority(fillings: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """Return for each field the value that most fillings give; of equally frequent ones the first given."""
    fields = fillings[0] if fillings else {}
    return {name: Counter(f[name] for f in fillings).most_common(1)[0][0] for name in fields}


def _texts(question: Question, values: list[dict[str, str]]) -> Iterator[tuple[str, int, str]]:
    """Yield slot, variant and text in the order of a description set."""
    if question.granularity == "attribute":
        if not values:
            return
        fields = load_vocabulary().fields
        chosen = load_vocabulary().complete(majority(values))
        for slot in question.slots:
            yield slot, 0, fields[slot].values[chosen[slot]].says
        yield CODES, 0, "; ".join(f"{name}={value}" for name, value in chosen.items())
        return
    for slot in question.slots:
        for variant, texts in enumerate(values):
            yield "" if slot == TEXT else slot, variant, texts[slot]


def _shared(descriptions: Iterable[Description]) -> int:
    classes: dict[tuple[str, str, str], set[int]] = {}
    for d in descriptions:
        if d.granularity != "attribute":
            classes.setdefault((d.granularity, d.slot, d.text), set()).add(d.class_id)
    return sum(len(ids) > 1 for ids in classes.values())


def _sorted(names: Iterable[Any]) -> dict[str, int]:
    return dict(sorted(Counter(names).items()))

"""What is known of a question from its answers so far, and what is still to be asked: a pure function.

Asking, resuming and writing all go through `replay`. It depends on nothing but the answers, so a run that was
killed and continued ends where an undisturbed one ends.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from semtool.generation.llm.cache import Answer
from semtool.generation.llm.questions import Question, Request
from semtool.generation.llm.rules import (
    MIN_WORDS,
    Outcome,
    RejectedError,
    fit_length,
    names_label,
    near_duplicate,
)
from semtool.generation.llm.schema import read_answer

__all__ = ["ATTEMPTS", "Replay", "allowed", "judge", "replay"]

ATTEMPTS = 3
"""How often a run asks for one text, with a new seed each time, before it gives up."""

_FILTERED = ("content_filter", "safety", "recitation", "prohibited_content", "refusal")
_CUT_OFF = ("length", "max_tokens", "max_output_tokens", "model_length")
Lookup = Callable[[Request], Answer | Outcome | None]
"""The answer to a request; or why there is none; or None if it was not asked yet."""


@dataclass
class Replay:
    """The state of a question.

    Attributes:
        accepted: for each variant that has a usable answer, its text by slot.
        outcomes: for each variant, how it stands; those still to be asked are not in it.
        wanted: the requests to send next.
        used: the answers that were read, usable or not.
        attempts: how many answers each variant had.
    """

    accepted: dict[int, dict[str, str]] = field(default_factory=dict)
    outcomes: dict[int, Outcome] = field(default_factory=dict)
    wanted: list[Request] = field(default_factory=list)
    used: list[Answer] = field(default_factory=list)
    attempts: dict[int, int] = field(default_factory=dict)


def replay(question: Question, lookup: Lookup, attempts: Mapping[int, int] | None = None) -> Replay:
    """Judge the answers to ``question`` round by round: every open variant is asked once a round.

    Args:
        lookup: gives what is known of a request.
        attempts: how many attempts a variant may have in all; None: nothing is asked, what is there is taken.
    """
    state = Replay(attempts=dict.fromkeys(range(question.variants), 0))
    doubled = dict.fromkeys(range(question.variants), 0)
    pending = list(range(question.variants))
    attempt = 0
    while pending:
        arrived: list[tuple[int, Answer]] = []
        for variant in pending:
            request = question.request(variant, attempt, doubled[variant])
            known = lookup(request)
            if isinstance(known, Answer):
                arrived.append((variant, known))
            elif known is not None:
                state.outcomes[variant] = known
            elif attempts and attempt < attempts[variant]:
                state.wanted.append(request)
                state.outcomes.pop(variant, None)
        if state.wanted:
            # Which of two like answers counts depends on their order: judge a round when all of it is there.
            return state
        pending = []
        for variant, answer in arrived:
            state.used.append(answer)
            state.attempts[variant] = attempt + 1
            try:
                values, repaired = judge(question, answer, state.accepted.values())
            except RejectedError as error:
                state.outcomes[variant] = error.outcome
                doubled[variant] += error.outcome is Outcome.LENGTH
                pending.append(variant)
            else:
                state.accepted[variant] = values
                state.outcomes[variant] = Outcome.REPAIRED if repaired else Outcome.OK
        attempt += 1
    return state


def allowed(first: Replay) -> dict[int, int]:
    """Return how many attempts each variant may have in a run, given the state at its start.

    A text gets `ATTEMPTS`; if an earlier run used them all up in vain, as many again.
    """
    return {variant: ATTEMPTS + (had if had >= ATTEMPTS else 0) for variant, had in first.attempts.items()}


def judge(
    question: Question, answer: Answer, others: Collection[dict[str, str]]
) -> tuple[dict[str, str], bool]:
    """Return the texts of an answer by slot, and whether they were repaired.

    Args:
        others: the accepted answers to the same question.

    Raises:
        RejectedError: with the outcome that names what is wrong.
    """
    if answer.refusal or answer.finish in _FILTERED:
        raise RejectedError(Outcome.REFUSAL)
    if answer.finish in _CUT_OFF:
        raise RejectedError(Outcome.LENGTH)
    values, repaired = read_answer(answer.text, question.schema)
    if question.granularity == "attribute":
        return values, repaired
    shortest = 1 if question.granularity == "label" else MIN_WORDS
    for slot, text in values.items():
        values[slot], cut = fit_length(text, question.spec.max_words, shortest)
        repaired = repaired or cut
        if question.spec.forbid_label and names_label(values[slot], question.action.name):
            raise RejectedError(Outcome.NAMES_LABEL)
    said = question.sentences
    if question.granularity != "label" and all(near_duplicate(text, said) for text in values.values()):
        raise RejectedError(Outcome.COPIED)
    if near_duplicate(_whole(values), map(_whole, others)):
        raise RejectedError(Outcome.DUPLICATE)
    return values, repaired


def _whole(values: dict[str, str]) -> str:
    return " ".join(values.values())

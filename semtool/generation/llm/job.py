"""All questions of one description set: what asking them would take, and asking them.

What is missing is asked for several requests at a time, and every answer is kept the moment it arrives.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from semtool.artifacts import Store
from semtool.catalogue import ActionFacts, Dataset
from semtool.descriptions import Description
from semtool.generation.checks import estimate_tokens
from semtool.generation.llm.cache import Answer, AnswerCache
from semtool.generation.llm.client import AskError, LlmClient
from semtool.generation.llm.questions import LlmOptions, Question, Request, questions
from semtool.generation.llm.record import LlmRecord, assemble
from semtool.generation.llm.replay import allowed, replay
from semtool.generation.llm.rules import Outcome
from semtool.generation.prompt_set import PromptSet
from semtool.server import Server, finish

__all__ = ["LlmJob", "Plan"]

_PER_MESSAGE = 4
"""Tokens that chat formats add around each message, about."""
_PER_WORD = 4 / 3
_PER_KEY = 8


@dataclass(frozen=True)
class Plan:
    """The next calls of a run; tokens are estimates, and questions asked again come on top.

    Attributes:
        texts: answers wanted in all (a filling of the attributes is one).
        there: those that need no call.
        calls: requests to send.
    """

    texts: int
    there: int
    calls: int
    tokens_in: int
    tokens_out: int

    def cost(self, per_million_in: float, per_million_out: float) -> float:
        """Return about what the calls cost, in the currency of the prices for a million tokens."""
        return (self.tokens_in * per_million_in + self.tokens_out * per_million_out) / 1e6


class Asking:
    """The requests of one run.

    Args:
        cache: where answers go.
        limit: most requests; None for any number.
        progress: called with the number of settled answers.

    Attributes:
        asked: requests sent so far.
        reasons: for each outcome of requests that this run left without answer, the first reason.
    """

    def __init__(
        self,
        cache: AnswerCache,
        limit: int | None = None,
        progress: Callable[[int], None] = lambda _settled: None,
    ) -> None:
        self.cache, self.limit, self.progress = cache, limit, progress
        self.asked = 0
        self.reasons: dict[Outcome, str] = {}
        self._gaps: dict[str, Outcome] = {}
        self._settled = 0

    def lookup(self, request: Request) -> Answer | Outcome | None:
        """Return the answer to a request; or why this run has none; or None if it was not asked yet."""
        return self._gaps.get(request.key) or self.cache.get(request.key)

    def ask(self, questions: Iterable[Question], client: LlmClient, concurrency: int) -> None:
        """Ask for everything that ``questions`` lack.

        At most ``concurrency`` questions are open and as many requests under way, so memory does not grow
        with the number of classes.

        Raises:
            SemtoolError: if the server makes it useless to go on; what was answered is kept.
        """
        finish(self._ask_all(iter(questions), client, concurrency))

    async def _ask_all(self, questions: Iterator[Question], client: LlmClient, concurrency: int) -> None:
        places = asyncio.Semaphore(concurrency)
        try:
            await asyncio.gather(*(self._work(questions, client, places) for _ in range(concurrency)))
        finally:
            await client.close()

    async def _work(
        self, questions: Iterator[Question], client: LlmClient, places: asyncio.Semaphore
    ) -> None:
        for question in questions:
            attempts = allowed(replay(question, self.lookup))
            settled = 0
            while True:
                state = replay(question, self.lookup, attempts)
                now_settled = len(state.accepted) if state.wanted else question.variants
                self._settled += now_settled - settled
                settled = now_settled
                self.progress(self._settled)
                if not state.wanted:
                    break
                await asyncio.gather(*(self._one(request, client, places) for request in state.wanted))

    async def _one(self, request: Request, client: LlmClient, places: asyncio.Semaphore) -> None:
        async with places:
            if self.limit is not None and self.asked >= self.limit:
                self._miss(request, Outcome.NOT_ASKED, "left out by --limit")
                return
            self.asked += 1
            try:
                self.cache.put(request.key, await client.ask(request))
            except AskError as error:
                self._miss(request, error.outcome, error.why)

    def _miss(self, request: Request, outcome: Outcome, why: str) -> None:
        self._gaps[request.key] = outcome
        self.reasons.setdefault(outcome, why)


@dataclass(frozen=True)
class LlmJob:
    """What a model is asked for one description set; ``classes`` are the ids meant, None for all."""

    prompt_set: PromptSet
    dataset: Dataset
    bank: Mapping[int, ActionFacts]
    options: LlmOptions
    classes: Sequence[int] | None
    store: Store

    def questions(self) -> Iterator[Question]:
        """Yield every question, rendered anew."""
        return questions(self.prompt_set, self.dataset, self.bank, self.options, self.classes)

    def plan(self) -> Plan:
        """Return what `run` would do, without opening a connection."""
        asking = Asking(AnswerCache(self.store))
        texts = there = calls = tokens_in = tokens_out = 0
        for question in self.questions():
            state = replay(question, asking.lookup, allowed(replay(question, asking.lookup)))
            wanted = len(state.wanted)
            if self.options.limit is not None:
                wanted = min(wanted, self.options.limit - calls)
            texts += question.variants
            there += question.variants - len(state.wanted)
            calls += wanted
            tokens_in += wanted * _request_tokens(question)
            tokens_out += wanted * _answer_tokens(question)
        return Plan(texts, there, calls, tokens_in, tokens_out)

    def run(self, progress: Callable[[int, int], None]) -> tuple[list[Description], LlmRecord, Asking]:
        """Ask for what is missing; return the texts, their record, and how the asking went.

        Raises:
            SemtoolError: if it is useless to go on: key refused, model unknown, nobody there, no quota left.
        """
        plan = self.plan()
        asking = Asking(
            AnswerCache(self.store), self.options.limit, lambda settled: progress(settled, plan.texts)
        )
        if plan.there < plan.texts:
            options = self.options
            client = LlmClient(Server(options.base_url), timeout=options.timeout, retries=options.retries)
            asking.ask(self.questions(), client, options.concurrency)
        descriptions, record = assemble(
            self.questions(),
            asking.lookup,
            dataset=self.dataset.name,
            prompts=self.prompt_set.name,
            model=self.options.model,
            sha256=self.prompt_set.sha256,
        )
        return descriptions, record, asking


def _request_tokens(question: Question) -> int:
    said = sum(estimate_tokens(m["content"]) + _PER_MESSAGE for m in question.messages)
    return said + estimate_tokens(json.dumps(question.schema))


def _answer_tokens(question: Question) -> int:
    """Return about how many tokens an answer takes if it uses its words up."""
    if question.granularity == "attribute":
        return _PER_KEY * len(question.slots)
    return round(len(question.slots) * (question.spec.max_words * _PER_WORD + _PER_KEY))

"""Ask what is missing, several requests at a time, and keep every answer the moment it arrives."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator

from semtool.generation.llm.cache import Answer, AnswerCache
from semtool.generation.llm.client import AskError, LlmClient
from semtool.generation.llm.questions import Question, Request
from semtool.generation.llm.replay import allowed, replay
from semtool.generation.llm.rules import Outcome
from semtool.server import finish

__all__ = ["Asking"]


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

"""Ask what is missing, several requests at a time, and keep every answer the moment it arrives."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator

from semtool.generation.llm.client import AskError, LlmClient
from semtool.generation.llm.filling import Filler
from semtool.generation.llm.replay import may_ask, never, replay
from semtool.generation.llm.requests import Ask, Cell

__all__ = ["ask_online"]


def ask_online(cells: Iterable[Cell], filler: Filler, client: LlmClient, concurrency: int) -> None:
    """Ask for everything that ``cells`` lack.

    At most ``concurrency`` cells are open and as many requests under way, so memory does not grow with the
    number of classes.

    Raises:
        SemtoolError: if the server makes it useless to go on; what was answered is kept.
    """
    asyncio.run(_ask_all(iter(cells), filler, client, concurrency))


async def _ask_all(cells: Iterator[Cell], filler: Filler, client: LlmClient, concurrency: int) -> None:
    places = asyncio.Semaphore(concurrency)

    async def one(ask: Ask) -> None:
        async with places:
            if not filler.take(ask):
                return
            try:
                filler.keep(ask, await client.ask(ask))
            except AskError as error:
                filler.budget.give_back(ask, None)
                filler.miss(ask.key, error.outcome, error.why)

    async def work() -> None:
        for cell in cells:
            allowed = may_ask(replay(cell, filler.lookup, never))
            settled = 0
            while True:
                state = replay(cell, filler.lookup, allowed)
                if not state.wanted:
                    filler.settle(cell.variants - settled)
                    break
                filler.settle(len(state.accepted) - settled)
                settled = len(state.accepted)
                async with asyncio.TaskGroup() as group:
                    for ask in state.wanted:
                        group.create_task(one(ask))

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(concurrency):
                group.create_task(work())
    except BaseExceptionGroup as failures:
        raise _first(failures) from None
    finally:
        await client.close()


def _first(failures: BaseExceptionGroup[BaseException]) -> BaseException:
    """Return the first error of a group; the others are its consequences."""
    error: BaseException = failures
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error

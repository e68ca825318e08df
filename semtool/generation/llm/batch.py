"""The provider's batch interface: submit, poll, collect; what was submitted is found again after a stop.

A run asks in rounds: everything that is wanted goes into one batch (several, if it is too large), and what
its answers leave open goes into the next. Open batches are recorded in
``<root>/cache/llm/batches/<file id>.json``, so that a later run waits for them in place of paying twice.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final

from semtool.generation.llm.cache import write_atomically
from semtool.generation.llm.client import AskError, LlmClient, read_completion
from semtool.generation.llm.filling import Filler
from semtool.generation.llm.outcomes import Outcome
from semtool.generation.llm.replay import may_ask, never, replay
from semtool.generation.llm.requests import Ask, Cell

__all__ = ["ask_in_batches"]

LARGEST = 10_000
"""Most requests in one batch."""
_OVER = ("completed", "failed", "expired", "cancelled")
_KEY = re.compile(r"[0-9a-f]{64}")
_ENDPOINT: Final = "/v1/chat/completions"


def ask_in_batches(
    every_cell: Callable[[], Iterable[Cell]], filler: Filler, client: LlmClient, *, poll: float
) -> None:
    """Ask for everything that the cells lack, and wait until it is there.

    Args:
        every_cell: gives the cells, again in every round.
        poll: seconds between two looks at a batch.

    Raises:
        SemtoolError: if a batch cannot be submitted or looked at; running again goes on where this stopped.
    """
    asyncio.run(_Batches(every_cell, filler, client, poll).run())


class _Batches:
    def __init__(
        self, every_cell: Callable[[], Iterable[Cell]], filler: Filler, client: LlmClient, poll: float
    ) -> None:
        self.every_cell, self.filler, self.client, self.poll = every_cell, filler, client, poll
        self.folder = filler.cache.folder / "batches"
        self.library = client.library
        self._refused: set[str] = (
            set()
        )  # requests that the server did not understand, to be put in other words
        self._reworded = client.dialect

    async def run(self) -> None:
        try:
            await self._finish_open()
            allowed = [may_ask(replay(cell, self.filler.lookup, never)) for cell in self.every_cell()]
            while wanted := self._wanted(allowed):
                for start in range(0, len(wanted), LARGEST):
                    await self._submit(wanted[start : start + LARGEST])
                await self._finish_open(wanted)
        finally:
            await self.client.close()

    def _wanted(self, allowed: list[Callable[[int, int], bool]]) -> list[Ask]:
        wanted: list[Ask] = []
        settled = 0
        for cell, may in zip(self.every_cell(), allowed, strict=True):
            state = replay(cell, self.filler.lookup, may)
            settled += len(state.accepted) if state.wanted else cell.variants
            wanted += [ask for ask in state.wanted if self.filler.take(ask)]
        self.filler.settle(settled - self.filler.settled)
        return wanted

    async def _submit(self, asks: list[Ask]) -> None:
        lines = [
            {"custom_id": a.key, "method": "POST", "url": _ENDPOINT, "body": self.client.dialect.body(a)}
            for a in asks
        ]
        content = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines).encode()
        upload = self.library.files.create(file=("requests.jsonl", content), purpose="batch")
        file = (await self.client.batch_call(upload)).id
        record = {
            "schema": 1,
            "host": self.client.server.host,
            "file": file,
            "batch": None,
            "format": self.client.dialect.format,
            "requests": len(asks),
        }
        path = self.folder / f"{re.sub(r'[^A-Za-z0-9_-]', '_', file)}.json"
        self.folder.mkdir(parents=True, exist_ok=True)
        write_atomically(path, json.dumps(record))
        await self._create(path, record)

    async def _create(self, path: Path, record: dict[str, Any]) -> None:
        creation = self.library.batches.create(
            input_file_id=record["file"], endpoint=_ENDPOINT, completion_window="24h"
        )
        record["batch"] = (await self.client.batch_call(creation)).id
        write_atomically(path, json.dumps(record))

    async def _finish_open(self, asks: Iterable[Ask] = ()) -> None:
        """Wait for every batch that is recorded and collect it; then ``asks`` should be answered."""
        self._refused.clear()
        for path in sorted(self.folder.glob("*.json")):
            record = json.loads(path.read_text(encoding="utf-8"))
            if record["host"] != self.client.server.host:
                continue
            if record["batch"] is None:
                await self._adopt(path, record)
            await self._collect(await self._wait(record["batch"]), record["format"])
            path.unlink()
        self.client.dialect = self._reworded
        for ask in asks:
            answer = self.filler.cache.get(ask.key)
            self.filler.budget.give_back(ask, answer)
            if answer is None and ask.key not in self._refused:
                self.filler.miss(ask.key, Outcome.HTTP_ERROR, "the batch ended without an answer to it")

    async def _adopt(self, path: Path, record: dict[str, Any]) -> None:
        """Find the batch of a file that was uploaded before the run was stopped, or make it now."""
        page = await self.client.batch_call(self.library.batches.list(limit=100))
        known = [b.id for b in page.data if b.input_file_id == record["file"]]
        if known:
            record["batch"] = known[0]
        else:
            await self._create(path, record)

    async def _wait(self, batch: str) -> Any:
        while True:
            state = await self.client.batch_call(self.library.batches.retrieve(batch))
            if state.status in _OVER:
                return state
            await asyncio.sleep(self.poll)

    async def _collect(self, batch: Any, form: str) -> None:
        for error in getattr(batch.errors, "data", None) or ():
            self.filler.reasons.setdefault(Outcome.HTTP_ERROR, self.client.server.redact(str(error.message)))
        for file in (batch.output_file_id, batch.error_file_id):
            if not file:
                continue
            content = (await self.client.batch_call(self.library.files.content(file))).text
            for line in content.splitlines():
                self._keep(line, form)

    def _keep(self, line: str, form: str) -> None:
        """Keep the answer of one line of a batch's output; a line that cannot be read is passed over."""
        try:
            raw = json.loads(line)
            key, response = raw["custom_id"], raw.get("response") or {}
            status, body = response.get("status_code"), response.get("body") or {}
        except (ValueError, KeyError, TypeError, AttributeError):
            return
        if not _KEY.fullmatch(str(key)):
            return
        server = self.client.server
        error = body.get("error") or raw.get("error") or {}
        if status == 400 and (reworded := self.client.dialect.without(error)) is not None:
            self._reworded = reworded
            self._refused.add(key)
            return
        try:
            if status != 200:
                raise AskError(Outcome.HTTP_ERROR, f"{server.host} answered with status {status}: {error}")
            answer = read_completion(body, server.host, form, "", batch=True)
        except AskError as failure:
            self.filler.miss(key, failure.outcome, server.redact(failure.why))
            return
        self.filler.cache.put(key, server.clean(answer))

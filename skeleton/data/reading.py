"""Read many sources in order: over processes when it pays, in memory that does not depend on their number."""

from __future__ import annotations

import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace

from semtool.catalogue import Dataset
from semtool.errors import SemtoolError
from skeleton.data.formats import Finding, Format, Outcome, Source, Unreadable, find_format

__all__ = ["Reading", "Task", "read_sources"]

_CHUNK = 16
_WORTH_A_PROCESS = 48 * 2**20


@dataclass(frozen=True)
class Task:
    """One source to read. ``sha256`` is empty if it is not known yet; ``listed`` means: do not open it."""

    source: Source
    bytes: int
    sha256: str = ""
    listed: bool = False

    @property
    def content(self) -> tuple[str, int, str]:
        """What identifies the file: name, size, checksum."""
        return self.source.name, self.bytes, self.sha256

    def hashed(self) -> Task:
        """Return this task with its checksum, computed if it was not known."""
        return self if self.sha256 else replace(self, sha256=self.source.sha256())


@dataclass(frozen=True)
class Reading:
    """What one source gave."""

    task: Task
    outcomes: Iterable[Outcome]


def read_sources(
    format: Format, dataset: Dataset, tasks: Sequence[Task], workers: int = 0
) -> Iterator[Reading]:
    """Yield what each source gives, in the order of ``tasks``; no bad source stops the others.

    Args:
        format: the reader.
        dataset: whose classes the samples must have.
        tasks: the sources.
        workers: processes; 0 takes one a core if there is enough to read. A script that uses several needs
            the usual ``if __name__ == "__main__":``.
    """
    total = sum(max(task.bytes, 0) for task in tasks)
    if format.container:
        workers = 1
    elif not workers:
        workers = min(os.cpu_count() or 1, 1 + total // _WORTH_A_PROCESS)
    if workers == 1:
        for task in tasks:
            yield _read(format, dataset, task)
        return
    yield from _in_processes(format, dataset, tasks, workers)


def _in_processes(format: Format, dataset: Dataset, tasks: Sequence[Task], workers: int) -> Iterator[Reading]:
    """Keep a few chunks under way for each process; results wait for their turn, so memory is bounded."""
    # Not "fork": the caller may have threads (a progress bar, a tensor library), whose locks would be copied.
    methods = multiprocessing.get_all_start_methods()
    context = multiprocessing.get_context("forkserver" if "forkserver" in methods else "spawn")
    chunks = (tasks[i : i + _CHUNK] for i in range(0, len(tasks), _CHUNK))
    waiting: deque[Future[list[Reading]]] = deque()
    with ProcessPoolExecutor(workers, context, _start, (format.name, dataset)) as pool:
        try:
            while True:
                while len(waiting) < 3 * workers and (chunk := next(chunks, None)):
                    waiting.append(pool.submit(_read_chunk, chunk))
                if not waiting:
                    return
                yield from waiting.popleft().result()
        except BrokenProcessPool as error:
            raise SemtoolError(
                "a reading process ended early: out of memory, or a script without main guard; try one worker"
            ) from error
        finally:
            for future in waiting:
                future.cancel()


_shared: tuple[Format, Dataset] | None = None


def _start(format: str, dataset: Dataset) -> None:
    global _shared
    _shared = find_format(format), dataset


def _read_chunk(tasks: Sequence[Task]) -> list[Reading]:
    assert _shared is not None
    return [_read(*_shared, task) for task in tasks]


def _read(format: Format, dataset: Dataset, task: Task) -> Reading:
    known = task.hashed()
    if task.listed:
        text = f"{task.source.stem} is on the list of unusable samples"
        return Reading(known, [Finding("listed", text, task.source.stem)])
    outcomes = _guarded(lambda: format.read(task.source, dataset), task.source.stem)
    return Reading(known, outcomes if format.container else list(outcomes))


def _guarded(read: Callable[[], Iterator[Outcome]], sample: str) -> Iterator[Outcome]:
    """Turn the error of a source into a finding, after what was read before it."""
    try:
        yield from read()
    except Unreadable as error:
        yield Finding(error.outcome, str(error), sample)

"""Read many raw files in order, in this process or in others that may die of a file, in bounded memory."""

from __future__ import annotations

import os
import queue
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path

from skeleton.data.formats import RawFile, RawSample, ReadContext, Reader, SampleFinding, find_reader
from skeleton.process import Answer, ProcessDied, WorkProcess

__all__ = ["FileRequest", "ReadingProcess", "read_files"]

_AHEAD = 48
"""Files for each process that are read before their turn."""
_WORTH_A_PROCESS = 48 * 2**20
_MEMORY, _MEMORY_PER_BYTE = 2**30, 6
"""What reading a file may take: so much, and so many times its size."""


@dataclass(frozen=True)
class FileRequest:
    """One file to read; ``listed`` means: do not open it."""

    file: RawFile
    bytes: int
    sha256: str
    listed: bool = False

    @property
    def content(self) -> tuple[str, int, str]:
        """What identifies the file: name, size, checksum."""
        return self.file.name, self.bytes, self.sha256


def read_files(
    reader: Reader, context: ReadContext, requests: Sequence[FileRequest], workers: int = 0
) -> Iterator[Iterable[RawSample]]:
    """Yield what each file gives, in the order of ``requests``; no bad file stops the others.

    Args:
        reader: the format.
        context: whose classes the samples must have.
        requests: the files.
        workers: processes; 0 takes one a core if there is enough to read.
    """
    total = sum(max(request.bytes, 0) for request in requests)
    if reader.container:
        workers = 1
    elif not workers:
        workers = min(os.cpu_count() or 1, 1 + total // _WORTH_A_PROCESS)
    if workers > 1:
        yield from _in_processes(reader, context, requests, workers)
        return
    process = ReadingProcess(reader, context) if reader.isolated else None
    try:
        for request in requests:
            samples = _samples(reader, context, request, process)
            yield samples if reader.container else list(samples)
    finally:
        if process:
            process.close()


def _in_processes(
    reader: Reader, context: ReadContext, requests: Sequence[FileRequest], workers: int
) -> Iterator[list[RawSample]]:
    """Keep some files under way for each process; results wait for their turn, so memory is bounded."""
    processes = [ReadingProcess(reader, context) for _ in range(workers)]
    idle: queue.SimpleQueue[ReadingProcess] = queue.SimpleQueue()
    for process in processes:
        idle.put(process)

    def read(request: FileRequest) -> list[RawSample]:
        process = idle.get()
        try:
            return list(_samples(reader, context, request, process))
        finally:
            idle.put(process)

    left = iter(requests)
    waiting: deque[Future[list[RawSample]]] = deque()
    pool = ThreadPoolExecutor(workers)
    try:
        while True:
            waiting.extend(pool.submit(read, r) for r in islice(left, _AHEAD * workers - len(waiting)))
            if not waiting:
                return
            yield waiting.popleft().result()
    finally:
        for process in processes:
            process.close()
        pool.shutdown(cancel_futures=True)


def _samples(
    reader: Reader, context: ReadContext, request: FileRequest, process: ReadingProcess | None
) -> Iterator[RawSample]:
    if request.listed:
        text = f"{request.file.stem} is on the list of unusable samples"
        return iter([SampleFinding("listed", text, request.file.stem)])
    if process:
        return process.read(request.file, request.bytes)
    return reader.samples(request.file, context)


class ReadingProcess:
    """Reads files in a process that may die of one."""

    def __init__(self, reader: Reader, context: ReadContext) -> None:
        self._process = WorkProcess(partial(_read, reader.name, context), {"OMP_NUM_THREADS": "1"})
        self.close = self._process.close

    def read(self, file: RawFile, size: int) -> Iterator[RawSample]:
        """Yield what a file gives, and a finding if the process died of it.

        Args:
            file: what to read.
            size: its bytes, which limit the memory that reading may take.
        """
        try:
            yield from self._process.ask(file, size)
        except ProcessDied as died:
            text = f"{file.name} ended the process that read it ({died})"
            yield SampleFinding("crashed", text, file.stem)


def _read(name: str, context: ReadContext, answer: Answer, file: RawFile, size: int) -> None:
    """Read a file in a process of its own."""
    _limit_memory(size)
    for sample in find_reader(name).samples(file, context):
        answer(sample)


def _limit_memory(size: int) -> None:
    """Allow this process what it has now and what a file of ``size`` bytes may need, where systems can."""
    try:
        import resource

        used = int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
        wanted = used + _MEMORY + _MEMORY_PER_BYTE * max(size, 0)
        _, most = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(
            resource.RLIMIT_AS, (wanted if most == resource.RLIM_INFINITY else min(wanted, most), most)
        )
    except (ImportError, OSError, ValueError):
        return

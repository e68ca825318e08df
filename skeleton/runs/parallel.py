"""Several jobs at a time: in processes of this machine, or on a Ray cluster.

A job names a function that workers can import and what it is called with: references and settings, never
data. What it makes is on disk afterwards, so that whatever is killed goes on by being started again.
"""

from __future__ import annotations

import os
import sys
import threading
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from semtool.errors import SemtoolError, UsageError, unknown_name
from skeleton.process import Answer, ProcessDied, WorkProcess

__all__ = [
    "ATTEMPTS",
    "EXECUTORS",
    "Executor",
    "Failure",
    "Job",
    "Processes",
    "Progress",
    "Report",
    "Worker",
    "WorkerLost",
    "choose_executor",
    "perform",
    "raise_first",
]

ATTEMPTS = 3
"""How often a job is begun whose worker is lost (killed, out of memory, its machine gone)."""
EXECUTORS = ("processes", "ray")

Progress = Callable[[int, int], None]
Report = Callable[[dict[str, Any]], None]
"""Told the record of each step (epoch) of a job."""


@dataclass(frozen=True)
class Job:
    """One call of a function in a worker.

    Attributes:
        label: what messages call it.
        call: a function of an importable module; it gets a `Report` first, then the arguments as keywords.
        arguments: small values that can be pickled.
        steps: how much of the whole it is, in the unit of progress: one for each record it reports.
        makes: a file or folder that is there afterwards.
        gpus: graphics cards to reserve on a cluster.
    """

    label: str
    call: Callable[..., None]
    arguments: dict[str, Any] = field(default_factory=dict)
    steps: int = 1
    makes: Path | None = None
    gpus: int = 0


@dataclass(frozen=True)
class Failure:
    """A job that could not be done, and why, in a sentence."""

    label: str
    message: str
    exit_code: int = 1


class WorkerLost(Exception):
    """A worker ended before its job did; what it is called with, if anything, says how."""


class Worker(Protocol):
    """Does one job after another."""

    def do(self, job: Job, report: Report) -> Failure | None:
        """Do a job; return why it failed, if it did.

        Raises:
            WorkerLost: if the worker ended meanwhile; the next job then gets a new one.
        """
        ...

    def stop(self) -> None:
        """End the worker at once, from another thread; a job that is cut off goes on next time."""
        ...


class Executor(ABC):
    """Does jobs, several at a time.

    Attributes:
        workers: jobs at the same time; None: all of them.
        threads: threads that a job may use.
    """

    def __init__(self, workers: int | None, threads: int = 1) -> None:
        self.workers, self.threads = workers, threads

    @abstractmethod
    def _started(self) -> AbstractContextManager[Callable[[], Worker]]:
        """Get ready to make workers, for as long as the context lasts."""

    def run(
        self,
        jobs: Sequence[Job],
        progress: Progress | None = None,
        *,
        on_record: Report | None = None,
        keep_going: bool = True,
    ) -> list[Failure]:
        """Do all jobs; return those that failed, in the order of the jobs.

        Args:
            jobs: in the order in which they are begun.
            progress: told steps done and to do.
            on_record: told what the jobs report. Both are called one at a time, from other threads.
            keep_going: whether further jobs are begun although one failed.
        """
        if not jobs:
            return []
        waiting, failed, lock = deque(enumerate(jobs)), dict[int, Failure](), threading.Lock()
        done, total = [0] * len(jobs), sum(job.steps for job in jobs)
        count = min(self.workers or len(jobs), len(jobs))

        def tell(at: int, steps: int) -> None:
            done[at] = min(steps, jobs[at].steps)
            if progress is not None:
                progress(sum(done), total)

        def hear(at: int, record: dict[str, Any]) -> None:
            with lock:
                if on_record is not None:
                    on_record(record)
                tell(at, done[at] + 1)

        def serve(worker: Worker) -> None:
            while waiting:
                try:
                    at, job = waiting.popleft()
                except IndexError:
                    return  # another thread took the last one
                failure = _attempt(worker, job, partial(hear, at))
                with lock:
                    if failure is not None:
                        failed[at] = failure
                        if not keep_going:
                            waiting.clear()
                    tell(at, job.steps)

        with self._started() as new_worker, ThreadPoolExecutor(count) as threads:
            workers = [new_worker() for _ in range(count)]
            serving = [threads.submit(serve, worker) for worker in workers]
            try:
                for served in as_completed(serving):
                    served.result()
            finally:
                waiting.clear()
                for worker in workers:
                    worker.stop()
        return [failed[at] for at in sorted(failed)]


def _attempt(worker: Worker, job: Job, report: Report) -> Failure | None:
    how = ""
    for _ in range(ATTEMPTS):
        try:
            failure = worker.do(job, report)
        except WorkerLost as lost:
            how = str(lost)
            continue
        if failure is None and job.makes is not None and not job.makes.exists():
            return Failure(
                job.label,
                f"it was done, but {job.makes} is not there; workers on other machines need the artifacts in "
                "a folder that all machines share under the same path",
            )
        return failure
    return Failure(
        job.label,
        f"its worker was lost {ATTEMPTS} times ({how or 'killed, or crashed'}); if memory is short, run "
        "fewer jobs at a time",
    )


class Processes(Executor):
    """Processes of this machine that share its cores; as many as there are cores if ``workers`` is None."""

    def __init__(self, workers: int | None = None, threads: int | None = None) -> None:
        cores = os.cpu_count() or 1
        workers = workers or cores
        super().__init__(workers, threads or max(1, cores // workers))

    @contextmanager
    def _started(self) -> Iterator[Callable[[], Worker]]:
        yield _Process


class _Process:
    """One process after another, of which each does jobs until it is lost."""

    def __init__(self) -> None:
        self._process = WorkProcess(_perform_here)
        self.stop = self._process.close

    def do(self, job: Job, report: Report) -> Failure | None:
        failure: Failure | None = None
        try:
            for said in self._process.ask(job.label, job.call, job.arguments):
                if isinstance(said, Failure):
                    failure = said
                else:
                    report(said)
        except ProcessDied as error:
            raise WorkerLost(*error.args) from error
        return failure


def _perform_here(answer: Answer, label: str, call: Callable[..., None], arguments: dict[str, Any]) -> None:
    """Do a job in a process of its own; answer what it reports, then why it failed, if it did."""
    if (failure := perform(label, call, arguments, answer)) is not None:
        answer(failure)


def perform(
    label: str, call: Callable[..., None], arguments: dict[str, Any], report: Report
) -> Failure | None:
    """Do a job in this process; return why it failed, if it did."""
    try:
        call(report, **arguments)
    except SemtoolError as error:
        return Failure(label, str(error), error.exit_code)
    except BaseException as error:  # a library may call sys.exit
        return Failure(label, f"{type(error).__name__}: {' '.join(str(error).split())}")
    finally:
        sys.stdout.flush()
    return None


def choose_executor(
    name: str = "processes", *, jobs: int | None = None, address: str | None = None
) -> Executor:
    """Return an executor.

    Args:
        name: one of `EXECUTORS`.
        jobs: jobs at the same time; as many as there are cores if None.
        address: of a running Ray cluster (``host:port``, ``ray://host:port`` or ``auto``); only for `ray`,
            which otherwise starts one on this machine.

    Raises:
        UsageError: for an unknown name, an address without Ray, or if Ray is not installed.
        SemtoolError: if no cluster answers at the address.
    """
    if jobs is not None and jobs < 1:
        raise UsageError(f"jobs must be at least 1, not {jobs}")
    if name == "ray":
        from skeleton.runs.cluster import Cluster

        return Cluster(jobs, address)
    if name != "processes":
        raise unknown_name("executor", name, EXECUTORS)
    if address:
        raise UsageError("an address belongs to a Ray cluster; add --executor ray")
    return Processes(jobs)


def raise_first(failures: Sequence[Failure], *, of: int) -> None:
    """Raise the first failure, if there is one, saying how many of how many jobs it stands for."""
    if not failures:
        return
    first = failures[0]
    rest = f" ({len(failures)} of {of} failed; what was done is kept)" if of > 1 else ""
    kind = UsageError if first.exit_code == UsageError.exit_code else SemtoolError
    raise kind(f"{first.label}: {first.message}{rest}")

"""Jobs in processes of this machine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import IO

from skeleton.runs.executors.job import ATTEMPTS, Failure, Job, Progress, Tally
from skeleton.runs.executors.worker import Answer

__all__ = ["Processes"]


class _Lost(Exception):
    """The process ended before it answered."""


class _Worker:
    """One process of `skeleton.runs.executors.worker`.

    A plain process and not one of a pool: a pool would run the caller's script again in each of them.
    """

    def __init__(self) -> None:
        self._complaints: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 (closed by stop)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "skeleton.runs.executors.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._complaints,
            text=True,
        )

    def do(self, job: Job) -> Answer:
        """Do a job; raises `_Lost` if the process ends meanwhile."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        try:
            self.process.stdin.write(json.dumps({"call": job.call, "argument": job.argument}) + "\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
        except OSError:
            line = ""
        if not line:
            raise _Lost(self._how_it_ended())
        answer: Answer = json.loads(line)
        return answer

    def _how_it_ended(self) -> str:
        status = self.process.wait()
        if status < 0:
            return f"ended by signal {-status}"
        self._complaints.seek(0)
        said = self._complaints.read().decode(errors="replace").strip().splitlines()
        return said[-1] if said else f"status {status}"

    def stop(self) -> None:
        """End the process; training that is cut off goes on from its saved state next time."""
        self.process.terminate()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout, self._complaints):
            if stream is not None:
                try:
                    stream.close()
                except OSError:  # a line that the ended process never read
                    continue


@dataclass
class Processes:
    """As many processes as there are ``workers``; a job whose process is lost is begun again in another."""

    workers: int
    threads: int = field(default=1)

    @classmethod
    def of(cls, workers: int | None) -> Processes:
        """Return ``workers`` processes (as many as cores if None) that share the cores."""
        cores = os.cpu_count() or 1
        workers = workers or cores
        return cls(workers, max(1, cores // workers))

    def run(
        self, jobs: Sequence[Job], progress: Progress | None = None, *, keep_going: bool = True
    ) -> list[Failure]:
        """Do all jobs; see `skeleton.runs.executors.job.Executor`."""
        shift = _Shift(jobs, keep_going)
        crew = [threading.Thread(target=shift.serve) for _ in range(min(self.workers, len(jobs)))]
        for member in crew:
            member.start()
        try:
            for member in crew:
                while member.is_alive():
                    shift.tally.tell(progress)
                    member.join(timeout=0.2)
            shift.tally.tell(progress)
        finally:
            shift.stop()
            for member in crew:
                member.join()
        return shift.failures()


class _Shift:
    """The jobs of one call of `Processes.run`, and who works on them."""

    def __init__(self, jobs: Sequence[Job], keep_going: bool) -> None:
        self.jobs, self.keep_going = jobs, keep_going
        self.tally = Tally(jobs)
        self._waiting = deque(range(len(jobs)))
        self._attempts = [0] * len(jobs)
        self._failed: dict[int, Failure] = {}
        self._workers: set[_Worker] = set()
        self._lock = threading.Lock()
        self._stopped = False

    def serve(self) -> None:
        """Do jobs until there are none: one thread for each worker."""
        worker: _Worker | None = None
        try:
            while (at := self._next()) is not None:
                if worker is None:
                    worker = self._hire()
                try:
                    answer = worker.do(self.jobs[at])
                except _Lost as lost:
                    self._dismiss(worker)
                    worker = None
                    self._was_lost(at, str(lost))
                    continue
                self._was_done(at, answer)
        finally:
            if worker is not None:
                self._dismiss(worker)

    def stop(self) -> None:
        """Begin no more jobs and end the processes."""
        with self._lock:
            self._stopped = True
            for worker in self._workers:
                worker.process.terminate()

    def failures(self) -> list[Failure]:
        """Return what failed, in the order of the jobs."""
        return [self._failed[at] for at in sorted(self._failed)]

    def _next(self) -> int | None:
        with self._lock:
            if self._stopped or not self._waiting or (self._failed and not self.keep_going):
                return None
            at = self._waiting.popleft()
            self._attempts[at] += 1
            return at

    def _hire(self) -> _Worker:
        with self._lock:
            worker = _Worker()
            self._workers.add(worker)
            if self._stopped:
                worker.process.terminate()
            return worker

    def _dismiss(self, worker: _Worker) -> None:
        with self._lock:
            self._workers.discard(worker)
        worker.stop()

    def _was_lost(self, at: int, how: str) -> None:
        with self._lock:
            if self._stopped:
                return
            if self._attempts[at] < ATTEMPTS:
                self._waiting.appendleft(at)
            else:
                self._failed[at] = Failure.lost(self.jobs[at].label, how)

    def _was_done(self, at: int, answer: Answer) -> None:
        job = self.jobs[at]
        failure = Failure(job.label, **_renamed(answer)) if answer else job.failure()
        with self._lock:
            self.tally.finished.add(at)
            if failure is not None:
                self._failed[at] = failure


def _renamed(answer: Answer) -> Answer:
    return {"message": answer["error"], "exit_code": answer["exit_code"]}

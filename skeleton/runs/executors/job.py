"""A piece of work that any process can do, and what an executor owes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from semtool.errors import SemtoolError, UsageError

__all__ = ["ATTEMPTS", "Executor", "Failure", "Job", "Progress", "Tally", "raise_first"]

Progress = Callable[[int, int], None]
ATTEMPTS = 3
"""How often a job is begun whose worker is lost (killed, out of memory, its machine gone)."""


@dataclass(frozen=True)
class Job:
    """One call of a function in another process. The result is what it leaves on disk.

    Attributes:
        label: what messages call it.
        call: ``module:function``; the function takes the argument as keywords.
        argument: values that JSON holds.
        steps: how much of the whole it is, in the unit of progress (epochs).
        logs: files whose lines count the steps done so far.
        makes: a file or folder that is there afterwards.
        gpus: graphics cards to reserve on a cluster.
    """

    label: str
    call: str
    argument: dict[str, Any]
    steps: int = 1
    logs: tuple[Path, ...] = ()
    makes: Path | None = None
    gpus: int = 0

    def steps_done(self) -> int:
        """Return how many steps the logs tell of."""
        count = 0
        for log in self.logs:
            try:
                count += log.read_bytes().count(b"\n")
            except OSError:
                continue  # not begun, or renamed just now
        return min(count, self.steps)

    def failure(self) -> Failure | None:
        """Return what is wrong after the job has said it is done: nothing, if what it makes is there."""
        if self.makes is None or self.makes.exists():
            return None
        return Failure(
            self.label,
            f"it was done, but {self.makes} is not there; workers on other machines need the artifacts in a "
            "folder that all machines share under the same path",
        )


@dataclass(frozen=True)
class Failure:
    """A job that could not be done, and why, in a sentence."""

    label: str
    message: str
    exit_code: int = 1

    @classmethod
    def lost(cls, label: str, how: str) -> Failure:
        """Return the failure of a job whose workers were lost every time."""
        return cls(
            label,
            f"its worker was lost {ATTEMPTS} times ({how}); if memory is short, run fewer jobs at a time",
        )


class Executor(Protocol):
    """Something that does jobs, several at a time."""

    threads: int
    """Threads that a job may use."""

    def run(
        self, jobs: Sequence[Job], progress: Progress | None = None, *, keep_going: bool = True
    ) -> list[Failure]:
        """Do all jobs; return those that failed.

        Args:
            jobs: in the order in which they are begun.
            progress: told steps done and to do.
            keep_going: whether the other jobs are done although one failed.
        """
        ...


@dataclass
class Tally:
    """Steps done over all jobs: those of finished ones, and those that the logs of running ones tell of."""

    jobs: Sequence[Job]
    finished: set[int] = field(default_factory=set)

    def tell(self, progress: Progress | None) -> None:
        """Report to ``progress``."""
        if progress is not None:
            done = sum(j.steps if i in self.finished else j.steps_done() for i, j in enumerate(self.jobs))
            progress(done, sum(j.steps for j in self.jobs))


def raise_first(failures: Sequence[Failure], *, of: int) -> None:
    """Raise the first failure, if there is one, saying how many of how many jobs it stands for."""
    if not failures:
        return
    first = failures[0]
    rest = f" ({len(failures)} of {of} failed; what was done is kept)" if of > 1 else ""
    kind = UsageError if first.exit_code == UsageError.exit_code else SemtoolError
    raise kind(f"{first.label}: {first.message}{rest}")

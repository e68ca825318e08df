"""Jobs on a Ray cluster: one that runs already, or one of this machine's own cores for as long as it takes.

Every machine of a cluster needs semtool installed and the artifacts under the same path. Ray itself begins
a job again whose worker is lost.
"""

from __future__ import annotations

import logging
import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any
from urllib.parse import urlsplit

from semtool.errors import SemtoolError, UsageError
from skeleton.runs.executors.job import ATTEMPTS, Failure, Job, Progress, Tally
from skeleton.runs.executors.worker import do

__all__ = ["Cluster"]

STORE_BYTES = 80_000_000
"""Ray's shared memory on this machine: jobs pass nothing but a few words through it."""
PATIENCE = 12.0
"""Seconds that a cluster has to answer."""
_KNOCK = (
    "import sys, ray; print('ready', flush=True); "
    "ray.init(address=sys.argv[1], logging_level='ERROR', log_to_driver=False)"
)


@dataclass
class Cluster:
    """A Ray cluster at ``address``, or one on this machine if that is None.

    Attributes:
        workers: jobs at the same time; None: as many as the cluster has cores for.
    """

    workers: int | None
    address: str | None = None
    threads: int = 1

    @classmethod
    def of(cls, workers: int | None, address: str | None) -> Cluster:
        """Return the executor; refuse it if Ray is not installed or no cluster answers at ``address``."""
        if find_spec("ray") is None:
            raise UsageError("the executor ray needs Ray: pip install 'semtool[ray]'")
        if address:
            _knock(address)  # before anybody has worked for nothing
            return cls(workers, address)
        cores = os.cpu_count() or 1
        workers = workers or cores
        return cls(workers, None, max(1, cores // workers))

    def run(
        self, jobs: Sequence[Job], progress: Progress | None = None, *, keep_going: bool = True
    ) -> list[Failure]:
        """Do all jobs; see `skeleton.runs.executors.job.Executor`."""
        if not jobs:
            return []
        tally = Tally(jobs)
        failed: dict[int, Failure] = {}
        with _connected(self.address, self.workers) as ray:
            remote = ray.remote(max_retries=ATTEMPTS - 1)(do)
            waiting = list(range(len(jobs)))
            running: dict[Any, int] = {}
            while waiting or running:
                while waiting and len(running) < (self.workers or len(jobs)):
                    at = waiting.pop(0)
                    task = remote.options(num_cpus=self._cpus(), num_gpus=jobs[at].gpus, name=jobs[at].label)
                    running[task.remote(jobs[at].call, jobs[at].argument)] = at
                ready, _ = ray.wait(list(running), timeout=0.2)
                for reference in ready:
                    at = running.pop(reference)
                    if failure := _outcome(ray, reference, jobs[at]):
                        failed[at] = failure
                        waiting = waiting if keep_going else []
                    tally.finished.add(at)
                tally.tell(progress)
        return [failed[at] for at in sorted(failed)]

    def _cpus(self) -> int:
        # A cluster on this machine is told to have as many cores as there are workers.
        return self.threads if self.address else 1


def _outcome(ray: Any, reference: Any, job: Job) -> Failure | None:
    try:
        answer = ray.get(reference)
    except (ray.exceptions.WorkerCrashedError, ray.exceptions.NodeDiedError) as error:
        return Failure.lost(job.label, type(error).__name__)
    except ray.exceptions.OutOfMemoryError:
        return Failure.lost(job.label, "out of memory")
    except ray.exceptions.RayError as error:
        return Failure(job.label, f"Ray failed ({type(error).__name__}): {_last_line(str(error))}")
    if answer:
        return Failure(job.label, answer["error"], answer["exit_code"])
    return job.failure()


@contextmanager
def _connected(address: str | None, workers: int | None) -> Iterator[Any]:
    """Yield Ray, connected; what was connected before stays so, what is connected here ends with it."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")  # leave CUDA_VISIBLE_DEVICES alone
    import ray

    if ray.is_initialized():
        yield ray
        return
    quiet: dict[str, Any] = {"logging_level": logging.ERROR, "log_to_driver": False}
    try:
        if address:
            ray.init(address=address, **quiet)
        else:
            ray.init(
                address="local",
                num_cpus=workers,
                num_gpus=None,
                include_dashboard=False,
                object_store_memory=STORE_BYTES,
                **quiet,
            )
    except Exception as error:
        where = f"at {address}" if address else "on this machine"
        raise SemtoolError(f"cannot start with Ray {where}: {_last_line(str(error))}") from error
    try:
        yield ray
    finally:
        ray.shutdown()


def _knock(address: str) -> None:
    """Raise `SemtoolError` unless a Ray cluster answers.

    Left to itself Ray waits for minutes, so it is tried first in a process that can be ended.
    """
    silent = SemtoolError(
        f"no Ray cluster answers at {address}; is it running there (ray start --head), is the port right, "
        "and does it ask for a token (then set RAY_AUTH_MODE=token and RAY_AUTH_TOKEN)?"
    )
    place = urlsplit(address if "://" in address else f"//{address}")
    try:
        port = place.port
    except ValueError:
        port = None
    if address != "auto":
        if not place.hostname or port is None:
            raise UsageError(
                f"{address!r} is no address of a Ray cluster; write host:port or ray://host:port"
            )
        try:
            socket.create_connection((place.hostname, port), timeout=PATIENCE / 3).close()
        except OSError as error:
            raise silent from error
    tried = subprocess.Popen(
        [sys.executable, "-c", _KNOCK, address], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        assert tried.stdout is not None
        tried.stdout.readline()  # importing Ray takes its time and is not the cluster's fault
        _, said = tried.communicate(timeout=PATIENCE)
    except subprocess.TimeoutExpired as error:
        raise silent from error
    finally:
        tried.kill()
        tried.communicate()
    if tried.returncode:
        reason = _last_line(said)
        if "onnect" in reason or not reason:
            raise silent
        raise SemtoolError(f"cannot use the Ray cluster at {address}: {reason}")


def _last_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1] if lines else ""

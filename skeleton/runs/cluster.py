"""Jobs on a Ray cluster: one that runs already, or one of this machine's own cores for as long as it takes.

Every machine of a cluster needs semtool installed and the artifacts under the same path.
"""

from __future__ import annotations

import logging
import os
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import chdir, contextmanager
from importlib.util import find_spec
from pathlib import Path
from queue import SimpleQueue
from typing import Any
from urllib.parse import urlsplit

from semtool.errors import SemtoolError, UsageError
from skeleton.runs.parallel import Executor, Failure, Job, Report, Worker, WorkerLost, perform

__all__ = ["Cluster"]

STORE_BYTES = 80_000_000
"""Ray's shared memory on this machine: jobs pass nothing but a few words through it."""
PATIENCE = 45.0
"""Seconds that a cluster has to answer, the import of Ray included."""
_TRY = "import sys, ray; ray.init(address=sys.argv[1], logging_level='ERROR', log_to_driver=False)"


class Cluster(Executor):
    """A Ray cluster at ``address``, or one on this machine if that is None.

    Args:
        workers: jobs at the same time; None: as many as the cluster has cores for.

    Raises:
        UsageError: if Ray is not installed.
        SemtoolError: if no cluster answers, so that nobody works for nothing before.
    """

    def __init__(self, workers: int | None = None, address: str | None = None) -> None:
        if find_spec("ray") is None:
            raise UsageError("the executor ray needs Ray: pip install 'semtool[ray]'", see="no-extra")
        self.address = address
        if address:
            _check_answer(address)
            super().__init__(workers)
        else:
            cores = os.cpu_count() or 1
            super().__init__(workers or cores, max(1, cores // (workers or cores)))

    @contextmanager
    def _started(self) -> Iterator[Callable[[], Worker]]:
        with _connected(self.address, self.workers) as ray:
            # A cluster on this machine is told to have as many cores as there are workers.
            yield lambda: _Remote(ray, self.threads if self.address else 1)


class _Remote:
    """Gives one job at a time to Ray, which has the processes."""

    def __init__(self, ray: Any, cpus: int) -> None:
        self._ray, self._cpus = ray, cpus
        self._running: Any = None
        self._stopped = False

    def do(self, job: Job, report: Report) -> Failure | None:
        if self._stopped:
            raise WorkerLost
        lost, said = self._ray.exceptions, None
        remote = self._ray.remote(
            max_retries=0, num_cpus=self._cpus, num_gpus=job.gpus, name=job.label, num_returns="streaming"
        )(_perform_there)  # fmt: skip
        self._running = remote.remote(job.label, job.call, job.arguments, Path.cwd())
        try:
            for told in self._running:
                said = self._ray.get(told)
                if isinstance(said, dict):
                    report(said)
        except lost.RayTaskError as error:
            return Failure(job.label, f"Ray failed ({type(error).__name__}): {_last_line(str(error))}")
        except lost.RayError as error:  # Ray has many names for a worker or a machine that is gone
            raise WorkerLost from error
        finally:
            self._running = None
        failure: Failure | None = said
        return failure

    def stop(self) -> None:
        self._stopped = True
        if (running := self._running) is not None:
            self._ray.cancel(running, force=True)


def _perform_there(
    label: str, call: Callable[..., None], arguments: dict[str, Any], folder: Path
) -> Iterator[dict[str, Any] | Failure | None]:
    """Do a job in a worker of Ray; yield what it reports, then why it failed, if it did."""
    if folder.is_dir():
        os.chdir(folder)  # where relative paths are meant
    told: SimpleQueue[dict[str, Any] | Failure | None] = SimpleQueue()
    threading.Thread(target=lambda: told.put(perform(label, call, arguments, told.put)), daemon=True).start()
    while isinstance(said := told.get(), dict):
        yield said
    yield said


@contextmanager
def _connected(address: str | None, workers: int | None) -> Iterator[Any]:
    """Yield Ray, connected; what was connected before stays so, what is connected here ends with it."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")  # leave CUDA_VISIBLE_DEVICES alone
    import ray

    if ray.is_initialized():
        yield ray
        return
    options: dict[str, Any] = {"logging_level": logging.ERROR, "log_to_driver": False}
    if address:
        options |= {"address": address}
    else:
        options |= {
            "address": "local",
            "num_cpus": workers,
            "include_dashboard": False,
            "object_store_memory": STORE_BYTES,
        }
    # Ray puts the working folder on the path of its workers: a yaml.py lying there would run. The empty
    # folder stays as long as they do: where the working folder is gone, MKL does not find itself, and ends.
    with tempfile.TemporaryDirectory() as empty:
        try:
            with chdir(empty):
                ray.init(**options)
        except Exception as error:
            where = f"at {address}" if address else "on this machine"
            raise SemtoolError(f"cannot start with Ray {where}: {_last_line(str(error))}") from error
        try:
            yield ray
        finally:
            ray.shutdown()


def _check_answer(address: str) -> None:
    """Raise `SemtoolError` unless a Ray cluster answers.

    Left to itself Ray waits for minutes, so it is tried first in a process that can be ended.
    """
    silent = SemtoolError(
        f"no Ray cluster answers at {address}; is it running there (ray start --head), is the port right, "
        "and does it ask for a token (then set RAY_AUTH_MODE=token and RAY_AUTH_TOKEN)?"
    )
    if address != "auto":
        place = urlsplit(address if "://" in address else f"//{address}")
        try:
            where = place.hostname, place.port
        except ValueError:
            where = None, None
        if not all(where):
            raise UsageError(
                f"{address!r} is no address of a Ray cluster; write host:port or ray://host:port"
            )
        try:
            socket.create_connection(where, timeout=PATIENCE / 3).close()
        except OSError as error:
            raise silent from error
    command = [sys.executable, "-P", "-c", _TRY, address]
    hurry = {"RAY_gcs_rpc_server_reconnect_timeout_s": "2"}  # else Ray tries for a minute where nobody speaks
    try:
        tried = subprocess.run(
            command, capture_output=True, text=True, timeout=PATIENCE, check=False, env=hurry | os.environ
        )
    except subprocess.TimeoutExpired as error:
        raise silent from error
    if tried.returncode:
        reason = _last_line(tried.stderr)
        if "onnect" in reason or not reason:
            raise silent
        raise SemtoolError(f"cannot use the Ray cluster at {address}: {reason}")


def _last_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1] if lines else ""

"""Executors by name."""

from __future__ import annotations

from semtool.errors import UsageError, unknown_name
from skeleton.runs.executors.job import Executor

__all__ = ["EXECUTORS", "choose_executor"]

EXECUTORS = ("processes", "ray")


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
        from skeleton.runs.executors.cluster import Cluster

        return Cluster.of(jobs, address)
    if name != "processes":
        raise unknown_name("executor", name, EXECUTORS)
    if address:
        raise UsageError("an address belongs to a Ray cluster; add --executor ray")
    from skeleton.runs.executors.processes import Processes

    return Processes.of(jobs)

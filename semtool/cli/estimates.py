"""What commands with ``--dry-run`` share: the option, and the table of what the work would take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Annotated, Any

from semtool.cli.console import json_object, option, table

if TYPE_CHECKING:
    from semtool.artifacts import Store
    from skeleton.runs import Estimate

__all__ = ["DryRun", "show_estimates"]

DryRun = Annotated[bool, option("Measure for some seconds what it would take, and do nothing.", "--dry-run")]


def show_estimates(
    found: Sequence[Estimate], start: Estimate, json: bool, store: Store, jobs: int | None, **more: Any
) -> None:
    """Print a row for each work and one for all of it; raise if memory or disk are short.

    ``start`` is of this command's own process and of each worker; ``more`` goes into the JSON.
    """
    import os

    from skeleton.runs import Estimate, refuse_short, total

    at_once = min(jobs or os.cpu_count() or 1, max(1, sum(not e.alone for e in found)))
    workers = [start] * at_once if at_once > 1 else []
    found = [replace(start, alone=True), *workers, *found] if found else []
    whole = total(found, at_once)
    refuse_short(whole, store, jobs=at_once)
    if json:
        json_object({**more, "estimates": [asdict(e) for e in found], "all": asdict(whole), "jobs": at_once})
        return
    alike: dict[str, list[Estimate]] = {}
    for one in found:
        alike.setdefault(one.what.rpartition(" of seed ")[0] or one.what, []).append(one)
    rows = []
    for what, some in alike.items():
        mean = Estimate(
            what,
            sum(e.seconds for e in some) / len(some),
            max(e.memory for e in some),
            sum(e.disk for e in some) / len(some),
        )
        rows.append((what, len(some), *mean.row()[1:]))
    rows.append((f"all, {at_once} at a time, while nothing else runs", len(found), *whole.row()[1:]))
    table("about, by a short measurement here", ("work", "times", "time each", "memory", "disk"), rows)

"""A log of how far long work is, in a file that can be looked at from anywhere: ``progress.log``."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

__all__ = ["log", "logged"]

EVERY = 10.0
"""Most seconds between two lines while something happens."""

Progress = Callable[[int, int], None]


def log(text: str, path: Path) -> None:
    """Append a line to a log, with the time."""
    with path.open("a", encoding="utf-8") as stream:
        stream.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')}  {text}\n")


def logged(progress: Progress | None, path: Path) -> Progress:
    """Return ``progress`` that also appends to ``path``: when, steps done and to do, time left."""
    from skeleton.runs.estimate import duration

    began, written, first = time.monotonic(), -EVERY, -1

    def tell(done: int, total: int) -> None:
        nonlocal written, first
        first = done if first < 0 else first
        now = time.monotonic()
        if now - written >= EVERY or done == total:
            written, took = now, now - began
            left = took * (total - done) / (done - first) if done > first else 0.0
            more = f", about {duration(left)} left" if left else ""
            log(f"{done} of {total} steps, {duration(took)}{more}", path)
        if progress is not None:
            progress(done, total)

    return tell

"""Seeds as users write them."""

from __future__ import annotations

from collections.abc import Sequence

from semtool.errors import UsageError

__all__ = ["check_seeds", "parse_seeds"]

MOST = 1000
"""Seeds that one command trains at most."""


def parse_seeds(given: str | int | Sequence[int]) -> tuple[int, ...]:
    """Return the seeds that are meant: ``3`` is a count (0, 1, 2), ``0,1,2`` and ``0-4`` are lists.

    A single seed is a list of one, ``7,`` or ``7-7``; ``0``, which cannot be a count, is the seed 0.

    Raises:
        UsageError: if it is none of these, or the seeds are not distinct numbers from 0.
    """
    if isinstance(given, int):
        return _first(given)
    if not isinstance(given, str):
        return check_seeds(given)
    seeds: list[int] = []
    try:
        if given.strip().isdecimal():
            return _first(int(given))
        for part in filter(None, (p.strip() for p in given.split(","))):
            first, dash, last = part.partition("-")
            seeds += range(int(first), int(last) + 1) if dash else [int(first)]
    except ValueError:
        raise UsageError(f"seeds are a count (3) or a list (0,1,2 or 0-4), not {given!r}") from None
    return check_seeds(seeds)


def _first(count: int) -> tuple[int, ...]:
    if count == 0:
        return (0,)
    if count > MOST:
        raise UsageError(f"{count} seeds are more than the {MOST} that one command trains")
    return check_seeds(range(count))


def check_seeds(seeds: Sequence[int]) -> tuple[int, ...]:
    """Return seeds as a tuple; refuse them unless they are distinct whole numbers from 0."""
    if not seeds or len(set(seeds)) < len(seeds) or min(seeds) < 0:
        raise UsageError(f"seeds must be distinct numbers from 0, not {', '.join(map(str, seeds)) or 'none'}")
    return tuple(int(seed) for seed in seeds)

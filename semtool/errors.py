"""The errors a user sees: one sentence each, saying what, where and what to do."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

__all__ = ["NotMadeError", "SemtoolError", "UsageError", "printable", "some", "unknown_name"]

_CONTROL = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160)) if chr(code) not in "\n\t"}
_CONTROL |= {code: f"\\u{code:04x}" for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))}


def printable(text: str) -> str:
    """Return text that a terminal only shows: control characters and writing directions as escapes."""
    return text.translate(_CONTROL)


def some(items: Sequence[object], most: int = 8, between: str = ", ") -> str:
    """Return the first of ``items`` for a sentence, and how many more there are."""
    more = f" and {len(items) - most} more" if len(items) > most else ""
    return between.join(map(str, items[:most])) + more


class SemtoolError(Exception):
    """Something failed while working; the command exits with status 1.

    Attributes:
        see: anchor in the page `errors` of the documentation, where that has more to say; else empty.
    """

    exit_code = 1

    def __init__(self, *said: object, see: str = "") -> None:
        super().__init__(*said)
        self.see = see


class UsageError(SemtoolError):
    """The request itself is wrong (an unknown name, options that do not fit); exit status 2."""

    exit_code = 2


class NotMadeError(UsageError):
    """What was asked for does not exist: an artifact, a run, skeletons; exit status 1."""

    exit_code = 1


def unknown_name(
    kind: str, name: str, known: Iterable[str], error: type[UsageError] = UsageError, *, see: str = ""
) -> UsageError:
    """Return the error for an unknown ``name``, with the nearest valid names; ``see``: of `SemtoolError`."""
    names = sorted(known)
    lowered = {n.lower(): n for n in names}
    near = [lowered[n] for n in difflib.get_close_matches(name.lower(), lowered, n=3, cutoff=0.5)]
    if near:
        hint = f"did you mean {' or '.join(repr(n) for n in near)}?"
    elif names:
        hint = "known: " + some(names, 20)
    else:
        hint = f"there is no {kind} yet"
    return error(f"unknown {kind} {name!r}; {hint}", see=see)

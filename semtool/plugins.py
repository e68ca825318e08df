"""Plug-ins of other packages, by entry point: one that cannot be used is a sentence and stops nobody else."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import redirect_stdout
from importlib.metadata import entry_points
from typing import Any

from semtool.errors import SemtoolError, UsageError, unknown_name

__all__ = ["first_line", "load_plugins", "package_of", "reason", "unknown_plugin"]


def load_plugins(
    group: str, what: str, check: Callable[[Any, str], Sequence[str]], ours: Iterable[str]
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Load what other packages announce.

    Args:
        group: of entry points, such as ``semtool.methods``.
        what: how messages call such a plug-in.
        check: given what was loaded and its entry point's name, returns the names that it takes, its own
            first; raises what is wrong with it.
        ours: names that no plug-in may take.

    Returns:
        The plug-ins by name, and a sentence for each that cannot be used.
    """
    found: dict[str, Any] = {}
    problems, taken = [], set(ours)
    for point in sorted(entry_points(group=group), key=lambda point: (point.name, point.value)):
        package = point.dist.name if point.dist else point.module.partition(".")[0]
        try:
            with redirect_stdout(sys.stderr):  # stdout is for results alone
                loaded = point.load()
                names = check(loaded, point.name)
            if twice := taken.intersection(names):
                raise UsageError(f"the name {min(twice)!r} is another one's")
        except (Exception, SystemExit) as error:
            problems.append(
                f"the {what} {point.value} of the package {package} cannot be used: {reason(error)}"
            )
        else:
            found[names[0]] = loaded
            taken.update(names)
    return found, tuple(problems)


def unknown_plugin(what: str, name: str, known: Iterable[str], problems: Iterable[str]) -> UsageError:
    """Return the error for an unknown name, with what is wrong with plug-ins: one may have been meant."""
    return UsageError("; ".join([str(unknown_name(what, name, known)), *problems]))


def package_of(kind: type) -> str:
    """Return the package that a class is from."""
    return kind.__module__.partition(".")[0]


def reason(error: BaseException) -> str:
    """Return in one line what a foreign error says; our own say it all by themselves."""
    if isinstance(error, SemtoolError):
        return str(error)
    return f"{type(error).__name__}: {first_line(error)}" if str(error).strip() else type(error).__name__


def first_line(error: BaseException) -> str:
    """Return the first line of what an error of a library says."""
    text = str(error).strip()
    return text.splitlines()[0][:200] if text else type(error).__name__

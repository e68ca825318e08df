"""How a command ends when it does not end well: signals, and one sentence for each kind of failure."""

from __future__ import annotations

import errno
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

from semtool.errors import SemtoolError, printable

__all__ = ["Interrupted", "sentence", "stop_on_signals"]


class Interrupted(BaseException):
    """Ctrl-C or a request to terminate.

    No `KeyboardInterrupt`, which libraries swallow on its way out.
    """

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.exit_code = 128 + number
        word = "interrupted" if number == signal.SIGINT else "terminated"
        self.message = f"{word}; finished work is kept, nothing half-written: run the command again to go on"


def _raise(number: int, _frame: FrameType | None) -> NoReturn:
    for known in (signal.SIGINT, signal.SIGTERM):
        signal.signal(known, signal.SIG_DFL)  # the second time nothing is waited for
    raise Interrupted(number)


@contextmanager
def stop_on_signals() -> Iterator[None]:
    """Let Ctrl-C and SIGTERM end the command through its ``finally`` clauses; an ignored one stays so."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    for number, handler in before.items():
        if handler is not signal.SIG_IGN:
            signal.signal(number, _raise)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def sentence(error: Exception) -> str:
    """Return what a user reads of a failure that nobody foresaw."""
    if isinstance(error, SemtoolError):
        return printable(f"{error} (docs: errors#{error.see})" if error.see else str(error))
    if isinstance(error, OSError):
        return printable(_of_system(error))
    if isinstance(error, MemoryError):
        detail = f" ({' '.join(str(error).split())})" if str(error) else ""
        return f"out of memory{detail}; give the command less at a time, or a machine with more"
    if isinstance(error, RecursionError):
        return "an input is nested too deeply to be read"
    text = " ".join(str(error).split())
    return printable(f"{type(error).__name__}: {text}; run again with --debug for the traceback")


def _of_system(error: OSError) -> str:
    names = [str(name) for name in (error.filename, error.filename2) if name is not None]
    where = names[-1] if names else "a file"
    kind: dict[int | None, str] = {
        errno.ENOSPC: f"the disk is full: {where} could not be written; make room and run again",
        errno.EDQUOT: f"the quota is used up: {where} could not be written; make room and run again",
        errno.EROFS: f"{where} cannot be written: the file system is read-only; choose another --root",
        errno.EACCES: f"{where}: permission denied; change its permissions, or choose another place (--root)",
        errno.EPERM: f"{where}: not permitted; change its permissions, or choose another place (--root)",
        errno.ENOTDIR: f"{where}: a part of this path is a file, not a folder; choose another path",
        errno.EMFILE: "too many files are open at once; raise the limit (ulimit -n) or use fewer workers",
    }
    return kind.get(error.errno) or f"{where}: {error.strerror or ' '.join(str(error).split()) or 'failed'}"

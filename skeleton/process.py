"""A process that works for this one: it may die of a task, and it ends when this one does.

It starts without the working folder on Python's path, so that nothing that lies there is imported. Tasks and
answers travel as pickles over its standard input and output. Run as a module it is that process.
"""

from __future__ import annotations

import os
import pickle
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import skeleton

__all__ = ["Answer", "ProcessDied", "WorkProcess"]

Answer = Callable[[Any], None]
"""Sends an answer to whoever asked."""


class ProcessDied(Exception):
    """A process ended before its task did; what it is called with says how."""


class WorkProcess:
    """The side that asks. The process starts with the first task, and anew after it died.

    Args:
        work: what it does with a task: called with an `Answer`, then what `ask` was called with.
        environment: what the process finds in its environment besides ours.
    """

    def __init__(self, work: Callable[..., None], environment: Mapping[str, str] | None = None) -> None:
        self._work, self._environment = work, environment or {}
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.RLock()  # an abandoned `ask` may be collected anywhere
        self._closed = False

    def ask(self, *task: Any) -> Iterator[Any]:
        """Yield the answers to a task; whoever takes but some of them ends the process.

        Raises:
            ProcessDied: if the process did, or was closed from another thread.
        """
        process = self._started()
        assert process.stdin
        assert process.stdout
        try:
            pickle.dump(task, process.stdin)
            process.stdin.flush()
            while True:
                answer, last = pickle.load(process.stdout)
                if last:
                    return
                yield answer
        except GeneratorExit:
            self._end(process)
            raise
        except (OSError, EOFError, ValueError, pickle.UnpicklingError) as error:
            code = self._end(process)
            raise ProcessDied(f"signal {-code}" if code < 0 else f"exit {code}") from error

    def close(self) -> None:
        """End the process, whatever it does; from any thread."""
        with self._lock:
            self._closed = True
            process = self._process
        if process:
            self._end(process)

    def _end(self, process: subprocess.Popen[bytes]) -> int:
        with self._lock:
            if self._process is process:
                self._process = None
        process.kill()
        code = process.wait()
        for stream in (process.stdin, process.stdout):
            with suppress(OSError, ValueError):
                stream.close()  # type: ignore[union-attr]
        return code

    def _started(self) -> subprocess.Popen[bytes]:
        with self._lock:
            if self._closed:
                raise ProcessDied("it was closed")
            if self._process is None:
                self._process = subprocess.Popen(
                    [sys.executable, "-P", "-m", __name__],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    env={**os.environ, "PYTHONPATH": _search_path(), **self._environment},
                    start_new_session=True,  # Ctrl-C is for the command, which then ends this process
                )
                assert self._process.stdin
                pickle.dump(self._work, self._process.stdin)
            return self._process


def _search_path() -> str:
    """Return where this process finds modules; without the working folder, unless somebody asked for it."""
    home, here = Path(skeleton.__file__).resolve().parents[1], Path.cwd()
    asked = {Path(p).resolve() for p in os.environ.get("PYTHONPATH", "").split(os.pathsep) if p} | {home}
    kept = [p for p in sys.path if p and (Path(p).resolve() != here or here in asked)]
    return os.pathsep.join(dict.fromkeys([*kept, str(home)]))


def _serve() -> None:
    """Do tasks for the process at the other end; end at once when it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # where there are no sessions
    asked = os.fdopen(os.dup(0), "rb")
    # Open to the very end: whoever waits for answers learns of it when the exit code is known.
    answers = os.fdopen(os.dup(1), "wb", closefd=False)
    with Path(os.devnull).open("rb") as nothing:
        os.dup2(nothing.fileno(), 0)  # whoever reads from the user gets no tasks
    os.dup2(2, 1)  # whatever a library prints does not mix with the answers
    tasks: queue.SimpleQueue[Any] = queue.SimpleQueue()

    def listen() -> None:
        while True:
            try:
                tasks.put(pickle.load(asked))
            except (EOFError, OSError, pickle.UnpicklingError):
                os._exit(0)
            except Exception as error:  # what is asked for cannot be imported
                sys.stderr.write(f"{type(error).__name__}: {error}\n")
                os._exit(1)

    def answer(said: Any, last: bool = False) -> None:
        pickle.dump((said, last), answers, protocol=5)
        answers.flush()

    threading.Thread(target=listen, daemon=True).start()
    work = tasks.get()
    try:
        while True:
            work(answer, *tasks.get())
            answer(None, last=True)
    except BrokenPipeError:
        os._exit(0)


if __name__ == "__main__":
    _serve()

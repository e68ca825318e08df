"""A process that reads raw files for another: it may die of one, and it ends when the other does.

It starts without the working folder on Python's path, so that nothing that lies there is imported, and has a
limit of memory. Requests and samples travel as pickles over its standard input and output. Run as a module
it is that process.
"""

from __future__ import annotations

import os
import pickle
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import skeleton
from semtool.errors import SemtoolError
from skeleton.data.formats import RawFile, RawSample, ReadContext, Reader, SampleFinding, find_reader

__all__ = ["ReadingProcess"]

_MEMORY, _MEMORY_PER_BYTE = 2**30, 6
"""What reading a file may take: so much, and so many times its size."""
_END = None


class ReadingProcess:
    """The side that asks. The process starts with the first file, and anew after it died."""

    def __init__(self, reader: Reader, context: ReadContext) -> None:
        self._name = reader.name
        self._context = context
        self._process: subprocess.Popen[bytes] | None = None
        self._closed = False

    def read(self, file: RawFile, size: int) -> Iterator[RawSample]:
        """Yield what a file gives, and a finding if the process died of it.

        Args:
            file: what to read.
            size: its bytes, which limit the memory that reading may take.
        """
        process = self._started()
        assert process.stdin
        assert process.stdout
        try:
            pickle.dump((file, size), process.stdin)
            process.stdin.flush()
            while (sample := pickle.load(process.stdout)) is not _END:
                yield sample
        except (OSError, EOFError, pickle.UnpicklingError):
            self._process = None
            process.kill()
            code = process.wait()
            if not self._closed:
                text = f"{file.name} ended the process that read it ({_cause(code)})"
                yield SampleFinding("crashed", text, file.stem)

    def close(self) -> None:
        """End the process, whatever it does."""
        self._closed = True
        process, self._process = self._process, None
        if process:
            process.kill()
            process.wait()
            for stream in (process.stdin, process.stdout):
                with suppress(OSError):
                    stream.close()  # type: ignore[union-attr]

    def _started(self) -> subprocess.Popen[bytes]:
        if self._closed:
            raise SemtoolError("reading was stopped")
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", __name__],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env={**os.environ, "PYTHONPATH": _search_path(), "OMP_NUM_THREADS": "1"},
                start_new_session=True,  # Ctrl-C is for the command, which then ends this process
            )
            assert self._process.stdin
            pickle.dump((self._name, self._context), self._process.stdin)
        return self._process


def _search_path() -> str:
    """Return where this process finds modules, without the working folder, unless we live there."""
    home, here = Path(skeleton.__file__).resolve().parents[1], Path.cwd()
    kept = [p for p in sys.path if p and (Path(p).resolve() != here or Path(p).resolve() == home)]
    return os.pathsep.join(dict.fromkeys([*kept, str(home)]))


def _cause(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit {code}"


def _limit_memory(size: int) -> None:
    """Allow this process what it has now and what a file of ``size`` bytes may need, where systems can."""
    try:
        import resource

        used = int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
        wanted = used + _MEMORY + _MEMORY_PER_BYTE * max(size, 0)
        _, most = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(
            resource.RLIMIT_AS, (wanted if most == resource.RLIM_INFINITY else min(wanted, most), most)
        )
    except (ImportError, OSError, ValueError):
        return


def _serve() -> None:
    """Read files for the process at the other end; end at once when it ends."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints does not mix with the answers
    requests: queue.SimpleQueue[Any] = queue.SimpleQueue()

    def listen() -> None:
        while True:
            try:
                requests.put(pickle.load(sys.stdin.buffer))
            except (EOFError, OSError, pickle.UnpicklingError):
                os._exit(0)

    threading.Thread(target=listen, daemon=True).start()
    name, context = requests.get()
    reader = find_reader(name)
    try:
        while True:
            file, size = requests.get()
            _limit_memory(size)
            for sample in reader.samples(file, context):
                pickle.dump(sample, answers, protocol=5)
            pickle.dump(_END, answers)
            answers.flush()
    except BrokenPipeError:
        os._exit(0)


if __name__ == "__main__":
    _serve()

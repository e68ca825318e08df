"""Templates that users bring, rendered in a process of its own that gets little memory and little time.

There is one such process for all templates of this process. It knows no keys and nothing of the folder it was
started in, ends with its parent, and is started again when a template has brought it down.
"""

from __future__ import annotations

import atexit
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

from semtool.errors import SemtoolError
from semtool.generation.templates import MissingFieldError, Templates, TooMuchError

__all__ = ["MEGABYTES", "SECONDS", "SandboxedTemplates", "serve"]

MEGABYTES = 512
"""Address space of the process; Python and Jinja take about a tenth of it."""
SECONDS = 5
"""Processor time of one rendering."""
_START = (
    "import sys; sys.path[:] = sys.argv[1:]; from semtool.generation.template_process import serve; serve()"
)
_KEPT = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT", "LANG")


class SandboxedTemplates:
    """As `Templates`, for templates that are not trusted; see there for arguments and errors."""

    def __init__(self, files: Mapping[str, str], origin: str) -> None:
        self.origin = origin
        self._source = {"files": dict(files), "origin": origin}

    def render(self, name: str, variables: Mapping[str, Any], subject: str = "") -> str:
        """Return the text of template ``name``; see `Templates.render`."""
        return self._ask({"render": name, "variables": dict(variables), "subject": subject})

    def check(self, name: str) -> None:
        """Raise `SemtoolError` if template ``name`` does not parse."""
        self._ask({"check": name})

    def _ask(self, request: dict[str, Any]) -> str:
        reply = _PROCESS.ask(self._source, request)
        if reply is None:
            name = request.get("render") or request["check"]
            raise SemtoolError(
                f"{self.origin}/{name}: rendering it was stopped: it takes more than {SECONDS} s or "
                f"{MEGABYTES} MB"
            )
        if "missing" in reply:
            raise MissingFieldError(*reply["missing"])
        if "error" in reply:
            raise SemtoolError(reply["error"])
        return str(reply["text"])


class _Process:
    """The other end of `serve`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._parent = 0
        self._loaded: Any = None

    def ask(self, source: dict[str, Any], request: dict[str, Any]) -> dict[str, Any] | None:
        """Return the reply, or None if the process had to be stopped or died."""
        with self._lock:
            child = self._running()
            assert child.stdin is not None
            assert child.stdout is not None
            if self._loaded is not source:
                request = source | request
                self._loaded = source
            # Processor time is bounded inside; this is for a process that does not even get that far.
            watch = threading.Timer(12 * SECONDS, child.kill)
            watch.start()
            try:
                child.stdin.write(json.dumps(request | {"seconds": SECONDS}).encode() + b"\n")
                child.stdin.flush()
                line = child.stdout.readline()
            except BrokenPipeError:
                line = b""
            except BaseException:
                child.kill()  # interrupted: the reply that is still to come must not answer another request
                self._child = None
                raise
            finally:
                watch.cancel()
            if not line.endswith(b"\n"):
                child.kill()
                child.communicate()
                self._child = None
                return None
            reply: dict[str, Any] = json.loads(line)
            return reply

    def _running(self) -> subprocess.Popen[bytes]:
        if self._child is None or self._parent != os.getpid() or self._child.poll() is not None:
            folder = str(Path(__file__).resolve().parents[2])
            # Nothing of the working folder: a module that lies there must not run.
            path = [p for p in sys.path if p and Path(p).is_absolute()] + [folder]
            self._child = subprocess.Popen(
                [sys.executable, "-I", "-c", _START, *path],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={name: os.environ[name] for name in _KEPT if name in os.environ},
                start_new_session=True,
            )
            self._parent, self._loaded = os.getpid(), None
        return self._child

    def stop(self) -> None:
        """End the process."""
        if self._child is not None and self._parent == os.getpid():
            self._child.kill()
            self._child.communicate()
            self._child = None


_PROCESS = _Process()
atexit.register(_PROCESS.stop)


def serve() -> None:
    """Answer requests, a JSON line each, until the other end closes."""
    _limit_memory()
    templates = Templates({}, "")
    for line in sys.stdin.buffer:
        request = json.loads(line)
        if "files" in request:
            templates = Templates(request["files"], request["origin"])
        reply = _reply(templates, request)
        sys.stdout.buffer.write(json.dumps(reply).encode() + b"\n")
        sys.stdout.buffer.flush()


def _reply(templates: Templates, request: dict[str, Any]) -> dict[str, Any]:
    try:
        _limit_time(request["seconds"])
        if "check" in request:
            templates.check(request["check"])
            return {"text": ""}
        return {"text": templates.render(request["render"], request["variables"], request["subject"])}
    except MissingFieldError as error:
        return {"missing": [error.template, error.line, error.field, error.subject]}
    except SemtoolError as error:
        return {"error": str(error)}
    except (TooMuchError, MemoryError) as error:
        return {"error": f"{templates.origin}: {error or 'a template takes too much memory'}"}
    finally:
        _limit_time(0)


def _limit_memory() -> None:
    if sys.platform != "win32":
        import resource

        with suppress(ValueError, OSError):  # where a smaller limit holds already
            resource.setrlimit(resource.RLIMIT_AS, (MEGABYTES << 20, MEGABYTES << 20))
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def _limit_time(seconds: float) -> None:
    """Interrupt what runs after ``seconds`` of processor time, and end the process soon after that."""
    if sys.platform != "win32":
        import resource
        import signal

        if seconds:
            signal.signal(signal.SIGVTALRM, _too_long)
            end = int(time.process_time() + seconds) + 2
            resource.setrlimit(resource.RLIMIT_CPU, (end, resource.getrlimit(resource.RLIMIT_CPU)[1]))
        signal.setitimer(signal.ITIMER_VIRTUAL, seconds)


def _too_long(_signal: int, _frame: Any) -> NoReturn:
    raise TooMuchError("takes too much time; does it loop?")

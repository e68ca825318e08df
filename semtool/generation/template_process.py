"""Templates that users bring, rendered in a process of their own that gets little memory and little time.

It knows no keys and nothing of the folder it was started in, ends when nobody needs it any more, and is
started again when a template has brought it down.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
import weakref
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
        self._files = dict(files)
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None

    def render(self, name: str, variables: Mapping[str, Any], subject: str = "") -> str:
        """Return the text of template ``name``; see `Templates.render`."""
        return self._ask({"render": name, "variables": dict(variables), "subject": subject})

    def check(self, name: str) -> None:
        """Raise `SemtoolError` if template ``name`` does not parse."""
        self._ask({"check": name})

    def _ask(self, request: dict[str, Any]) -> str:
        line = b""
        with self._lock:
            child = self._child = self._child or self._started()
            try:
                line = _exchange(child, request | {"seconds": SECONDS})
            finally:
                if not line.endswith(b"\n"):
                    # It died, or was interrupted: a late reply must not answer another request.
                    _end(child)
                    self._child = None
        if not line.endswith(b"\n"):
            name = request.get("render") or request["check"]
            raise SemtoolError(
                f"{self.origin}/{name}: rendering it was stopped: it takes more than {SECONDS} s or "
                f"{MEGABYTES} MB"
            )
        reply = json.loads(line)
        if "missing" in reply:
            raise MissingFieldError(*reply["missing"])
        if "error" in reply:
            raise SemtoolError(reply["error"])
        return str(reply["text"])

    def _started(self) -> subprocess.Popen[bytes]:
        folder = str(Path(__file__).resolve().parents[2])
        # Nothing of the working folder: a module that lies there must not run.
        path = [p for p in sys.path if p and Path(p).is_absolute()] + [folder]
        child = subprocess.Popen(
            [sys.executable, "-I", "-c", _START, *path],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={name: os.environ[name] for name in _KEPT if name in os.environ},
            start_new_session=True,
        )
        weakref.finalize(self, _end, child)
        _exchange(child, {"files": self._files, "origin": self.origin})
        return child


def _exchange(child: subprocess.Popen[bytes], request: dict[str, Any]) -> bytes:
    """Return the line that answers a request; nothing, or not all of it, if the process died."""
    assert child.stdin is not None
    assert child.stdout is not None
    with suppress(BrokenPipeError):
        child.stdin.write(json.dumps(request).encode() + b"\n")
        child.stdin.flush()
    return child.stdout.readline()


def _end(child: subprocess.Popen[bytes]) -> None:
    child.kill()
    child.communicate()


def serve() -> None:
    """Answer requests, a JSON line each, until the other end closes; the first brings the templates."""
    _limit_memory()
    templates = Templates({}, "")
    for line in sys.stdin.buffer:
        request = json.loads(line)
        if "files" in request:
            templates, reply = Templates(request["files"], request["origin"]), {}
        else:
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

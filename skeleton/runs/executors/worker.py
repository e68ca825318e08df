"""A process that does jobs: one JSON line on stdin a job, one on stdout an answer.

    python -m skeleton.runs.executors.worker

It stays for many jobs, because importing torch takes longer than a small training. When stdin ends, whoever
gave the jobs is gone or has no more of them: the worker stops at once, so that nothing works on unseen.
"""

from __future__ import annotations

import json
import os
import queue
import sys
import threading
from importlib import import_module
from typing import Any

from semtool.errors import SemtoolError

__all__ = ["Answer", "do"]

Answer = dict[str, Any]
"""Empty if all went well, else ``error`` (a sentence) and ``exit_code``."""


def do(call: str, argument: dict[str, Any]) -> Answer:
    """Do one job in this process."""
    module, _, function = call.partition(":")
    try:
        getattr(import_module(module), function)(**argument)
    except SemtoolError as error:
        return {"error": str(error), "exit_code": error.exit_code}
    except Exception as error:
        return {"error": f"{type(error).__name__}: {' '.join(str(error).split())}", "exit_code": 1}
    return {}


def _main() -> None:
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a library prints must not be taken for an answer
    waiting: queue.Queue[str] = queue.Queue()

    def listen() -> None:
        for line in sys.stdin:
            waiting.put(line)
        os._exit(0)

    threading.Thread(target=listen, daemon=True).start()
    while True:
        job = json.loads(waiting.get())
        answers.write(json.dumps(do(job["call"], job["argument"])) + "\n")
        answers.flush()


if __name__ == "__main__":
    _main()

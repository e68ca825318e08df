"""A module of work for workers in other processes."""

import importlib
import os
import sys
import textwrap

import pytest

WORK = """
    import os, signal, sys, threading
    from pathlib import Path

    from semtool.errors import SemtoolError, UsageError


    def write(report, path, text="done"):
        Path(path).write_text(text)


    def nothing(report, path):
        pass


    def fail(report, message, usage=False):
        raise (UsageError if usage else SemtoolError)(message)


    def break_down(report):
        raise ZeroDivisionError("division by zero")


    def leave(report):
        sys.exit(3)


    def answer(answer, what):
        for i in range(3):
            answer((what, i))
        if what == "stdin":
            answer(sys.stdin.read())
        if what == "leave":
            sys.exit(3)


    def talk(report, path):
        print("this is no answer", flush=True)
        for epoch in range(3):
            report({"epoch": epoch, "path": path})
        Path(path).write_text("said")


    def die_at_first(report, path, marker):
        if not Path(marker).exists():
            Path(marker).write_text(str(os.getpid()))
            os.kill(os.getpid(), signal.SIGKILL)
        Path(path).write_text(str(os.getpid()))


    def die(report, marker):
        with open(marker, "a") as stream:
            stream.write("x")
        os.kill(os.getpid(), signal.SIGKILL)


    def wait(report, folder):
        Path(folder, str(os.getpid())).touch()
        report({})
        threading.Event().wait()


    def import_all(report, path):
        import queue, yaml, numpy, skeleton, joblib
        Path(path).write_text("done")
"""


@pytest.fixture
def work(tmp_path, monkeypatch):
    """A function that makes jobs of the module above, which other processes find too."""
    from skeleton.runs.parallel import Job

    folder = tmp_path / "modules"
    folder.mkdir()
    (folder / "some_work.py").write_text(textwrap.dedent(WORK))
    monkeypatch.syspath_prepend(str(folder))
    before = os.environ.get("PYTHONPATH")  # an empty entry would stand for the working folder
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(folder), *([before] if before else [])]))

    module = importlib.import_module("some_work")
    yield lambda function, label=None, makes=None, steps=1, **arguments: Job(
        label or function, getattr(module, function), arguments, steps=steps, makes=makes
    )
    del sys.modules["some_work"]

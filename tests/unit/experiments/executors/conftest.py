"""A module of work for workers in other processes."""

import textwrap

import pytest

WORK = """
    import os, signal, time
    from pathlib import Path

    from semtool.errors import SemtoolError, UsageError


    def write(path, text="done"):
        Path(path).write_text(text)


    def nothing(path):
        pass


    def fail(message, usage=False):
        raise (UsageError if usage else SemtoolError)(message)


    def break_down():
        raise ZeroDivisionError("division by zero")


    def talk(path):
        print("this is no answer", flush=True)
        Path(path).write_text("said")


    def die_at_first(path, marker):
        if not Path(marker).exists():
            Path(marker).write_text(str(os.getpid()))
            os.kill(os.getpid(), signal.SIGKILL)
        Path(path).write_text(str(os.getpid()))


    def die(marker):
        with open(marker, "a") as stream:
            stream.write("x")
        os.kill(os.getpid(), signal.SIGKILL)


    def train_but_die_at_first(marker, **argument):
        from skeleton.runs import folder as runs
        from skeleton.runs import seed as seed_run
        from skeleton.runs.executors.tasks import train_seed

        if not Path(marker).exists():
            state = seed_run.State
            seed_run.State = lambda path, identity: state(path, identity, every=0.0)

            def stop(job, on_epoch, count=[0]):
                def tell(record):
                    count[0] += 1
                    if count[0] == 3:
                        Path(marker).write_text(str(os.getpid()))
                        os.kill(os.getpid(), signal.SIGKILL)
                return original(job, tell)

            import skeleton.runs.executors.tasks as tasks
            original = tasks.run_seed
            tasks.run_seed = stop
        train_seed(**argument)
"""


@pytest.fixture
def work(tmp_path, monkeypatch):
    """A function that makes jobs of the module above, which other processes find too."""
    import os

    from skeleton.runs.executors import Job

    folder = tmp_path / "modules"
    folder.mkdir()
    (folder / "some_work.py").write_text(textwrap.dedent(WORK))
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")]))

    def job(function, label=None, **argument):
        makes = argument.pop("makes", None)
        steps = argument.pop("steps", 1)
        return Job(label or function, f"some_work:{function}", argument, steps=steps, makes=makes)

    return job

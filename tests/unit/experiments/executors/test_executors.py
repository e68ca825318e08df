"""Both executors: what is done, what fails, and what happens when a worker is lost."""

import socket
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from semtool.errors import SemtoolError, UsageError
from skeleton.runs.executors import choose_executor, raise_first
from skeleton.runs.executors.job import ATTEMPTS

NO_RAY = pytest.mark.skipif(
    find_spec("ray") is None, reason="Ray is not installed (pip install 'semtool[ray]')"
)


@pytest.fixture(params=["processes", pytest.param("ray", marks=NO_RAY)])
def executor(request, work):
    return choose_executor(request.param, jobs=2)


def test_work_is_done_and_failures_are_told_apart(executor, work, tmp_path):
    made = [tmp_path / f"{i}.txt" for i in range(3)]
    seen = []
    failures = executor.run(
        [
            work("write", path=str(made[0]), makes=made[0]),
            work("fail", "first seed", message="the loss is not a number"),
            work("talk", path=str(made[1]), makes=made[1]),
            work("break_down"),
            work("write", path=str(made[2]), makes=made[2], steps=5),
            work("nothing", "far away", path="", makes=tmp_path / "nowhere"),
        ],
        lambda done, total: seen.append((done, total)),
    )
    assert [p.read_text() for p in made] == ["done", "said", "done"]
    assert [f.label for f in failures] == ["first seed", "break_down", "far away"]
    assert failures[0].message == "the loss is not a number"
    assert failures[1].message == "ZeroDivisionError: division by zero"
    assert "share under the same path" in failures[2].message
    assert seen[-1] == (10, 10)
    assert seen == sorted(seen)


def test_a_job_whose_worker_is_killed_is_begun_again(executor, work, tmp_path):
    made, marker = tmp_path / "made", tmp_path / "marker"
    others = [work("write", path=str(tmp_path / f"{i}")) for i in range(3)]
    job = work("die_at_first", path=str(made), marker=str(marker), makes=made)
    assert executor.run([job, *others]) == []
    assert made.read_text() != marker.read_text()  # another process
    assert all((tmp_path / f"{i}").is_file() for i in range(3))


def test_a_job_that_kills_every_worker_is_given_up(executor, work, tmp_path):
    marker, other = tmp_path / "marker", tmp_path / "other"
    failures = executor.run([work("die", "seed 0", marker=str(marker)), work("write", path=str(other))])
    assert marker.read_text() == "x" * ATTEMPTS
    assert other.is_file()
    assert [f.label for f in failures] == ["seed 0"]
    assert f"its worker was lost {ATTEMPTS} times" in failures[0].message
    assert "memory" in failures[0].message


def test_processes_stop_at_the_first_failure_if_told_to(work, tmp_path):
    executor = choose_executor("processes", jobs=1)
    late = tmp_path / "late"
    jobs = [work("fail", message="no"), work("write", path=str(late))]
    assert len(executor.run(jobs, keep_going=False)) == 1
    assert not late.exists()


def test_workers_end_when_their_master_is_killed(work, tmp_path):
    """A worker whose stdin ends stops at once, even in the middle of a job."""
    import json
    import subprocess

    worker = subprocess.Popen(
        [sys.executable, "-c", "import time\ndef wait(): time.sleep(600)\n"
         "import sys; sys.modules['waiting'] = sys.modules['__main__']\n"
         "from skeleton.runs.executors import worker; worker._main()"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    worker.stdin.write(json.dumps({"call": "waiting:wait", "argument": {}}) + "\n")
    worker.stdin.close()
    assert worker.wait(timeout=60) == 0
    assert worker.stdout.read() == ""
    worker.stdout.close()


def test_an_interruption_ends_the_workers(work, tmp_path):
    executor = choose_executor("processes", jobs=2)

    def stop(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        executor.run([work("write", path=str(tmp_path / str(i))) for i in range(4)], stop)


def test_failures_are_raised_in_one_sentence(work):
    executor = choose_executor("processes", jobs=1)
    failures = executor.run([work("fail", "seed 1", message="no epoch left", usage=True)])
    with pytest.raises(UsageError, match=r"^seed 1: no epoch left \(1 of 4 failed; what was done is kept\)$"):
        raise_first(failures, of=4)
    raise_first([], of=4)


def test_unknown_executors_and_stray_addresses_are_refused(monkeypatch):
    with pytest.raises(UsageError, match=r"unknown executor 'proceses'; did you mean 'processes'\?"):
        choose_executor("proceses")
    with pytest.raises(UsageError, match="add --executor ray"):
        choose_executor("processes", address="localhost:6379")
    monkeypatch.setattr("skeleton.runs.executors.cluster.find_spec", lambda name: None)
    with pytest.raises(UsageError, match=r"pip install 'semtool\[ray\]'"):
        choose_executor("ray")


@NO_RAY
@pytest.mark.parametrize("kind", ["closed", "silent", "no-address"])
def test_an_address_that_does_not_answer_is_one_sentence(kind, work, monkeypatch, tmp_path):
    monkeypatch.setattr("skeleton.runs.executors.cluster.PATIENCE", 3.0)
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        port = server.getsockname()[1]
        if kind == "silent":
            server.listen()
        address = "nowhere" if kind == "no-address" else f"127.0.0.1:{port}"
        expected = (
            "is no address of a Ray cluster"
            if kind == "no-address"
            else f"no Ray cluster answers at {address}"
        )
        with pytest.raises(SemtoolError, match=expected):
            choose_executor("ray", address=address).run([work("write", path=str(tmp_path / "x"))])
    assert not (tmp_path / "x").exists()
    assert Path.cwd() == tmp_path

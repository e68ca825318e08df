"""Both executors: what is done, what fails, and what happens when a worker is lost."""

import signal
import socket
import subprocess
import sys
import textwrap
import time
from importlib.util import find_spec
from pathlib import Path

import pytest

from semtool.errors import SemtoolError, UsageError
from skeleton.runs.cluster import PATIENCE
from skeleton.runs.parallel import ATTEMPTS, Processes, choose_executor, raise_first

NO_RAY = pytest.mark.skipif(
    find_spec("ray") is None, reason="Ray is not installed (pip install 'semtool[ray]')"
)


@pytest.fixture(params=["processes", pytest.param("ray", marks=[NO_RAY, pytest.mark.slow])])
def executor(request, work):
    return choose_executor(request.param, jobs=2)


def test_work_is_done_and_failures_are_told_apart(executor, work, tmp_path):
    made = [tmp_path / f"{i}.txt" for i in range(3)]
    seen, told = [], []
    failures = executor.run(
        [
            work("write", path=str(made[0]), makes=made[0]),
            work("fail", "first seed", message="the loss is not a number"),
            work("talk", path=str(made[1]), makes=made[1], steps=3),
            work("break_down"),
            work("leave"),
            work("write", path=str(made[2]), makes=made[2], steps=5),
            work("nothing", "far away", path="", makes=tmp_path / "nowhere"),
        ],
        lambda done, total: seen.append((done, total)),
        on_record=told.append,
    )
    assert [t["epoch"] for t in told] == [0, 1, 2]
    assert [p.read_text() for p in made] == ["done", "said", "done"]
    assert [f.label for f in failures] == ["first seed", "break_down", "leave", "far away"]
    assert failures[0].message == "the loss is not a number"
    assert failures[1].message == "ZeroDivisionError: division by zero"
    assert failures[2].message == "SystemExit: 3"
    assert "share under the same path" in failures[3].message
    assert seen[-1] == (13, 13)
    assert seen == sorted(seen)


def test_what_the_last_job_reports_arrives(executor, work, tmp_path):
    told = []
    made = tmp_path / "said"
    assert executor.run([work("talk", path=str(made), makes=made, steps=3)], on_record=told.append) == []
    assert [t["epoch"] for t in told] == [0, 1, 2]


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
    how = "signal 9" if isinstance(executor, Processes) else "killed, or crashed"
    assert f"its worker was lost {ATTEMPTS} times ({how})" in failures[0].message
    assert "memory" in failures[0].message


def test_processes_stop_at_the_first_failure_if_told_to(work, tmp_path):
    executor = choose_executor("processes", jobs=1)
    late = tmp_path / "late"
    jobs = [work("fail", message="no"), work("write", path=str(late))]
    assert len(executor.run(jobs, keep_going=False)) == 1
    assert not late.exists()


# A program whose workers are at work: it says so, and what becomes of it then is up to the test.
PROGRAM = """
    import signal, sys
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it
    from skeleton.runs.parallel import Job, choose_executor
    import some_work

    def told(done, total):
        print(done, flush=True)

    jobs = [Job(str(i), some_work.wait, {"folder": sys.argv[2]}, steps=2) for i in range(2)]
    choose_executor(sys.argv[1], jobs=2).run(jobs, told)
"""


def running(pids):
    """Return which processes are there and no zombies."""
    there = []
    for pid in pids:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            continue
        there += [pid] if state not in "ZX" else []
    return there


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="needs /proc")
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_no_worker_outlives_the_command(how, work, tmp_path):
    pids = tmp_path / "pids"
    pids.mkdir()
    (tmp_path / "program.py").write_text(textwrap.dedent(PROGRAM))
    command = [sys.executable, "program.py", "processes", str(pids)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as program:
        assert [program.stdout.readline() for _ in range(2)] == ["1\n", "2\n"]
        workers = [int(p.name) for p in pids.iterdir()]
        assert len(running(workers)) == 2
        # All that the program started.
        family = [
            int(p.parent.name) for p in Path("/proc").glob("[0-9]*/stat") if parent_of(p) == program.pid
        ]
        assert set(workers) <= set(family)
        program.send_signal(how)
        try:
            program.wait(timeout=60)
        finally:
            program.kill()
    deadline = time.monotonic() + 30
    while (left := running(family)) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert left == []


def parent_of(stat):
    """Return the parent of a process by its file in /proc."""
    try:
        return int(stat.read_text().rpartition(")")[2].split()[1])
    except OSError:
        return None


def test_nothing_is_imported_from_the_working_folder(executor, work, tmp_path, monkeypatch):
    folder = tmp_path / "somewhere"
    folder.mkdir()
    for module in ("yaml", "numpy", "queue", "skeleton", "joblib", "ray", "semtool"):
        (folder / f"{module}.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'a').write(__name__)\n")
    monkeypatch.chdir(folder)
    assert executor.run([work("import_all", path=str(tmp_path / "made"))]) == []
    assert (tmp_path / "made").is_file()
    assert not (tmp_path / "ran").exists()


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
    monkeypatch.setattr("skeleton.runs.cluster.find_spec", lambda name: None)
    with pytest.raises(UsageError, match=r"pip install 'semtool\[ray\]'"):
        choose_executor("ray")


@NO_RAY
@pytest.mark.parametrize("kind", ["closed", pytest.param("silent", marks=pytest.mark.slow), "no-address"])
def test_an_address_that_does_not_answer_is_one_sentence(kind, work, tmp_path):
    started = time.monotonic()
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
    assert time.monotonic() - started < PATIENCE  # Ray itself gave up
    assert not (tmp_path / "x").exists()
    assert Path.cwd() == tmp_path

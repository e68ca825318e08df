"""A sweep that is killed goes on: finished runs stay, those in flight are done again."""

import os
import signal
import subprocess
import sys
import textwrap
from importlib.util import find_spec

import numpy as np
import pytest

from semtool.artifacts import Store
from semtool.catalogue import load_dataset
from skeleton.feature_file import FeatureFile

GRID = """
datasets: nw-ucla
prompts: [label, global]
encoders: tfidf
switches: {lr: 1e-3, epochs: 4, warmup: 1, batch: 16, max_k: 1, hidden: "16,8"}
seeds: 3
"""

PROGRAM = """
    import os, signal, sys
    from pathlib import Path
    from semtool.analysis import sweep
    from semtool.artifacts import Store
    from skeleton.executors import choose_executor

    store, executor, kill_after = Store(sys.argv[1]), sys.argv[2], int(sys.argv[3])

    def watch(done, total):
        finished = len(list(store.root.glob("runs/*/seed-*/metrics.json")))
        if kill_after and finished >= kill_after:
            os.kill(os.getpid(), signal.SIGKILL)

    if __name__ == "__main__":
        result = sweep("grid.yaml", store=store, executor=choose_executor(executor, jobs=2), progress=watch)
        print(result.trained, result.reused, len(result.failures))
"""


@pytest.fixture
def store(tmp_path):
    store = Store(tmp_path / "artifacts")
    data = load_dataset("nw-ucla")
    chosen = data.split(None)
    rng = np.random.default_rng(0)
    class_id = np.repeat(np.arange(10), 8)
    turn = np.tile(np.arange(8), 10)
    with store.create("features", f"nw-ucla/{chosen.name}/random") as draft:
        FeatureFile(
            dataset="nw-ucla", split=chosen.name, protocol=data.default_protocol, visual="random",
            simulated=True, features=rng.normal(size=(80, 8)).astype(np.float32), class_id=class_id,
            subject=turn + 1, view=turn % 3 + 1,
            subset=np.where(np.isin(class_id, chosen.unseen), 2, turn % 4 == 3).astype(np.int64),
            names=[f"s{i}" for i in range(80)],
        ).write(draft.folder)  # fmt: skip
    (tmp_path / "grid.yaml").write_text(GRID)
    (tmp_path / "program.py").write_text(textwrap.dedent(PROGRAM))
    return store


@pytest.mark.parametrize(
    "executor",
    [
        "processes",
        pytest.param("ray", marks=pytest.mark.skipif(find_spec("ray") is None, reason="no Ray here")),
    ],
)
def test_a_killed_sweep_redoes_only_what_was_in_flight(store, tmp_path, executor):
    def start(kill_after):
        return subprocess.run(
            [sys.executable, "program.py", str(store.root), executor, str(kill_after)],
            cwd=tmp_path, capture_output=True, text=True, env=os.environ | {"OMP_NUM_THREADS": "1"},
            check=False,
        )  # fmt: skip

    killed = start(2)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    finished = {p: p.stat().st_mtime_ns for p in store.root.glob("runs/*/seed-*/metrics.json")}
    assert 2 <= len(finished) < 6
    resumed = start(0)
    assert resumed.returncode == 0, resumed.stderr
    trained, reused, failed = map(int, resumed.stdout.split())
    # A worker may finish a run after the sweep was killed and before it notices.
    assert reused >= len(finished)
    assert (trained + reused, failed) == (6, 0)
    assert {p: p.stat().st_mtime_ns for p in finished} == finished
    assert len(list(store.root.glob("runs/*/seed-*/metrics.json"))) == 6
    assert not list(store.root.glob("runs/*/.seed-*"))

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
from semtool.feature_file import FeatureFile

GRID = """
datasets: nw-ucla
prompts: [label, global]
encoders: tfidf
switches: {lr: 1e-3, epochs: 4, warmup: 1, batch: 16, max_k: 1, hidden: "16,8"}
seeds: 3
"""

# Once two runs are finished, training waits within a run, so that the kill always meets runs in flight.
HELD = """
    import threading
    from pathlib import Path
    from skeleton.runs import train_seed as train

    def finished(root):
        return len(list(Path(root).glob("runs/*/seed-*/metrics.json")))

    def train_seed(report, spec, again=False):
        def hold(epoch):
            report(epoch)
            if finished(spec.root) >= 2:
                threading.Event().wait()

        train(spec, again=again, on_epoch=hold)
"""

PROGRAM = """
    import os, signal, sys
    from dataclasses import replace
    from held import finished, train_seed
    from semtool.experiments import sweep
    from semtool.artifacts import Store
    from skeleton.runs.parallel import choose_executor

    root, executor, killed = sys.argv[1], choose_executor(sys.argv[2], jobs=2), sys.argv[3] == "killed"

    class Held:
        threads = executor.threads

        def run(self, jobs, *args, **options):
            return executor.run([replace(j, call=train_seed) for j in jobs], *args, **options)

    def watch(done, total):
        if killed and finished(root) >= 2:
            os.kill(os.getpid(), signal.SIGKILL)

    if __name__ == "__main__":
        who = Held() if killed else executor
        result = sweep("grid.yaml", store=Store(root), executor=who, progress=watch)
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
    (tmp_path / "held.py").write_text(textwrap.dedent(HELD))
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
    path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])

    def start(how):
        # Files, not pipes: what Ray started outlives the killed program for a while and would hold them open.
        with (tmp_path / "out").open("w") as out, (tmp_path / "err").open("w") as err:
            done = subprocess.run(
                [sys.executable, "program.py", str(store.root), executor, how],
                cwd=tmp_path, stdout=out, stderr=err, check=False, timeout=300,
                env=os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": path},
            )  # fmt: skip
        return done.returncode, (tmp_path / "out").read_text(), (tmp_path / "err").read_text()

    code, _, said = start("killed")
    assert code == -signal.SIGKILL, said
    finished = {p: p.stat().st_mtime_ns for p in store.root.glob("runs/*/seed-*/metrics.json")}
    assert 2 <= len(finished) <= 3
    code, out, said = start("whole")
    assert code == 0, said
    trained, reused, failed = map(int, out.splitlines()[-1].split())
    # A worker may finish a run after the sweep was killed and before it notices.
    assert reused >= len(finished)
    assert (trained + reused, failed) == (6, 0)
    assert {p: p.stat().st_mtime_ns for p in finished} == finished
    assert len(list(store.root.glob("runs/*/seed-*/metrics.json"))) == 6
    assert not list(store.root.glob("runs/*/.seed-*"))

"""A disk that fills up while the embedding file is written leaves nothing behind."""

import os
import subprocess
import sys

import pytest

from semtool.artifacts import Store
from semtool.descriptions import Description, DescriptionSet


@pytest.mark.skipif(sys.platform == "win32", reason="needs resource limits")
def test_a_full_disk_leaves_no_artifact(tmp_path):
    store = Store(tmp_path)
    rows = [
        Description(
            "ntu60", c, f"class {c}", "attribute", "codes", 0, "arms=one" if c % 2 else "arms=both", "test"
        )
        for c in range(60)
    ]
    with store.create("descriptions", "ntu60/demo") as draft:
        DescriptionSet(rows).write(draft.folder)
    code = (
        "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))\n"
        "from semtool.cli import main; main()"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code, "embed", "--encoder", "attributes"],
        env={**os.environ, "SEMTOOL_ROOT": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 1
    assert ran.stderr.startswith("error: ")
    assert ran.stderr.count("\n") == 1
    assert store.artifacts("embeddings") == []
    assert not list(tmp_path.glob(".tmp-*"))

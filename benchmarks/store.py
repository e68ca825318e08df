"""What the store costs: opening an embedding file, selecting a granularity, committing, verifying, listing.

    python benchmarks/store.py                     # prints the table, writes benchmarks/results/store.md

The embedding file has the size of NTU-120 under the published method: 120 classes, 101 texts, 768 numbers
(37 MB). Each measurement runs in a process of its own; memory is how far its peak rose while it worked
(Linux only). "Cold" is the first opening after the file's pages were dropped from the cache, "warm" the
median of 20 more.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from common import page, table

CLASSES, DIM = 120, 768
KINDS = ["label"] * 3 + ["global"] * 10 + ["part"] * 28 + ["phase"] * 21 + ["attribute"] * 38 + ["motion"]


def peak() -> float:
    """Peak memory of this program in MB; getrusage would start from that of the process that started it."""
    return int(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0]) / 1024


def build(root: Path) -> None:
    """Write the embedding file of NTU-120 size into a store."""
    from semtool.artifacts import Store
    from semtool.embedding_file import write_embeddings

    n = CLASSES * len(KINDS)
    vectors = np.random.default_rng(0).normal(size=(n, DIM)).astype(np.float32)
    with Store(root).create("embeddings", "ntu120/size/random", parameters={"seed": 0}) as draft:
        write_embeddings(
            draft.folder,
            vectors=vectors,
            class_id=np.repeat(np.arange(CLASSES), len(KINDS)),
            granularity=KINDS * CLASSES,
            slot=[""] * n,
            variant=list(range(len(KINDS))) * CLASSES,
            dataset="ntu120",
            encoder="random",
            normalized=False,
        )


def open_and_select(root: Path, granularity: str) -> dict[str, Any]:
    """Open the file and read one granularity (or everything)."""
    from semtool.artifacts import Store
    from semtool.embedding_file import EmbeddingFile

    path = Store(root).resolve("embeddings", "ntu120/size/random").path
    handle = os.open(path / "embeddings.safetensors", os.O_RDONLY)
    if hasattr(os, "posix_fadvise"):
        os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
    os.close(handle)
    before, times = peak(), []
    for _ in range(21):
        start = time.perf_counter()
        file = EmbeddingFile(path)
        vectors = file.vectors(None if granularity == "all" else file.rows(granularity=granularity))
        times.append((time.perf_counter() - start) * 1e3)
        shape = vectors.shape
        del vectors
    return {"cold": times[0], "warm": median(times[1:]), "memory": peak() - before, "rows": shape[0]}


def store_work(root: Path) -> dict[str, Any]:
    """Commit, verify, find and list."""
    from semtool.artifacts import Store

    store = Store(root)
    start = time.perf_counter()
    build(root / "second")
    commit = time.perf_counter() - start
    artifact = store.resolve("embeddings", "ntu120/size/random")
    start = time.perf_counter()
    artifact.verify()
    verify = time.perf_counter() - start
    for n in range(200):
        with store.create("descriptions", f"ntu120/set-{n % 20}", parameters={"n": n}) as draft:
            (draft.folder / "descriptions.jsonl").write_text(str(n))
    start = time.perf_counter()
    listed = len(store.artifacts("descriptions"))
    listing = time.perf_counter() - start
    start = time.perf_counter()
    store.find("descriptions", "ntu120/set-0", "none")
    find = time.perf_counter() - start
    return {"commit": commit, "verify": verify, "list": listing, "listed": listed, "find": find}


def main() -> None:
    """Measure each in its own process; print and write the table."""
    if len(sys.argv) > 1:
        task, root, *rest = sys.argv[1:]
        found = open_and_select(Path(root), *rest) if task == "open" else store_work(Path(root))
        print(json.dumps(found))
        return
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        build(Path(folder))
        for granularity in ("label", "part", "motion", "all"):
            found = apart("open", folder, granularity)
            rows.append((
                f"open and read {granularity}: {found['rows']} of {CLASSES * len(KINDS)} vectors",
                f"{found['cold']:.1f} ms cold, {found['warm']:.1f} ms warm", f"{found['memory']:.1f} MB",
            ))  # fmt: skip
        work = apart("store", folder)
    rows += [
        ("make, hash, sync and commit the 37 MB file", f"{work['commit']:.2f} s", ""),
        ("verify it", f"{work['verify'] * 1e3:.0f} ms", ""),
        (f"list {work['listed']} versions", f"{work['list'] * 1e3:.0f} ms", ""),
        ("find one among the 10 versions of a name", f"{work['find'] * 1e3:.1f} ms", ""),
    ]
    page("store", table(("what", "time", "memory above the start"), rows), "The store")


def apart(*arguments: str) -> dict[str, Any]:
    """Run one measurement in a process of its own."""
    answer: dict[str, Any] = json.loads(
        subprocess.check_output([sys.executable, __file__, *arguments], text=True, env=os.environ)
    )
    return answer


if __name__ == "__main__":
    main()

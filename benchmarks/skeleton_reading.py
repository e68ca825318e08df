"""How fast skeletons are read, and in how much memory. Writes ``benchmarks/results/skeleton_reading.md``.

    python benchmarks/skeleton_reading.py                    # simulates 5,000 NTU files first (about 1 GB)
    SEMTOOL_DATA=DIR python benchmarks/skeleton_reading.py   # adds the real data sets found in DIR

Compared is our reader with a straightforward one, line by line with a record a joint, kept below: both return
the same coordinates and ids. Preparations run in processes of their own, for their own peak memory.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from common import arguments, machine, page, table

from semtool.artifacts import Store
from skeleton.data.formats.ntu_text import Recording, parse_recording

BODY = (
    "id",
    "clipped",
    "left",
    "left_state",
    "right",
    "right_state",
    "restricted",
    "lean_x",
    "lean_y",
    "state",
)
JOINT = ("x", "y", "z", "depth_x", "depth_y", "colour_x", "colour_y", "qw", "qx", "qy", "qz", "tracking")
NTU60, NTU120 = 56_880, 114_480


def line_by_line(path: Path) -> list[list[dict]]:
    """Read a file the obvious way: every line in turn, a record a body and a record a joint."""
    frames = []
    with path.open() as stream:
        for _ in range(int(stream.readline())):
            bodies = []
            for _ in range(int(stream.readline())):
                fields = stream.readline().split()
                body = dict(zip(BODY, [int(fields[0]), *(float(f) for f in fields[1:])], strict=True))
                body["joints"] = []
                for _ in range(int(stream.readline())):
                    values = [float(v) for v in stream.readline().split()]
                    body["joints"].append(dict(zip(JOINT, values, strict=True)))
                bodies.append(body)
            frames.append(bodies)
    return frames


def ours(path: Path) -> Recording:
    return parse_recording(path.read_bytes(), path.stem)


def check_same(path: Path) -> None:
    tracks = {track.id: track for track in ours(path).tracks}
    for number, bodies in enumerate(line_by_line(path)):
        for body in bodies:
            track = tracks[body["id"]]
            row = int(np.searchsorted(track.frames, number))
            expected = np.array([[j["x"], j["y"], j["z"]] for j in body["joints"]], np.float32)
            np.testing.assert_array_equal(track.points[row], expected)


def best(runs: list[Callable[[], object]], repeats: int) -> list[float]:
    """Return the least CPU time of each, run in turn, so that what else the machine does hits all alike."""
    least = [float("inf")] * len(runs)
    for _ in range(repeats):
        for index, run in enumerate(runs):
            start = time.process_time()
            run()
            least[index] = min(least[index], time.process_time() - start)
    return least


def compare(paths: list[Path], repeats: int) -> list[str]:
    rows = []
    for path in paths:
        check_same(path)
        slow, fast = best([lambda path=path: line_by_line(path), lambda path=path: ours(path)], repeats)
        times = f"{slow * 1e3:.1f}", f"{fast * 1e3:.2f}", f"{slow / fast:.1f}"
        rows.append((path.stem, ours(path).frames, f"{path.stat().st_size / 1e3:.0f}", *times))
    return table(("file", "frames", "kB", "line by line, ms", "ours, ms", "times faster"), rows)


def measure_prepare(dataset: str, raw: str, root: str, workers: int) -> None:
    """Run in a process of its own: prepare, print what it and the processes that it started took, as JSON."""
    from skeleton.data.preparation import prepare

    start = time.perf_counter()
    done = prepare(dataset, raw, store=Store(root), workers=workers)
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    found = {
        "wall": time.perf_counter() - start,
        "cpu": sum(u.ru_utime + u.ru_stime for u in used),
        "peak_mb": max(u.ru_maxrss for u in used) / 1024,
        "read": done.read,
        "sources": done.sources,
    }
    print(json.dumps(found))


def prepared(dataset: str, raw: Path, root: Path, workers: int) -> dict[str, Any]:
    """Prepare in a new process; return what it took."""
    command = [sys.executable, __file__, "--measure", dataset, str(raw), str(root), str(workers)]
    found: dict[str, Any] = json.loads(
        subprocess.run(command, capture_output=True, text=True, check=True).stdout
    )
    return found


def simulate(folder: Path, files: int) -> list[Path]:
    from skeleton.simulation import simulate as run

    run("ntu60", subjects=40, reps=-(-files // 2400), output="ntu", folder=folder)
    return sorted(folder.glob("*.skeleton"))[:files]


def subset(paths: list[Path], folder: Path) -> Path:
    folder.mkdir()
    for path in paths:
        os.link(path, folder / path.name)
    return folder


def measure(work: Path, files: int, repeats: int) -> list[str]:
    data = Path(os.environ.get("SEMTOOL_DATA", "-"))
    real = sorted((data / "ntu_samples").glob("*.skeleton"))
    paths = simulate(work / "simulated", files)
    size = statistics.mean(p.stat().st_size for p in paths)
    rows, rates = [], {}
    for count, workers in ((files // 5, 1), (files, 1), (files, 2)):
        folder = subset(paths[:count], work / f"raw-{count}-{workers}")
        found = prepared("ntu60", folder, work / f"root-{count}-{workers}", workers)
        rates[workers] = {"wall": found["wall"] / count, "cpu": found["cpu"] / count}
        megabytes = sum(p.stat().st_size for p in paths[:count]) / 1e6
        times = f"{found['wall']:.1f}", f"{found['cpu']:.1f}", f"{found['cpu'] / count * 1e3:.2f}"
        rows.append((count, f"{megabytes:.0f}", workers, *times, f"{found['peak_mb']:.0f}"))
    folder, root = work / f"raw-{files}-2", work / f"root-{files}-2"
    again = prepared("ntu60", folder, root, 2)
    added = sorted((work / "simulated").glob("*.skeleton"))[files : files + 50]
    for path in added:
        os.link(path, folder / path.name)
    more = prepared("ntu60", folder, root, 2)
    projected = [
        (name, f"{count:,}", *(f"{count * rates[w][k] / 60:.1f}" for w, k in ((1, "cpu"), (1, "wall"), (2, "wall"))))
        for name, count in (("NTU-60", NTU60), ("NTU-120", NTU120))
    ]  # fmt: skip
    lines = [
        f"## Reading one file, one core (CPU time, the best of {repeats})", "",
        *compare([*real, *paths[:: files // 4][:3]], repeats), "", "## Preparing simulated NTU files", "",
        *table(("files", "MB", "processes", "s", "CPU s", "CPU ms/file", "peak MB of the largest process"), rows), "",
        f"Again on the unchanged {files} files: {again['wall']:.1f} s, {again['read']} files read.",
        f"After adding {len(added)} files: {more['wall']:.1f} s, {more['read']} files read.", "",
        f"Projected from these rates, for files of {size / 1e3:.0f} kB as here:", "",
        *table(("data set", "files", "CPU, min", "1 process here, min", "2 processes here, min"), projected),
    ]  # fmt: skip
    if real:
        mean = statistics.mean(p.stat().st_size for p in real)
        text = f"The real samples have {mean / 1e3:.0f} kB: times grow in proportion, x {mean / size:.2f}."
        lines += ["", text]
    public = []
    for dataset in ("utd-mhad", "nw-ucla"):
        if (folder := data / dataset.replace("-", "_")).is_dir():
            first, again = (prepared(dataset, folder, work / dataset, 0) for _ in range(2))
            times = f"{first['wall']:.1f}", f"{first['cpu']:.1f}", f"{again['wall']:.2f}"
            public.append((dataset, first["sources"], *times))
    if public:
        head = "data set", "files", "s", "CPU s", "again, s"
        lines += ["", "## Public data sets", "", *table(head, public)]
    return lines


def main() -> None:
    parser = arguments(__doc__, files=5000, repeats=100)
    parser.add_argument("--work", type=Path, help="folder for temporary files (default: a new one, removed)")
    parser.add_argument(
        "--measure", nargs=4, metavar=("DATASET", "RAW", "ROOT", "WORKERS"), help=argparse.SUPPRESS
    )
    options = parser.parse_args()
    if options.measure:
        measure_prepare(*options.measure[:3], int(options.measure[3]))
        return
    work = options.work or Path(tempfile.mkdtemp(prefix="skeleton-reading-"))
    work.mkdir(parents=True, exist_ok=True)
    try:
        lines = measure(work, options.files, options.repeats)
    finally:
        if not options.work:
            shutil.rmtree(work)
    busy = f"load {os.getloadavg()[1]:.0f}, so that wall times are upper bounds"
    page("skeleton_reading", lines, "Reading skeletons", f"{machine()}; {busy}")


if __name__ == "__main__":
    main()

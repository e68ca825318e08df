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
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np

from semtool.artifacts import Store
from skeleton.data.formats.ntu_text import Recording, parse_recording

RESULT = Path(__file__).parent / "results" / "skeleton_reading.md"
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
    rows = [
        "| file | frames | kB | line by line, ms | ours, ms | times faster |",
        "|---|---|---|---|---|---|",
    ]
    for path in paths:
        check_same(path)
        slow, fast = best([lambda path=path: line_by_line(path), lambda path=path: ours(path)], repeats)
        size = path.stat().st_size / 1e3
        numbers = (
            f"{ours(path).frames} | {size:.0f} | {slow * 1e3:.1f} | {fast * 1e3:.2f} | {slow / fast:.1f}"
        )
        rows.append(f"| {path.stem} | {numbers} |")
    return rows


def measure_prepare(dataset: str, raw: str, root: str, workers: int) -> None:
    """Run in a process of its own: prepare, print what it took as JSON."""
    from skeleton.data.preparation import prepare

    start = time.perf_counter()
    done = prepare(dataset, raw, store=Store(root), workers=workers)
    found = {"wall": time.perf_counter() - start, "read": done.read, "sources": done.sources}
    print(json.dumps(found))


def prepared(dataset: str, raw: Path, root: Path, workers: int) -> dict:
    """Prepare in a new session; add the CPU time and the peak memory of all its processes (Linux)."""
    command = [sys.executable, __file__, "--measure", dataset, str(raw), str(root), str(workers)]
    cpu: dict[int, float] = {}
    peak: dict[int, float] = {}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True) as process:
        while process.poll() is None:
            watch(process.pid, cpu, peak)
            time.sleep(0.02)
        found = json.loads(process.stdout.read())
    return found | {"cpu": sum(cpu.values()), "peak_mb": max(peak.values()), "total_mb": sum(peak.values())}


def watch(session: int, cpu: dict[int, float], peak: dict[int, float]) -> None:
    """Note CPU seconds and peak memory (MB) of every process of a session, as long as it lives."""
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            fields = (folder / "stat").read_text().rsplit(")", 1)[1].split()
            if int(fields[3]) != session:
                continue
            status = (folder / "status").read_text()
        except OSError:
            continue
        pid = int(folder.name)
        cpu[pid] = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        if "VmHWM:" in status:
            peak[pid] = int(status.split("VmHWM:")[1].split()[0]) / 1024


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
    lines = [
        f"## Reading one file, one core (CPU time, the best of {repeats})",
        "",
        *compare([*real, *paths[:: files // 4][:3]], repeats),
        "",
    ]

    lines += ["## Preparing simulated NTU files", ""]
    lines += [
        "| files | MB | processes | s | CPU s | CPU ms/file | peak MB of the largest process | of all |"
    ]
    lines += ["|---|---|---|---|---|---|---|---|"]
    rates: dict[int, dict[str, float]] = {}
    for count, workers in ((files // 5, 1), (files, 1), (files, 2)):
        folder = subset(paths[:count], work / f"raw-{count}-{workers}")
        found = prepared("ntu60", folder, work / f"root-{count}-{workers}", workers)
        rates[workers] = {"wall": found["wall"] / count, "cpu": found["cpu"] / count}
        megabytes = sum(p.stat().st_size for p in paths[:count]) / 1e6
        times = f"{found['wall']:.1f} | {found['cpu']:.1f} | {found['cpu'] / count * 1e3:.2f}"
        memory = f"{found['peak_mb']:.0f} | {found['total_mb']:.0f}"
        lines.append(f"| {count} | {megabytes:.0f} | {workers} | {times} | {memory} |")
    folder, root = work / f"raw-{files}-2", work / f"root-{files}-2"
    again = prepared("ntu60", folder, root, 2)
    number = 0
    for path in sorted((work / "simulated").glob("*.skeleton"))[files : files + 50]:
        os.link(path, folder / path.name)
        number += 1
    lines += ["", f"Again on the unchanged {files} files: {again['wall']:.1f} s, {again['read']} files read."]
    if number:
        more = prepared("ntu60", folder, root, 2)
        lines.append(f"After adding {number} files: {more['wall']:.1f} s, {more['read']} files read.")
    lines += ["", f"Projected from these rates, for files of {size / 1e3:.0f} kB as here:", ""]
    lines += [
        "| data set | files | CPU, min | 1 process here, min | 2 processes here, min |",
        "|---|---|---|---|---|",
    ]
    for name, count in (("NTU-60", NTU60), ("NTU-120", NTU120)):
        minutes = [count * t / 60 for t in (rates[1]["cpu"], rates[1]["wall"], rates[2]["wall"])]
        lines.append(f"| {name} | {count:,} | " + " | ".join(f"{m:.1f}" for m in minutes) + " |")
    if real:
        mean = statistics.mean(p.stat().st_size for p in real)
        lines += [
            "",
            f"The real samples have {mean / 1e3:.0f} kB: times grow in proportion, x {mean / size:.2f}.",
        ]

    public = [
        (d, data / f) for d, f in (("utd-mhad", "utd_mhad"), ("nw-ucla", "nw_ucla")) if (data / f).is_dir()
    ]
    if public:
        lines += [
            "",
            "## Public data sets",
            "",
            "| data set | files | s | CPU s | again, s |",
            "|---|---|---|---|---|",
        ]
    for dataset, folder in public:
        first = prepared(dataset, folder, work / dataset, 0)
        again = prepared(dataset, folder, work / dataset, 0)
        times = f"{first['wall']:.1f} | {first['cpu']:.1f} | {again['wall']:.2f}"
        lines.append(f"| {dataset} | {first['sources']} | {times} |")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--files", type=int, default=5000, help="simulated files to prepare")
    parser.add_argument("--repeats", type=int, default=100, help="readings of each single file")
    parser.add_argument("--work", type=Path, help="folder for temporary files (default: a new one, removed)")
    parser.add_argument("--out", type=Path, default=RESULT)
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
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False
    )
    where = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    head = [
        "# Reading skeletons",
        "",
        f"Made by `python benchmarks/skeleton_reading.py --files {options.files}` on {date.today()}, commit "
        f"{commit.stdout.strip() or 'unknown'}; {where}. The machine was busy "
        f"with other work (load {os.getloadavg()[1]:.0f}), so wall times are upper bounds.",
        "",
    ]
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text("\n".join([*head, *lines]) + "\n")
    print(options.out.read_text())


if __name__ == "__main__":
    main()

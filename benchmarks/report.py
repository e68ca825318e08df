"""What a report weighs and how fast it opens: a comparison over the 60 classes of NTU-60, in Chromium.

    python benchmarks/report.py                    # prints the table, writes benchmarks/results/report.md
    python benchmarks/report.py --root FOLDER      # builds the comparison there, or uses the one that is there

The skeletons are simulated (4 people, one performance each), the visual encoder is trained for 2 epochs and
MLA for 4: the numbers in the page mean nothing, its size is that of a real one. Needs `playwright` and a
Chromium. Each load is in a new browser; "drawn" is when every section of the page has been painted.
"""

from __future__ import annotations

import gzip
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

from common import arguments, machine, page, table

NAME = "report-benchmark"
TEXTS = ("label", "parts-phases", "multi")
SPLITS = ("synse-55-5", "synse-48-12", "purls-30-30")
RUN = ("multi", "purls-30-30", "paper")
LOADS = 7


def build(root: Path) -> None:
    """Make the comparison; what is there is reused."""

    def semtool(*arguments: str) -> None:
        start = "import sys; from semtool.cli import main; main(sys.argv[1:])"
        subprocess.run([sys.executable, "-c", start, *arguments, "--root", str(root)], check=True)

    if not (root / "arrays" / "ntu60").is_dir():
        semtool("simulate", "--subjects", "4", "--reps", "1")
    for split in SPLITS:
        if not (root / "features" / "ntu60" / split).is_dir():
            semtool("features", "--dataset", "ntu60", "--split", split, "--epochs", "2")
    texts = [a for text in TEXTS for a in ("--descriptions", text)]
    splits = [a for split in SPLITS for a in ("--split", split)]
    presets = [a for preset in ("ridge", "eszsl", "paper") for a in ("--preset", preset)]
    short = ("--lr", "1e-3", "--epochs", "4", "--switch", "warmup=1", "--switch", "attention-inverse=1")
    semtool(
        "compare", "--dataset", "ntu60", "--encoder", "minilm", "--seeds", "2", "--name", NAME,
        *texts, *splits, *presets, *short,
    )  # fmt: skip


def one_run(root: Path) -> str:
    """Return the run of MLA whose page is measured besides."""
    from semtool.artifacts import Store
    from semtool.experiments.comparison.comparison import Comparison

    cells = Comparison.read(Store(root), NAME).cells
    cell = next(c for c in cells if (c.text, c.split, c.preset) == RUN)
    return next(iter(cell.runs.values()))


def write(root: Path, name: str, out: Path) -> dict[str, Any]:
    """Write the page of a run or a comparison; return its size and how long that took."""
    from semtool.artifacts import Store
    from semtool.experiments.report import report

    started = time.perf_counter()
    made = report(name, out, store=Store(root))
    seconds = time.perf_counter() - started
    packed = len(gzip.compress(out.read_bytes(), mtime=0))
    return {"bytes": made.bytes, "seconds": seconds, "gzip": packed, "missing": made.missing}


def fill(root: Path, out: Path) -> dict[str, Any]:
    """Write the page of the comparison with as much in it as a page may hold: what real data would fill.

    Confusion matrices without a zero, as many samples on every map as there may be, as many clips, all of two
    people. Which is which means nothing here.
    """
    from semtool.artifacts import Store
    from semtool.experiments.report.collect import CLIPS, POINTS, collect
    from semtool.experiments.report.page import render
    from semtool.experiments.report.sources import open_source

    store = Store(root)
    started = time.perf_counter()
    page = collect(open_source(store, NAME), store)
    most = POINTS // len(page["cells"])
    for cell in page["cells"]:
        for matrix in cell["confusion"].values():
            every = range(len(matrix["classes"]))
            matrix["seeds"] = {"all": [[i, j, 1 + (37 * i + j) % 400] for i in every for j in every]}
        for view in cell["map"]["views"]:
            for key in ("samples", "truth", "said"):
                view[key] = [view[key][i % len(view[key])] for i in range(most)]
            for layout in view["layouts"]:
                layout["samples"] = [(7919 * i) % 1000 for i in range(2 * most)]
    clips = page["clips"]["ntu60"]["samples"]
    widest = max(clips.values(), key=lambda c: len(c["data"]))
    for name in clips:
        clips[name] = widest
    extra = {f"filled {i}": widest for i in range(CLIPS - len(clips))}
    clips.update(extra)
    for cell in page["cells"]:
        cell["outcomes"].update({n: next(iter(cell["outcomes"].values())) for n in extra})
    text = render(page).encode()
    out.write_bytes(text)
    # Copies pack too well to say anything about real clips.
    return {"bytes": len(text), "seconds": time.perf_counter() - started, "gzip": None, "missing": ()}


def load(page_file: Path) -> dict[str, Any]:
    """Open the page in new browsers; return the medians and the worst in milliseconds."""
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    found: dict[str, list[float]] = {"content": [], "drawn": []}
    with sync_playwright() as driver:
        for _ in range(LOADS):
            browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            page.goto(page_file.as_uri())
            page.wait_for_selector("html[data-ready]")
            timing = "performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd"
            found["content"].append(page.evaluate(timing))
            found["drawn"].append(float(page.evaluate("document.documentElement.dataset.ready")))
            version = browser.version
            browser.close()
    return {k: (median(v), max(v)) for k, v in found.items()} | {"version": version}


def main() -> None:
    """Build, write, load, and say what it took."""
    parser = arguments(__doc__)
    parser.add_argument("--root", type=Path, help="store to use; a temporary one if left out")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        root = (chosen.root or Path(temporary) / "artifacts").resolve()
        if not (root / "comparisons" / NAME).is_dir():
            build(root)
        rows, version = [], ""
        for title, name in (
            ("comparison, 27 cells (3 texts, 3 splits, 3 methods)", NAME),
            ("the same, filled to the bounds of a page", ""),
            ("one run of MLA, 30 unseen classes", one_run(root)),
        ):
            out = Path(temporary) / f"{name or 'filled'}.html"
            made = write(root, name, out) if name else fill(root, out)
            loaded = load(out)
            version = loaded["version"]
            content, drawn = loaded["content"], loaded["drawn"]
            gzipped = f" ({made['gzip'] / 1e6:.2f} MB gzipped)" if made["gzip"] else ""
            times = [f"{middle:.0f} ms (worst {worst:.0f})" for middle, worst in (content, drawn)]
            rows.append([title, f"{made['bytes'] / 1e6:.2f} MB{gzipped}", *times, f"{made['seconds']:.1f} s"])
            if made["missing"]:
                print("left out:", *made["missing"], sep="\n  ")
    page("report", [
        "NTU-60, simulated skeletons: the page's size and speed are measured here, not recognition. *Filled* "
        "has what real data would bring: confusion matrices without a zero, as many samples on each map and "
        "as many skeleton clips (of two people each) as a page holds at most.", "",
        *table(("page", "weight", "DOMContentLoaded", "every section drawn", "written in"), rows),
    ], "The report", f"{machine()}, Chromium {version}; median of {LOADS} loads, each in a new browser.")  # fmt: skip


if __name__ == "__main__":
    main()

"""What `--dry-run` says against what the runs took, on three different grids.

python benchmarks/estimates.py --data $SEMTOOL_DATA

Each grid starts from skeletons and description sets alone, so that features, embedding files and trainings are in
it. Estimate and run follow each other, both on one thread a training. Processor seconds are compared, because
other work on the machine stretches the wall clock.
"""

from __future__ import annotations

import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml
from common import arguments, table

GRIDS = {
    "closed forms, kinematics": {
        "datasets": {"utd-mhad": ["purls-22-5", "purls-18-9", "purls-14-13"]},
        "prompts": ["label", "multi"], "encoders": ["minilm"], "presets": ["ridge", "eszsl"],
        "visual": "kinematics", "seeds": 1,
    },
    "paper on ST-GCN": {
        "datasets": {"nw-ucla": ["purls-8-2"]}, "prompts": ["multi"], "encoders": ["minilm"],
        "presets": ["paper"], "switches": {"epochs": [20]}, "visual": "stgcn", "seeds": 2,
    },
    "best with auxiliary classes": {
        "datasets": {"utd-mhad": ["purls-22-5"], "nw-ucla": ["purls-8-2", "purls-5-5"]},
        "prompts": ["attributes"], "encoders": ["attributes"], "presets": ["best"], "visual": "kinematics",
        "seeds": 2,
    },
}  # fmt: skip


def used() -> float:
    """Return the processor seconds of all children so far."""
    found = resource.getrusage(resource.RUSAGE_CHILDREN)
    return found.ru_utime + found.ru_stime


def semtool(root: Path, *words: str) -> tuple[str, float, float]:
    """Run a command; return its output, processor seconds and wall-clock seconds."""
    cpu, started = used(), time.perf_counter()
    command = [sys.executable, "-c", "from semtool.cli import main; main()", *words, "--root", str(root)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return done.stdout, used() - cpu, time.perf_counter() - started


def main() -> None:
    """Estimate each grid, run it, and print a Markdown table."""
    parser = arguments(__doc__, data=True)
    parser.add_argument("--grids", nargs="*", default=list(GRIDS))
    given = parser.parse_args()
    work = Path(tempfile.mkdtemp(prefix="estimates-"))
    empty = work / "empty"
    for dataset in ("utd-mhad", "nw-ucla"):
        semtool(empty, "prepare", "--dataset", dataset, "--raw", str(given.data / dataset.replace("-", "_")))
        for prompts in ("label", "multi", "attributes"):
            semtool(empty, "generate", "--dataset", dataset, "--prompts", prompts)
    rows = []
    for name in given.grids:
        root, config = work / name.replace(" ", "-"), work / "grid.yaml"
        shutil.copytree(empty, root)
        config.write_text(yaml.safe_dump(GRIDS[name]))
        said, measuring, _ = semtool(root, "sweep", str(config), "--jobs", "2", "--dry-run", "--json")
        estimate = json.loads(said)
        before = sum(p.stat().st_size for p in root.rglob("*") if p.is_file())
        _, took, _ = semtool(root, "sweep", str(config), "--jobs", "2")
        grew = sum(p.stat().st_size for p in root.rglob("*") if p.is_file()) - before
        seconds = sum(e["seconds"] for e in estimate["estimates"])
        memory, disk = (estimate["all"][k] for k in ("memory", "disk"))
        rows.append((
            name, f"{seconds:.1f}", f"{took:.1f}", f"{max(seconds / took, took / seconds):.2f}", f"{measuring:.1f}",
            f"{memory / 1e9:.1f} GB", f"{disk / 1e6:.0f} MB", f"{grew / 1e6:.0f} MB",
        ))  # fmt: skip
        print(json.dumps(estimate["estimates"]), file=sys.stderr, flush=True)
    shutil.rmtree(work)
    head = "grid", "estimated, processor s", "took", "factor", "measuring took", "memory", "disk", "disk took"
    print("\n".join(table(head, rows)))


if __name__ == "__main__":
    main()

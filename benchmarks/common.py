"""What the benchmarks share: where things are, the command line, the five PURLS splits, tables, the page of results."""

from __future__ import annotations

import argparse
import os
import platform
import shlex
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from semtool.artifacts import Store

HERE = Path(__file__).parent
RESULTS = HERE / "results"
CORES = os.cpu_count() or 1
DATASETS = {
    "utd-mhad": ("purls-22-5", "purls-18-9", "purls-14-13"),
    "nw-ucla": ("purls-8-2", "purls-5-5"),
}
SPLITS = tuple((dataset, split) for dataset, splits in DATASETS.items() for split in splits)
SHORT = tuple(f"{dataset} {split.removeprefix('purls-')}" for dataset, split in SPLITS)
"""What tables call them."""
_PLACES = ("--data", "--root", "--jobs", "--cache", "--work", "--out", "--mpnet")


def arguments(doc: str | None, **options: Any) -> argparse.ArgumentParser:
    """Return the parser of a script.

    Args:
        doc: of the module.
        options: what the script takes, with the default of each: ``data`` (true: the folder of real data, or
            ``$SEMTOOL_DATA``), ``root`` (of the store), ``seeds``, ``jobs``, ...
    """
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    if options.pop("data", False):
        data = os.environ.get("SEMTOOL_DATA")
        parser.add_argument(
            "--data", type=Path, default=data and Path(data), required=not data, help="default: $SEMTOOL_DATA"
        )
    for name, default in options.items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=type(default), default=default)
    return parser


def command() -> str:
    """Return the command that runs, without where things are on this machine."""
    words, said = iter(sys.argv[1:]), []
    for word in words:
        if word in _PLACES:
            next(words, None)
        else:
            said.append(word)
    return shlex.join(["python", f"benchmarks/{Path(sys.argv[0]).name}", *said])


def machine(*packages: str) -> str:
    """Return what the numbers were made on: commit, machine, and versions of packages besides torch."""
    commit = subprocess.run(
        ["git", "-C", str(HERE), "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False
    ).stdout.strip()
    return ", ".join([
        f"commit {commit or 'unknown'}", f"{CORES} cores {platform.machine()}", f"Python {platform.python_version()}",
        *(f"{name} {version(name)}" for name in ("torch", *packages)),
    ])  # fmt: skip


def page(name: str, lines: Iterable[str], title: str = "", made_on: str = "") -> None:
    """Write ``results/<name>.md``, and print it: its title, the command, the machine, and ``lines``."""
    head = f"# {title or name}", "", f"`{command()}`; {made_on or machine()}", ""
    text = "\n".join([*head, *lines]) + "\n"
    (RESULTS / f"{name}.md").write_text(text, encoding="utf-8")
    print(text)


def table(head: Sequence[object], rows: Iterable[Sequence[object]]) -> list[str]:
    """Return the lines of a Markdown table."""
    cells = [head, ["---"] * len(head), *rows]
    return [f"| {' | '.join(map(str, row))} |" for row in cells]


def spread(values: Sequence[float], points: int = 1) -> str:
    """Return the mean of some values, and their deviation if they are several."""
    if not len(values):
        return "-"
    return f"{np.mean(values):.{points}f}" + (
        f" ± {np.std(values, ddof=1):.{points}f}" if len(values) > 1 else ""
    )


def by_split(
    rows: Sequence[Mapping[str, Any]], keys: Mapping[str, str], value: str = "accuracy"
) -> list[str]:
    """Return a table: a line for each setting, a column a split; mean and deviation over seeds in per cent.

    Args:
        rows: with ``dataset``, ``split`` and ``value``, a fraction.
        keys: what makes a setting: key of the rows -> head of its column.
        value: what is shown.
    """
    lines = []
    for setting in dict.fromkeys(tuple(r[k] for k in keys) for r in rows):
        own = [r for r in rows if tuple(r[k] for k in keys) == setting]
        found = [[100 * r[value] for r in own if (r["dataset"], r["split"]) == at] for at in SPLITS]
        mean = f"**{np.mean([np.mean(f) for f in found]):.1f}**" if all(found) else "-"
        lines.append([*setting, *map(spread, found), mean])
    return table([*keys.values(), *SHORT, "mean"], lines)


def prepare(root: str | Path, data: Path, texts: Sequence[tuple[str, str]] = ()) -> Store:
    """Prepare the skeletons of the five splits, write and embed texts (prompt set, encoder); return the store."""
    from semtool.artifacts import Store
    from semtool.embedding import embed
    from semtool.generation import generate
    from skeleton.data import prepare as read

    store = Store(root)
    for dataset in DATASETS:
        read(dataset, Path(data) / dataset.replace("-", "_"), store=store)
        for prompts, encoder in texts:
            embed(generate(dataset, prompts, store=store).artifact, encoder, store=store)
    return store


def grid(store: Store, name: str, *, jobs: int = 1, **axes: Any) -> list[dict[str, Any]]:
    """Train a grid on the five splits with `sweep`, or reuse it; return its rows, one for each run and seed.

    Args:
        store: with skeletons.
        name: of the sweep.
        jobs: trainings at the same time.
        axes: prompts, encoders, presets, switches, seeds, ...: see
            `semtool.experiments.grid.sweep_file.SweepFile`.
    """
    from semtool.experiments import sweep
    from semtool.experiments.grid.sweep_file import SweepFile
    from skeleton.runs import Processes

    config = SweepFile.model_validate({"name": name, "datasets": DATASETS, **axes})
    found = sweep(config, store=store, executor=Processes(jobs, 1), device="cpu", note=print)
    if found.failures:
        raise SystemExit(f"{len(found.failures)} trainings failed, the first: {found.failures[0]['message']}")
    return found.rows

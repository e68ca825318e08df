"""Run folders: ``runs/<name>/summary.json`` and one ``seed-<n>/`` a seed, each whole or not there.

A seed's folder holds ``config.yaml`` (what was trained on what), ``checkpoint.safetensors``,
``metrics.json``, ``predictions.csv`` and ``log.jsonl``. While it trains it is called ``.seed-<n>.partial``
and also holds the state from which a killed run goes on.
"""

from __future__ import annotations

import csv
import json
import os
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from semtool.artifacts import Store
from semtool.errors import SemtoolError, UsageError, unknown_name
from skeleton.methods.config import TrainConfig

__all__ = [
    "CHECKPOINT",
    "SCHEMA",
    "Run",
    "finish",
    "finished_seeds",
    "newest_run",
    "open_run",
    "partial_folder",
    "read_metrics",
    "run_names",
    "runs_folder",
    "seed_folder",
    "write_config",
    "write_json",
    "write_predictions",
]

SCHEMA = 1
CHECKPOINT = "checkpoint.safetensors"


@dataclass(frozen=True)
class Run:
    """A finished run on disk: its folder, its summary, and its seeds."""

    path: Path
    summary: dict[str, Any]

    @property
    def name(self) -> str:
        """The run's name below ``runs/``."""
        return self.path.name

    @property
    def seeds(self) -> tuple[int, ...]:
        """The seeds that were trained."""
        return tuple(int(s) for s in self.summary["seeds"])

    def record(self, seed: int) -> dict[str, Any]:
        """Return what ``config.yaml`` of a seed says: inputs, shapes, and all switches under ``config``."""
        path = seed_folder(self.path, seed) / "config.yaml"
        try:
            raw = yaml.safe_load(path.read_text(encoding="utf-8"))
            if not isinstance(raw, dict) or "config" not in raw:
                raise ValueError("it holds no configuration")
        except (OSError, ValueError, yaml.YAMLError) as error:
            raise SemtoolError(f"cannot read {path}: {error}") from error
        return raw

    def config(self, seed: int) -> TrainConfig:
        """Return the switches a seed was trained with."""
        return TrainConfig.from_dict(self.record(seed)["config"])

    def metrics(self, seed: int) -> dict[str, Any]:
        """Return ``metrics.json`` of a seed."""
        return read_metrics(self.path, seed)


def runs_folder(store: Store) -> Path:
    """Return the folder of all runs."""
    return store.root / "runs"


def seed_folder(run: Path, seed: int) -> Path:
    """Return the folder of a finished seed."""
    return run / f"seed-{seed}"


def finished_seeds(run: Path) -> list[int]:
    """Return the seeds of a run that are trained, in order."""
    return sorted(int(p.parent.name.removeprefix("seed-")) for p in run.glob("seed-*/metrics.json"))


def partial_folder(run: Path, seed: int) -> Path:
    """Return the folder of a seed that is being trained."""
    return run / f".seed-{seed}.partial"


def read_metrics(run: Path, seed: int) -> dict[str, Any]:
    """Return ``metrics.json`` of a seed; one that is damaged is named, and how to get it back."""
    path = seed_folder(run, seed) / "metrics.json"
    found = _read_json(path)
    try:
        float(found["zsl"]["accuracy"])
    except (KeyError, TypeError, ValueError) as error:
        raise SemtoolError(f"{path} lacks its accuracy; remove {path.parent} and train again") from error
    return found


def run_names(store: Store) -> list[str]:
    """Return the names of all finished runs, sorted."""
    return sorted(p.parent.name for p in runs_folder(store).glob("*/summary.json"))


def newest_run(store: Store) -> Run:
    """Return the run whose summary was written last; an error says how to make one."""
    found = sorted(runs_folder(store).glob("*/summary.json"), key=lambda p: p.stat().st_mtime_ns)
    if not found:
        raise UsageError(f"there is no run under {runs_folder(store)} yet; make one with semtool train")
    return open_run(store, found[-1].parent.name)


def open_run(store: Store, reference: str) -> Run:
    """Return a run by name or by the path of its folder (or of one of its seeds)."""
    for folder in (runs_folder(store) / reference, Path(reference)):
        for candidate in (folder, folder.parent):
            if (candidate / "summary.json").is_file() and (
                candidate == folder or folder.name.startswith("seed-")
            ):
                return Run(candidate, _read_json(candidate / "summary.json"))
    known = run_names(store)
    if not known:
        raise UsageError(
            f"no run {reference!r}: there is none under {runs_folder(store)} yet; make one with semtool train"
        )
    raise unknown_name("run", reference, known)


def write_json(path: Path, value: dict[str, Any]) -> None:
    """Write a JSON file: all of it, or nothing."""
    _write(path, json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def write_config(folder: Path, record: dict[str, Any]) -> None:
    """Write ``config.yaml``."""
    _write(folder / "config.yaml", yaml.safe_dump(record, sort_keys=False, allow_unicode=True))


def write_predictions(path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a csv file with a header."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)


def finish(run: Path, seed: int) -> Path:
    """Give the partial folder of a seed its final name; a folder already there is replaced."""
    source, target = partial_folder(run, seed), seed_folder(run, seed)
    for path in source.iterdir():
        with path.open("rb") as stream:
            os.fsync(stream.fileno())
    if target.exists():
        shutil.rmtree(target)
    source.rename(target)
    return target


def _write(path: Path, text: str) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with temporary.open("w", encoding="utf-8") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    temporary.replace(path)


def _read_json(path: Path) -> dict[str, Any]:
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SemtoolError(
            f"cannot read {path}: {error}; remove the folder {path.parent} and train the run again"
        ) from error
    if not isinstance(raw, dict) or raw.get("schema") != SCHEMA:
        raise SemtoolError(
            f"{path} has schema {raw.get('schema') if isinstance(raw, dict) else None}, not {SCHEMA}"
        )
    return raw

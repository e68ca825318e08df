"""Run folders: ``runs/<name>/summary.json`` and one ``seed-<n>/`` a seed, each whole or not there.

A seed's folder holds ``config.yaml`` (what was trained on what), ``checkpoint.safetensors``,
``metrics.json``, ``predictions.csv`` and ``log.jsonl``. While it trains it is called ``.seed-<n>.partial``
and also holds the state from which a killed run goes on.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from semtool.artifacts import Input, Store
from semtool.disk import write_atomically
from semtool.errors import NotMadeError, SemtoolError, UsageError, unknown_name
from semtool.record import Record, faults
from skeleton.methods import MethodSettings, settings_of
from skeleton.runs.records import SCHEMA, Metrics, Summary

__all__ = [
    "CHECKPOINT",
    "Run",
    "SeedRecord",
    "check_name",
    "finish",
    "finished_seeds",
    "open_run",
    "partial_folder",
    "read_metrics",
    "run_names",
    "runs_folder",
    "seed_folder",
    "write_config",
    "write_json",
]

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
CHECKPOINT = "checkpoint.safetensors"


class SeedRecord(Record):
    """``config.yaml`` of a seed: what was trained on what, and all settings."""

    name: str
    seed: int
    dataset: str
    split: str
    embeddings: Input
    features: Input
    device: str
    threads: int
    identity: str
    settings: dict[str, Any]


@dataclass(frozen=True)
class Run:
    """A finished run on disk: its folder, its summary, and its seeds."""

    path: Path

    @cached_property
    def summary(self) -> Summary:
        """What ``summary.json`` says."""
        return _read(self.path / "summary.json", Summary)

    @property
    def name(self) -> str:
        """The run's name below ``runs/``."""
        return self.path.name

    @property
    def seeds(self) -> tuple[int, ...]:
        """The seeds that were trained."""
        return self.summary.seeds

    def record(self, seed: int) -> SeedRecord:
        """Return what ``config.yaml`` of a seed says."""
        path = seed_folder(self.path, seed) / "config.yaml"
        try:
            return SeedRecord.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
        except (OSError, ValueError, yaml.YAMLError) as error:
            raise SemtoolError(f"cannot read {path} ({_said(error)}); {_again(path)}") from error

    def settings(self, seed: int) -> MethodSettings:
        """Return the settings a seed was trained with."""
        return settings_of(self.record(seed).settings)

    def metrics(self, seed: int) -> Metrics:
        """Return ``metrics.json`` of a seed."""
        return read_metrics(self.path, seed)


def check_name(name: str) -> str:
    """Return ``name`` if it can be that of a folder below ``runs/`` or its like, and no path."""
    if not NAME.fullmatch(name) or name == "newest":
        raise UsageError(
            f"{name!r} cannot be a name: letters, digits, dots, hyphens and underscores only, and not "
            "`newest`, which means the one made last"
        )
    return name


def runs_folder(store: Store) -> Path:
    """Return the folder of all runs."""
    return store.root / "runs"


def seed_folder(run: Path, seed: int) -> Path:
    """Return the folder of a finished seed.

    Args:
        run: folder of the run.
        seed: which one.
    """
    return run / f"seed-{seed}"


def finished_seeds(run: Path) -> list[int]:
    """Return the seeds of a run that are trained, in order."""
    return sorted(int(p.parent.name.removeprefix("seed-")) for p in run.glob("seed-*/metrics.json"))


def partial_folder(run: Path, seed: int) -> Path:
    """Return the folder of a seed that is being trained."""
    return run / f".seed-{seed}.partial"


def read_metrics(run: Path, seed: int) -> Metrics:
    """Return ``metrics.json`` of a seed.

    Args:
        run: folder of the run.
        seed: a finished one.

    Raises:
        SemtoolError: if the file is missing or damaged; the message says how to get it back.
    """
    return _read(seed_folder(run, seed) / "metrics.json", Metrics)


def run_names(store: Store) -> list[str]:
    """Return the names of all finished runs, sorted."""
    return sorted(p.parent.name for p in runs_folder(store).glob("*/summary.json"))


def _newest_run(store: Store) -> Run:
    found = sorted(runs_folder(store).glob("*/summary.json"), key=lambda p: p.stat().st_mtime_ns)
    if not found:
        raise NotMadeError(
            f"there is no run under {runs_folder(store)} yet; make one with semtool train", see="no-run"
        )
    return Run(found[-1].parent)


def open_run(store: Store, reference: str | None = None) -> Run:
    """Return a run by name or by the path of its folder (or of one of its seeds); without one, the newest.

    Args:
        store: where a name is looked up.
        reference: name below ``runs/``, or a path; None or ``newest``: the one made last.

    Raises:
        UsageError: if there is no such run.
    """
    if reference is None or reference == "newest":
        return _newest_run(store)
    for folder in (runs_folder(store) / reference, Path(reference)):
        for candidate in (folder, folder.parent):
            if (candidate / "summary.json").is_file() and (
                candidate == folder or folder.name.startswith("seed-")
            ):
                return Run(candidate)
    known = run_names(store)
    if not known:
        raise NotMadeError(
            f"no run {reference!r}: there is none under {runs_folder(store)} yet; make one: semtool train",
            see="no-run",
        )
    raise unknown_name("run", reference, known, NotMadeError)


def write_json(path: Path, value: dict[str, Any]) -> None:
    """Write a JSON file: all of it, or nothing."""
    write_atomically(path, json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def write_config(folder: Path, record: SeedRecord) -> None:
    """Write ``config.yaml``."""
    text = yaml.safe_dump(record.model_dump(mode="json"), sort_keys=False, allow_unicode=True)
    write_atomically(folder / "config.yaml", text)


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


Model = TypeVar("Model", bound=BaseModel)


def _read(path: Path, model: type[Model]) -> Model:
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(raw, dict) or raw.get("schema") != SCHEMA:
            schema = raw.get("schema") if isinstance(raw, dict) else None
            raise ValueError(f"it has schema {schema}, not {SCHEMA}")
        return model.model_validate(raw)
    except (OSError, ValueError) as error:
        raise SemtoolError(f"cannot read {path} ({_said(error)}); {_again(path)}") from error


def _again(path: Path) -> str:
    return f"remove the folder {path.parent} and train again with semtool train"


def _said(error: Exception) -> str:
    """Return what is wrong, in a few words."""
    return faults(error, "its content")[0] if isinstance(error, ValidationError) else str(error)

"""Garbage: what killed commands left behind and, if asked for, old versions that nothing refers to."""

from __future__ import annotations

import json
import shutil
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from semtool.artifacts.artifact import Artifact
from semtool.artifacts.reference import KINDS
from semtool.artifacts.store import TEMPORARY, Store
from semtool.disk import plain_disk_errors, read_plain, size_of
from semtool.errors import SemtoolError

__all__ = ["Garbage", "collect"]


@dataclass(frozen=True)
class Garbage:
    """One folder that can go, why, and its size in bytes."""

    path: Path
    reason: str
    bytes: int


def collect(store: Store, *, old: bool = False, dry_run: bool = False) -> list[Garbage]:
    """Remove what killed commands left; with ``old`` also old versions that nothing refers to.

    A version stays if it is the newest of its name, an input of one that stays, or named by a run. With
    ``dry_run`` nothing is removed. Drafts that are still being written are left alone.

    Args:
        store: whose root is cleaned.
        old: whether old versions go, too.
        dry_run: find, but remove nothing.

    Returns:
        What was removed, or would be; a folder each, with its size in bytes.

    Raises:
        SemtoolError: with ``old``, if a manifest or the metrics of a run cannot be read: what they refer to
            is then unknown.
    """
    if not store.root.is_dir():
        return []
    with plain_disk_errors(store.root), FileLock(store.root / ".lock"):
        found = list(_abandoned(store.root, dry_run=dry_run))
        if old:
            for artifact in _unused(store):
                found.append(Garbage(artifact.path, "old, and nothing refers to it", size_of(artifact.path)))
                if not dry_run:
                    # Renamed first: a kill in between leaves a draft, never half a version.
                    doomed = artifact.path.rename(store.root / f"{TEMPORARY}{uuid.uuid4().hex[:12]}")
                    shutil.rmtree(doomed)
        return found


def _abandoned(root: Path, *, dry_run: bool) -> Iterator[Garbage]:
    # A folder without a lock is nobody's draft: it is not ours to judge whether somebody still writes it.
    for name in sorted(p.name.removesuffix(".lock") for p in root.glob(f"{TEMPORARY}*.lock")):
        folder, lock = root / name, FileLock(root / f"{name}.lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            continue
        try:
            if folder.exists():
                yield Garbage(folder, "left by a killed command", size_of(folder))
            if not dry_run:
                shutil.rmtree(folder, ignore_errors=True)
                Path(lock.lock_file).unlink(missing_ok=True)
        finally:
            lock.release()


def _unused(store: Store) -> list[Artifact]:
    everything = [a for kind in KINDS for a in store.artifacts(kind)]
    newest = {(a.kind, a.name, a.dataset): a.reference for a in everything}
    wanted = set(newest.values()) | set(_named_by_runs(store.root))
    while True:
        inputs = {
            i.reference for a in everything if a.reference in wanted for i in a.manifest.inputs.values()
        }
        if inputs <= wanted:
            return [a for a in everything if a.reference not in wanted]
        wanted |= inputs


def _named_by_runs(root: Path) -> Iterator[str]:
    for path in root.glob("runs/**/metrics.json"):
        try:
            yield from _references(json.loads(read_plain(path)))
        except (SemtoolError, ValueError, RecursionError) as error:
            raise SemtoolError(
                f"cannot read {path}, so nothing old is removed, as that run may need it: {error}; "
                "remove the run or evaluate it again"
            ) from error


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("reference"), str):
            yield value["reference"]
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from _references(item)

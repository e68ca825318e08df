"""Immutable versions on disk: the same inputs give the same version back, changed ones the next.

Layout: ``<root>/<kind>/<data set>/<name...>/vN/`` with ``manifest.json`` beside the files. A reference is
``<data set>/<name>[@vN]``; without a version it means the newest.
"""

from __future__ import annotations

import os
import re
import shutil
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from filelock import FileLock

from semtool.artifacts.artifact import Artifact, Draft, record
from semtool.disk import plain_disk_errors, sync
from semtool.artifacts.manifest import FILE as MANIFEST
from semtool.artifacts.manifest import Input, Manifest, digest, library_versions, now
from semtool.errors import SemtoolError, UsageError, unknown_name

__all__ = ["KINDS", "TEMPORARY", "Artifact", "Draft", "Store"]

KINDS = {"descriptions": 1, "embeddings": 2, "arrays": 1, "features": 2}
"""The kinds of versioned artifact and how many parts their name has after the data set."""

MADE_BY = {
    "descriptions": "semtool generate",
    "embeddings": "semtool embed",
    "arrays": "semtool prepare (licensed data) or semtool simulate",
    "features": "semtool features",
}
TEMPORARY = ".tmp-"
"""How the folders of unfinished artifacts begin; each has a lock file beside it, held while it is written."""
_PART = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]*")
_VERSION = re.compile(r"v([1-9][0-9]*)")


class Store:
    """All artifacts below one root folder (``--root``, ``$SEMTOOL_ROOT``, else ``./artifacts``)."""

    def __init__(self, root: str | Path | None = None) -> None:
        self.root = Path(root or os.environ.get("SEMTOOL_ROOT") or "artifacts")

    # ---- reading

    def resolve(self, kind: str, reference: str) -> Artifact:
        """Return the artifact of ``kind`` that ``reference`` names; the newest version if it names none.

        Raises:
            UsageError: if the reference has the wrong form or nothing has that name.
        """
        name, _, version = reference.partition("@")
        folder = self._folder(kind, name)
        versions = _versions(folder)
        if not versions:
            known = {r.partition("@")[0] for r in self.references(kind)}
            if not known:
                raise UsageError(f"no {kind} {reference!r} under {self.root}; make it with {MADE_BY[kind]}")
            raise unknown_name(kind, name, known)
        if not version:
            return self._open(kind, name, versions[-1])
        match = _VERSION.fullmatch(version)
        if not match or int(match[1]) not in versions:
            have = ", ".join(f"v{v}" for v in versions)
            raise UsageError(f"{kind} {name!r} has no version {version!r}; there are: {have}")
        return self._open(kind, name, int(match[1]))

    def locate(self, reference: str) -> Artifact:
        """Return the artifact that ``reference`` names, whatever its kind (``<kind>/<reference>`` says it).

        Raises:
            UsageError: if nothing has that name, or artifacts of two kinds have.
        """
        head, _, rest = reference.partition("/")
        if head in KINDS:
            return self.resolve(head, rest)
        name = reference.partition("@")[0]
        known = {kind: {r.partition("@")[0] for r in self.references(kind)} for kind in KINDS}
        fitting = [kind for kind in KINDS if name in known[kind]]
        if not fitting:
            raise unknown_name("artifact", name, set().union(*known.values()))
        if len(fitting) > 1:
            forms = " or ".join(f"{kind}/{reference}" for kind in fitting)
            raise UsageError(f"{reference!r} names artifacts of several kinds; write {forms}")
        return self.resolve(fitting[0], reference)

    def newest(self, kind: str, dataset: str | None = None, prefix: str = "") -> Artifact | None:
        """Return the artifact of ``kind`` made last, or None; ``prefix`` narrows the name after the data set.

        Raises:
            SemtoolError: if a manifest that might be the newest cannot be read.
        """
        candidates = [a for a in self.artifacts(kind, dataset) if a.name.startswith(prefix)]
        return max(candidates, key=lambda a: (a.manifest.created, a.reference), default=None)

    def references(self, kind: str, dataset: str | None = None) -> list[str]:
        """Return the reference of every version of ``kind``, sorted, without opening any."""
        base = self.root / kind
        found = []
        for folder in base.glob("/".join([dataset or "*"] + ["*"] * KINDS[kind])):
            name = folder.relative_to(base).as_posix()
            if all(_PART.fullmatch(part) for part in name.split("/")):
                found += [(name, version) for version in _versions(folder)]
        return [f"{name}@v{version}" for name, version in sorted(found)]

    def artifacts(self, kind: str, dataset: str | None = None) -> list[Artifact]:
        """Return every version of ``kind``, sorted by name and version.

        Raises:
            SemtoolError: if a manifest cannot be read.
        """
        return [self.resolve(kind, reference) for reference in self.references(kind, dataset)]

    def find(self, kind: str, name: str, identity: str) -> Artifact | None:
        """Return the newest version of ``name`` that was made from the same inputs and parameters, if any."""
        for version in reversed(_versions(self._folder(kind, name))):
            # A version that cannot be read is none that could be reused.
            with suppress(SemtoolError):
                artifact = self._open(kind, name, version)
                if artifact.manifest.identity == identity:
                    return artifact
        return None

    # ---- writing

    @staticmethod
    def identity(kind: str, inputs: Mapping[str, Input], parameters: Mapping[str, Any]) -> str:
        """Return the checksum of what an artifact is made from: its inputs' content and its parameters."""
        return digest([kind, {k: i.sha256 for k, i in inputs.items()}, dict(parameters)])

    @contextmanager
    def create(
        self,
        kind: str,
        name: str,
        *,
        inputs: Mapping[str, Input] | None = None,
        parameters: Mapping[str, Any] | None = None,
        libraries: tuple[str, ...] = (),
    ) -> Iterator[Draft]:
        """Write a new version of ``name`` (``<data set>/<name>``): all of it, or nothing.

        The body of the ``with`` block writes files into ``draft.folder`` (a temporary folder on the same
        file system); on leaving it they are hashed, described in a manifest, synced and renamed into place.
        If a version has the same identity and the same bytes, that version is returned instead; so is one of
        the same identity that another process finished in the meantime.

        Raises:
            SemtoolError: if the disk is full or may not be written to.
        """
        inputs, parameters = dict(inputs or {}), dict(parameters or {})
        target = self._folder(kind, name)
        with plain_disk_errors(self.root), self._temporary() as temporary:
            before = set(_versions(target))
            draft = Draft(folder=temporary)
            yield draft
            files = {p.name: record(p) for p in sorted(temporary.iterdir())}
            identity = self.identity(kind, inputs, parameters)
            with self._lock():
                for version in reversed(_versions(target)):
                    with suppress(SemtoolError):
                        same = self._open(kind, name, version)
                        if same.manifest.identity == identity and (
                            same.manifest.files == files or version not in before
                        ):
                            draft.artifact = same
                            return
                version = max(_versions(target), default=0) + 1
                Manifest(
                    kind=kind,
                    reference=f"{name}@v{version}",
                    created=now(),
                    identity=identity,
                    inputs=inputs,
                    parameters=parameters,
                    counts=draft.counts,
                    files=files,
                    versions=draft.versions or library_versions(*libraries),
                    simulated=draft.simulated,
                    details=draft.details,
                ).write(temporary)
                sync(temporary / MANIFEST)
                sync(temporary)
                self._publish(temporary, target / f"v{version}")
                draft.artifact = self._open(kind, name, version)

    # ---- inside

    def _lock(self) -> FileLock:
        return FileLock(self.root / ".lock")

    @contextmanager
    def _temporary(self) -> Iterator[Path]:
        """A folder for a draft; its lock tells `collect` that somebody is still writing."""
        self.root.mkdir(parents=True, exist_ok=True)
        folder = self.root / f"{TEMPORARY}{uuid.uuid4().hex[:12]}"
        alive = FileLock(f"{folder}.lock")
        with self._lock():
            alive.acquire()
            folder.mkdir()
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            Path(alive.lock_file).unlink(missing_ok=True)
            alive.release()

    def _publish(self, temporary: Path, final: Path) -> None:
        """Rename a finished draft into place; leave no empty folder if that fails."""
        made = [p for p in final.parents if p.is_relative_to(self.root) and not p.exists()]
        try:
            final.parent.mkdir(parents=True, exist_ok=True)
            temporary.rename(final)
        except OSError:
            for folder in made:
                with suppress(OSError):
                    folder.rmdir()
            raise
        for folder in (final.parent, *(p.parent for p in made)):
            sync(folder)

    def _folder(self, kind: str, name: str) -> Path:
        parts = name.split("/")
        if kind not in KINDS:
            raise unknown_name("kind of artifact", kind, KINDS)
        if len(parts) != KINDS[kind] + 1 or not all(_PART.fullmatch(p) for p in parts):
            form = "/".join(["<data set>"] + ["<name>"] * KINDS[kind])
            raise UsageError(f"{name!r} does not name {kind}: a reference has the form {form}[@vN]")
        return self.root.joinpath(kind, *parts)

    def _open(self, kind: str, name: str, version: int) -> Artifact:
        path = self.root.joinpath(kind, *name.split("/"), f"v{version}")
        return Artifact(kind, f"{name}@v{version}", path, Manifest.read(path))


def _versions(folder: Path) -> list[int]:
    if not folder.is_dir():
        return []
    return sorted(int(m[1]) for p in folder.iterdir() if (m := _VERSION.fullmatch(p.name)))

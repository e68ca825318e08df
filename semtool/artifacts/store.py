"""Immutable versions on disk: the same inputs give the same version back, changed ones the next.

Layout: ``<root>/<kind>/<data set>/<name...>/vN/`` with ``manifest.json`` beside the files. A reference is
``<data set>/<name>[@vN]``; without a version it means the newest.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from filelock import FileLock

from semtool.artifacts.manifest import FileRecord, Input, Manifest, digest, file_sha256, library_versions, now
from semtool.errors import SemtoolError, UsageError, unknown_name

__all__ = ["KINDS", "Artifact", "Draft", "Store"]

KINDS = {"descriptions": 1, "embeddings": 2, "arrays": 1, "features": 2}
"""The kinds of versioned artifact and how many parts their name has after the data set."""

MADE_BY = {
    "descriptions": "semtool generate",
    "embeddings": "semtool embed",
    "arrays": "semtool prepare (licensed data) or semtool simulate",
    "features": "semtool features",
}
_PART = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]*")
_VERSION = re.compile(r"v([1-9][0-9]*)")


@dataclass(frozen=True)
class Artifact:
    """One version of one artifact on disk."""

    kind: str
    reference: str
    path: Path
    manifest: Manifest

    @property
    def dataset(self) -> str:
        """The data set, which is the first part of the reference."""
        return self.reference.split("/", 1)[0]

    @property
    def name(self) -> str:
        """The reference without data set and version."""
        return self.reference.split("/", 1)[1].rsplit("@", 1)[0]

    @property
    def version(self) -> int:
        """The number N of ``@vN``."""
        return int(self.reference.rsplit("@v", 1)[1])

    def as_input(self) -> Input:
        """Return this artifact as another one's manifest names it."""
        return Input(reference=self.reference, sha256=self.manifest.content_sha256)

    def problems(self) -> list[str]:
        """Compare every file with the manifest; return one sentence for each that does not fit."""
        found = []
        for name, record in self.manifest.files.items():
            path = self.path / name
            if not path.is_file():
                found.append(f"{self.reference}: {name} is missing")
            elif file_sha256(path) != record.sha256:
                found.append(f"{self.reference}: {name} does not match its checksum")
        extra = {p.name for p in self.path.iterdir()} - set(self.manifest.files) - {"manifest.json"}
        found += [f"{self.reference}: {name} is not in the manifest" for name in sorted(extra)]
        return found

    def verify(self) -> Artifact:
        """Return self if every file fits the manifest; raise `SemtoolError` naming what does not."""
        if problems := self.problems():
            raise SemtoolError("; ".join(problems) + "; remove this version and make it again")
        return self


@dataclass
class Draft:
    """An artifact being made: write files into ``folder``, then fill in what the manifest should say."""

    folder: Path
    counts: dict[str, int] = field(default_factory=dict)
    details: dict[str, Any] = field(default_factory=dict)
    simulated: bool = False
    artifact: Artifact | None = None

    @property
    def result(self) -> Artifact:
        """The finished artifact; only after the ``with`` block."""
        if self.artifact is None:
            raise RuntimeError("the draft is not committed yet")
        return self.artifact


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
            known = [a.reference.rsplit("@", 1)[0] for a in self.artifacts(kind)]
            if not known:
                raise UsageError(f"no {kind} {reference!r} under {self.root}; make it with {MADE_BY[kind]}")
            raise unknown_name(kind, name, set(known))
        if not version:
            return self._open(kind, name, versions[-1])
        match = _VERSION.fullmatch(version)
        if not match or int(match[1]) not in versions:
            have = ", ".join(f"v{v}" for v in versions)
            raise UsageError(f"{kind} {name!r} has no version {version!r}; there are: {have}")
        return self._open(kind, name, int(match[1]))

    def newest(self, kind: str, dataset: str | None = None, prefix: str = "") -> Artifact | None:
        """Return the artifact of ``kind`` made last, or None; ``prefix`` narrows the name after the data set."""
        candidates = [a for a in self.artifacts(kind, dataset) if a.name.startswith(prefix)]
        return max(
            candidates,
            key=lambda a: (a.manifest.created, (a.path / "manifest.json").stat().st_mtime_ns),
            default=None,
        )

    def artifacts(self, kind: str, dataset: str | None = None) -> list[Artifact]:
        """Return every readable version of ``kind``, sorted by reference."""
        depth = KINDS[kind] + 1
        base = self.root / kind
        pattern = "/".join([dataset or "*"] + ["*"] * (depth - 1))
        found = []
        for folder in sorted(base.glob(pattern)):
            name = folder.relative_to(base).as_posix()
            found += [self._open(kind, name, v) for v in _versions(folder)]
        return found

    def find(self, kind: str, name: str, identity: str) -> Artifact | None:
        """Return the newest version of ``name`` that was made from the same inputs and parameters, if any."""
        for version in reversed(_versions(self._folder(kind, name))):
            artifact = self._open(kind, name, version)
            if artifact.manifest.identity == identity:
                return artifact
        return None

    # ---- writing

    @staticmethod
    def identity(kind: str, inputs: Mapping[str, Input], parameters: Mapping[str, Any]) -> str:
        """Return the checksum of what an artifact is made from: the content of its inputs and its parameters."""
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
        If the newest version has the same identity and the same bytes, that version is returned instead.
        """
        inputs, parameters = dict(inputs or {}), dict(parameters or {})
        target = self._folder(kind, name)
        target.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=".tmp-", dir=self.root))
        draft = Draft(folder=temporary)
        try:
            yield draft
            files = {
                p.name: FileRecord(sha256=file_sha256(p), bytes=p.stat().st_size)
                for p in sorted(temporary.iterdir())
            }
            identity = self.identity(kind, inputs, parameters)
            with FileLock(self.root / ".lock"):
                versions = _versions(target)
                for version in reversed(versions):
                    same = self._open(kind, name, version)
                    if same.manifest.identity == identity and same.manifest.files == files:
                        draft.artifact = same
                        return
                version = versions[-1] + 1 if versions else 1
                Manifest(
                    kind=kind,
                    reference=f"{name}@v{version}",
                    created=now(),
                    identity=identity,
                    inputs=inputs,
                    parameters=parameters,
                    counts=draft.counts,
                    files=files,
                    versions=library_versions(*libraries),
                    simulated=draft.simulated,
                    details=draft.details,
                ).write(temporary)
                for path in temporary.iterdir():
                    _sync(path)
                temporary.chmod(0o755)
                temporary.rename(target / f"v{version}")
                _sync(target)
                draft.artifact = self._open(kind, name, version)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)

    # ---- inside

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


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

"""Immutable versions on disk: the same inputs give the same version back, changed ones the next.

Layout: ``<root>/<kind>/<data set>/<name...>/vN/`` with ``manifest.json`` beside the files. A reference is
``<data set>/<name>[@vN]``; without a version it means the newest.
"""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from filelock import FileLock

from semtool.artifacts.artifact import Artifact, Draft, record
from semtool.artifacts.checked import Checked
from semtool.artifacts.manifest import FILE as MANIFEST
from semtool.artifacts.manifest import MADE_BY, Input, Manifest, library_versions, now
from semtool.artifacts.reference import KINDS, PART, VERSION, Reference
from semtool.disk import digest, plain_disk_errors, sync, write_atomically
from semtool.errors import NotMadeError, SemtoolError, UsageError, unknown_name

__all__ = ["KINDS", "TEMPORARY", "Artifact", "Draft", "Store"]

CHECKED = ".checked"
"""Folder of what was found whole."""
OWN = ".datasets"
"""Folder of where the user's own data sets stand."""
TEMPORARY = ".tmp-"
"""How the folders of unfinished artifacts begin; each has a lock file beside it, held while it is written."""


class Store:
    """All artifacts below one root folder (``--root``, ``$SEMTOOL_ROOT``, else ``./artifacts``).

    Raises:
        UsageError: if the root is no folder.
    """

    def __init__(self, root: str | Path | None = None) -> None:
        self.root = Path(root or os.environ.get("SEMTOOL_ROOT") or "artifacts")
        if "\0" in str(self.root) or (self.root.exists() and not self.root.is_dir()):
            raise UsageError(f"{str(self.root)!r} is a file, no folder; name another folder with --root")
        self._checked = Checked(self.root / CHECKED)

    # ---- reading

    def resolve(self, kind: str, reference: str, *, check: bool = True) -> Artifact:
        """Return the artifact of ``kind`` that ``reference`` names; the newest version if it names none.

        Its files are held against their checksums, unless they were before and have the same sizes and
        times since.

        Args:
            kind: ``descriptions``, ``embeddings``, ``features`` or ``arrays``.
            reference: ``<data set>/<name>[@vN]``.
            check: False for lists, and for whoever calls `Artifact.problems` anyway.

        Raises:
            UsageError: if the reference has the wrong form or nothing has that name.
            SemtoolError: if the artifact is damaged.
        """
        wanted = Reference.parse(kind, reference)
        name = wanted.full_name
        versions = _versions(self._folder(kind, name))
        if not versions:
            known = {r.partition("@")[0] for r in self.references(kind)}
            if not known:
                raise NotMadeError(f"no {kind} {reference!r} under {self.root}; make it with {MADE_BY[kind]}")
            raise unknown_name(kind, name, known, NotMadeError)
        version = wanted.version or versions[-1]
        if version not in versions:
            have = ", ".join(f"v{v}" for v in versions)
            raise NotMadeError(f"{kind} {name!r} has no version 'v{version}'; there are: {have}")
        artifact = self._open(kind, name, version)
        if check:
            self._checked.verify(artifact)
        return artifact

    def locate(self, reference: str, *, check: bool = True) -> Artifact:
        """Return the artifact that ``reference`` names, whatever its kind (``<kind>/<reference>`` says it).

        Args:
            reference: ``<data set>/<name>[@vN]``, with or without its kind before it.
            check: see `resolve`.

        Raises:
            UsageError: if nothing has that name, or artifacts of two kinds have.
            SemtoolError: if the artifact is damaged.
        """
        head, _, rest = reference.partition("/")
        if head in KINDS:
            return self.resolve(head, rest, check=check)
        name = reference.partition("@")[0]
        known = {kind: {r.partition("@")[0] for r in self.references(kind)} for kind in KINDS}
        fitting = [kind for kind in KINDS if name in known[kind]]
        if not fitting:
            raise unknown_name("artifact", name, set().union(*known.values()), NotMadeError)
        if len(fitting) > 1:
            forms = " or ".join(f"{kind}/{reference}" for kind in fitting)
            raise UsageError(f"{reference!r} names artifacts of several kinds; write {forms}")
        return self.resolve(fitting[0], reference, check=check)

    def newest(self, kind: str, dataset: str | None = None, prefix: str = "") -> Artifact | None:
        """Return the artifact of ``kind`` made last, or None; ``prefix`` narrows the name after the data set.

        Args:
            kind: ``descriptions``, ``embeddings``, ``features`` or ``arrays``.
            dataset: name of a data set; None: any.
            prefix: how the name after the data set begins; empty: any name.

        Raises:
            SemtoolError: if a manifest that might be the newest cannot be read.
        """
        candidates = [a for a in self.artifacts(kind, dataset) if a.name.startswith(prefix)]
        newest = max(candidates, key=lambda a: (a.manifest.created, a.reference), default=None)
        if newest is not None:
            self._checked.verify(newest)
        return newest

    def references(self, kind: str, dataset: str | None = None) -> list[str]:
        """Return the reference of every version of ``kind``, sorted, without opening any.

        Args:
            kind: ``descriptions``, ``embeddings``, ``features`` or ``arrays``.
            dataset: name of a data set; None: any.
        """
        base = self.root / kind
        found = []
        for folder in base.glob("/".join([dataset or "*"] + ["*"] * len(KINDS[kind]))):
            name = folder.relative_to(base).as_posix()
            if all(PART.fullmatch(part) for part in name.split("/")):
                found += [(name, version) for version in _versions(folder)]
        return [f"{name}@v{version}" for name, version in sorted(found)]

    def artifacts(self, kind: str, dataset: str | None = None) -> list[Artifact]:
        """Return every version of ``kind``, sorted by name and version, their files not checked.

        Args:
            kind: ``descriptions``, ``embeddings``, ``features`` or ``arrays``.
            dataset: name of a data set; None: any.

        Raises:
            SemtoolError: if a manifest cannot be read.
        """
        return [self.resolve(kind, reference, check=False) for reference in self.references(kind, dataset)]

    def latest(self, kind: str, name: str) -> Artifact | None:
        """Return the newest version of ``name`` (a reference without its version); None if there is none.

        Args:
            kind: ``descriptions``, ``embeddings``, ``features`` or ``arrays``.
            name: reference without its version.

        Raises:
            SemtoolError: if it is damaged.
        """
        return self.resolve(kind, name) if _versions(self._folder(kind, name)) else None

    def find(self, kind: str, name: str, identity: str) -> Artifact | None:
        """Return the newest version of ``name`` that was made from the same inputs and parameters, if any.

        Args:
            kind: ``descriptions``, ``embeddings``, ``features`` or ``arrays``.
            name: reference without its version.
            identity: checksum, from `identity`.
        """
        for version in reversed(_versions(self._folder(kind, name))):
            # A version that cannot be read, or is damaged, is none that could be reused.
            with suppress(SemtoolError):
                artifact = self._open(kind, name, version)
                if artifact.manifest.identity == identity:
                    self._checked.verify(artifact)
                    return artifact
        return None

    def dataset_file(self, called: str | Path) -> str:
        """Return the YAML file that a data set of the user's own was last read from under this root.

        Whoever is given the name of a data set and a store asks here, so that every command knows it by name.

        Args:
            called: name of a data set. A path, and a name that was not read from a file, are given back.
        """
        name = str(called)
        if not PART.fullmatch(name) or name.endswith((".yaml", ".yml")):
            return name
        try:
            path = self.root / (self.root / OWN / name).read_text(encoding="utf-8")
        except (OSError, ValueError):
            return name
        return os.path.normpath(path)

    # ---- writing

    def keep_dataset_file(self, dataset: str, named: object) -> None:
        """Keep where a data set of the user's own stands, relative to the root; a name needs no keeping.

        Args:
            dataset: its name.
            named: how the user named it: a path of a YAML file, or something else.
        """
        if str(named).endswith((".yaml", ".yml")):
            path = os.path.relpath(str(named), self.root)
            write_atomically(self.root / OWN / dataset, path, durable=False)

    @staticmethod
    def identity(kind: str, inputs: Mapping[str, Input], parameters: Mapping[str, Any]) -> str:
        """Return the checksum of what an artifact is made from: its inputs' content and its parameters.

        Args:
            kind: ``descriptions``, ``embeddings``, ``features`` or ``arrays``.
            inputs: by role; their checksums count, their references do not.
            parameters: by name, plain values.

        Returns:
            sha256, hexadecimal.
        """
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

        Args:
            kind: ``descriptions``, ``embeddings``, ``features`` or ``arrays``.
            name: reference without its version.
            inputs: by role, the reference and checksum of everything it is made from.
            parameters: by name, plain values that decide what is made.
            libraries: packages whose versions the manifest should name besides.

        Returns:
            A context manager of the draft; after the block `Draft.result` is the artifact.

        Raises:
            SemtoolError: if the disk is full or may not be written to.
        """
        inputs, parameters = dict(inputs or {}), dict(parameters or {})
        target = self._folder(kind, name)
        with plain_disk_errors(self.root), self.work_folder() as temporary:
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
                            self._checked.verify(same)
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
                self._checked.remember(draft.artifact)

    @contextmanager
    def work_folder(self) -> Iterator[Path]:
        """Yield a temporary folder on the store's file system; nobody collects it while it is in use."""
        self.root.mkdir(parents=True, exist_ok=True)
        folder = self.root / f"{TEMPORARY}{uuid.uuid4().hex[:12]}"
        # Its lock tells `collect` that somebody is still writing.
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

    # ---- inside

    def _lock(self) -> FileLock:
        return FileLock(self.root / ".lock")

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
        return self.root.joinpath(kind, *Reference.parse(kind, name).full_name.split("/"))

    def _open(self, kind: str, name: str, version: int) -> Artifact:
        path = self.root.joinpath(kind, *name.split("/"), f"v{version}")
        return Artifact(kind, f"{name}@v{version}", path, Manifest.read(path))


def _versions(folder: Path) -> list[int]:
    if not folder.is_dir():
        return []
    with plain_disk_errors(folder):
        return sorted(int(m[1]) for p in folder.iterdir() if (m := VERSION.fullmatch(p.name)))

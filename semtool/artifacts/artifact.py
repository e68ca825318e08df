"""One version of one artifact, and the draft that becomes one."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from semtool.artifacts.manifest import FILE as MANIFEST
from semtool.artifacts.manifest import FileRecord, Input, Manifest
from semtool.artifacts.reference import Reference
from semtool.disk import file_sha256, sync
from semtool.errors import SemtoolError

__all__ = ["Artifact", "Draft", "record"]


@dataclass(frozen=True)
class Artifact:
    """One version of one artifact on disk."""

    kind: str
    reference: str
    path: Path
    manifest: Manifest = field(repr=False)

    @property
    def place(self) -> Reference:
        """The parts of the reference."""
        return Reference.parse(self.kind, self.reference)

    @property
    def dataset(self) -> str:
        """The data set."""
        return self.place.dataset

    @property
    def name(self) -> str:
        """The reference without data set and version."""
        return "/".join(self.place.parts)

    @property
    def version(self) -> int:
        """The number N of ``@vN``."""
        return self.place.version or 0

    def as_input(self) -> Input:
        """Return this artifact as another one's manifest names it."""
        return Input(reference=self.reference, sha256=self.manifest.content_sha256)

    def problems(self) -> list[str]:
        """Compare every file with the manifest; return one sentence for each that does not fit."""
        found = []
        if self.manifest.kind != self.kind or self.manifest.reference != self.reference:
            found.append(
                f"{self.reference}: {MANIFEST} says {self.manifest.kind} {self.manifest.reference}, "
                "which is another place"
            )
        if self.manifest.checksum != self.manifest.own_checksum:
            found.append(f"{self.reference}: {MANIFEST} does not match its checksum")
        for name, record in self.manifest.files.items():
            path = self.path / name
            if path.is_symlink():
                found.append(f"{self.reference}: {name} is a link to somewhere else")
            elif not path.is_file():
                found.append(f"{self.reference}: {name} is missing")
            elif path.stat().st_size != record.bytes:
                found.append(f"{self.reference}: {name} has {path.stat().st_size} bytes, not {record.bytes}")
            elif file_sha256(path) != record.sha256:
                found.append(f"{self.reference}: {name} does not match its checksum")
        extra = {p.name for p in self.path.iterdir()} - set(self.manifest.files) - {MANIFEST}
        found += [f"{self.reference}: {name} is not in the manifest" for name in sorted(extra)]
        return found

    def content_problems(self) -> list[str]:
        """Open text or vectors once: files may be put here by hand, and fit their checksums all the same.

        Returns:
            One sentence if they cannot be read, or are about another data set than the reference says.
        """
        from semtool.descriptions import DescriptionSet
        from semtool.embedding_file import EmbeddingFile
        from semtool.feature_file import FeatureFile

        try:
            match self.kind:
                case "descriptions":
                    dataset = DescriptionSet.read(self.path).dataset
                case "features":
                    dataset = FeatureFile.read(self.path).dataset
                case "embeddings":
                    file = EmbeddingFile(self.path)
                    dataset, vectors = file.dataset, file.vectors()
                    if not (vectors.any(axis=1) & (abs(vectors) < float("inf")).all(axis=1)).all():
                        return [f"{self.reference}: it holds vectors of zeros, NaN or infinite numbers"]
                case _:
                    return []
        except SemtoolError as error:
            return [f"{self.reference}: {error}"]
        return [] if dataset == self.dataset else [f"{self.reference}: its content is about {dataset!r}"]

    def verify(self) -> Artifact:
        """Return self if every file fits the manifest; raise `SemtoolError` naming what does not."""
        if problems := self.problems():
            raise SemtoolError("; ".join(problems) + "; remove this version and make it again")
        return self


@dataclass
class Draft:
    """An artifact being made: write files into ``folder``, then fill in what the manifest should say.

    ``versions`` is filled in by the store; whoever takes over an artifact made elsewhere sets it.
    """

    folder: Path
    counts: dict[str, int] = field(default_factory=dict)
    details: dict[str, Any] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    simulated: bool = False
    artifact: Artifact | None = None

    @property
    def result(self) -> Artifact:
        """The finished artifact; only after the ``with`` block."""
        if self.artifact is None:
            raise RuntimeError("the draft is not committed yet")
        return self.artifact


def record(path: Path) -> FileRecord:
    """Sync a file; return what a manifest says of it. Links and folders are refused."""
    if path.is_symlink() or not path.is_file():
        what = "link" if path.is_symlink() else "folder"
        raise SemtoolError(f"an artifact holds plain files only; {path.name} is a {what}")
    sync(path)
    return FileRecord(sha256=file_sha256(path), bytes=path.stat().st_size)

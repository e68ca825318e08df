"""What every artifact says about itself: ``manifest.json``."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError, field_validator

from semtool.disk import digest, read_plain
from semtool.errors import SemtoolError
from semtool.record import Record, faults

__all__ = [
    "FILE", "MADE_BY", "SCHEMA", "FileRecord", "Input", "Manifest", "library_versions", "now",
]  # fmt: skip

SCHEMA = 2
"""What this version writes and reads. An artifact of another schema is made again, never converted."""
MADE_BY = {
    "descriptions": "semtool generate",
    "embeddings": "semtool embed",
    "arrays": "semtool prepare (licensed data) or semtool simulate",
    "features": "semtool features",
}

FILE = "manifest.json"
_MOST = 256_000_000  # bytes of a manifest
_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]*")


class FileRecord(Record):
    """Checksum and size (bytes) of one file of an artifact."""

    sha256: str
    bytes: int


class Input(Record):
    """One input of an artifact: its reference and the checksum of its content."""

    reference: str
    sha256: str


class Manifest(Record):
    """The record beside an artifact's files. Holds no secret and no absolute path."""

    schema_version: int = Field(default=SCHEMA, alias="schema")
    kind: str
    reference: str
    created: datetime
    identity: str
    inputs: dict[str, Input] = Field(default_factory=dict)
    parameters: dict[str, Any] = Field(default_factory=dict)
    counts: dict[str, int] = Field(default_factory=dict)
    files: dict[str, FileRecord] = Field(default_factory=dict)
    versions: dict[str, str] = Field(default_factory=dict)
    simulated: bool = False
    details: dict[str, Any] = Field(default_factory=dict)
    checksum: str = ""

    @field_validator("files")
    @classmethod
    def _plain_names(cls, files: dict[str, FileRecord]) -> dict[str, FileRecord]:
        """Refuse names that lead out of the artifact's folder: a manifest may come from somewhere else."""
        for name in files:
            if not _FILE_NAME.fullmatch(name) or name == FILE:
                raise ValueError(f"{name!r} is not a plain file name")
        return files

    @property
    def content_sha256(self) -> str:
        """Checksum of the content: file names and their checksums, not when they were made."""
        return digest({name: record.sha256 for name, record in self.files.items()})

    @property
    def own_checksum(self) -> str:
        """Checksum of the manifest itself, over everything but the field ``checksum``."""
        return digest(self.model_dump(mode="json", by_alias=True, exclude={"checksum"}))

    @classmethod
    def read(cls, folder: Path) -> Manifest:
        """Read ``folder/manifest.json``.

        Raises:
            SemtoolError: if it is damaged, or of another schema: then with the command that makes it again.
        """
        path = folder / FILE
        try:
            raw = json.loads(read_plain(path, _MOST))
        except (SemtoolError, ValueError, RecursionError) as error:
            raise SemtoolError(f"cannot read the manifest {path}: {error}") from error
        if not isinstance(raw, dict):
            raise SemtoolError(f"the manifest {path} is damaged: it is no JSON object")
        schema = raw.get("schema")
        if type(schema) is not int or schema < 1:
            raise SemtoolError(f"the manifest {path} is damaged: it names no schema")
        if schema > SCHEMA:
            raise SemtoolError(
                f"the manifest {path} has schema {schema}, this semtool reads {SCHEMA}; upgrade semtool"
            )
        if schema < SCHEMA:
            again = MADE_BY.get(str(raw.get("kind")), "the command that made it")
            raise SemtoolError(
                f"the manifest {path} has schema {schema}, which an earlier semtool wrote; remove this "
                f"version and make it again with {again}"
            )
        try:
            return cls.model_validate(raw)
        except ValidationError as error:
            raise SemtoolError(f"the manifest {path} is damaged: {faults(error)[0]}") from error

    def write(self, folder: Path) -> None:
        """Write ``manifest.json``, with its own checksum, into ``folder``."""
        signed = self.model_copy(update={"checksum": self.own_checksum})
        text = json.dumps(signed.model_dump(mode="json", by_alias=True), indent=2, ensure_ascii=False)
        (folder / FILE).write_text(text + "\n", encoding="utf-8")


def library_versions(*packages: str) -> dict[str, str]:
    """Return the installed versions of semtool and of ``packages``, without importing them."""
    versions = {}
    for package in ("semtool", *packages):
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            versions[package] = "not installed"
    return versions


def now() -> datetime:
    """Return the present time in UTC, to the microsecond, so that "newest" needs no file times."""
    return datetime.now(UTC)

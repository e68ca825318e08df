"""What every artifact says about itself: ``manifest.json``."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from semtool.errors import SemtoolError

__all__ = ["SCHEMA", "FileRecord", "Input", "Manifest", "digest", "file_sha256", "library_versions"]

SCHEMA = 1


class FileRecord(BaseModel):
    """Checksum and size (bytes) of one file of an artifact."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    sha256: str
    bytes: int


class Input(BaseModel):
    """One input of an artifact: its reference and the checksum of its content."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    reference: str
    sha256: str


class Manifest(BaseModel):
    """The record beside an artifact's files. Holds no secret and no absolute path."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)
    schema_version: int = Field(default=SCHEMA, alias="schema")
    kind: str
    reference: str
    created: datetime
    identity: str
    inputs: dict[str, Input] = {}
    parameters: dict[str, Any] = {}
    counts: dict[str, int] = {}
    files: dict[str, FileRecord] = {}
    versions: dict[str, str] = {}
    simulated: bool = False
    details: dict[str, Any] = {}

    @property
    def content_sha256(self) -> str:
        """Checksum of the content: file names and their checksums, not when they were made."""
        return digest({name: record.sha256 for name, record in self.files.items()})

    @classmethod
    def read(cls, folder: Path) -> Manifest:
        """Read ``folder/manifest.json``; raise `SemtoolError` if it is damaged or of a newer schema."""
        path = folder / "manifest.json"
        try:
            raw = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise SemtoolError(f"cannot read the manifest {path}: {error}") from error
        found = raw.get("schema") if isinstance(raw, dict) else None
        if isinstance(found, int) and found > SCHEMA:
            raise SemtoolError(
                f"{path} has schema {found}, this semtool reads up to {SCHEMA}; upgrade semtool to open it"
            )
        try:
            return cls.model_validate(raw)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"])
            raise SemtoolError(f"the manifest {path} is damaged at {where!r}: {first['msg']}") from error

    def write(self, folder: Path) -> None:
        """Write ``manifest.json`` into ``folder``."""
        text = json.dumps(self.model_dump(mode="json", by_alias=True), indent=2, ensure_ascii=False)
        (folder / "manifest.json").write_text(text + "\n", encoding="utf-8")


def digest(value: Any) -> str:
    """Return the sha256 of a JSON value in canonical form."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def file_sha256(path: Path) -> str:
    """Return the sha256 of a file's bytes."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


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
    """Return the present time in UTC, to the second."""
    return datetime.now(UTC).replace(microsecond=0)

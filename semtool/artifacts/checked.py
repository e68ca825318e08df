"""Which artifacts were found whole, so that a checksum is computed once and not at every use."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

from semtool.artifacts.artifact import Artifact
from semtool.disk import digest, read_plain, write_atomically
from semtool.errors import SemtoolError

__all__ = ["Checked"]


class Checked:
    """A folder with one small file an artifact: the state of its files when they were found whole.

    A state is each file's size, time of content and time of status; the last cannot be set back. Where the
    folder cannot be written (a store that is read-only), files are checked once a process.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._known: dict[Path, str] = {}

    def verify(self, artifact: Artifact) -> None:
        """Compare an artifact's files with its manifest, unless they are as they were when last found whole.

        Raises:
            SemtoolError: naming every file that does not fit.
        """
        path, state = self._path(artifact), _state(artifact)
        if state is None or state not in (self._known.get(path), self._read(path)):
            artifact.verify()
            self.remember(artifact)
        else:
            self._known[path] = state

    def remember(self, artifact: Artifact) -> None:
        """Keep that an artifact is whole as it is now."""
        path, state = self._path(artifact), _state(artifact)
        if state is not None:
            self._known[path] = state
            with suppress(OSError, SemtoolError):
                write_atomically(
                    path, json.dumps({"reference": artifact.reference, "state": state}), durable=False
                )

    def _path(self, artifact: Artifact) -> Path:
        return self.folder / f"{digest([artifact.kind, artifact.reference])[:32]}.json"

    @staticmethod
    def _read(path: Path) -> str:
        try:
            return str(json.loads(read_plain(path, 100_000))["state"])
        except (SemtoolError, ValueError, KeyError, TypeError, RecursionError):
            return ""


def _state(artifact: Artifact) -> str | None:
    """Return the state of an artifact's files; None if one of them is missing, or a link."""
    found: list[object] = [artifact.manifest.checksum, artifact.manifest.own_checksum, artifact.reference]
    for name in sorted(artifact.manifest.files):
        path = artifact.path / name
        if path.is_symlink() or not path.is_file():
            return None
        stat = path.stat()
        found.append([name, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns])
    with suppress(OSError):
        found.append(sorted(p.name for p in artifact.path.iterdir()))
    return digest(found)

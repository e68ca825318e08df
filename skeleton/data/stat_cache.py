"""Which checksums are known: a file whose size and modification time are as before is not read again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from semtool.disk import write_atomically

__all__ = ["StatCache"]


@dataclass
class StatCache:
    """Checksums of the files below one raw folder, kept in the store beside the artifacts.

    Losing it costs time only: the checksums are computed again.
    """

    path: Path
    known: dict[str, tuple[int, int, str]]

    @classmethod
    def open(cls, root: Path, raw: Path) -> StatCache:
        """Open the cache of the folder ``raw``; an unreadable one counts as empty."""
        key = hashlib.sha256(str(raw.resolve()).encode()).hexdigest()[:16]
        path = root / ".prepare" / f"{key}.json"
        try:
            known = {
                str(k): (int(a), int(b), str(c)) for k, (a, b, c) in json.loads(path.read_text()).items()
            }
        except (OSError, ValueError, TypeError, AttributeError):
            known = {}
        return cls(path, known)

    def sha256(self, name: str, stat: tuple[int, int]) -> str:
        """Return the checksum of a file that is as it was, else nothing."""
        size, modified, checksum = self.known.get(name, (-1, 0, ""))
        return checksum if (size, modified) == stat else ""

    def save(self, entries: Iterable[tuple[str, tuple[int, int], str]]) -> None:
        """Replace the content by (name, (bytes, modification time), sha256) of what was read now."""
        self.known = {name: (*stat, checksum) for name, stat, checksum in entries}
        self.path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(self.path, json.dumps(self.known), durable=False)

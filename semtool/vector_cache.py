"""Vectors of single texts, kept by content: a text that was encoded once is never encoded again.

One SQLite file an encoder, ``<root>/cache/vectors/<encoder digest>.sqlite``: SQLite brings the locking that
several processes need and keeps what was written when a process is killed. A vector is found by the sha256 of
its text; the digest covers everything about the encoder that decides a vector (model, weights, prefix...).
The cache may be deleted at any time.
"""

from __future__ import annotations

import hashlib
import sqlite3
import zlib
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from semtool.disk import digest
from semtool.errors import SemtoolError

__all__ = ["CachedVector", "VectorCache"]

_TABLE = """
create table if not exists vectors (
    text_sha256 blob primary key, tokens integer not null, vector blob not null, crc32 integer not null
) without rowid
"""
_LOOKUP = 500  # SQLite takes at most 999 variables a query on old builds.


@dataclass(frozen=True)
class CachedVector:
    """A vector, float32 (d,), and the length of its text in tokens (-1 if the encoder does not count)."""

    vector: NDArray[np.float32]
    tokens: int


class VectorCache:
    """The vectors of one encoder below a store's root."""

    def __init__(self, root: Path, encoder: Mapping[str, object]) -> None:
        self.path = root / "cache" / "vectors" / f"{digest(dict(encoder))[:32]}.sqlite"

    def get(self, texts: Iterable[str]) -> dict[str, CachedVector]:
        """Return what is known of ``texts``; a damaged entry counts as unknown."""
        if not self.path.is_file():
            return {}
        keys = {_key(text): text for text in texts}
        found: dict[str, CachedVector] = {}
        wanted = sorted(keys)  # in the order of the table: half the time
        try:
            with closing(self._connect()) as connection:
                for start in range(0, len(wanted), _LOOKUP):
                    part = wanted[start : start + _LOOKUP]
                    marks = ",".join("?" * len(part))
                    query = f"select * from vectors where text_sha256 in ({marks})"
                    for key, tokens, blob, crc in connection.execute(query, part):
                        if zlib.crc32(blob) == crc:
                            found[keys[key]] = CachedVector(np.frombuffer(blob, dtype="<f4"), tokens)
        except sqlite3.DatabaseError:
            # A cache that cannot be read is as good as none; it is set aside and begun anew.
            self.path.replace(self.path.with_suffix(".damaged"))
            return {}
        return found

    def put(self, texts: Sequence[str], vectors: NDArray[np.float32], tokens: Sequence[int]) -> None:
        """Keep the vectors of ``texts``, replacing older ones.

        Raises:
            SemtoolError: if they cannot be written (a full disk).
        """
        rows = []
        for text, vector, count in zip(texts, vectors, tokens, strict=True):
            blob = np.ascontiguousarray(vector, dtype="<f4").tobytes()
            rows.append((_key(text), int(count), blob, zlib.crc32(blob)))
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with closing(self._connect()) as connection, connection:
                connection.execute(_TABLE)
                connection.executemany("insert or replace into vectors values (?, ?, ?, ?)", rows)
        except (OSError, sqlite3.Error) as error:
            raise SemtoolError(
                f"cannot write the vector cache {self.path}: {error}; free some disk space"
            ) from error

    def _connect(self) -> sqlite3.Connection:
        return sqlite3.connect(self.path, timeout=60)


def _key(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()

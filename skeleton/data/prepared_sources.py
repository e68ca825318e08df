"""The tables beside prepared arrays, ``sources.csv`` and ``findings.csv``, and the version before, to reuse.

``sources.csv``: ``source, bytes, sha256, samples``, a row a raw file in the order of the arrays' rows.
``findings.csv``: ``source, sample, outcome, message``, a row for everything rejected, dropped or changed.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from semtool.errors import SemtoolError
from skeleton.data.arrays import ArraySet
from skeleton.data.formats import Finding, Outcome

__all__ = ["FINDINGS", "SOURCES", "Earlier", "SourceRecord", "read_findings", "write_tables"]

SOURCES = "sources.csv"
FINDINGS = "findings.csv"


@dataclass(frozen=True)
class SourceRecord:
    """One raw file: its path below the raw folder, size, checksum, and how many samples it gave."""

    name: str
    bytes: int
    sha256: str
    samples: int

    @property
    def content(self) -> tuple[str, int, str]:
        """What identifies the file."""
        return self.name, self.bytes, self.sha256


def write_tables(
    folder: Path, sources: Iterable[SourceRecord], findings: Iterable[tuple[str, Finding]]
) -> None:
    """Write both tables into ``folder``."""
    with (folder / SOURCES).open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(("source", "bytes", "sha256", "samples"))
        writer.writerows((s.name, s.bytes, s.sha256, s.samples) for s in sources)
    with (folder / FINDINGS).open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(("source", "sample", "outcome", "message"))
        writer.writerows((name, f.sample, f.outcome, f.message) for name, f in findings)


def read_findings(folder: Path) -> list[tuple[str, Finding]]:
    """Return the pairs (source, finding) of ``findings.csv``."""
    return [(r["source"], Finding(r["outcome"], r["message"], r["sample"])) for r in _rows(folder / FINDINGS)]


class Earlier:
    """A version that was prepared before, of which the rows of unchanged files are taken over."""

    def __init__(self, folder: Path) -> None:
        self._arrays = ArraySet.open(folder)
        self._first: dict[tuple[str, int, str], tuple[int, int]] = {}
        row = 0
        for raw in _rows(folder / SOURCES):
            record = SourceRecord(raw["source"], int(raw["bytes"]), raw["sha256"], int(raw["samples"]))
            self._first[record.content] = (row, record.samples)
            row += record.samples
        found = sorted(read_findings(folder), key=lambda pair: pair[0])
        self._findings = {name: [f for _, f in group] for name, group in groupby(found, key=lambda p: p[0])}

    def has(self, content: tuple[str, int, str]) -> bool:
        """Tell whether this version read the same file.

        A file that lost a sample to a namesake is read again: the namesake may be gone.
        """
        clash = any(f.outcome == "duplicate" for f in self._findings.get(content[0], ()))
        return content in self._first and not clash

    def outcomes(self, content: tuple[str, int, str]) -> Iterator[Outcome]:
        """Yield what the file gave then."""
        first, count = self._first[content]
        yield from self._findings.get(content[0], ())
        for row in range(first, first + count):
            yield self._arrays.sequence(row)


def _rows(path: Path) -> list[dict[str, str]]:
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            return list(csv.DictReader(stream))
    except OSError as error:
        raise SemtoolError(f"cannot read {path}: {error.strerror}; prepare the data set again") from error

"""The tables beside prepared arrays, ``sources.csv`` and ``findings.csv``, and the version before, to reuse.

``sources.csv``: ``source, bytes, sha256, samples``, a row a raw file in the order of the arrays' rows.
``findings.csv``: ``source, sample, outcome, count, message``, a row for everything rejected, dropped or
changed; what is said of all files has no source.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from semtool.errors import SemtoolError
from skeleton.data.arrays import ArraySet
from skeleton.data.formats import RawSample, SampleFinding

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["FINDINGS", "SOURCES", "EarlierArrays", "read_findings", "totals", "write_tables"]

SOURCES = "sources.csv"
FINDINGS = "findings.csv"
_RENAMED = frozenset({"duplicate", "renamed"})


def totals(findings: Iterable[tuple[str, SampleFinding]]) -> dict[str, int]:
    """Return how often each named outcome occurred."""
    counts: Counter[str] = Counter()
    for _, finding in findings:
        counts[finding.outcome] += finding.count
    return dict(sorted(counts.items()))


def write_tables(
    folder: Path,
    files: Iterable[tuple[str, int, str, int]],
    findings: Iterable[tuple[str, SampleFinding]],
) -> None:
    """Write both tables into ``folder``; of a file its path, bytes, checksum and number of samples."""
    import pandas as pd

    of_files = pd.DataFrame(files, columns=["source", "bytes", "sha256", "samples"])
    of_files.to_csv(folder / SOURCES, index=False, lineterminator="\n")
    rows = [(name, f.sample, f.outcome, f.count, f.message) for name, f in findings]
    columns = ["source", "sample", "outcome", "count", "message"]
    pd.DataFrame(rows, columns=columns).to_csv(folder / FINDINGS, index=False, lineterminator="\n")


def read_findings(folder: Path) -> list[tuple[str, SampleFinding]]:
    """Return the pairs (source, finding) of ``findings.csv``."""
    table = _table(folder / FINDINGS)
    columns = (table[c] for c in ("source", "outcome", "message", "sample", "count"))
    return [(s, SampleFinding(o, m, n, int(c))) for s, o, m, n, c in zip(*columns, strict=True)]


class EarlierArrays:
    """A version that was prepared before, of which the rows of unchanged files are taken over."""

    def __init__(self, folder: Path) -> None:
        self._arrays = ArraySet.open(folder)
        self._rows: dict[tuple[str, int, str], range] = {}
        start = 0
        for s, b, c, n in _table(folder / SOURCES)[["source", "bytes", "sha256", "samples"]].to_numpy():
            self._rows[(s, int(b), c)] = range(start, start + int(n))
            start += int(n)
        self._findings: dict[str, list[SampleFinding]] = {}
        for source, finding in read_findings(folder):
            self._findings.setdefault(source, []).append(finding)

    def has(self, content: tuple[str, int, str]) -> bool:
        """Tell whether this version read the same file.

        A file that lost a sample or a name to another is read again: the other may be gone.
        """
        clash = any(f.outcome in _RENAMED for f in self._findings.get(content[0], ()))
        return content in self._rows and not clash

    def samples(self, content: tuple[str, int, str]) -> Iterator[RawSample]:
        """Yield what the file gave then."""
        yield from self._findings.get(content[0], ())
        for row in self._rows[content]:
            yield self._arrays.sequence(row)


def _table(path: Path) -> pd.DataFrame:
    """Return a table whose cells are all text."""
    import pandas as pd

    try:
        return pd.read_csv(path, dtype=str, keep_default_na=False)
    except (OSError, ValueError) as error:
        raise SemtoolError(f"cannot read {path}: {error}; prepare the data set again") from error

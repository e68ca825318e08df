"""Gather what the readers give into arrays, and keep account of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from skeleton.data.arrays import ArrayWriter
from skeleton.data.formats import Finding
from skeleton.data.prepared_sources import SourceRecord
from skeleton.data.reading import Reading
from skeleton.data.sequence import SkeletonSequence

__all__ = ["Collector"]


@dataclass
class Collector:
    """Appends the sequences of readings to ``writer``; records sources and findings in the same order.

    Attributes:
        fresh: sources that were read now.
    """

    writer: ArrayWriter
    records: list[SourceRecord] = field(default_factory=list)
    findings: list[tuple[str, Finding]] = field(default_factory=list)
    fresh: int = 0
    _owner: dict[str, str] = field(default_factory=dict)

    @property
    def outcomes(self) -> dict[str, int]:
        """How often each named outcome occurred."""
        return dict(sorted(Counter(f.outcome for _, f in self.findings).items()))

    def add(self, reading: Reading, fresh: bool) -> None:
        """Take in one source."""
        name, before = reading.task.source.name, len(self.writer)
        for outcome in reading.outcomes:
            finding = outcome if isinstance(outcome, Finding) else self._append(name, outcome)
            if finding:
                self.findings.append((name, finding))
        self.records.append(SourceRecord(*reading.task.content, samples=len(self.writer) - before))
        self.fresh += fresh

    def _append(self, source: str, sequence: SkeletonSequence) -> Finding | None:
        owner = self._owner.setdefault(sequence.name, source)
        if owner != source:
            return Finding("duplicate", f"{sequence.name} was read from {owner} already", sequence.name)
        if self.writer.layout not in ("", sequence.layout):
            text = f"{sequence.name} has layout {sequence.layout}, the samples before it {self.writer.layout}"
            return Finding("joints", text, sequence.name)
        self.writer.append(sequence)
        return None

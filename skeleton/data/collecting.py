"""Gather what the readers give into arrays, and keep account of it."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace

from semtool.errors import printable
from skeleton.data.arrays import ArrayWriter
from skeleton.data.formats import RawFile, RawSample, Reader, SampleFinding
from skeleton.data.formats.ntu import parse_name
from skeleton.data.pose_check import PoseCheck
from skeleton.data.prepared_files import totals
from skeleton.data.reading import FileRequest
from skeleton.data.sequence import SkeletonSequence

__all__ = ["Collector"]


@dataclass
class Collector:
    """Appends the sequences of files to ``writer``; records files and findings in the same order.

    Attributes:
        writer: takes the sequences.
        reader: tells whether names identify recordings.
        listed: names of unusable samples.
        records: path, bytes, checksum and number of samples of each file.
        fresh: files that were read now.
    """

    writer: ArrayWriter
    reader: Reader
    listed: Collection[str] = ()
    records: list[tuple[str, int, str, int]] = field(default_factory=list)
    findings: list[tuple[str, SampleFinding]] = field(default_factory=list)
    fresh: int = 0
    _pose: PoseCheck = field(default_factory=PoseCheck)
    _owner: dict[str, str] = field(default_factory=dict)
    _by_content: dict[bytes, str] = field(default_factory=dict)

    @property
    def outcomes(self) -> dict[str, int]:
        """How often each named outcome occurred."""
        return totals(self.findings)

    def add(self, request: FileRequest, samples: Iterable[RawSample], fresh: bool) -> None:
        """Take in what one file gave."""
        file, before = request.file, len(self.writer)
        for sample in samples:
            said = [sample] if isinstance(sample, SampleFinding) else self._append(file, sample, fresh)
            self.findings += [
                (file.name, replace(f, sample=_plain(f.sample), message=_plain(f.message))) for f in said
            ]
        self.records.append((*request.content, len(self.writer) - before))
        self.fresh += fresh

    def finish(self, files: Collection[str]) -> None:
        """Say what there is to say of all samples together; ``files`` are the stems of the raw files."""
        self.findings += [("", finding) for finding in self._pose.findings()]
        if count := self.writer.unlabelled:
            text = (
                f"{count} of {len(self.writer)} samples have no class: neither their files nor a labels.csv "
            )
            text += "(name,label) say one, nor is their folder called like one"
            self.findings.append(("", SampleFinding("unlabelled", text, count=count)))
        known = {f.sample for _, f in self.findings if f.outcome == "listed"} | set(self._owner) | set(files)
        # The published lists name all of NTU; of few samples none may be on them.
        if not known & set(self.listed) and any(not parse_name(name) for name in self.listed):
            text = f"the list of unusable samples has {len(self.listed)} names, and no sample is called so"
            self.findings.append(("", SampleFinding("list-unmatched", text, count=len(self.listed))))

    def _append(self, file: RawFile, sequence: SkeletonSequence, fresh: bool) -> list[SampleFinding]:
        name = _plain(sequence.name)
        if name in self.listed:
            return [SampleFinding("listed", f"{name} is on the list of unusable samples", name)]
        said = []
        identified = self.reader.names_identify or parse_name(name) is not None
        if not identified:
            digest = hashlib.blake2b(sequence.positions.tobytes(), digest_size=16)
            digest.update(f"{sequence.positions.shape} {sequence.class_id}".encode())
            twin = self._by_content.setdefault(digest.digest(), f"{name} of {file.name}")
            if twin != f"{name} of {file.name}":
                return [SampleFinding("duplicate", f"{name} has the coordinates and class of {twin}", name)]
        owner = self._owner.get(name)
        if owner is not None and owner != file.name:
            if identified:
                return [SampleFinding("duplicate", f"{name} was read from {owner} already", name)]
            if fresh:
                said = [SampleFinding("renamed", f"{owner} has a {name} too, which is another sample", name)]
            name = f"{file.name}/{name}"
        self._owner[name] = file.name
        if self.writer.layout not in ("", sequence.layout):
            text = f"{name} has layout {sequence.layout}, the samples before it {self.writer.layout}"
            return [SampleFinding("joints", text, name)]
        sequence = replace(sequence, name=name)
        self.writer.append(sequence)
        self._pose.look(sequence)
        return said


def _plain(text: str) -> str:
    """Return text that can be written as UTF-8 on one line."""
    return printable(text.encode("utf-8", "backslashreplace").decode().replace("\n", "\\n"))

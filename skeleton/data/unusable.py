"""Lists of unusable samples: text files that name samples to leave out."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from semtool.disk import read_plain
from skeleton.data.formats import RawFile, SampleFinding

__all__ = ["UnusableSamples"]

_MOST_BYTES = 16 * 2**20
_SUFFIXES = (".txt", ".lst", ".list", ".csv", ".dat", "")
_CALLED = re.compile(r"miss|unusable|bad|broken|exclu|ignore|corrupt", re.IGNORECASE)
"""Names of files that are lists if they hold names of samples."""
_WORD = re.compile(r"[^\s,;\"']+")


@dataclass(frozen=True)
class UnusableSamples:
    """Names of samples to leave out, and what there is to say of files that may be such lists."""

    names: frozenset[str]
    findings: tuple[SampleFinding, ...]

    @classmethod
    def named(cls, path: Path) -> UnusableSamples:
        """Read the list that the user names: the first word of each line that is not a sentence.

        Raises:
            UsageError: if it cannot be read.
        """
        return cls(frozenset(_listed(_text(path))), ())

    @classmethod
    def beside(cls, folder: Path, files: Sequence[RawFile]) -> UnusableSamples:
        """Look for lists below the raw folder, whatever their encoding and case.

        A file is a list if samples or files are what most of its lines name. It is used if its name says
        that they are missing, bad or unusable; else it is a finding.
        """
        if not folder.is_dir():
            return cls(frozenset(), ())
        stems = {file.stem for file in files}
        read = {path for file in files for path in file.paths}
        names: set[str] = set()
        findings = []
        for path in _candidates(folder, read):
            listed = _listed(_text(path))
            if _CALLED.search(path.name):
                names |= listed
            elif matching := listed & stems:
                text = f"{path.relative_to(folder)} names {len(matching)} of the files and was not used"
                text += "; if these samples are unusable, name it with --unusable"
                findings.append(SampleFinding("list-unused", text, count=len(matching)))
        return cls(frozenset(names), tuple(findings))


def _candidates(folder: Path, read: Collection[Path]) -> list[Path]:
    found = []
    for base, _, files in os.walk(folder):
        for name in files:
            path = Path(base, name)
            if path.suffix.lower() not in _SUFFIXES or path in read or not path.is_file():
                continue
            if path.stat().st_size <= _MOST_BYTES:
                found.append(path)
    return sorted(found)


def _text(path: Path) -> str:
    """Return the text of a list, in UTF-8 or, if its mark says so, UTF-16."""
    data = read_plain(path, _MOST_BYTES)
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    return data.decode("utf-8-sig", "replace")


def _listed(text: str) -> set[str]:
    """Return the samples that lines of one word name."""
    return {_sample(words[0]) for line in text.splitlines() if len(words := _WORD.findall(line)) == 1}


def _sample(word: str) -> str:
    return word.replace("\\", "/").rsplit("/", 1)[-1].removesuffix(".skeleton")

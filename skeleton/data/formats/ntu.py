"""NTU RGB+D: ``SsssCcccPpppRrrrAaaa.skeleton``: setup, camera (the view), performer, replication, action."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from semtool.catalogue import Dataset
from skeleton.data.formats.ntu_cleaning import clean
from skeleton.data.formats.ntu_text import parse_recording
from skeleton.data.formats.source import Format, Outcome, Source, Unreadable, class_id, load, walk
from skeleton.data.sequence import SkeletonSequence

__all__ = ["FORMAT", "parse_name"]

_MOST_BYTES = 64 * 2**20
_NAME = re.compile(r"S(\d{3})C(\d{3})P(\d{3})R(\d{3})(A\d{3})")


def parse_name(name: str) -> dict[str, int] | None:
    """Return setup, view, subject and replication of a sample's name, or None if it has another form."""
    match = _NAME.fullmatch(name)
    if not match:
        return None
    return {key: int(match[i]) for i, key in enumerate(("setup", "view", "subject", "replication"), start=1)}


def _find(folder: Path) -> list[Source]:
    return walk(folder, ".skeleton", ".skeleton.gz")


def _read(source: Source, dataset: Dataset) -> Iterator[Outcome]:
    name = source.stem
    numbers = parse_name(name)
    if numbers is None:
        raise Unreadable("name", f"{name} is not of the form SsssCcccPpppRrrrAaaa")
    label = class_id(dataset, name[-4:], name)
    recording = parse_recording(load(source.path, _MOST_BYTES), name)
    positions, findings = clean(recording, name, people=dataset.bodies)
    yield from findings
    yield SkeletonSequence(name, "kinect-v2", positions, class_id=label, **numbers)


FORMAT = Format("ntu", "SsssCcccPpppRrrrAaaa.skeleton text files", _find, _read)

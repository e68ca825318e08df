"""NTU RGB+D: ``SsssCcccPpppRrrrAaaa.skeleton``: setup, camera (the view), performer, replication, action."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from skeleton.data.formats.ntu_cleaning import clean
from skeleton.data.formats.ntu_text import parse_recording
from skeleton.data.formats.outcomes import Unreadable
from skeleton.data.formats.reader import RawFile, RawSample, ReadContext, Reader, class_id, load, walk
from skeleton.data.sequence import SkeletonSequence

__all__ = ["READER", "class_code", "parse_name"]

_MOST_BYTES = 64 * 2**20
_NAME = re.compile(r"S(\d{3})C(\d{3})P(\d{3})R(\d{3})(A\d{3})")


def parse_name(name: str) -> dict[str, int] | None:
    """Return setup, view, subject and replication of a sample's name, or None if it has another form."""
    match = _NAME.fullmatch(name)
    if not match:
        return None
    return {key: int(match[i]) for i, key in enumerate(("setup", "view", "subject", "replication"), start=1)}


def class_code(name: str) -> str:
    """Return the class of a sample's name (``A012``), or nothing if it has another form."""
    match = _NAME.fullmatch(name)
    return match[5] if match else ""


def _find(folder: Path) -> list[RawFile]:
    return walk(folder, ".skeleton", ".skeleton.gz")


def _read(file: RawFile, context: ReadContext) -> Iterator[RawSample]:
    name = file.stem
    numbers = parse_name(name)
    if numbers is None:
        raise Unreadable("name", f"{name} is not of the form SsssCcccPpppRrrrAaaa")
    label = class_id(context.dataset, class_code(name), name)
    recording = parse_recording(load(file.path, _MOST_BYTES), name)
    positions, findings = clean(recording, name, people=context.dataset.bodies)
    yield from findings
    yield SkeletonSequence(name, "kinect-v2", positions, class_id=label, **numbers)


READER = Reader(
    "ntu", "SsssCcccPpppRrrrAaaa.skeleton text files", _find, _read, isolated=False, rank=1,
    names_identify=True,
)  # fmt: skip

"""Readers of skeleton data: one module a format, each a `Format`; `recognise` tells which a folder holds."""

from __future__ import annotations

from pathlib import Path

from semtool.errors import UsageError, unknown_name
from skeleton.data.formats import aimclr, ctr_gcn, ntu, nw_ucla, pku_mmd, pyskl, utd_mhad
from skeleton.data.formats.source import OUTCOMES, Finding, Format, Outcome, Source, Unreadable

__all__ = [
    "FORMATS",
    "OUTCOMES",
    "Finding",
    "Format",
    "Outcome",
    "Source",
    "Unreadable",
    "find_format",
    "recognise",
]

FORMATS: tuple[Format, ...] = (
    ntu.FORMAT,
    pku_mmd.FORMAT,
    utd_mhad.FORMAT,
    nw_ucla.FORMAT,
    pyskl.FORMAT,
    ctr_gcn.FORMAT,
    aimclr.FORMAT,
)
"""Every format, in the order in which they are tried."""


def find_format(name: str) -> Format:
    """Return a format by name; raise `UsageError` with the nearest names if there is none."""
    for found in FORMATS:
        if found.name == name:
            return found
    raise unknown_name("skeleton format", name, [f.name for f in FORMATS])


def recognise(raw: Path, expected: str = "") -> tuple[Format, list[Source]]:
    """Return the format of a raw file or folder and its sources; ``expected`` is tried first.

    Raises:
        UsageError: if there is nothing at ``raw``, or no format fits; then it lists what was looked for.
    """
    if not raw.exists():
        raise UsageError(f"there is no raw data at {raw}; name its folder with --raw")
    order = sorted(FORMATS, key=lambda f: f.name != expected)
    for candidate in order:
        if sources := candidate.find(raw):
            return candidate, sources
    tried = "; ".join(f"{f.name}: {f.looks_like}" for f in order)
    raise UsageError(f"{raw} holds no skeleton data in a known format; looked for {tried}")

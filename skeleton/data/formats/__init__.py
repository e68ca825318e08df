"""Readers of raw skeleton data: each module with a ``READER`` is one; `recognise` tells which a folder needs.

A reader of one's own is one more such module, or an entry point of the group ``semtool.readers``.
"""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from semtool.errors import UsageError
from semtool.plugins import load_plugins, unknown_plugin
from skeleton.data.formats.hints import labels_of, read_hints, with_companions
from skeleton.data.formats.outcomes import OUTCOMES, SampleFinding, Unreadable
from skeleton.data.formats.reader import RawFile, RawSample, ReadContext, Reader, load, walk
from skeleton.data.formats.recording import Recording, Sample, sequences

__all__ = [
    "GROUP",
    "OUTCOMES",
    "RawFile",
    "RawSample",
    "ReadContext",
    "Reader",
    "Recording",
    "Sample",
    "SampleFinding",
    "Unreadable",
    "find_reader",
    "labels_of",
    "load",
    "read_hints",
    "readers",
    "recognise",
    "sequences",
    "walk",
    "with_companions",
]

GROUP = "semtool.readers"
"""The entry-point group: ``lab = "my_package:READER"``, a `Reader`."""


@cache
def _loaded() -> tuple[tuple[Reader, ...], tuple[str, ...]]:
    """Return every reader in the order in which they are tried, and a sentence for each broken plug-in."""
    modules = [import_module(f"{__name__}.{m.name}") for m in pkgutil.iter_modules(__path__)]
    ours = {m.READER.name: m.READER for m in modules if hasattr(m, "READER")}
    plugins, problems = load_plugins(GROUP, "reader", _names, ours)
    return tuple(sorted((ours | plugins).values(), key=lambda r: (r.rank, r.name))), problems


def _names(reader: Any, _: str) -> tuple[str, ...]:
    if not isinstance(reader, Reader):
        raise UsageError("it is no skeleton.data.formats.Reader")
    return (reader.name,)


def readers() -> tuple[Reader, ...]:
    """Return every reader, in the order in which they are tried."""
    return _loaded()[0]


def plugin_problems() -> tuple[str, ...]:
    """Return one sentence for each plug-in that cannot be used."""
    return _loaded()[1]


def find_reader(name: str) -> Reader:
    """Return a reader by name; raise `UsageError` with the nearest names, and what is wrong with plug-ins."""
    for reader in readers():
        if reader.name == name:
            return reader
    raise unknown_plugin("format", name, [r.name for r in readers()], plugin_problems())


def recognise(raw: Path, expected: str = "", named: str | None = None) -> list[tuple[Reader, list[RawFile]]]:
    """Return every reader that has files at ``raw``, and these files.

    Args:
        raw: a file or folder.
        expected: the reader that comes first, if it has files.
        named: the only reader that is asked.

    Raises:
        UsageError: if there is nothing at ``raw``, or no format fits; then it lists what was looked for.
    """
    if not raw.exists():
        raise UsageError(f"there is no file or folder {raw}", see="no-raw-data")
    if named is not None:
        reader = find_reader(named)
        if files := reader.find(raw):
            return [(reader, files)]
        raise UsageError(f"{raw} holds nothing for the format {named}: no {reader.looks_like}")
    order = sorted(readers(), key=lambda r: r.name != expected)
    fitting = [(reader, files) for reader in order if (files := reader.find(raw))]
    if not fitting:
        tried = "; ".join(f"{r.name}: {r.looks_like}" for r in order)
        raise UsageError(
            f"{raw} holds no skeleton data in a known format; looked for {tried}", see="unknown-format"
        )
    return fitting

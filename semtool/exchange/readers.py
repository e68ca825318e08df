"""The formats that description files come in; the suffix decides."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from semtool.errors import SemtoolError, UsageError
from semtool.exchange.rows import Row, Text, parts_of, read_text, squeeze
from semtool.exchange.table import Table, csv_table, rows_of, sheet_table

if TYPE_CHECKING:
    from semtool.catalogue import Dataset

__all__ = ["SUFFIXES", "read_rows"]

_NUMBERED = re.compile(r"\s*\(?(\d{1,4})(?:[.):、]\s*|\s+-\s+|\t)(\S.*)")
_NAMED = re.compile(r"\s*([^:\t]{1,80}?)\s*[:：\t]\s*(\S.*)")
SUFFIXES = (".txt", ".csv", ".tsv", ".json", ".jsonl", ".xlsx")


def read_rows(path: Path, dataset: Dataset, sheet: str | None = None) -> tuple[list[Row], list[str]]:
    """Return the rows of a foreign description file, and notes about what was left out of it.

    Formats: ``.txt`` one text a line in class order, or numbered, or after
    the class's name and a colon or tab; ``.csv`` and ``.tsv``; ``.json`` a list of texts, of
    lists of texts or of objects, or an object of texts by class; ``.jsonl`` an object a line; ``.xlsx`` one
    sheet.

    Raises:
        UsageError: if the file cannot be read or has another suffix.
        SemtoolError: naming the place that does not fit.
    """
    suffix = path.suffix.lower()
    if suffix == ".txt":
        return _lines(path, dataset)
    if suffix in (".csv", ".tsv"):
        return rows_of(csv_table(path))
    if suffix == ".json":
        return _json(path)
    if suffix == ".jsonl":
        return _objects([_parsed_or_none(line) for _, line in _filled(path)], path)
    if suffix == ".xlsx":
        return rows_of(sheet_table(path, dataset, sheet))
    raise UsageError(f"cannot tell what {path.name} holds; descriptions are read from {', '.join(SUFFIXES)}")


def _filled(path: Path) -> list[tuple[int, str]]:
    return [(n, line) for n, line in enumerate(read_text(path).split("\n"), 1) if line.strip()]


def _lines(path: Path, dataset: Dataset) -> tuple[list[Row], list[str]]:
    lines = _filled(path)
    last = lines[-1][0] if lines else 0
    notes = [f"line {n} is empty" for n in sorted(set(range(1, last + 1)) - {n for n, _ in lines})]
    matches = [match for _, line in lines if (match := _NUMBERED.match(line))]
    numbers = [int(match[1]) for match in matches]
    indices: list[int | None] = [None] * len(lines)
    texts = [line for _, line in lines]
    first, count = min(numbers, default=0), len(set(numbers))
    if len(numbers) == len(lines) > 1 and count > 1 and set(numbers) == set(range(first, first + count)):
        notes.append(f"the lines are numbered {first} to {first + count - 1}; the numbers are no text")
        indices, texts = list(numbers), [match[2] for match in matches]
    labels: list[str | None] = [None] * len(lines)
    if (named := _labelled(texts, dataset)) is not None:
        notes.append("the lines begin with the name of their class")
        labels, texts = [label for label, _ in named], [text for _, text in named]
    return [
        Row(f"line {n}", parts_of(squeeze(text)), index, label)
        for (n, _), text, index, label in zip(lines, texts, indices, labels, strict=True)
    ], notes


def _labelled(texts: list[str], dataset: Dataset) -> list[tuple[str, str]] | None:
    """Return label and text of every line (``wave: the arm swings``), None unless most labels are classes."""
    found = [match.groups() for text in texts if (match := _NAMED.match(text))]
    known = 0
    for label, _ in found:
        try:
            dataset.find_class(label)
            known += 1
        except UsageError:
            continue
    return [(a, b) for a, b in found] if len(found) == len(texts) and known > len(texts) / 2 else None


def _json(path: Path) -> tuple[list[Row], list[str]]:
    value = _parsed(read_text(path), path.name)
    notes: list[str] = []
    if isinstance(value, Mapping):
        rows = []
        for key, entry in value.items():
            where, numbered = f"entry {key!r}", key.strip().isdecimal() and len(key) < 10
            index, label = (int(key), None) if numbered else (None, key)
            rows.append(Row(where, _texts(entry, where, notes), index, label, ordered=False))
        return rows, notes
    if isinstance(value, list) and any(isinstance(entry, Mapping) for entry in value):
        return _objects(value, path)
    if isinstance(value, list):
        return [Row(f"entry {n}", _texts(entry, f"entry {n}", notes)) for n, entry in enumerate(value)], notes
    raise SemtoolError(f"{path.name} holds neither a list nor an object")


def _texts(entry: Any, where: str, notes: list[str]) -> tuple[Text, ...]:
    """Return the texts of an entry; one that is none is named in ``notes`` and set aside."""
    if isinstance(entry, Mapping):
        entry = list(entry.values())
    texts = [text for text in (entry if isinstance(entry, list) else [entry]) if text not in ("", None)]
    usable = [text for text in texts if isinstance(text, str) and _whole(text)]
    if len(usable) < len(texts):
        notes.append(f"{where}: {len(texts) - len(usable)} of {len(texts)} are no text and were set aside")
    return tuple(part for text in usable if text.strip() for part in parts_of(squeeze(text)))


def _whole(text: str) -> bool:
    """Whether ``text`` can be written: half of a surrogate pair, as JSON can hold it, cannot."""
    return not any("\ud800" <= c <= "\udfff" for c in text)


def _objects(entries: list[Any], path: Path) -> tuple[list[Row], list[str]]:
    usable = [
        entry if isinstance(entry, Mapping) and all(_whole(str(v)) for v in entry.values()) else {}
        for entry in entries
    ]
    header = list(dict.fromkeys(key for entry in usable for key in entry))
    if not header:
        raise SemtoolError(f"{path.name} holds no usable object, beginning with entry 0")
    aside = [
        f"entry {n} of {path.name} is no usable object and was set aside"
        for n, e in enumerate(usable)
        if not e
    ]
    cells = [[entry.get(key) for key in header] for entry in usable]
    where = [f"entry {n}" for n in range(len(usable))]
    filled = [n for n, entry in enumerate(usable) if entry]
    rows, notes = rows_of(Table(header, [cells[n] for n in filled], [where[n] for n in filled]))
    if aside and not all(row.index is not None or row.label for row in rows):
        raise SemtoolError("; ".join(aside) + "; the others have no class number or label to be placed by")
    return rows, aside + notes


def _parsed(text: str, where: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_without_repeats)
    except (ValueError, RecursionError) as error:
        raise SemtoolError(f"{where} is not JSON that can be read: {error}") from error


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(f"the key {next(k for k in keys if keys.count(k) > 1)!r} is given twice")
    return made


def _parsed_or_none(line: str) -> Any:
    try:
        return _parsed(line, "")
    except SemtoolError:
        return None

"""The formats that description files come in; the suffix decides."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from semtool.errors import SemtoolError, UsageError
from semtool.exchange.rows import Row, Text, read_text, squeeze
from semtool.exchange.table import Table, csv_table, rows_of, sheet_table

if TYPE_CHECKING:
    from semtool.catalogue import Dataset

__all__ = ["SUFFIXES", "read_rows"]

SUFFIXES = (".txt", ".csv", ".tsv", ".json", ".jsonl", ".xlsx")


def read_rows(path: Path, dataset: Dataset, sheet: str | None = None) -> tuple[list[Row], list[str]]:
    """Return the rows of a foreign description file, and notes about what was left out of it.

    Formats: ``.txt`` one text a line in class order; ``.csv`` and ``.tsv``; ``.json`` a list of texts, of
    lists of texts or of objects, or an object of texts by class; ``.jsonl`` an object a line; ``.xlsx`` one
    sheet.

    Raises:
        UsageError: if the file cannot be read or has another suffix.
        SemtoolError: naming the place that does not fit.
    """
    suffix = path.suffix.lower()
    if suffix == ".txt":
        return _lines(path)
    if suffix in (".csv", ".tsv"):
        return rows_of(csv_table(path))
    if suffix == ".json":
        return _json(path)
    if suffix == ".jsonl":
        return _objects([_parsed(line, f"{path.name}, line {n}") for n, line in _filled(path)], path)
    if suffix == ".xlsx":
        return rows_of(sheet_table(path, dataset, sheet))
    raise UsageError(f"cannot tell what {path.name} holds; descriptions are read from {', '.join(SUFFIXES)}")


def _filled(path: Path) -> list[tuple[int, str]]:
    return [(n, line) for n, line in enumerate(read_text(path).splitlines(), 1) if line.strip()]


def _lines(path: Path) -> tuple[list[Row], list[str]]:
    lines = _filled(path)
    rows = [Row(f"line {n}", (Text(squeeze(line)),)) for n, line in lines]
    last = lines[-1][0] if lines else 0
    empty = sorted(set(range(1, last + 1)) - {n for n, _ in lines})
    return rows, [f"line {n} is empty" for n in empty]


def _json(path: Path) -> tuple[list[Row], list[str]]:
    value = _parsed(read_text(path), path.name)
    if isinstance(value, Mapping):
        rows = []
        for key, entry in value.items():
            where, numbered = f"entry {key!r}", key.strip().isdigit()
            index, label = (int(key), None) if numbered else (None, key)
            rows.append(Row(where, _texts(entry, where), index, label, ordered=False))
        return rows, []
    if isinstance(value, list) and value and all(isinstance(entry, Mapping) for entry in value):
        return _objects(value, path)
    if isinstance(value, list):
        return [Row(f"entry {n}", _texts(entry, f"entry {n}")) for n, entry in enumerate(value)], []
    raise SemtoolError(f"{path.name} holds neither a list nor an object")


def _texts(entry: Any, where: str) -> tuple[Text, ...]:
    texts = [entry] if isinstance(entry, str) else entry
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise SemtoolError(f"{where} is neither a text nor a list of texts")
    return tuple(Text(squeeze(text)) for text in texts if text.strip())


def _objects(entries: list[Any], path: Path) -> tuple[list[Row], list[str]]:
    for n, entry in enumerate(entries):
        if not isinstance(entry, Mapping):
            raise SemtoolError(f"{path.name}, entry {n} is no object")
    header = list(dict.fromkeys(key for entry in entries for key in entry))
    cells = [[entry.get(key) for key in header] for entry in entries]
    return rows_of(Table(header, cells, [f"entry {n}" for n in range(len(entries))]))


def _parsed(text: str, where: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise SemtoolError(f"{where} is not JSON: {error}") from error

"""Tables of descriptions (csv, spreadsheet, list of JSON objects): what each column is decides its name."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from semtool.descriptions import GRANULARITIES, SLOTS
from semtool.disk import read_plain
from semtool.errors import SemtoolError, UsageError
from semtool.exchange.rows import Row, Text, read_text, squeeze

if TYPE_CHECKING:
    from semtool.catalogue import Dataset

__all__ = ["Table", "csv_table", "rows_of", "sheet_table"]

_INDEX = {"", "unnamed", "idx", "index", "id", "classid", "class", "no", "nr", "number"}
_LABEL = {"label", "labels", "name", "classname", "action", "actionlabel", "actionlabels"}
_TEXT = {"text", "description", "descriptions", "desc", "sentence", "caption"}
_MOST_UNPACKED, _MOST_ROWS, _MOST_COLUMNS = 256_000_000, 20_000, 100
_OWN = {"granularity", "slot"}
_SPELLED = {"hands": ("part", "arms"), "globaldesc": ("global", ""), "globaldescription": ("global", "")}
_COLUMNS = (
    {slot: (granularity, slot) for granularity, slots in SLOTS.items() for slot in slots}
    | {g: (g, "") for g in GRANULARITIES if g != "label"}
    | _SPELLED
)
"""Columns that hold a text of a known granularity and slot."""


@dataclass(frozen=True)
class Table:
    """A header (None: unnamed columns) and rows of cells; ``where`` names the rows in messages."""

    header: Sequence[str] | None
    cells: Sequence[Sequence[object]]
    where: Sequence[str]


def csv_table(path: Path) -> Table:
    """Read a file of values separated by commas, semicolons or tabs; the first line decides which."""
    text = read_text(path)
    if not text.strip():
        raise UsageError(f"{path.name} is empty")
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    if delimiter not in first:
        raise UsageError(f"{path.name}: the first line has one column; a line file needs the suffix .txt")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    cells, where = [], []
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                cells.append(row)
                where.append(f"line {reader.line_num}")
    except csv.Error as error:
        raise SemtoolError(f"{path.name}, line {reader.line_num}: {error}") from error
    if cells[0][0].strip().isdigit():
        return Table(None, cells, where)
    return Table(cells[0], cells[1:], where[1:])


def sheet_table(path: Path, dataset: Dataset, sheet: str | None = None) -> Table:
    """Read one sheet of a spreadsheet: the one named, else the one named like the data set.

    Raises:
        UsageError: if openpyxl is not installed, the file is no spreadsheet or no sheet fits.
    """
    try:
        from openpyxl import load_workbook  # type: ignore[import-untyped, unused-ignore]
    except ImportError as error:
        raise UsageError(
            "spreadsheets need openpyxl: pip install 'semtool[exchange]'", see="no-extra"
        ) from error
    try:
        read_plain(path)
        with zipfile.ZipFile(path) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
        if size > _MOST_UNPACKED:
            raise UsageError(f"{path.name} unpacks to {size} bytes; at most {_MOST_UNPACKED} are read")
        book = load_workbook(path, read_only=True, data_only=True)
    except UsageError:
        raise
    except Exception as error:  # openpyxl raises what its zip and XML readers raise.
        raise UsageError(f"{path.name} is no spreadsheet that can be read: {error}") from error
    try:
        page = book[_sheet(book.sheetnames, dataset, sheet, path)]
        # One cell far away would make every row and column before it.
        rows = page.iter_rows(values_only=True, max_col=_MOST_COLUMNS, max_row=_MOST_ROWS)
        cells = [list(row[: _width(row)]) for row in rows]
        title = page.title
    finally:
        book.close()
    kept = [
        (row, f"sheet {title!r}, row {n}") for n, row in enumerate(cells, 1) if any(squeeze(c) for c in row)
    ]
    if not kept:
        raise UsageError(f"sheet {title!r} of {path.name} is empty")
    header = [squeeze(cell) for cell in kept[0][0]]
    return Table(header, [row for row, _ in kept[1:]], [where for _, where in kept[1:]])


def _width(row: Sequence[object]) -> int:
    return max((i + 1 for i, cell in enumerate(row) if cell is not None), default=0)


def rows_of(table: Table) -> tuple[list[Row], list[str]]:
    """Return a table's rows, and notes about columns that were left out and cells that are empty.

    Raises:
        SemtoolError: if a class number is none, or no column holds text.
    """
    roles, notes = _roles(table)
    rows = []
    for cells, where in zip(table.cells, table.where, strict=True):
        filled = {i: squeeze(cells[i]) if i < len(cells) else "" for i in roles}
        extra = [squeeze(cell) for cell in cells[max(roles) + 1 :]] if table.header is None else []
        if any(extra):
            raise SemtoolError(f"{where} has {len(cells)} cells; put texts that hold a comma into quotes")
        values = {roles[i]: value for i, value in filled.items() if isinstance(roles[i], str)}
        texts = []
        for i, role in roles.items():
            if isinstance(role, str):
                continue
            if not filled[i]:
                notes.append(f"{where}: the cell of {_named(table, i)} is empty")
                continue
            granularity = values.get("granularity") or role[0]
            texts.append(Text(filled[i], granularity, values.get("slot") or role[1]))
        index = _number(values.get("index"))
        code = values.get("index") if index is None else None  # ``A001`` names the class, as a label does
        rows.append(Row(where, tuple(texts), index, code or values.get("label") or None, ordered=not code))
    numbered = [row.ordered and row.index is not None for row in rows]
    if any(numbered) and (wrong := next((row for row in rows if not row.ordered), None)):
        raise SemtoolError(f"{wrong.where}: {wrong.label!r} is no class number")
    return rows, notes


def _roles(table: Table) -> tuple[dict[int, str | tuple[str | None, str]], list[str]]:
    """Return what each used column is: ``index``, ``label``, ... or the granularity and slot of a text."""
    if table.header is None:
        width = min(len(row) for row in table.cells)
        return ({0: "index", 1: (None, "")} if width == 2 else {0: "index", 1: "label", 2: (None, "")}), []
    roles: dict[int, str | tuple[str | None, str]] = {}
    unknown, labels = [], []
    for i, name in enumerate(table.header):
        key = re.sub(r"[^a-z]", "", str(name).lower())
        if key in _COLUMNS:
            roles[i] = _COLUMNS[key]
        elif key in _TEXT or "description" in key:
            roles[i] = (None, "")
        elif key in _OWN:
            roles[i] = key
        elif key in _LABEL:
            labels.append(i)
        elif key in _INDEX and "index" not in roles.values():
            roles[i] = "index"
        else:
            unknown.append(name)
    has_text = any(not isinstance(role, str) for role in roles.values())
    if not has_text and (text := _sentences(table, unknown)) is not None:
        roles[text] = (None, "")
        has_text = True
        unknown.remove(table.header[text])
    if labels and not has_text:
        # The only column with text, whatever its name says.
        roles[labels.pop(0)] = (None, "")
        has_text = True
    if labels:
        roles[labels[0]] = "label"
    if not has_text:
        raise SemtoolError(
            f"no column of {', '.join(map(repr, table.header))} holds text; name one 'description'"
        )
    return roles, [f"the columns {', '.join(map(repr, unknown))} are not used"] if unknown else []


def _sentences(table: Table, unknown: Sequence[str]) -> int | None:
    """Return the one column of an unknown name that holds words, longer than any label would be."""
    header = table.header or ()
    found = []
    for i, name in enumerate(header):
        words = [len(squeeze(row[i]).split()) for row in table.cells if i < len(row) and squeeze(row[i])]
        letters = any(c.isalpha() for row in table.cells if i < len(row) for c in squeeze(row[i]))
        if name in unknown and words and letters and sum(words) >= 2 * len(words):
            found.append(i)
    return found[0] if len(found) == 1 else None


def _number(cell: str | None) -> int | None:
    """Return a class number (``3``, ``3.0``), None of anything else."""
    try:
        return int(float(cell)) if cell and float(cell).is_integer() and abs(float(cell)) < 1e9 else None
    except ValueError:
        return None


def _named(table: Table, column: int) -> str:
    return repr(table.header[column]) if table.header else f"column {column + 1}"


def _sheet(names: Iterable[str], dataset: Dataset, wanted: str | None, path: Path) -> str:
    names = list(names)
    if wanted is not None:
        if wanted not in names:
            raise UsageError(f"{path.name} has no sheet {wanted!r}; there are: {', '.join(names)}")
        return wanted
    if len(names) == 1:
        return names[0]
    own = [re.sub(r"[^a-z0-9]", "", text.lower()) for text in (dataset.name, dataset.title) if text]
    keys = {name: re.sub(r"[^a-z0-9]", "", name.lower()) for name in names}
    for name, key in keys.items():
        if key in own:
            return name
    for name, key in keys.items():
        if key and any(text.startswith(key) for text in own):
            return name
    raise UsageError(
        f"no sheet of {path.name} is named like {dataset.name}; choose one with --sheet: {', '.join(names)}"
    )

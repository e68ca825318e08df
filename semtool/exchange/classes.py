"""Which class a row of a foreign file is: by its number or its place first, by its label only if asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from semtool.catalogue import load_dataset, plain
from semtool.errors import SemtoolError, UsageError, some
from semtool.exchange.rows import Row

if TYPE_CHECKING:
    from semtool.catalogue import Dataset

__all__ = ["LONGER", "assign"]

LONGER = {"ntu60": "ntu120"}
"""Data sets whose classes are the first of another's, so that its files serve both."""


def assign(
    rows: Sequence[Row], dataset: Dataset, *, by: str | None = None
) -> tuple[list[Row], list[int], list[str]]:
    """Return the rows that are used, the class id of each, and notes.

    A class number in the file decides; it may count from 0 or from 1, which its range tells. Without
    numbers the order of the rows decides. Labels only confirm: one that is no name of the class is noted,
    and if most of them name other classes the file is refused. With ``by="label"``, and where the file has no
    order, the labels decide, and each must be known, unless all that are known stand in class order.

    A file of the longer data set serves the shorter one (`LONGER`).

    Raises:
        SemtoolError: listing every class that has no row and every row that fits no class.
    """
    try:
        ids, notes = _assign(rows, dataset, by)
    except SemtoolError as own:
        if dataset.name not in LONGER:
            raise
        longer, count = load_dataset(LONGER[dataset.name]), len(dataset.classes)
        try:
            ids, _ = _assign(rows, longer, by)
        except SemtoolError:
            raise own from None
        left = f"the first {count} classes are {dataset.name}; {count} to {max(ids)} are left out"
        kept = [(row, index) for row, index in zip(rows, ids, strict=False) if index < count]
        rows, ids = [row for row, _ in kept], [index for _, index in kept]
        notes = [left, *_confirm(rows, ids, dataset)]
    return list(rows[: len(ids)]), ids, notes


def _assign(rows: Sequence[Row], dataset: Dataset, by: str | None) -> tuple[list[int], list[str]]:
    placed_anyway = all(row.ordered or row.index is not None for row in rows)
    if by == "label" or not (by == "order" or placed_anyway or _in_class_order(rows, dataset)):
        return _by_label(rows, dataset)
    if all(r.index is not None for r in rows):
        ids, notes = _by_number([r.index for r in rows if r.index is not None], dataset)
    elif any(r.index is not None for r in rows):
        raise SemtoolError(
            f"{next(r.where for r in rows if r.index is None)} has no class number, other rows have"
        )
    else:
        ids, notes = _by_place(rows, dataset)
    return ids, notes + _confirm(rows, ids, dataset)


def _by_number(numbers: list[int], dataset: Dataset) -> tuple[list[int], list[str]]:
    count, found = len(dataset.classes), set(numbers)
    first = 0 if 0 in found else 1
    wanted = set(range(first, first + count))
    problems = []
    if missing := sorted(wanted - found):
        problems.append(f"no row for {some(missing)}")
    if outside := sorted(found - wanted):
        problems.append(f"no class for {some(outside)}")
    if problems:
        raise SemtoolError(
            f"the class numbers do not fit {dataset.name} ({count} classes, counted from {first}): "
            + "; ".join(problems)
        )
    return [n - first for n in numbers], [f"class numbers count from {first}: {first} to {first + count - 1}"]


def _by_place(rows: Sequence[Row], dataset: Dataset) -> tuple[list[int], list[str]]:
    count = len(dataset.classes)
    if len(rows) == count:
        return list(range(count)), [f"rows are in class order: {count} rows"]
    labelled = [index == i for i, index in enumerate(_resolved(rows[:count], dataset))]
    if len(rows) > count and sum(labelled) > count / 2:
        left = f"{rows[count].where} to {rows[-1].where}"
        return list(range(count)), [f"the first {count} rows are {dataset.name}; {left} are left out"]
    raise SemtoolError(f"the file has {len(rows)} rows, {dataset.name} has {count} classes")


def _in_class_order(rows: Sequence[Row], dataset: Dataset) -> bool:
    """Whether there is a row a class, some labels are unknown, and nearly all others stand at their place."""
    found = _resolved(rows, dataset)
    known = [index for index in found if index is not None]
    at_place = sum(index == place for place, index in enumerate(found))
    return (
        len(rows) == len(dataset.classes)
        and len(known) < len(rows)
        and at_place == len(known) > len(rows) / 2
    )


def _by_label(rows: Sequence[Row], dataset: Dataset) -> tuple[list[int], list[str]]:
    ids, problems = [], []
    for row, index in zip(rows, _resolved(rows, dataset), strict=True):
        if index is None:
            problems.append(f"{row.where}: {row.label!r} is no class")
        else:
            ids.append(index)
    described = set(ids)
    problems += [f"no row for class {c.id} ({c.name})" for c in dataset.classes if c.id not in described]
    if problems:
        raise SemtoolError(f"the labels do not fit {dataset.name}: {some(problems)}")
    return ids, [f"rows are placed by their labels: {len(rows)} rows"]


def _confirm(rows: Sequence[Row], ids: Sequence[int], dataset: Dataset) -> list[str]:
    """Hold the labels of placed rows against the catalogue."""
    elsewhere, unknown = [], []
    for row, index, found in zip(rows, ids, _resolved(rows, dataset), strict=False):
        if row.label is None:
            continue
        name = dataset.classes[index].name
        if found is None:
            unknown.append(f"{row.where} says {row.label!r}, which is placed at class {index} ({name})")
        elif found != index:
            elsewhere.append(
                f"{row.where} says {row.label!r}, which is class {found}, but stands at {index} ({name})"
            )
    if len(elsewhere) > len(ids) / 2:
        raise UsageError(
            f"the rows are not in the class order of {dataset.name}: {some(elsewhere, between='; ')}; "
            "if the labels are right, place by them with --by label"
        )
    return unknown + elsewhere


def _resolved(rows: Sequence[Row], dataset: Dataset) -> list[int | None]:
    """Return the class that each row's label names, None where it names none.

    In a file with a row a class, a short form of a class that another row names in full is another class:
    beside ``kicking something``, ``kicking`` is not the same.
    """
    found = [_resolve(row.label, dataset) for row in rows]
    if len(rows) != len(dataset.classes):
        return found
    full = [
        i is not None and plain(r.label or "") == plain(dataset.classes[i].name)
        for r, i in zip(rows, found, strict=True)
    ]
    named = {index for index, whole in zip(found, full, strict=True) if whole}
    return [i if whole or i not in named else None for i, whole in zip(found, full, strict=True)]


def _resolve(label: str | None, dataset: Dataset) -> int | None:
    if label is None or label.strip().isdecimal():
        return None
    try:
        return dataset.find_class(label).id
    except UsageError:
        return None

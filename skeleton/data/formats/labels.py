"""What the numeric labels of a file mean: from where they count is decided by evidence, or asked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from semtool.catalogue import Dataset
from semtool.errors import SemtoolError
from skeleton.data.formats.ntu import class_code
from skeleton.data.formats.outcomes import Unreadable
from skeleton.data.formats.reader import ReadContext

__all__ = ["first_label", "numbered_anew", "one_hot_labels"]

_WAY_OUT = "say --first-label 0 or --first-label 1"


def first_label(
    labels: Iterable[int], context: ReadContext, where: str, names: Sequence[str] | None = None
) -> int:
    """Return 0 or 1: the label of the data set's first class.

    Evidence is, in this order: what the user says; names that hold the class (``...A012``); a label that is
    possible under one way of counting only.

    Args:
        labels: every label that was written by the same hand, -1 for none.
        context: the data set, and what the user says.
        where: names the file in the message.
        names: the samples' names, one a label, if there are any.

    Raises:
        Unreadable: ``label``, if the labels contradict the names, were numbered anew, or do not tell.
    """
    dataset, labels = context.dataset, list(labels)
    if context.first_label is not None:
        return context.first_label
    offsets = Counter(
        label - own
        for name, label in zip(names or (), labels, strict=False)
        if (own := _class_in_name(name, dataset)) is not None
    )
    if offsets:
        first, votes = offsets.most_common(1)[0]
        if first in (0, 1) and votes > offsets.total() / 2:
            return first
        raise Unreadable(
            "label", f"{where}: the labels do not agree with the classes in the samples' names; were they "
            "numbered anew?"
        )  # fmt: skip
    used, count = set(labels), len(dataset.classes)
    if 0 in used:
        if numbered_anew(used, dataset):
            raise Unreadable(
                "label",
                f"{where}: its {max(used) + 1} classes are numbered without a gap, as the seen classes of a "
                f"split are if they were numbered anew; if they are the first of {dataset.name}, {_WAY_OUT}",
            )
        return 0
    if count in used:
        return 1
    if not any(0 <= label < count for label in used):
        return 0  # each sample is rejected for itself
    raise Unreadable(
        "label",
        f"{where}: neither label 0 nor label {count} occurs, so they may count from 0 or 1; {_WAY_OUT}",
    )


def numbered_anew(labels: Iterable[int], dataset: Dataset) -> bool:
    """Tell whether labels are 0 to k - 1 where a published split has k seen classes that are others."""
    used = set(labels)
    gapless = used == set(range(len(used)))
    return gapless and any(
        len(used) == len(dataset.classes) - len(split.unseen) and used & set(split.unseen)
        for split in dataset.splits.values()
    )


def one_hot_labels(rows: NDArray[np.generic], dataset: Dataset, where: str) -> NDArray[np.int64]:
    """Return the class of each one-hot row, counted from 0, -1 for rows of zeros.

    Raises:
        Unreadable: ``label``, if the columns are not the data set's classes (a column 0 that is never used
            may come before them).
    """
    count = len(dataset.classes)
    if rows.shape[1] == count + 1 and not rows[:, 0].any():
        rows = rows[:, 1:]
    if rows.shape[1] != count:
        text = f"{where} has {rows.shape[1]} columns and {dataset.name} {count} classes"
        raise Unreadable("label", text)
    return np.where(rows.any(axis=1), rows.argmax(axis=1), -1).astype(np.int64)


def _class_in_name(name: str, dataset: Dataset) -> int | None:
    code = class_code(name)
    try:
        return dataset.find_class(code).id if code else None
    except SemtoolError:
        return None

"""Labels that somebody types, as a data set: what the bank knows of them comes along."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from semtool.catalogue.bank import SHARED, bank_entries
from semtool.catalogue.dataset import Dataset, plain
from semtool.catalogue.loader import dataset_names, load_dataset
from semtool.disk import digest
from semtool.errors import UsageError

__all__ = ["typed_dataset"]


def typed_dataset(labels: Sequence[str], prefer: str = "") -> Dataset:
    """Return a data set whose classes are ``labels``, in order.

    A label that is the name, an alias, a label form or a synonym of a class in the catalogue has the facts of
    that class; ``prefer`` is the data set that is asked first. Any other label has its name alone. The data
    set's name is made from the labels and what is known of them, so that the same labels give the same text.

    Args:
        labels: two or more, none given twice.
        prefer: name of a data set; empty, or an unknown name: none.

    Raises:
        UsageError: for fewer than two labels, an empty one, or one given twice.
    """
    cleaned = [label.strip() for label in labels]
    if len(cleaned) < 2 or not all(cleaned):
        raise UsageError("give at least two labels, separated by commas, none of them empty")
    if len({plain(label) for label in cleaned}) < len(cleaned):
        raise UsageError(f"a label is given twice: {', '.join(cleaned)}")
    order = [prefer, *dataset_names()] if prefer in dataset_names() else dataset_names()
    known: dict[str, Any] = {}
    for name in order:
        for key, entry in _spellings(name):
            known.setdefault(key, entry)
    facts = {label: known[plain(label)] for label in cleaned if plain(label) in known}
    name = f"typed-{digest([cleaned, facts])[:10]}"
    return Dataset.model_validate({"name": name, "classes": cleaned, "facts": facts})


def _spellings(dataset: str) -> Iterator[tuple[str, Any]]:
    """Yield every known spelling of every described class of a data set, with the class's bank entry."""
    data = load_dataset(dataset)
    entries = bank_entries(SHARED.get(dataset, dataset))
    for action in data.classes:
        entry = entries.get(action.code)
        if entry is None:
            continue
        forms = entry.get("label", {}).values()
        for spelling in (action.name, *action.aliases, *forms, *entry.get("synonyms", ())):
            yield plain(spelling), entry

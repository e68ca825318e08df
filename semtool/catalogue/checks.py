"""Is a data set's description complete, and does it tell its classes apart?"""

from __future__ import annotations

from collections.abc import Mapping

from semtool.catalogue.bank import ActionFacts
from semtool.catalogue.dataset import Dataset

__all__ = ["gaps", "twins"]


def gaps(dataset: Dataset, bank: Mapping[int, ActionFacts]) -> dict[str, list[str]]:
    """Return what is not known: kind of fact to the names of the classes that lack it."""
    found: dict[str, list[str]] = {}
    for action in dataset.classes:
        facts = bank.get(action.id) or ActionFacts()
        known = {
            "label": facts.label,
            "synonyms": facts.synonyms,
            "global": facts.sentences,
            "motion": facts.motion,
            "part": facts.part,
            "phase": facts.phase,
            "attribute": facts.attribute,
        }
        for key, value in known.items():
            if not value:
                found.setdefault(key, []).append(action.name)
    return found


def twins(dataset: Dataset, bank: Mapping[int, ActionFacts]) -> list[str]:
    """Return one sentence for each pair of classes whose attributes or motion are the same."""
    found = []
    attributes: dict[tuple[tuple[str, str], ...], str] = {}
    motions: dict[str, str] = {}
    for index, facts in bank.items():
        name = dataset.classes[index].name
        if facts.attribute:
            first = attributes.setdefault(tuple(facts.attribute.items()), name)
            if first != name:
                found.append(f"{first!r} and {name!r} have the same attributes")
        if facts.motion:
            first = motions.setdefault(facts.motion.strip().lower(), name)
            if first != name:
                found.append(f"{first!r} and {name!r} have the same motion")
    return found

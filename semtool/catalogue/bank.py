"""The description bank: for every class what the action is, at every granularity, written by us."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError

from semtool.catalogue.dataset import Dataset
from semtool.catalogue.loader import in_catalogue, load_dataset, read_yaml
from semtool.catalogue.vocabulary import load_vocabulary
from semtool.errors import SemtoolError
from semtool.record import Record, faults

__all__ = ["SHARED", "ActionFacts", "Label", "Parts", "Phases", "bank_entries", "load_bank"]

FOLDER = Path(__file__).parent / "bank"
SHARED = {"ntu60": "ntu120"}
"""Data sets whose classes are described under another data set's name."""
_MERGED = ("label", "part", "phase", "attribute")


class Label(Record):
    """The class name as a noun phrase, a gerund and in the third person."""

    noun: str = Field(min_length=1)
    gerund: str = Field(min_length=1)
    third: str = Field(min_length=1)


class Parts(Record):
    """One sentence for each body part."""

    head: str = Field(min_length=1)
    arms: str = Field(min_length=1)
    torso: str = Field(min_length=1)
    legs: str = Field(min_length=1)


class Phases(Record):
    """One sentence for each phase in time."""

    start: str = Field(min_length=1)
    middle: str = Field(min_length=1)
    end: str = Field(min_length=1)


class ActionFacts(Record):
    """What is known of one class. Every part but the names may be missing in a user's own data set."""

    label: Label | None = None
    synonyms: tuple[str, ...] = ()
    sentences: tuple[str, ...] = Field(default=(), alias="global")
    motion: str = ""
    part: Parts | None = None
    phase: Phases | None = None
    attribute: dict[str, str] = Field(default_factory=dict)


def load_bank(dataset: Dataset) -> dict[int, ActionFacts]:
    """Return the facts of every described class of ``dataset``, by class id, attributes completed.

    A data set of the catalogue has the bank's facts, a user's own those of its file (``facts``, by class
    code, name or alias; ``like: ntu120/A007`` takes over an entry of the bank).

    Raises:
        SemtoolError: listing every entry that does not fit the schema or the vocabulary.
    """
    known = in_catalogue(dataset) and not dataset.facts
    source = SHARED.get(dataset.name, dataset.name) if known else dataset.name
    entries = bank_entries(source) if known else dict(dataset.facts)
    vocabulary = load_vocabulary()
    bank: dict[int, ActionFacts] = {}
    problems: list[str] = []
    codes = {c.code: c.id for c in load_dataset(source).classes} if known else {}
    for key, raw in entries.items():
        where = f"{source} {key}"
        try:
            index = codes[key] if codes else dataset.find_class(key).id
            facts = ActionFacts.model_validate(_inherit(raw))
            if index in bank:
                raise SemtoolError("the class is described twice")
        except KeyError:
            problems.append(f"{where}: no class has this code")
            continue
        except ValidationError as error:
            problems += [f"{where}: {fault}" for fault in faults(error)]
            continue
        except SemtoolError as error:
            problems.append(f"{where}: {error}")
            continue
        problems += [f"{where}: {p}" for p in vocabulary.problems(facts.attribute)]
        if facts.attribute:
            facts = facts.model_copy(update={"attribute": vocabulary.complete(facts.attribute)})
        if index < len(dataset.classes):
            bank[index] = facts
    if problems:
        title = "the description bank has" if known else f"the facts of {dataset.name} have"
        raise SemtoolError(f"{title} problems: " + "; ".join(problems))
    return dict(sorted(bank.items()))


@cache
def bank_entries(dataset: str) -> dict[str, Any]:
    """Return the entries of a data set as the bank's files hold them, by class code."""
    merged: dict[str, Any] = {}
    for path in sorted((FOLDER / dataset).glob("*.yaml")):
        for code, entry in read_yaml(path)["classes"].items():
            if code in merged:
                raise SemtoolError(f"{path.name}: class {code} of {dataset} is described twice")
            merged[code] = entry
    return merged


def _inherit(entry: Any) -> Any:
    """Lay an entry over the one that it is ``like`` (``<data set>/<code>``)."""
    if not isinstance(entry, dict):
        return entry
    entry = dict(entry)
    like = entry.pop("like", None)
    if like is None:
        return entry
    dataset, _, code = str(like).partition("/")
    described = {path.parent.name for path in FOLDER.glob("*/*.yaml")}
    base = bank_entries(dataset).get(code) if dataset in described else None
    if base is None or "like" in base:
        raise SemtoolError(f"like {like!r} does not name a class with a full entry")
    merged = dict(base) | entry
    for key in _MERGED:
        if key in base and isinstance(entry.get(key), dict):
            merged[key] = dict(base[key]) | dict(entry[key])
    return merged

"""From the catalogue's facts, through a prompt set's templates, to descriptions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from semtool.catalogue import ActionClass, ActionFacts, Dataset, load_vocabulary
from semtool.descriptions import Description, DescriptionSet
from semtool.errors import SemtoolError, UsageError, some
from semtool.generation.prompt_set import PromptSet
from semtool.generation.templates import MissingFieldError

__all__ = ["class_variables", "describe", "describe_class", "subject"]

_DERIVED = {"told": "attribute", "rest": "attribute", "says": "attribute", "codes": "attribute"}
"""Names in templates that come from a fact of another name."""


def subject(dataset: Dataset, action: ActionClass) -> str:
    """Return how error messages name a class."""
    return f"class {action.name!r} of {dataset.name}"


def class_variables(dataset: Dataset, action: ActionClass, facts: ActionFacts | None) -> dict[str, Any]:
    """Return what templates may say about a class, as plain data; what is not known is left out.

    Always there: ``dataset``, ``title``, ``name``, ``code``, ``aliases``, ``synonyms`` (maybe empty). If
    known: ``label`` (noun, gerund, third), ``global`` (list), ``motion``, ``part`` and ``phase`` (by slot),
    ``attribute`` (value by field), ``says`` (sentence by field), ``told`` (fields that are not at rest),
    ``codes`` (``field=value; field=value``). `describe_class` adds ``slot`` and ``rest`` (the fields at rest,
    those first in which most classes of the data set are not).
    """
    found: dict[str, Any] = {
        "dataset": dataset.name,
        "title": dataset.title or dataset.name,
        "name": action.name,
        "code": action.code,
        "aliases": list(action.aliases),
        "synonyms": list(facts.synonyms) if facts else [],
    }
    if facts is None:
        return found
    for key in ("label", "part", "phase"):
        if (record := getattr(facts, key)) is not None:
            found[key] = record.model_dump()
    if facts.sentences:
        found["global"] = list(facts.sentences)
    if facts.motion:
        found["motion"] = facts.motion
    if facts.attribute:
        fields = load_vocabulary().fields
        complete = load_vocabulary().complete(facts.attribute)
        found["attribute"] = complete
        found["says"] = {name: fields[name].values[value].says for name, value in complete.items()}
        found["told"] = [name for name, value in complete.items() if value != fields[name].default]
        found["codes"] = "; ".join(f"{name}={value}" for name, value in complete.items())
    return found


def _busiest_first(bank: Mapping[int, ActionFacts]) -> list[str]:
    """Return the fields, first those in which most classes are not at rest: there, rest is worth a word."""
    rest = load_vocabulary().complete({})
    busy = Counter(n for facts in bank.values() for n, value in facts.attribute.items() if value != rest[n])
    return sorted(rest, key=lambda name: -busy[name])


def describe_class(
    prompt_set: PromptSet, dataset: Dataset, action: ActionClass, bank: Mapping[int, ActionFacts]
) -> Iterator[Description]:
    """Yield the descriptions of one class, in the order of the prompt set; a text said twice is kept once.

    Args:
        prompt_set: of source ``template``.
        dataset: the data set of the class.
        action: the class.
        bank: class id -> what is known of it, of every class.
    """
    variables = class_variables(dataset, action, bank.get(action.id))
    if "told" in variables:
        variables["rest"] = [name for name in _busiest_first(bank) if name not in variables["told"]]
    for granularity in prompt_set.granularities:
        for slot, lines in _lines(prompt_set, granularity, variables, subject(dataset, action)):
            for variant, line in enumerate(lines):
                yield Description(
                    dataset.name, action.id, action.name, granularity, slot, variant, line, prompt_set.name
                )


def _lines(
    prompt_set: PromptSet, granularity: str, variables: Mapping[str, Any], who: str
) -> Iterator[tuple[str, list[str]]]:
    """Yield each slot with its texts: the distinct non-empty lines that the template put out."""
    spec = prompt_set.granularities[granularity]
    slots = prompt_set.slots(granularity)
    if not spec.prefixed:
        for slot in slots:
            yield slot, _distinct(prompt_set.render(spec.template, {**variables, "slot": slot}, subject=who))
        return
    found: dict[str, list[str]] = {slot: [] for slot in slots}
    for line in _distinct(prompt_set.render(spec.template, variables, subject=who)):
        slot, mark, text = line.partition("|")
        if not mark or slot.strip() not in found:
            where = f"{prompt_set.name}/{spec.template}"
            raise SemtoolError(f"{where}: a line about {who} does not begin with a slot and '|': {line!r}")
        found[slot.strip()].append(text.strip())
    yield from found.items()


def _distinct(text: str) -> list[str]:
    return list(dict.fromkeys(" ".join(line.split()) for line in text.splitlines() if line.strip()))


def describe(prompt_set: PromptSet, dataset: Dataset, bank: Mapping[int, ActionFacts]) -> DescriptionSet:
    """Return the descriptions of every class of ``dataset``.

    Args:
        prompt_set: of source ``template``.
        dataset: whose classes are described.
        bank: class id -> what is known of it.

    Raises:
        UsageError: in one sentence, which classes lack which facts that the templates need.
        SemtoolError: if a template fails or says nothing about a class.
    """
    found: list[Description] = []
    missing: dict[str, list[str]] = {}
    for action in dataset.classes:
        try:
            texts = list(describe_class(prompt_set, dataset, action, bank))
        except MissingFieldError as error:
            missing.setdefault(
                f"{_DERIVED.get(error.field, error.field)!r} ({error.template}, line {error.line})", []
            ).append(action.name)
            continue
        if not texts:
            raise SemtoolError(
                f"prompt set {prompt_set.name!r} says nothing about {subject(dataset, action)}"
            )
        found += texts
    if missing:
        lists = "; ".join(
            f"{field}: {_some(names, len(dataset.classes))}" for field, names in missing.items()
        )
        raise UsageError(
            f"prompt set {prompt_set.name!r} needs facts that {dataset.name} does not give, {lists}; "
            "add them under 'facts' in the data set's file (semtool datasets facts fills them in), or use "
            "the prompt set label, with any encoder or with kinetic"
        )
    return DescriptionSet(found)


def _some(names: list[str], total: int) -> str:
    if len(names) == total and total > 3:
        return f"missing in all {total} classes"
    return f"missing in {some([repr(name) for name in names])}"

"""Which facts tell a class from those it is confused with, and the prompt set that says them.

A sentence that names the other class ("unlike swiping right, ...") lies near that class in the space of any
text encoder, so it makes the pair more alike, not less. What is chosen here are facts to be stated plainly:
each class's own value of the attribute fields in which it differs.

How much is said (five fields, in one passage, for a tenth of a class's texts) was chosen among 56 designs by
how far it raised the agreement with motion over seen classes, on five splits; never by unseen samples.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from semtool.catalogue import ActionFacts, Dataset, load_vocabulary
from semtool.generation import PromptSet, load_prompt_set

__all__ = ["Rivals", "choose_fields", "filled", "passages"]

FILE = "_contrast.j2"
MOST = 5
"""Fields that are told of a class at most: one passage with more says everything and stresses nothing."""
SHARE = 0.1
"""The part of a class's texts that the new ones are to make up, at least one text."""
SHORTEST = 3
"""Fewest fields in a passage, if there are more."""
AT_REST = 0.25
"""What a field counts in which the class itself is at rest: such sentences say what does not happen."""


@dataclass(frozen=True)
class Rivals:
    """What a class is confused with: class ids, and how much each counts, the worst first."""

    ids: tuple[int, ...]
    weights: tuple[float, ...]


def choose_fields(
    codes: Mapping[int, Mapping[str, str]], rivals: Mapping[int, Rivals]
) -> dict[int, list[str]]:
    """Return for each class the fields that separate it from its rivals, most separating first.

    A field counts by how far apart the two values are (steps of an ordered field over its length, 1 for a
    nominal one) times how much the rival counts, less where the class itself is at rest.

    Args:
        codes: class id -> attributes (field -> value); a class without them gets no fields.
        rivals: class id -> what it is confused with.
    """
    fields = load_vocabulary().fields
    found = {}
    for c, other in rivals.items():
        if c not in codes:
            continue
        worth: dict[str, float] = {}
        for name, field in fields.items():
            values = list(field.values)
            mine = codes[c].get(name, field.default)
            apart = 0.0
            for rival, weight in zip(other.ids, other.weights, strict=True):
                theirs = codes.get(rival, {}).get(name, mine)
                if theirs != mine:
                    steps = abs(values.index(mine) - values.index(theirs)) / (len(values) - 1)
                    apart += weight * (steps if field.kind == "ordered" else 1.0)
            if apart > 0:
                worth[name] = apart * (AT_REST if mine == field.default else 1.0)
        found[c] = sorted(worth, key=lambda name: -worth[name])[:MOST]
    return found


def passages(fields: Sequence[str], count: int) -> list[list[str]]:
    """Return ``count`` different passages, each a list of fields, or as many as there are.

    The first has all fields, most separating first; the next begin with each of the others in turn; then come
    those without the least separating one, and so on.
    """
    found: list[list[str]] = []
    for size in range(len(fields), min(SHORTEST, len(fields)) - 1, -1):
        kept = list(fields[:size])
        found += [kept[i:] + kept[:i] for i in range(size)]
    return found[:count]


def filled(
    prompts: str,
    data: Dataset,
    bank: Mapping[int, ActionFacts],
    rivals: Mapping[int, Rivals],
    fields: Mapping[int, list[str]],
    said: Mapping[int, Sequence[str]],
    shown: int = 0,
) -> PromptSet:
    """Return a prompt set with ``_contrast.j2`` filled in; its checksum covers what was filled in.

    Args:
        prompts: ``contrast`` or ``llm-contrast``.
        data: the classes.
        bank: class id -> what is known of it.
        rivals: class id -> what it is confused with.
        fields: from `choose_fields`.
        said: the texts that each class has already.
        shown: so many of them are shown to a model, to better.
    """
    empty = load_prompt_set(prompts)
    says = load_vocabulary().fields
    names = {c.id: c.name for c in data.classes}
    told = {
        "passages": {
            names[c]: passages(chosen, max(1, round(len(said.get(c, ())) * SHARE / (1 - SHARE))))
            for c, chosen in fields.items()
            if chosen
        },
        "rivals": {names[c]: [names[i] for i in r.ids] for c, r in rivals.items()},
        "facts": {
            names[c]: [says[f].values[bank[c].attribute[f]].says for f in chosen]
            for c, chosen in fields.items()
            if c in bank
        },
        "said": {names[c]: list(texts[:shown]) for c, texts in said.items()},
    }
    # JSON literals of strings, lists and objects are Jinja's too.
    text = "".join(f"{{% set {key} = {json.dumps(value)} %}}\n" for key, value in told.items())
    raw = empty.model_dump(by_alias=True)
    return PromptSet.model_validate(raw | {"files": empty.files | {FILE: text}})

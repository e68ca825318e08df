"""What may be done to a text: put texts in their place, take another prompt set, leave a granularity out, ask
a language model.

Every move but the first is a recipe for all classes, seen and unseen alike, so that what helps held-out
classes can help unseen ones. Of unseen classes only names and texts are read, never a sample.

A sentence that names the other class ("unlike swiping right, ...") lies near that class in the space of any
text encoder, so it makes the pair more alike, not less. A model is therefore shown facts to be stated
plainly: each class's own value of the attribute fields in which it differs from what it is taken for.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from semtool.catalogue import Dataset, load_bank, load_vocabulary
from semtool.descriptions import DescriptionSet
from semtool.experiments.optimisation.record import TextWorth
from semtool.experiments.optimisation.repair import Ring, exchanged
from semtool.generation import PromptSet, generate, load_prompt_set, names_label
from semtool.numeric import unit

if TYPE_CHECKING:
    from semtool.artifacts import Store
    from semtool.experiments.optimisation.held_out import HeldOut, Judge
    from semtool.generation import GenerationResult, LlmOptions

__all__ = ["SOURCES", "Means", "Move", "choose_fields", "filled", "moves"]

SOURCES = ("multi", "attributes", "parts-phases", "motion", "global")
"""Prompt sets that are tried, those that say most first."""
ANSWERS = 3
"""How often a language model is asked, each time with other seeds."""
MOST_RIVALS = 3
RIVAL = 0.1
"""The share of a class's samples that a rival takes, at least."""


Rivals = dict[int, float]
"""What a class is confused with: class ids, and how much each counts, the worst first."""


@dataclass(frozen=True)
class Move:
    """A move, and the text that it gives (None: none).

    Attributes:
        name: what is done.
        texts: the text; of a move that must ask for it, see the next.
        ask: makes the text and says how many tokens that took; ``plan`` is asked beforehand.
        ring: for texts that are put in their place, how surely they were not.
        called: what the record calls the text, "" if it cannot know it.
    """

    name: str
    texts: DescriptionSet | None = None
    ask: Callable[[], tuple[DescriptionSet | None, int]] | None = None
    plan: Callable[[], GenerationResult] | None = None
    ring: Ring | None = None
    called: str = ""


@dataclass(frozen=True)
class Means:
    """What moves are made with.

    Attributes:
        judge: knows the classes and the encoder.
        record: what texts were worth on other data sets.
        sources: other texts of the same classes, by name.
        llm: a model to ask; None: none.
        store: where its answers are kept.
    """

    judge: Judge
    record: TextWorth
    sources: Sequence[tuple[str, DescriptionSet]]
    llm: LlmOptions | None
    store: Store


def moves(
    current: DescriptionSet, called: str, held: HeldOut, rings: Sequence[Ring], means: Means
) -> Iterator[Move]:
    """Yield what may be done to a text: exchanged texts, then what gained most elsewhere, then the rest.

    Args:
        current: the text.
        called: what the record calls it; "" if nothing.
        held: what became of held-out classes with it.
        rings: texts that seem to be in the wrong place, by position among the seen classes.
        means: what moves are made with.
    """
    data, seen = means.judge.task.dataset, means.judge.task.seen
    for ring in rings:
        ids = tuple(seen[i] for i in ring.classes)
        said = " -> ".join(data.classes[c].name for c in ids)
        yield Move(f"exchange: {said}", exchanged(current, ids), ring=ring, called=called)
    others = [Move(f"use: {name}", texts, called=name) for name, texts in means.sources]
    for name, texts in means.sources:
        both = DescriptionSet([*current, *current.unsaid(texts)])
        others.append(Move(f"add: {name}", both, called=called and f"{called} + {name}"))
    yield from sorted(
        others, key=lambda m: -known.mean if (known := means.record.gains(called, m.called)) else np.inf
    )
    granularities = [g for g in current.counts() if g != "label"]
    for granularity in granularities if len(current.counts()) > 1 else ():
        left = DescriptionSet(d for d in current if d.granularity != granularity)
        whole = left.class_ids == current.class_ids
        yield Move(f"leave out: {granularity}", left if whole else None)
    if means.llm is None:
        return
    asked = filled(data, _rivals(current, held, means.judge), current)
    for answer in range(ANSWERS):
        options = replace(means.llm, seed=means.llm.seed + answer * ANSWERS, allow_missing=True)
        yield Move(
            f"ask {options.model}, seed {options.seed}",
            ask=partial(_ask, current, data, asked, options, means.store),
            plan=partial(generate, data, asked, llm=options, store=means.store, dry_run=True),
        )


def _ask(
    current: DescriptionSet, data: Dataset, asked: PromptSet, options: LlmOptions, store: Store
) -> tuple[DescriptionSet | None, int]:
    """Return a text with a model's answers, but for those that name another class, and the tokens they took.

    A class that has no answer says its first text again, at the answers' granularity.
    """
    result = generate(data, asked, llm=options, store=store)
    tokens = sum(result.llm.tokens.values()) if result.llm else 0
    if result.artifact is None:
        return None, tokens
    more = [
        d
        for d in DescriptionSet.read(result.artifact.path)
        if not any(c.id != d.class_id and names_label(d.text, c.name) for c in data.classes)
    ]
    first = {d.class_id: d for d in reversed(current.descriptions) if not d.is_codes}
    lacking = [
        replace(first[c], granularity=granularity, slot="", variant=0)
        for granularity in {d.granularity for d in more} - set(current.counts())
        for c in set(first) - {d.class_id for d in more if d.granularity == granularity}
    ]
    return DescriptionSet([*current, *current.unsaid(more), *lacking]), tokens


def _rivals(current: DescriptionSet, held: HeldOut, judge: Judge) -> dict[int, Rivals]:
    """Return what each class is taken for; without samples or confusion: the nearest in text."""
    from skeleton.methods import prototypes

    ids = current.class_ids
    means = prototypes(judge.bank(current, ids))
    text = unit(means - means.mean(axis=0))
    alike = text @ text.T
    np.fill_diagonal(alike, -np.inf)
    found = {
        c: {ids[int(row.argmax())]: max(float(row.max()), 0.01)} for c, row in zip(ids, alike, strict=True)
    }
    seen = judge.task.seen
    for c, row in zip(seen, held.confused, strict=True):
        others = [(float(share), d) for d, share in zip(seen, row, strict=True) if d != c and share >= RIVAL]
        if worst := sorted(others, reverse=True)[:MOST_RIVALS]:
            found[c] = {d: share for share, d in worst}
    return found


FILE = "_contrast.j2"
MOST = 5
"""Fields that are told of a class at most: with more everything is said and nothing stressed."""
SHOWN = 3
"""Texts of a class that a language model is shown."""
AT_REST = 0.25
"""What a field counts in which the class itself is at rest: such sentences say what does not happen."""


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
            for rival, weight in other.items():
                theirs = codes.get(rival, {}).get(name, mine)
                if theirs != mine:
                    steps = abs(values.index(mine) - values.index(theirs)) / (len(values) - 1)
                    apart += weight * (steps if field.kind == "ordered" else 1.0)
            if apart > 0:
                worth[name] = apart * (AT_REST if mine == field.default else 1.0)
        found[c] = sorted(worth, key=lambda name: -worth[name])[:MOST]
    return found


def filled(data: Dataset, rivals: Mapping[int, Rivals], said: DescriptionSet) -> PromptSet:
    """Return the prompt set `llm-contrast` with ``_contrast.j2`` filled in; its checksum covers that.

    Args:
        data: the classes.
        rivals: class id -> what it is confused with.
        said: the texts that there are; a few of each class are shown to the model, to better.
    """
    empty, bank = load_prompt_set("llm-contrast"), load_bank(data)
    fields = choose_fields({c: f.attribute for c, f in bank.items() if f.attribute}, rivals)
    says = load_vocabulary().fields
    names = {c.id: c.name for c in data.classes}
    told = {
        "rivals": {names[c]: [names[i] for i in r] for c, r in rivals.items()},
        "facts": {
            names[c]: [says[f].values[bank[c].attribute[f]].says for f in chosen]
            for c, chosen in fields.items()
        },
        "said": {
            name: [d.text for d in said if d.class_id == c and not d.is_codes][:SHOWN]
            for c, name in names.items()
        },
    }
    # JSON literals of strings, lists and objects are Jinja's too.
    text = "".join(f"{{% set {key} = {json.dumps(value)} %}}\n" for key, value in told.items())
    raw = empty.model_dump(by_alias=True)
    return PromptSet.model_validate(raw | {"files": empty.files | {FILE: text}})

"""What may be done to a text: put texts in their place, take another prompt set, leave a granularity out,
say more.

Every move but the first is a recipe for all classes, seen and unseen alike, so that what helps held-out
classes can help unseen ones. Of unseen classes only names and texts are read, never a sample.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from semtool.catalogue import Dataset, load_bank
from semtool.descriptions import Description, DescriptionSet
from semtool.experiments.optimisation.contrast import Rivals, choose_fields, filled
from semtool.experiments.optimisation.record import TextWorth
from semtool.experiments.optimisation.repair import Ring, exchanged
from semtool.generation import generate, names_label
from semtool.numeric import unit

if TYPE_CHECKING:
    from semtool.artifacts import Store
    from semtool.experiments.optimisation.held_out import HeldOut, Judge
    from semtool.generation import LlmOptions

__all__ = ["SOURCES", "Made", "Move", "moves", "named_elsewhere"]

SOURCES = ("multi", "attributes", "parts-phases", "motion", "global")
"""Prompt sets that are tried, those that say most first."""
ANSWERS = 3
"""How often a language model is asked, each time with other seeds."""
MOST_RIVALS = 3
RIVAL = 0.1
"""The share of a class's samples that a rival takes, at least."""
SHOWN = 3
"""Texts of a class that a language model is shown."""


@dataclass(frozen=True)
class Made:
    """The text that a move made (None: none), and the tokens that it took."""

    texts: DescriptionSet | None
    tokens: int = 0


@dataclass(frozen=True)
class Move:
    """A move, made when it is tried; ``costs`` says about how many tokens it takes, before it is made.

    ``ring``: for texts that are put in their place, how surely they were not. ``text``: what the record calls
    the text that it makes, "" if it cannot know it.
    """

    name: str
    make: Callable[[], Made]
    costs: Callable[[], int] = lambda: 0
    ring: Ring | None = None
    text: str = ""


def moves(
    current: DescriptionSet,
    called: str,
    held: HeldOut,
    rings: Sequence[Ring],
    record: TextWorth,
    judge: Judge,
    sources: Sequence[tuple[str, DescriptionSet]],
    llm: LlmOptions | None,
    store: Store,
) -> Iterator[Move]:
    """Yield what may be done to a text: exchanged texts, then what gained most elsewhere, then the rest.

    Args:
        current: the text.
        called: what the record calls it; "" if nothing.
        held: what became of held-out classes with it.
        rings: texts that seem to be in the wrong place, by position among the seen classes.
        record: what texts were worth on other data sets.
        judge: knows the classes and the encoder.
        sources: other texts of the same classes, by name.
        llm: asks a model too.
        store: where its answers are kept.
    """
    data, seen = judge.task.dataset, judge.task.seen
    for ring in rings:
        ids = tuple(seen[i] for i in ring.classes)
        said = " -> ".join(data.classes[c].name for c in ids)
        yield Move(f"exchange: {said}", lambda ids=ids: Made(exchanged(current, ids)), ring=ring, text=called)  # type: ignore[misc]
    others = [
        *(Move(f"use: {n}", lambda t=t: Made(t), text=n) for n, t in sources),  # type: ignore[misc]
        *(
            Move(f"add: {n}", lambda t=t: Made(_joined(current, t)), text=called and f"{called} + {n}")  # type: ignore[misc]
            for n, t in sources
        ),
    ]
    yield from sorted(
        others, key=lambda m: -known.mean if (known := record.gains(called, m.text)) else np.inf
    )
    granularities = [g for g in current.counts() if g != "label"]
    for granularity in granularities if len(current.counts()) > 1 else ():
        yield Move(f"leave out: {granularity}", lambda g=granularity: Made(_without(current, g)))  # type: ignore[misc]
    rivals = _rivals(current, held, judge)
    bank = load_bank(data)
    fields = choose_fields({c: f.attribute for c, f in bank.items() if f.attribute}, rivals)
    own: dict[int, list[str]] = {c: [] for c in current.class_ids}
    for d in current:
        if not d.is_codes:
            own[d.class_id].append(d.text)

    def contrast() -> Made:
        made = generate(data, filled("contrast", data, bank, rivals, fields, own), store=store).artifact
        return Made(_joined(current, DescriptionSet.read(made.path)) if made else None)

    if any(fields.values()) and len(bank) == len(data.classes):
        yield Move("add: facts that tell apart what is confused", contrast)
    if llm is None:
        return
    asked = filled("llm-contrast", data, bank, rivals, fields, own, SHOWN)
    for answer in range(ANSWERS):
        options = replace(llm, seed=llm.seed + answer * ANSWERS, allow_missing=True)

        def ask(options: LlmOptions = options) -> Made:
            result = generate(data, asked, llm=options, store=store)
            tokens = sum(result.llm.tokens.values()) if result.llm else 0
            if result.artifact is None:
                return Made(None, tokens)
            fitting = named_elsewhere(DescriptionSet.read(result.artifact.path), data)
            return Made(_completed(current, fitting), tokens)

        def costs(options: LlmOptions = options) -> int:
            plan = generate(data, asked, llm=options, store=store, dry_run=True).plan
            return plan.tokens_in + plan.tokens_out if plan else 0

        yield Move(f"ask {llm.model}, seed {options.seed}", ask, costs)


def named_elsewhere(answers: DescriptionSet, data: Dataset) -> list[Description]:
    """Return the texts of ``answers`` that name no other class."""
    return [
        d
        for d in answers
        if not any(c.id != d.class_id and names_label(d.text, c.name) for c in data.classes)
    ]


def _joined(base: DescriptionSet, more: DescriptionSet) -> DescriptionSet:
    return DescriptionSet([*base, *base.unsaid(more)])


def _completed(base: DescriptionSet, more: Sequence[Description]) -> DescriptionSet:
    """Return both; a class of which ``more`` has nothing says its first text again, at that granularity."""
    first = {d.class_id: d for d in reversed(base.descriptions) if not d.is_codes}
    lacking = [
        replace(first[c], granularity=granularity, slot="", variant=0)
        for granularity in {d.granularity for d in more} - set(base.counts())
        for c in set(first) - {d.class_id for d in more if d.granularity == granularity}
    ]
    return DescriptionSet([*base, *base.unsaid(more), *lacking])


def _without(texts: DescriptionSet, granularity: str) -> DescriptionSet | None:
    kept = DescriptionSet(d for d in texts if d.granularity != granularity)
    return kept if kept.class_ids == texts.class_ids else None


def _rivals(current: DescriptionSet, held: HeldOut, judge: Judge) -> dict[int, Rivals]:
    """Return what each class is taken for; without samples or confusion: the nearest in text."""
    from skeleton.methods import prototypes

    ids = current.class_ids
    means = prototypes(judge.bank(current, ids))
    text = unit(means - means.mean(axis=0))
    alike = text @ text.T
    np.fill_diagonal(alike, -np.inf)
    found = {
        c: Rivals((ids[int(row.argmax())],), (max(float(row.max()), 0.01),))
        for c, row in zip(ids, alike, strict=True)
    }
    seen = judge.task.seen
    for c, row in zip(seen, held.confused, strict=True):
        others = [(float(share), d) for d, share in zip(seen, row, strict=True) if d != c and share >= RIVAL]
        if worst := sorted(others, reverse=True)[:MOST_RIVALS]:
            found[c] = Rivals(tuple(d for _, d in worst), tuple(share for share, _ in worst))
    return found

"""Ablation of wording: each piece of a text is left out in turn; what is lost is what that piece carries.

A piece is a granularity, a slot (a body part, a phase, a field of the attributes) or a sentence. Prompt sets
say the same thing several times, alone and beside others: with a piece go the other wordings that repeat it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from semtool.descriptions import DescriptionSet
from semtool.errors import SemtoolError, UsageError
from semtool.experiments.grid import Target, Text, keep
from semtool.generation import words

if TYPE_CHECKING:
    from semtool.artifacts import Store

__all__ = ["LEVELS", "WITHOUT", "Piece", "ablate_texts", "pieces", "without"]

LEVELS = ("granularity", "slot", "sentence")
"""What may be left out."""
WITHOUT = "without"
"""The kind of control that lacks a piece."""
Piece = tuple[str, ...]
"""``(granularity,)``, ``(granularity, slot)`` or ``(granularity, "", variant)``."""


def pieces(descriptions: DescriptionSet, levels: Sequence[str] = LEVELS) -> list[Piece]:
    """Return what can be left out of a description set, in its order.

    Fields are those of its sentences, and of its attribute codes if these take more than one value.
    Sentences are told apart by their place, where there are several without slots.
    """
    found: dict[Piece, None] = {}
    spoken = [d for d in descriptions if not d.is_codes]
    if "granularity" in levels:
        found |= dict.fromkeys((g,) for g in descriptions.counts())
    if "slot" in levels:
        found |= dict.fromkeys((d.granularity, d.slot) for d in spoken if d.slot)
        values: dict[str, set[str]] = {}
        for field, value in (pair for d in descriptions if d.is_codes for pair in _pairs(d.text)):
            values.setdefault(field, set()).add(value)
        found |= dict.fromkeys(("attribute", field) for field, taken in values.items() if len(taken) > 1)
    if "sentence" in levels:
        several = {d.granularity for d in spoken if d.variant and not d.slot}
        found |= dict.fromkeys(
            (d.granularity, "", str(d.variant)) for d in spoken if d.granularity in several
        )
    return list(found)


def without(descriptions: DescriptionSet, piece: Piece) -> DescriptionSet:
    """Return a description set that lacks a piece.

    What repeats a sentence of the piece goes with it, unless it is the first text of its own slot. Names are
    no sentences: a text that has a class's name in it stays.

    Raises:
        SemtoolError: if nothing that is read is left of a class.
    """
    gone: dict[int, list[list[str]]] = {}
    for d in descriptions:
        first = d.variant == 0 or len(piece) == 3
        if _belongs(d.granularity, d.slot, d.variant, piece) and first and d.granularity != "label":
            gone.setdefault(d.class_id, []).append(words(d.text))
    kept = []
    for d in descriptions:
        if d.is_codes:
            text = "; ".join(f"{f}={v}" for f, v in _pairs(d.text) if not _belongs("attribute", f, 0, piece))
            kept += [replace(d, text=text)] if text else []
        elif not _belongs(d.granularity, d.slot, d.variant, piece):
            own = words(d.text)
            if d.variant == 0 or not any(_in_order(said, own) for said in gone.get(d.class_id, ())):
                kept.append(d)

    spoken = {d.class_id for d in descriptions if not d.is_codes}  # a text encoder reads no codes
    left = {d.class_id for d in kept if not (spoken and d.is_codes)}
    if left != (spoken or set(descriptions.class_ids)):
        raise SemtoolError(f"without {'/'.join(piece)} nothing is left of a class")
    return DescriptionSet(replace(d, source="ablation") for d in kept)


def ablate_texts(
    texts: Sequence[Text], targets: Sequence[Target], store: Store, levels: Sequence[str]
) -> list[Text]:
    """Return texts, and after them each without each of its pieces, as description sets in the store.

    Args:
        texts: the texts; controls and those that are draws of another stay as they are.
        targets: the data sets that they describe.
        store: where the shortened sets are written.
        levels: what is left out in turn, of `LEVELS`.

    Raises:
        UsageError: if no text has a piece that it can do without.
    """
    found = list(texts)
    for text in texts:
        if text.family or text.control or any(a.kind == "embeddings" for a in text.descriptions.values()):
            continue
        read = {t.dataset.name: DescriptionSet.read(text.descriptions[t.dataset.name].path) for t in targets}
        for piece in dict.fromkeys(p for described in read.values() for p in pieces(described, levels)):
            try:
                made = {name: without(described, piece) for name, described in read.items()}
            except SemtoolError:  # the text is nothing but this
                continue
            suffix = f"-without-{'-'.join(filter(None, piece))}"
            written = {}
            for name, shortened in made.items():
                source = text.descriptions[name]
                inputs, parameters = {"descriptions": source.as_input()}, {"without": list(piece)}
                full = f"{name}/{source.name}{suffix}"
                written[name] = keep(shortened, full, store, inputs=inputs, parameters=parameters)
            found.append(Text(text.label + suffix, written, control=WITHOUT, of=text.label))
    if len(found) == len(texts):
        raise UsageError("no text has a part that could be left out: each says one thing only")
    return found


def _belongs(granularity: str, slot: str, variant: int, piece: Piece) -> bool:
    return (granularity, slot, str(variant))[: len(piece)] == piece


def _pairs(codes: str) -> Iterator[tuple[str, str]]:
    return ((f, v) for f, _, v in (pair.partition("=") for pair in codes.split("; ")))


def _in_order(said: Sequence[str], text: Sequence[str]) -> bool:
    """Return whether a text has all words in their order: `The hand rises and ends here` says `the hand ends
    here`.
    """
    left = iter(text)
    return bool(said) and all(word in left for word in said)

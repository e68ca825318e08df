"""Do texts that should describe the movement name the action instead?"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from semtool.descriptions import Description
from semtool.generation import names_label, words

__all__ = ["Leakage", "forms", "leakage"]

_PARENTHESES = re.compile(r"\(.*?\)")
_SMALL = {
    *("a", "an", "and", "at", "by", "for", "from", "in", "into", "of", "off", "on", "onto", "or", "other"),
    *("out", "over", "someone", "something", "the", "to", "two", "up", "with", "your"),
}
"""Words of class names that tell no action."""


@dataclass(frozen=True)
class Leakage:
    """What was found in the texts of every granularity but ``label``; codes are no text.

    Attributes:
        texts: how many there are.
        named: share of them that contain the class name as a phrase, in any common English ending.
        words: mean share of the class name's own words (small ones aside) that a text contains.
        examples: for each granularity where it happens, a class and its text.
    """

    texts: int
    named: float
    words: float
    by_granularity: dict[str, float]
    examples: dict[str, tuple[str, str]]


def leakage(descriptions: Iterable[Description]) -> Leakage | None:
    """Return how far labels leak into the other texts; None if there are no other texts."""
    found: dict[str, list[tuple[bool, float]]] = {}
    examples: dict[str, tuple[str, str]] = {}
    for d in descriptions:
        if d.granularity == "label" or d.is_codes:
            continue
        named = any(names_label(d.text, form) for form in forms(d.class_name))
        if named:
            examples.setdefault(d.granularity, (d.class_name, d.text))
        found.setdefault(d.granularity, []).append((named, _overlap(d.class_name, d.text)))
    every = [pair for pairs in found.values() for pair in pairs]
    if not every:
        return None
    return Leakage(
        texts=len(every),
        named=sum(named for named, _ in every) / len(every),
        words=sum(share for _, share in every) / len(every),
        by_granularity={g: sum(named for named, _ in pairs) / len(pairs) for g, pairs in found.items()},
        examples=examples,
    )


def forms(name: str) -> list[str]:
    """Return the names in a class name: ``nod head/bow (once)`` is ``nod head`` or ``bow``."""
    pieces = [" ".join(piece.split()) for piece in _PARENTHESES.sub(" ", name).split("/")]
    return [piece for piece in pieces if piece] or [name]


def _overlap(name: str, text: str) -> float:
    told = [w for w in dict.fromkeys(words(name)) if w not in _SMALL]
    return sum(names_label(text, w) for w in told) / len(told) if told else 0.0

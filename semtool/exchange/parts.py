"""Texts that speak of several body parts or phases in one line: ``wave; Head: still; Hand: up``."""

from __future__ import annotations

import re

from semtool.exchange.rows import Text

__all__ = ["parts_of"]

_SLOTS = {
    "head": ("part", "head"), "neck": ("part", "head"),
    "hand": ("part", "arms"), "hands": ("part", "arms"), "arm": ("part", "arms"), "arms": ("part", "arms"),
    "torso": ("part", "torso"), "trunk": ("part", "torso"), "hip": ("part", "torso"),
    "hips": ("part", "torso"),
    "leg": ("part", "legs"), "legs": ("part", "legs"), "foot": ("part", "legs"), "feet": ("part", "legs"),
    "start": ("phase", "start"), "beginning": ("phase", "start"), "middle": ("phase", "middle"),
    "end": ("phase", "end"),
}  # fmt: skip
_HEAD = re.compile(rf"(?:^|[;|.,])\s*({'|'.join(sorted(_SLOTS, key=len, reverse=True))})\s*[:：]\s*", re.I)


def parts_of(text: str) -> tuple[Text, ...]:
    """Return ``text`` itself, or, if it names at least two parts or phases, one text for each.

    Two names of one part (hip and torso) are joined. What stands before the first name is the class name.
    """
    pieces = _HEAD.split(text)
    found: dict[tuple[str, str], list[str]] = {}
    for name, said in zip(pieces[1::2], pieces[2::2], strict=True):
        if cleaned := said.strip(" ;|,"):
            found.setdefault(_SLOTS[name.lower()], []).append(cleaned)
    if len(found) < 2:
        return (Text(text),)
    before = pieces[0].strip(" ;|,.")
    parts = [Text(". ".join(s.rstrip(".") for s in said), *slot) for slot, said in found.items()]
    return ((Text(before, "label"),) if before else ()) + tuple(parts)

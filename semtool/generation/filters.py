"""What templates can do to text besides Jinja's own filters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = ["FILTERS"]


def _sentence(text: str) -> str:
    """Return ``text`` with a capital first letter and a full stop."""
    text = _upper_first(text.strip())
    return text + ("" if text.endswith((".", "!", "?")) else ".")


def _upper_first(text: str) -> str:
    """Return ``text`` with a capital first letter and the rest as it is."""
    return text[:1].upper() + text[1:]


def _lower_first(text: str) -> str:
    """Return ``text`` with a small first letter."""
    return text[:1].lower() + text[1:]


def _only(names: list[str], wanted: list[str]) -> list[str]:
    """Return those of ``names`` that are in ``wanted``, in the order of ``names``."""
    return [name for name in names if name in wanted]


def _fuse(text: str) -> str:
    """Join neighbouring sentences that begin with the same two words.

    "The hand begins low. The hand rises." becomes "The hand begins low and rises."
    """
    joined: list[tuple[str, list[str]]] = []
    for sentence in " ".join(text.split()).rstrip(".").split(". "):
        words = sentence.split()
        subject, predicate = " ".join(words[:2]), " ".join(words[2:])
        if joined and predicate and joined[-1][0] == subject:
            joined[-1][1].append(predicate)
        elif words:
            joined.append((subject, [predicate]))
    return " ".join(f"{subject} {_listed(predicates)}".rstrip() + "." for subject, predicates in joined)


def _listed(items: list[str]) -> str:
    return ", ".join(items[:-1]) + " and " + items[-1] if len(items) > 1 else items[0]


FILTERS: dict[str, Callable[..., Any]] = {
    "fuse": _fuse,
    "lower_first": _lower_first,
    "only": _only,
    "sentence": _sentence,
    "upper_first": _upper_first,
}
"""Filters by the name under which templates know them."""

"""What a text must keep to: length, not naming the label, and not repeating another variant."""

from __future__ import annotations

import re
from collections.abc import Iterable

from semtool.generation.llm.outcomes import Outcome, RejectedError

__all__ = ["MIN_WORDS", "fit_length", "names_label", "near_duplicate", "without_control", "words"]

MIN_WORDS = 3
"""Shortest text, in words, at every granularity but ``label``."""
SAME = 0.9
"""Texts that share this part of their words (Jaccard) are near-duplicates."""

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_TERMINAL = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]{0,200}(?:\x07|\x1b\\)")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_SENTENCE = re.compile(r"(?<=[.!?])\s+")


def words(text: str) -> list[str]:
    """Return the words of ``text`` in lower case."""
    return _WORD.findall(text.casefold())


def without_control(text: str) -> str:
    """Return ``text`` without what no text holds: terminal sequences, control characters, half characters.

    Half characters are surrogates without their partner, which no file can hold.
    """
    return _CONTROL.sub("", _TERMINAL.sub("", text))


def fit_length(text: str, longest: int, shortest: int = MIN_WORDS) -> tuple[str, bool]:
    """Return ``text`` with at most ``longest`` words, and whether whole sentences at its end were left out.

    Raises:
        RejectedError: ``too-short``, or ``too-long`` if not even its first sentence fits.
    """
    count = len(words(text))
    if count < shortest:
        raise RejectedError(Outcome.TOO_SHORT)
    if count <= longest:
        return text, False
    kept = ""
    for sentence in _SENTENCE.split(text):
        longer = f"{kept} {sentence}".strip()
        if len(words(longer)) > longest:
            break
        kept = longer
    if len(words(kept)) < shortest:
        raise RejectedError(Outcome.TOO_LONG)
    return kept, True


def names_label(text: str, label: str) -> bool:
    """Return whether ``text`` contains ``label`` as a phrase, its words in any common English ending.

    Args:
        text: where to look.
        label: one or more words.
    """
    spoken = words(label)
    if not spoken:
        return False
    phrase = r"[\W_]+".join(
        re.escape(w.removesuffix("e")) + r"(?:\w?(?:e|s|es|d|ed|er|ing))?" for w in spoken
    )
    return re.search(rf"(?<!\w){phrase}(?!\w)", text.casefold()) is not None


def near_duplicate(text: str, others: Iterable[str]) -> bool:
    """Return whether ``text`` says, word for word, almost the same as one of ``others``."""
    mine = set(words(text))
    for other in others:
        theirs = set(words(other))
        union = len(mine | theirs)
        if not union or len(mine & theirs) / union >= SAME:
            return True
    return False

"""What can become of a request, and what a text must keep to: length, no label, no repetition."""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import StrEnum

__all__ = [
    "MIN_WORDS", "Outcome", "RejectedError", "fit_length", "names_label", "near_duplicate",
    "without_control", "words",
]  # fmt: skip


class Outcome(StrEnum):
    """How a request for one text (or one filling of the attributes) ended, and what that means."""

    meaning: str

    def __new__(cls, value: str, meaning: str = "") -> Outcome:  # noqa: D102
        member = str.__new__(cls, value)
        member._value_, member.meaning = value, meaning
        return member

    OK = "ok", "answered as asked"
    REPAIRED = (
        "repaired",
        "usable after a harmless correction (prose around the JSON, spelling of keys, length)",
    )
    LENGTH = "length", "cut off at the token limit"
    REFUSAL = "refusal", "the model refused or a content filter stepped in"
    EMPTY = "empty", "no text"
    INVALID_JSON = "invalid-json", "no JSON object in the answer"
    MISSING_SLOT = "missing-slot", "the JSON lacks a key, or its value does not fit"
    TOO_LONG = "too-long", "more words than the prompt set allows"
    TOO_SHORT = "too-short", "too few words to say anything"
    NAMES_LABEL = "names-label", "names the action although the prompt set forbids it"
    COPIED = "copied", "repeats the request (an example, given facts) and says nothing of its own"
    DUPLICATE = "duplicate", "nearly the same as another variant"
    HTTP_ERROR = "http-error", "the server failed, also after retries"
    TIMEOUT = "timeout", "no whole answer in time"
    UNAUTHORISED = "unauthorised", "the key was not accepted"
    NOT_ASKED = "not-asked", "left out by --limit"

    @property
    def good(self) -> bool:
        """Whether the request gave a usable answer."""
        return self in (Outcome.OK, Outcome.REPAIRED)


class RejectedError(Exception):
    """An answer that arrived but cannot be used; never leaves this package."""

    def __init__(self, outcome: Outcome) -> None:
        self.outcome = outcome
        super().__init__(outcome.meaning)


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

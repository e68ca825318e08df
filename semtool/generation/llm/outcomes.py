"""What can become of one request: the names in the final table and in the manifest."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["Outcome", "RejectedError"]


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

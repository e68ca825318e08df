"""What can become of one request: the names in the final table and in the manifest."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["MEANING", "Outcome", "RejectedError"]


class Outcome(StrEnum):
    """How a request for one text (or one filling of the attributes) ended."""

    OK = "ok"
    REPAIRED = "repaired"
    LENGTH = "length"
    REFUSAL = "refusal"
    EMPTY = "empty"
    INVALID_JSON = "invalid-json"
    MISSING_SLOT = "missing-slot"
    TOO_LONG = "too-long"
    TOO_SHORT = "too-short"
    NAMES_LABEL = "names-label"
    COPIED = "copied"
    DUPLICATE = "duplicate"
    HTTP_ERROR = "http-error"
    TIMEOUT = "timeout"
    UNAUTHORISED = "unauthorised"
    NOT_ASKED = "not-asked"

    @property
    def good(self) -> bool:
        """Whether the request gave a usable answer."""
        return self in (Outcome.OK, Outcome.REPAIRED)


MEANING = {
    Outcome.OK: "answered as asked",
    Outcome.REPAIRED: "usable after a harmless correction (prose around the JSON, spelling of keys, length)",
    Outcome.LENGTH: "cut off at the token limit",
    Outcome.REFUSAL: "the model refused or a content filter stepped in",
    Outcome.EMPTY: "no text",
    Outcome.INVALID_JSON: "no JSON object in the answer",
    Outcome.MISSING_SLOT: "the JSON lacks a key, or its value does not fit",
    Outcome.TOO_LONG: "more words than the prompt set allows",
    Outcome.TOO_SHORT: "too few words to say anything",
    Outcome.NAMES_LABEL: "names the action although the prompt set forbids it",
    Outcome.COPIED: "repeats the request (an example, given facts) and says nothing of its own",
    Outcome.DUPLICATE: "nearly the same as another variant",
    Outcome.HTTP_ERROR: "the server failed, also after retries",
    Outcome.TIMEOUT: "no answer in time, also after retries",
    Outcome.UNAUTHORISED: "the key was not accepted",
    Outcome.NOT_ASKED: "left out by --limit",
}


class RejectedError(Exception):
    """An answer that arrived but cannot be used; never leaves this package."""

    def __init__(self, outcome: Outcome) -> None:
        self.outcome = outcome
        super().__init__(MEANING[outcome])

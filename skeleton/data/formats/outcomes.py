"""What may be said of a raw sample that is not in the arrays as it is in its file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from semtool.errors import SemtoolError

__all__ = ["OUTCOMES", "SampleFinding", "Severity", "Unreadable"]

Severity = Literal["rejected", "dropped", "note"]

OUTCOMES: Mapping[str, tuple[Severity, str]] = MappingProxyType(
    {
        "not-a-file": ("rejected", "a folder, a device or nothing at all where a file should be"),
        "compressed": ("rejected", "the file is compressed; unpack it first"),
        "too-large": ("rejected", "the file, or what it announces, is larger than any of its format"),
        "empty": ("rejected", "the file holds nothing"),
        "damaged": ("rejected", "the file does not have the structure of its format"),
        "crashed": ("rejected", "the process that read the file died of it"),
        "truncated": ("rejected", "the file ends before what it announces"),
        "frames": ("rejected", "no frames, or not as many as the file announces"),
        "bodies": ("rejected", "no frame shows anybody"),
        "joints": ("rejected", "the joints are not those of a layout"),
        "not-a-number": ("rejected", "a coordinate is not a finite number"),
        "name": ("rejected", "the name does not say what the sample is"),
        "label": ("rejected", "the class is not one of the data set's, or cannot be told"),
        "duplicate": ("rejected", "this sample was read already"),
        "unsafe": ("rejected", "a pickle asks for more than arrays and plain containers"),
        "listed": ("dropped", "the sample is on the list of unusable samples"),
        "body-short": ("dropped", "a body was tracked for too few frames to be a person"),
        "body-shape": ("dropped", "a body is wider than tall in most frames: furniture or a reflection"),
        "body-extra": ("dropped", "a body beyond the data set's most, with less motion than those kept"),
        "body-joined": ("note", "tracks that do not overlap in time were joined into one person"),
        "body-empty": ("note", "a body without coordinates before one that has some; the others moved up"),
        "frames-missing": ("note", "frames in which nobody was tracked were left out"),
        "joints-unplaced": ("note", "joints that are no landmark as far as is known were left out"),
        "assumed": ("note", "what the file does not say was assumed"),
        "unlabelled": ("note", "samples without a class: to be shown and classified, not to train on"),
        "turned": ("note", "the recording was not upright"),
        "mirrored": ("note", "the recording was mirrored; x was negated"),
        "renamed": ("note", "another sample has this name; the folder or file was added to it"),
        "pose": ("note", "most samples do not look like people in the layout's order of joints"),
        "list-unused": ("note", "a file that looks like a list of unusable samples was not used"),
        "list-unmatched": ("note", "the list of unusable samples names none of these samples"),
        "other-format": ("note", "files of another format lie there too and were not read"),
    }
)
"""Every named outcome: how grave it is, and what it means. Only what is ``rejected`` is fatal when strict."""


class Unreadable(SemtoolError):
    """A file or sample that cannot be read; ``outcome`` is a key of `OUTCOMES`."""

    def __init__(self, outcome: str, message: str) -> None:
        super().__init__(message)
        self.outcome = outcome

    def finding(self, sample: str) -> SampleFinding:
        """Return what there is to say of the sample that could not be read."""
        return SampleFinding(self.outcome, str(self), sample)

    def __reduce__(self) -> tuple[type[Unreadable], tuple[str, str]]:
        return type(self), (self.outcome, str(self))


@dataclass(frozen=True)
class SampleFinding:
    """Something that the user should know of one sample: why it, or a part of it, is not in the arrays.

    Attributes:
        outcome: a key of `OUTCOMES`.
        message: one sentence.
        sample: the sample's name; empty for what is said of many.
        count: how many bodies, frames, samples or files it is about.
    """

    outcome: str
    message: str
    sample: str = ""
    count: int = 1

    @property
    def severity(self) -> Severity:
        """``rejected``, ``dropped`` (as the published cleaning does) or ``note``."""
        return OUTCOMES[self.outcome][0]

"""The figures of a diagnosis: what each is called, which way is better, and what it says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["MEASURES", "Measure"]


@dataclass(frozen=True)
class Measure:
    """One figure about a text. ``better`` is what one would expect of a good text, not what was found."""

    title: str
    better: Literal["higher", "lower", "neither"]
    about: str


MEASURES: dict[str, Measure] = {
    "margin": Measure(
        "margin", "higher", "1 - cosine with the nearest other class, centred prototypes, mean over classes"
    ),
    "margin_lowest": Measure("lowest margin", "higher", "the same for the two classes that are most alike"),
    "margin_unseen": Measure(
        "margin, unseen", "higher", "the margin among the split's unseen classes only (their texts)"
    ),
    "margin_carried": Measure(
        "margin, carried",
        "higher",
        "the margin when a class is known by its likeness to the seen (or all other) classes alone",
    ),
    "retrieval": Measure(
        "retrieval", "higher", "share of texts that are nearest to their own class, left out of it"
    ),
    "hubness": Measure(
        "hubness", "lower", "skewness of how often a class is among another's nearest; 0: no hubs"
    ),
    "effective_rank": Measure(
        "effective rank", "higher", "directions in which classes differ, over the most there could be"
    ),
    "redundancy": Measure(
        "redundancy", "lower", "rank correlation between granularities of which classes are alike, mean"
    ),
    "leakage": Measure("leakage", "neither", "share of texts, labels aside, that name their action"),
    "label_words": Measure(
        "label words", "neither", "mean share of the label's words that a text, labels aside, contains"
    ),
    "truncated": Measure("truncated", "lower", "share of texts longer than the encoder reads"),
    "agreement": Measure(
        "agreement",
        "higher",
        "rank correlation of class likeness in text and in motion, seen classes, training samples",
    ),
    "matching": Measure(
        "matching",
        "higher",
        "share of pairs of seen classes whose texts and motions are matched through the others; 0.5: chance",
    ),
}
"""Every figure that a diagnosis may give, by its key, in the order in which they are shown."""

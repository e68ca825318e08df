"""A few labelled clips of one's own, and what they are worth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from semtool.errors import SemtoolError, UsageError
from skeleton.data import SkeletonSequence, load_sequence
from skeleton.recogniser.words import plain

__all__ = ["Examples", "Gain", "load_examples"]


@dataclass(frozen=True)
class Examples:
    """Labelled sequences: ``rows`` (n,) says which label each shows."""

    sequences: tuple[SkeletonSequence, ...]
    rows: NDArray[np.int64]


@dataclass(frozen=True)
class Gain:
    """Accuracy on the examples themselves, each recognised by the others, without and with learning."""

    examples: int
    before: float
    after: float

    def record(self) -> dict[str, float]:
        """Return it as numbers by name."""
        return {"examples": self.examples, "accuracy_without": self.before, "accuracy_with": self.after}

    def sentence(self) -> str:
        """Return it in words."""
        return (
            f"learned from {self.examples} examples: cross-validated accuracy on them "
            f"{100 * self.after:.0f} %, without them {100 * self.before:.0f} %"
        )


def load_examples(folder: Path, labels: Sequence[str], hints: Mapping[str, Any] | None = None) -> Examples:
    """Read a folder that has a folder for each label (or some), with clips of it.

    Args:
        folder: holds a folder for each label, named like it.
        labels: what sequences may be.
        hints: what is known of recordings (`skeleton.data.formats.hints.Hints`), by field.

    Returns:
        The first sequence of each file, and which label it shows.

    Raises:
        UsageError: if a folder is no label, or there is no clip at all.
    """
    known = {plain(label): at for at, label in enumerate(labels)}
    if not folder.is_dir():
        raise UsageError(f"there is no folder {folder}")
    sequences: list[SkeletonSequence] = []
    rows: list[int] = []
    for inner in sorted(path for path in folder.iterdir() if path.is_dir()):
        if plain(inner.name) not in known:
            raise UsageError(f"{inner} is named after none of the labels; they are {', '.join(labels)}")
        for clip in sorted(path for path in inner.iterdir() if path.is_file()):
            try:
                sequences.append(load_sequence(clip, hints=hints)[0])
            except SemtoolError as error:
                raise UsageError(f"the example {clip} cannot be read: {error}") from error
            rows.append(known[plain(inner.name)])
    if not rows:
        raise UsageError(f"{folder} has no examples; give it a folder for each label, with clips of it")
    return Examples(tuple(sequences), np.array(rows))

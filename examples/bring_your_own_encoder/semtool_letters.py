"""Letter triples, hashed into 512 counts: an encoder small enough to read, and it does know similar words."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from semtool.encoders import Card, Encoder
from semtool.encoders.base import Progress

__all__ = ["LetterEncoder"]

DIM = 512


class LetterEncoder(Encoder):
    """``letters:3`` counts triples, ``letters:4`` groups of four; ``letters`` alone means triples."""

    family: ClassVar[str] = "letters"
    aliases: ClassVar[Mapping[str, str]] = {"letters": "3"}

    @property
    def card(self) -> Card:
        """The identity card: whatever changes a vector has to change the card."""
        model = self.model or "3"
        return Card(
            name=f"letters:{model}",
            family="letters",
            model=model,
            revision="1",
            dim=DIM,
            pooling="sum",
            licence="Apache-2.0",
        )

    def encode(self, texts: Sequence[str], *, progress: Progress | None = None) -> NDArray[np.float32]:
        """Return counts of letter groups, float32 (n, 512). semtool scales them to unit length."""
        size = int(self.card.model)
        out = np.zeros((len(texts), DIM), dtype=np.float32)
        for row, text in enumerate(texts):
            padded = f"{' ' * (size - 1)}{text.lower()} "
            for start in range(len(padded) - size + 1):
                out[row, zlib.crc32(padded[start : start + size].encode()) % DIM] += 1
            if progress:
                progress(row + 1, len(texts))
        return out

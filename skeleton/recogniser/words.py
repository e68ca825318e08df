"""Labels as attribute codes, without a language model: vectors of word pieces and a map learned on the bank.

A label's vector is the weighted mean of its word pieces' (distilled once from a sentence encoder, after
model2vec, Tulkens and van Dongen 2024; frequent pieces weigh less, after Arora et al., ICLR 2017). The map
(`semtool.encoders.FactMap`) is learned from the bank's texts onto its attribute codes.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from semtool.encoders import FactMap
from skeleton.recogniser.reading import overruled

__all__ = ["Pieces", "Words", "plain"]

Matrix = NDArray[np.float32]
_WORD = re.compile(r"\w+|[^\w\s]")


@dataclass(frozen=True)
class Pieces:
    """Word pieces; those that go on a word begin with ``##``.

    Attributes:
        names: the pieces.
        vectors: int8 (P, d), the pieces' vectors times their weights, each column scaled by ``scale`` (d,).
    """

    names: tuple[str, ...]
    vectors: NDArray[np.int8]
    scale: Matrix

    def embed(self, texts: Sequence[str]) -> Matrix:
        """Return unit vectors (n, d) of texts; zero for a text of which no piece is known."""
        rows = [self.vectors[self._split(text)].astype(np.float32).sum(axis=0) for text in texts]
        made = np.stack(rows) * self.scale if rows else np.zeros((0, len(self.scale)), np.float32)
        return np.asarray(made / np.maximum(np.linalg.norm(made, axis=1, keepdims=True), 1e-9), np.float32)

    @cached_property
    def _index(self) -> dict[str, int]:
        return {piece: at for at, piece in enumerate(self.names)}

    def _split(self, text: str) -> list[int]:
        """Return the pieces of a text: of each word the longest ones, from its beginning."""
        found: list[int] = []
        for word in _WORD.findall(plain(text)):
            start = 0
            pieces: list[int] = []
            while start < len(word):
                ends = range(len(word), start, -1)
                known = (self._index.get(("##" if start else "") + word[start:end]) for end in ends)
                end, piece = next(
                    ((e, p) for e, p in zip(ends, known, strict=True) if p is not None), (0, None)
                )
                if piece is None:
                    pieces = []
                    break
                pieces.append(piece)
                start = end
            found += pieces
        return found


@dataclass(frozen=True)
class Words:
    """What labels say.

    Attributes:
        pieces: word pieces with their vectors.
        texts: what the map was learned on: the bank's names, synonyms and sentences, plain.
        reader: the map from vectors onto codes.
        table: (classes, D) the bank's codes; ``member`` (n,) says whose class each text is of.
    """

    pieces: Pieces
    texts: tuple[str, ...]
    reader: FactMap
    table: Matrix
    member: NDArray[np.int64]

    def codes(self, labels: Sequence[str], *, facts: bool = True) -> Matrix:
        """Return attribute codes (n, D) of labels; ``facts``: stated ones where it is a known text."""
        made, _ = self.reader(self.pieces.embed(labels))
        for row, label in enumerate(labels):
            at = self._known.get(plain(label)) if facts else None
            made[row] = overruled(made[row], label) if at is None else self.table[self.member[at]]
        return made

    def tensors(self) -> dict[str, NDArray[np.generic]]:
        """Return the arrays, by name."""
        return {
            "vectors": self.pieces.vectors, "scale": self.pieces.scale, "support": self.reader.support,
            "dual": self.reader.dual, "mean": self.reader.mean, "table": self.table, "member": self.member,
            "sharpness": np.array(self.reader.sharpness, np.float32),
        }  # fmt: skip

    @classmethod
    def restore(
        cls, tensors: Mapping[str, NDArray[Any]], names: Sequence[str], texts: Sequence[str]
    ) -> Words:
        """Return the words of `tensors`, with the names of pieces and the texts."""
        sharpness = tensors["sharpness"].item()
        trust = np.zeros(3, np.float32)
        reader = FactMap(tensors["support"], tensors["dual"], tensors["mean"], trust, sharpness)
        pieces = Pieces(tuple(names), tensors["vectors"], tensors["scale"])
        return cls(pieces, tuple(texts), reader, tensors["table"], tensors["member"])

    @cached_property
    def _known(self) -> dict[str, int]:
        found: dict[str, int] = {}
        for at, text in enumerate(self.texts):
            found.setdefault(text, at)
        return found


def plain(text: str) -> str:
    """Return a text in small letters without accents, its words apart by one space."""
    bare = "".join(c for c in unicodedata.normalize("NFD", text.lower()) if unicodedata.category(c) != "Mn")
    return " ".join(bare.replace("_", " ").split())

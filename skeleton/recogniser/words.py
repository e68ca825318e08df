"""Labels as attribute codes, without a language model: vectors of word pieces and a map learned on the bank.

A label's vector is the weighted mean of its word pieces' (distilled once from a sentence encoder, after
model2vec, Tulkens and van Dongen 2024; frequent pieces weigh less, after Arora et al., ICLR 2017). The map is
kernel ridge regression, ``exp(4 (cos - 1))``, from the bank's texts onto its attribute codes.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from skeleton.recogniser.reading import overruled

__all__ = ["Words", "fit_map", "label_errors", "mapped", "plain"]

Matrix = NDArray[np.float32]
_WORD = re.compile(r"\w+|[^\w\s]")
_RIDGE, _SHARP = 0.3, 4.0


@dataclass(frozen=True)
class Words:
    """Word pieces with their vectors, and the map onto codes.

    Attributes:
        pieces: the pieces; those that go on a word begin with ``##``.
        texts: what the map was learned on: the bank's names, synonyms and sentences, plain.
        vectors: int8 (P, d), the pieces' vectors times their weights, each column scaled by ``scale`` (d,).
        support: (n, d) vectors of the texts that the map was learned on.
        dual: (n, D) its coefficients.
        centre: (D,) mean codes.
        table: (classes, D) the bank's codes; ``member`` (n,) says whose class each text is of.
    """

    pieces: tuple[str, ...]
    texts: tuple[str, ...]
    vectors: NDArray[np.int8]
    scale: Matrix
    support: Matrix
    dual: Matrix
    centre: Matrix
    table: Matrix
    member: NDArray[np.int64]

    def codes(self, labels: Sequence[str], *, facts: bool = True) -> Matrix:
        """Return attribute codes (n, D) of labels; ``facts``: stated ones where it is a known text."""
        made = mapped(self.embed(labels), self.support, self.dual, self.centre)
        for row, label in enumerate(labels):
            at = self._known.get(plain(label)) if facts else None
            made[row] = overruled(made[row], label) if at is None else self.table[self.member[at]]
        return made

    def tensors(self) -> dict[str, NDArray[np.generic]]:
        """Return the arrays, by name."""
        return {
            f.name: np.asarray(getattr(self, f.name))
            for f in fields(self)
            if f.name not in ("pieces", "texts")
        }

    def embed(self, texts: Sequence[str]) -> Matrix:
        """Return unit vectors (n, d) of texts; zero for a text of which no piece is known."""
        rows = [self.vectors[self._split(text)].astype(np.float32).sum(axis=0) for text in texts]
        made = np.stack(rows) * self.scale if rows else np.zeros((0, len(self.scale)), np.float32)
        return _unit(made)

    @cached_property
    def _known(self) -> dict[str, int]:
        found: dict[str, int] = {}
        for at, text in enumerate(self.texts):
            found.setdefault(text, at)
        return found

    @cached_property
    def _index(self) -> dict[str, int]:
        return {piece: at for at, piece in enumerate(self.pieces)}

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


def plain(text: str) -> str:
    """Return a text in small letters without accents, its words apart by one space."""
    bare = "".join(c for c in unicodedata.normalize("NFD", text.lower()) if unicodedata.category(c) != "Mn")
    return " ".join(bare.replace("_", " ").split())


def fit_map(vectors: Matrix, codes: Matrix, weight: NDArray[np.float64]) -> tuple[Matrix, Matrix]:
    """Return dual coefficients and centre of the map from text vectors (n, d) onto codes (n, D).

    Args:
        vectors: unit vectors of texts.
        codes: the codes of each text's class.
        weight: of each text, so that every class weighs the same.
    """
    share = weight / weight.sum()
    centre = (share[:, None] * codes).sum(axis=0)
    system = _kernel(vectors, vectors) + np.diag(_RIDGE / (share * len(share)))
    return np.asarray(np.linalg.solve(system, codes - centre), np.float32), np.asarray(centre, np.float32)


def mapped(vectors: Matrix, support: Matrix, dual: Matrix, centre: Matrix) -> Matrix:
    """Return the codes (n, D) that the map gives to text vectors (n, d)."""
    return np.asarray(_kernel(vectors, support) @ dual + centre, np.float32)


def _kernel(left: Matrix, right: Matrix) -> NDArray[np.float64]:
    return np.asarray(np.exp(_SHARP * (left.astype(np.float64) @ right.T - 1)))


def _unit(vectors: Matrix) -> Matrix:
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9), np.float32)


def label_errors(
    vectors: Matrix, table: Matrix, member: NDArray[np.int64], weight: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the errors (classes, D) of the map on each class's first text, learned without that class.

    Args:
        vectors: (n, d) texts, class after class; ``member`` (n,) says whose.
        table: (classes, D) codes.
        weight: (n,) of each text.
    """
    share = weight / weight.sum()
    centred = table[member] - (share[:, None] * table[member]).sum(axis=0)
    kernel = _kernel(vectors, vectors)
    hat = kernel @ np.linalg.inv(kernel + np.diag(_RIDGE / (share * len(share))))
    errors = []
    for at in range(len(table)):
        rows = np.flatnonzero(member == at)
        residual = centred[rows] - hat[rows] @ centred
        errors.append(np.linalg.solve(np.eye(len(rows)) - hat[np.ix_(rows, rows)], residual)[0])
    return np.stack(errors)

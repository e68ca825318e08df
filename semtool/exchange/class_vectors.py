"""The vectors of an embedding file, put together by class as other people's code wants them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from semtool.embedding_file import EmbeddingFile
from semtool.errors import SemtoolError
from semtool.numeric import unit

__all__ = ["CODEBOOK", "ClassVectors"]

CODEBOOK = 100
"""How many descriptions stand before the motion description in a (C, 101, d) file."""


class ClassVectors:
    """The normalised vectors of some rows of an embedding file.

    Raises:
        SemtoolError: if one of the classes 0 to ``classes`` - 1 has no row.
    """

    def __init__(self, file: EmbeddingFile, classes: int, granularity: str | None = None) -> None:
        rows = file.rows(granularity=granularity)
        self.classes, self.dim = classes, file.dim
        self.owner, self.kind = file.class_id[rows], file.granularity[rows]
        if missing := sorted(set(range(classes)) - set(self.owner.tolist())):
            what = f"{granularity} text" if granularity else "text"
            raise SemtoolError(f"{file.path}: no {what} for the classes {', '.join(map(str, missing))}")
        self.unit = unit(file.vectors(rows)).astype(np.float32)

    def __len__(self) -> int:
        return len(self.owner)

    def means(self, chosen: NDArray[np.bool_] | None = None) -> NDArray[np.float32]:
        """Return each class's normalised mean over the ``chosen`` rows (all if None), float32 (C, d)."""
        chosen = np.ones(len(self), dtype=bool) if chosen is None else chosen
        sums = np.zeros((self.classes, self.dim), dtype=np.float64)
        np.add.at(sums, self.owner[chosen], self.unit[chosen])
        return unit(sums).astype(np.float32)

    def codebook(self) -> tuple[NDArray[np.float32], list[str]]:
        """Return float32 (C, 101, d), the motion description last, and notes on what was chosen."""
        moves = self.kind == "motion"
        has_motion = len(set(self.owner[moves].tolist())) == self.classes
        out = np.empty((self.classes, CODEBOOK + 1, self.dim), dtype=np.float32)
        out[:, CODEBOOK] = self.means(moves if has_motion else None)
        used = []
        for c in range(self.classes):
            own = np.flatnonzero((self.owner == c) & ~moves)
            if not len(own):
                own = np.flatnonzero(self.owner == c)
            used.append(len(own))
            out[c, :CODEBOOK] = self.unit[_in_turn(own, self.kind[own])]
        notes = [f"{min(used)} to {max(used)} descriptions a class before the motion description"]
        if max(used) > CODEBOOK:
            notes.append("classes with more than 100: taken in turn from each granularity")
        if min(used) < CODEBOOK:
            notes.append("classes with fewer than 100: repeated in order")
        if not has_motion:
            notes.append("not every class has a motion text: the last row is the mean of all texts")
        return out, notes


def _in_turn(rows: NDArray[np.int64], kinds: NDArray[np.str_]) -> NDArray[np.int64]:
    """Choose 100 of ``rows`` in file order: in turn from each granularity, or repeated if they are fewer."""
    if len(rows) <= CODEBOOK:
        return np.resize(rows, CODEBOOK)
    rank = np.array([np.count_nonzero(kinds[:i] == kinds[i]) for i in range(len(rows))])
    return np.sort(rows[np.argsort(rank, kind="stable")[:CODEBOOK]])

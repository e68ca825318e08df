"""The vectors of an embedding file, put together by class as other people's code wants them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from semtool.embedding_file import MOTION_ORDER, EmbeddingFile
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

    def codebook(
        self, places: int = CODEBOOK, *, motion: bool = True
    ) -> tuple[NDArray[np.float32], list[str]]:
        """Return float32 (C, ``places`` + 1, d), the motion description last, and notes on what was chosen.

        Without ``motion`` no place is kept for one: (C, ``places``, d).
        """
        moves = self.kind == "motion"
        slot = next(
            (g for g in MOTION_ORDER if len(set(self.owner[self.kind == g].tolist())) == self.classes), None
        )
        out = np.empty((self.classes, places + motion, self.dim), dtype=np.float32)
        if motion:
            out[:, places] = self.means(self.kind == slot if slot else None)
        used = []
        for c in range(self.classes):
            own = np.flatnonzero((self.owner == c) & ~moves) if motion else np.flatnonzero(self.owner == c)
            if not len(own):
                own = np.flatnonzero(self.owner == c)
            used.append(len(own))
            out[c, :places] = self.unit[_in_turn(own, self.kind[own], places)]
        notes = [
            f"{min(used)} to {max(used)} descriptions a class{' before the motion description' * motion}"
        ]
        if max(used) > places:
            notes.append(f"classes with more than {places}: taken in turn from each granularity")
        if min(used) < places:
            notes.append(f"classes with fewer than {places}: repeated in order")
        if motion and (copies := places // min(used)) > 1:
            notes.append(
                f"warning: of {min(used)} texts a head with k up to {copies} sees one, as k = 1 does"
            )
        if motion and slot != "motion":
            of = f"its {slot} texts, as in semtool train" if slot else "all texts"
            notes.append(f"not every class has a motion text: the last row is the mean of {of}")
        return out, notes


def _in_turn(rows: NDArray[np.int64], kinds: NDArray[np.str_], places: int) -> NDArray[np.int64]:
    """Choose from ``rows`` in file order: in turn from each granularity, or repeated if they are fewer."""
    if len(rows) <= places:
        return np.resize(rows, places)
    rank = np.array([np.count_nonzero(kinds[:i] == kinds[i]) for i in range(len(rows))])
    return np.sort(rows[np.argsort(rank, kind="stable")[:places]])

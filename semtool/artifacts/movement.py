"""How far the classes of one embedding file are from where another one has them."""

from __future__ import annotations

from dataclasses import dataclass

from semtool.embedding_file import EmbeddingFile
from semtool.numeric import unit

__all__ = ["Move", "movement"]


@dataclass(frozen=True)
class Move:
    """How far one class moved: 1 - cosine, which is 0 for not at all, of its mean and of its worst text."""

    class_id: int
    distance: float
    worst: float


def movement(before: EmbeddingFile, after: EmbeddingFile) -> tuple[Move, ...]:
    """Return the move of every class that both files have, farthest first; they must share an encoder.

    Texts are paired by class, granularity, slot and variant; a class that shares none has a worst of 1.
    """
    old, new = unit(before.vectors()), unit(after.vectors())
    old_rows, new_rows = _by_key(before), _by_key(after)
    moves = []
    for c in sorted(set(before.class_id.tolist()) & set(after.class_id.tolist())):
        means = [unit(v[f.class_id == c].mean(axis=0)) for f, v in ((before, old), (after, new))]
        pairs = [(row, new_rows[key]) for key, row in old_rows.items() if key[0] == c and key in new_rows]
        worst = max((1 - float(old[i] @ new[j]) for i, j in pairs), default=1.0)
        moves.append(Move(c, _rounded(1 - float(means[0] @ means[1])), _rounded(worst)))
    return tuple(sorted(moves, key=lambda m: (-m.distance, -m.worst, m.class_id)))


def _by_key(file: EmbeddingFile) -> dict[tuple[int, str, str, int], int]:
    columns = (file.class_id, file.granularity, file.slot, file.variant)
    return {key: row for row, key in enumerate(zip(*(c.tolist() for c in columns), strict=True))}


def _rounded(distance: float) -> float:
    """Float32 vectors carry about seven digits: less than that is no move."""
    return max(0.0, round(distance, 6))

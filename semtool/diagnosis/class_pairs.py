"""The pairs of classes whose texts are most alike, and what would tell them apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from semtool.diagnosis.agreement import MotionGeometry
from semtool.diagnosis.geometry import Matrix, nearest_pairs
from semtool.diagnosis.inputs import ClassSplit, TextInput

__all__ = ["ClassPair", "differing_fields", "named_pairs"]


@dataclass(frozen=True)
class ClassPair:
    """Two classes that the text hardly tells apart.

    Attributes:
        a, b: canonical ids; ``names``: theirs.
        similarity: cosine of their centred prototypes.
        separation: 1 - cosine for each granularity alone: 0 the same, 1 unrelated.
        best: the granularity that separates them most; "" if there is only one.
        fields: the attribute fields in which they differ, with both values, where the set has codes.
        motion: cosine of their mean motion, if both are seen and features were given; as high as this, no
            text can be blamed.
        unseen: how many of the two are unseen; None without a split.
    """

    a: int
    b: int
    names: tuple[str, str]
    similarity: float
    separation: dict[str, float]
    best: str
    fields: dict[str, tuple[str, str]]
    motion: float | None
    unseen: int | None


def named_pairs(
    text: TextInput,
    similarity: Matrix,
    by_granularity: Mapping[str, Matrix],
    *,
    split: ClassSplit | None,
    motion: MotionGeometry | None,
    count: int,
) -> tuple[ClassPair, ...]:
    """Return the ``count`` pairs most alike in ``similarity`` (C, C), most alike first."""
    moving = {c: i for i, c in enumerate(motion.classes)} if motion else {}
    found = []
    for i, j in nearest_pairs(similarity, count):
        a, b = text.classes[i], text.classes[j]
        apart = {name: float(1 - matrix[i, j]) for name, matrix in by_granularity.items()}
        both_move = motion is not None and a in moving and b in moving
        found.append(
            ClassPair(
                a=a,
                b=b,
                names=(text.names[a], text.names[b]),
                similarity=float(similarity[i, j]),
                separation=apart,
                best=max(apart, key=lambda name: apart[name]) if len(apart) > 1 else "",
                fields=differing_fields(text.codes, a, b),
                motion=float(motion.cosines[moving[a], moving[b]]) if motion and both_move else None,
                unseen=sum(c in split.unseen for c in (a, b)) if split else None,
            )
        )
    return tuple(found)


def differing_fields(codes: Mapping[int, Mapping[str, str]], a: int, b: int) -> dict[str, tuple[str, str]]:
    """Return the fields whose codes differ between two classes, with both values."""
    if a not in codes or b not in codes:
        return {}
    return {
        name: (value, codes[b][name])
        for name, value in codes[a].items()
        if codes[b].get(name, value) != value
    }

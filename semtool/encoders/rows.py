"""Which descriptions become rows of an embedding file, and how several encoders make one vector."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from semtool.descriptions import Description, DescriptionSet
from semtool.encoders.base import Encoder
from semtool.encoders.encoding import Encoded, unit
from semtool.encoders.registry import Part
from semtool.errors import SemtoolError

__all__ = ["Rows", "average", "axis_names", "choose_rows", "combine", "cut_short"]


@dataclass(frozen=True)
class Rows:
    """The descriptions that get a vector, and for each part of the encoder the texts it reads for them."""

    descriptions: list[Description]
    texts: list[list[str]]


def choose_rows(descriptions: DescriptionSet, parts: Sequence[Part]) -> Rows:
    """Choose the rows: all sentences for text encoders; the codes rows if every part reads codes.

    In a combination, the vector of a sentence goes with the code vector of its class. An encoder that reads
    either does the same where a class has codes, and reads the sentence where it has none.
    """
    codes = {d.class_id: d for d in descriptions if d.is_codes}
    sentences = [d for d in descriptions if not d.is_codes]
    reads_text = any(part.encoder.reads != "codes" for part in parts)
    if any(part.encoder.reads == "codes" for part in parts):
        lacking = [d.class_name for d in descriptions if d.class_id not in codes]
        if lacking:
            raise SemtoolError(
                f"the description set has no attribute codes for {lacking[0]!r}; "
                "generate it with a prompt set that has attributes"
            )
    rows = sentences if reads_text else list(codes.values())
    if not rows and not any(part.encoder.reads == "text" for part in parts):
        rows = list(codes.values())
    if not rows:
        raise SemtoolError("the description set has attribute codes only; embed it with --encoder attributes")
    texts = [
        [
            d.text if p.encoder.reads == "text" or d.class_id not in codes else codes[d.class_id].text
            for d in rows
        ]
        for p in parts
    ]
    return Rows(rows, texts)


def combine(parts: Sequence[Part], blocks: Sequence[Encoded]) -> NDArray[np.float32]:
    """Concatenate unit blocks times their weights, and scale to unit length (n, sum of d)."""
    if len(parts) == 1:
        return blocks[0].vectors
    weighted = [np.float32(part.weight) * block.vectors for part, block in zip(parts, blocks, strict=True)]
    return unit(np.concatenate(weighted, axis=1))


def average(
    descriptions: Sequence[Description], vectors: NDArray[np.float32]
) -> tuple[list[Description], NDArray[np.float32]]:
    """Average the unit vectors of a class, granularity and slot over the variants and normalise again."""
    groups: dict[tuple[int, str, str], list[int]] = {}
    for row, d in enumerate(descriptions):
        groups.setdefault((d.class_id, d.granularity, d.slot), []).append(row)
    means = np.array([vectors[rows].astype(np.float64).mean(axis=0) for rows in groups.values()])
    return [descriptions[rows[0]] for rows in groups.values()], unit(means)


def axis_names(parts: Sequence[Part], blocks: Sequence[Encoded]) -> list[str]:
    """Return the names of the axes if any part has names; unnamed axes of other parts get numbers."""
    names = [part.encoder.dimension_names() for part in parts]
    if not any(names):
        return []
    out: list[str] = []
    for part, block, own in zip(parts, blocks, names, strict=True):
        out += own or [f"{part.encoder.card.name}[{i}]" for i in range(block.vectors.shape[1])]
    return out


def cut_short(encoder: Encoder, block: Encoded, descriptions: Iterable[Description]) -> list[Description]:
    """Return the descriptions of which the encoder read only the beginning."""
    limit = encoder.card.max_tokens
    if limit is None or encoder.reads == "codes":
        return []
    return [d for d, tokens in zip(descriptions, block.tokens, strict=True) if tokens > limit]

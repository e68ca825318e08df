"""Several encoders as one: the descriptions that become rows, the texts that each reads, joined vectors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from semtool.descriptions import Description, DescriptionSet
from semtool.encoders.base import Encoder
from semtool.encoders.encoding import Encoded, cache_for, encode_texts, unit
from semtool.errors import SemtoolError

__all__ = ["Combination", "Rows", "WeightedEncoder", "average"]


@dataclass(frozen=True)
class WeightedEncoder:
    """One encoder of a combination and its weight."""

    encoder: Encoder
    weight: float = 1.0


@dataclass(frozen=True)
class Rows:
    """The descriptions that get a vector, and for each encoder the texts that it reads for them."""

    descriptions: list[Description]
    texts: list[list[str]]


class Combination(tuple[WeightedEncoder, ...]):
    """One encoder, or several whose vectors are joined, each times its weight."""

    __slots__ = ()

    @property
    def name(self) -> str:
        """The full names of the encoders, with weights other than 1: ``a*0.5+b``."""
        return "+".join(p.encoder.card.name + (f"*{p.weight:g}" if p.weight != 1 else "") for p in self)

    @property
    def vector_key(self) -> list[dict[str, Any]]:
        """What decides the vector of a text."""
        return [{"weight": part.weight, **part.encoder.vector_key()} for part in self]

    def card(self, dim: int) -> dict[str, Any]:
        """Return what a manifest says of the encoders of vectors of length ``dim``."""
        if len(self) == 1:
            return {**self[0].encoder.card.as_dict(), "dim": dim}
        cards = [{"weight": p.weight, **p.encoder.card.as_dict()} for p in self]
        return {"name": self.name, "family": "combination", "dim": dim, "parts": cards}

    def fetch(self) -> None:
        """Bring the weights of every encoder within reach."""
        for part in self:
            part.encoder.fetch()

    def choose_rows(self, descriptions: DescriptionSet) -> Rows:
        """Choose the rows: all sentences for text encoders; the codes rows if every encoder reads codes.

        In a combination, the vector of a sentence goes with the code vector of its class. An encoder that
        reads either does the same where a class has codes, and reads the sentence where it has none.
        """
        codes = {d.class_id: d for d in descriptions if d.is_codes}
        reads = {part.encoder.reads for part in self}
        lacking = [d.class_name for d in descriptions if d.class_id not in codes]
        if "codes" in reads and lacking:
            raise SemtoolError(
                f"the description set has no attribute codes for {lacking[0]!r}; "
                "generate it with a prompt set that has attributes"
            )
        rows = [] if reads == {"codes"} else [d for d in descriptions if not d.is_codes]
        if not rows and "text" not in reads:
            rows = list(codes.values())
        if not rows:
            raise SemtoolError(
                "the description set has attribute codes only; embed it with --encoder attributes"
            )

        def read(encoder: Encoder, d: Description) -> str:
            return d.text if encoder.reads == "text" or d.class_id not in codes else codes[d.class_id].text

        return Rows(rows, [[read(part.encoder, d) for d in rows] for part in self])

    def encode(self, texts: Sequence[Sequence[str]], root: Path | None, **how: Any) -> list[Encoded]:
        """Return what each encoder makes of its texts.

        Args:
            texts: for each encoder, those of `Rows`.
            root: below which vectors are cached; None: nothing is.
            how: of `encode_texts`.
        """
        pairs = zip(self, texts, strict=True)
        return [encode_texts(p.encoder, t, cache=cache_for(root, p.encoder), **how) for p, t in pairs]

    def join(self, blocks: Sequence[Encoded]) -> NDArray[np.float32]:
        """Concatenate unit blocks times their weights, and scale to unit length (n, sum of d)."""
        if len(blocks) == 1:
            return blocks[0].vectors
        weighted = [np.float32(part.weight) * block.vectors for part, block in zip(self, blocks, strict=True)]
        return unit(np.concatenate(weighted, axis=1))

    def axis_names(self, blocks: Sequence[Encoded]) -> list[str]:
        """Return the names of the axes if any encoder names its own; the others' get numbers."""
        names = [part.encoder.dimension_names() for part in self]
        if not any(names):
            return []
        out: list[str] = []
        for part, block, own in zip(self, blocks, names, strict=True):
            out += own or [f"{part.encoder.card.name}[{i}]" for i in range(block.vectors.shape[1])]
        return out

    def cut_short(self, blocks: Sequence[Encoded]) -> list[int]:
        """Return the rows of whose texts an encoder read only the beginning."""
        cut: set[int] = set()
        for part, block in zip(self, blocks, strict=True):
            limit = part.encoder.card.max_tokens
            if limit is not None and part.encoder.reads != "codes":
                cut.update(np.flatnonzero(block.tokens > limit).tolist())
        return sorted(cut)


def average(
    descriptions: Sequence[Description], vectors: NDArray[np.float32]
) -> tuple[list[Description], NDArray[np.float32]]:
    """Average the unit vectors of a class, granularity and slot over the variants and normalise again."""
    groups: dict[tuple[int, str, str], list[int]] = {}
    for row, d in enumerate(descriptions):
        groups.setdefault((d.class_id, d.granularity, d.slot), []).append(row)
    means = np.array([vectors[rows].astype(np.float64).mean(axis=0) for rows in groups.values()])
    return [descriptions[rows[0]] for rows in groups.values()], unit(means)

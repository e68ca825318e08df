"""What MLA reads of an embedding file: a codebook of descriptions and one motion description a class.

The rule, unless the configuration says otherwise:

- codebook: the rows of every granularity but `motion`. The rows in the slot `codes` hold attribute codes,
  which a code encoder reads; under a text encoder they have no vector and are not there.
- motion slot: the `motion` rows of a class, averaged and L2-normalised; if the file has none, the `global`
  rows; if it has none of these either, the `label` rows. `none` leaves the slot out.

Every vector is L2-normalised. Classes may have different numbers of descriptions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from semtool.artifacts import Artifact
from semtool.catalogue import load_vocabulary
from semtool.embedding_file import MOTION_ORDER, EmbeddingFile
from semtool.errors import SemtoolError, UsageError

__all__ = ["TextBank", "code_widths", "encoder_of", "prototypes", "read_text"]


@dataclass(frozen=True)
class TextBank:
    """The text of some classes.

    Attributes:
        classes: canonical ids, one a row.
        codebook: float32 (C, N, d), L2-normalised rows; zero where a class has fewer than N descriptions.
        counts: int64 (C,): descriptions of each class.
        motion: float32 (C, d), L2-normalised, or zero if there is no motion slot.
        codebook_from, motion_from: the granularities that were read.
    """

    classes: tuple[int, ...]
    codebook: NDArray[np.float32]
    counts: NDArray[np.int64]
    motion: NDArray[np.float32]
    codebook_from: tuple[str, ...]
    motion_from: str

    @property
    def dim(self) -> int:
        """Length d of a text vector."""
        return int(self.codebook.shape[2])

    def rows(self, classes: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the row of each of some class ids, (n,)."""
        order = np.argsort(self.classes)
        return np.asarray(order[np.searchsorted(np.array(self.classes)[order], classes)], np.int64)

    def take(self, classes: Sequence[int]) -> TextBank:
        """Return the text of ``classes``, in that order."""
        at = [self.classes.index(c) for c in classes]
        longest = int(self.counts[at].max())
        return TextBank(
            classes=tuple(int(c) for c in classes),
            codebook=np.ascontiguousarray(self.codebook[at, :longest]),
            counts=self.counts[at],
            motion=self.motion[at],
            codebook_from=self.codebook_from,
            motion_from=self.motion_from,
        )


def read_text(
    file: EmbeddingFile,
    classes: Sequence[int],
    *,
    codebook: Sequence[str] | None = None,
    motion: str | None = None,
) -> TextBank:
    """Read codebook and motion descriptions of ``classes`` from an embedding file.

    Args:
        file: an embedding file.
        classes: canonical class ids.
        codebook: granularities of the codebook; None: all but `motion`.
        motion: granularity of the motion slot, or ``none``; None: `motion`, else `global`, else `label`.

    Returns:
        Codebook (C, N, d) and motion (C, d), rows in the order of ``classes``.

    Raises:
        UsageError: if a granularity is asked for that the file does not have.
        SemtoolError: if a class has no description in the codebook or the motion slot, or a vector is zero or
            not finite; class and file are named.
    """
    present = [str(g) for g in dict.fromkeys(file.granularity.tolist())]
    for wanted in (*(codebook or ()), *([motion] if motion and motion != "none" else ())):
        if wanted not in present:
            raise UsageError(
                f"{_name(file)} has no descriptions of granularity {wanted!r}; it has: {', '.join(present)}"
            )
    book = tuple(codebook) if codebook else tuple(g for g in present if g != "motion")
    if not book:
        book = ("motion",)  # a file of motion descriptions alone still has something to attend to
    slot = motion or next((g for g in MOTION_ORDER if g in present), "none")

    vectors = _normalised(file.vectors(), file)
    rows = [file.rows(granularity=book, class_id=c) for c in classes]
    for c, own in zip(classes, rows, strict=True):
        if not len(own):
            raise SemtoolError(
                f"class {c} has no description of {', '.join(book)} in {_name(file)}, but the split needs "
                "it; generate and embed a description set that covers every class"
            )
    counts = np.array([len(r) for r in rows], dtype=np.int64)
    padded = np.zeros((len(rows), int(counts.max()), file.dim), dtype=np.float32)
    for index, own in enumerate(rows):
        padded[index, : len(own)] = vectors[own]

    means = np.zeros((len(rows), file.dim), dtype=np.float32)
    if slot != "none":
        for index, c in enumerate(classes):
            own = file.rows(granularity=slot, class_id=c)
            if not len(own):
                raise SemtoolError(
                    f"class {c} has no {slot!r} description in {_name(file)} for the motion slot, though "
                    "other classes have one; complete the description set, or choose with --motion"
                )
            means[index] = _unit(vectors[own].mean(axis=0))
    return TextBank(tuple(int(c) for c in classes), padded, counts, means, book, slot)


def prototypes(bank: TextBank) -> NDArray[np.float32]:
    """Return one vector a class: the normalised mean of its codebook (C, d)."""
    sums = bank.codebook.sum(axis=1) / bank.counts[:, None]
    return np.stack([_unit(row) for row in sums])


def code_widths() -> list[int]:
    """Return how many numbers of an attribute code each field of the vocabulary has, in order."""
    fields = load_vocabulary().fields.values()
    return [len(f.values) if f.kind == "nominal" else 2 * len(f.values) - 2 for f in fields]


def encoder_of(embeddings: Artifact) -> str:
    """Return the name of the encoder that made an embedding file, by which other text can be embedded too.

    Raises:
        UsageError: if nobody knows it, as with imported vectors.
    """
    card = embeddings.manifest.details.get("encoder")
    if not isinstance(card, dict) or "name" not in card:
        raise UsageError(
            f"the embedding file {embeddings.reference} was imported: its encoder is not at hand to embed "
            "other text; use a file made by semtool embed"
        )
    return str(card["name"])


def _normalised(vectors: NDArray[np.float32], file: EmbeddingFile) -> NDArray[np.float32]:
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    bad = np.flatnonzero(~np.isfinite(norms[:, 0]) | (norms[:, 0] == 0))
    if len(bad):
        raise SemtoolError(
            f"{_name(file)}: row {bad[0]} (class {file.class_id[bad[0]]}) is zero or not finite; embed again"
        )
    return np.asarray(vectors / norms, dtype=np.float32)


def _unit(vector: NDArray[np.float32]) -> NDArray[np.float32]:
    norm = float(np.linalg.norm(vector))
    return vector / norm if norm > 0 else vector


def _name(file: EmbeddingFile) -> str:
    return f"the embedding file of {file.dataset} under {file.encoder!r}"

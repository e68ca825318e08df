"""What changed between two description sets or two embedding files."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from semtool.descriptions import GRANULARITIES, DescriptionSet
from semtool.errors import SemtoolError, UsageError

if TYPE_CHECKING:
    from semtool.artifacts.artifact import Artifact
    from semtool.artifacts.store import Store
    from semtool.embedding_file import EmbeddingFile

__all__ = ["Change", "Difference", "Move", "compare_texts", "difference", "movement"]

_FITTED = {"tfidf"}
"""Encoders whose axes depend on the texts that they were fitted on."""


@dataclass(frozen=True)
class Change:
    """One text that was added (no ``before``), removed (no ``after``) or changed."""

    class_id: int
    class_name: str
    granularity: str
    slot: str
    before: str | None
    after: str | None

    @property
    def kind(self) -> str:
        """``added``, ``removed`` or ``changed``."""
        return "added" if self.before is None else "removed" if self.after is None else "changed"


@dataclass(frozen=True)
class Move:
    """How far one class moved: 1 - cosine, which is 0 for not at all, of its mean and of its worst text."""

    class_id: int
    distance: float
    worst: float


@dataclass(frozen=True)
class Difference:
    """What changed from one artifact to another.

    Attributes:
        changes: texts; None if they are not known (the description sets of the files are not in the store).
        moves: classes of two embedding files, farthest first; None where vectors cannot be compared.
        notes: what else differs, a sentence each.
    """

    before: str
    after: str
    changes: tuple[Change, ...] | None = None
    moves: tuple[Move, ...] | None = None
    notes: tuple[str, ...] = ()

    def counts(self) -> dict[str, dict[str, int]]:
        """Return how many texts were added, removed and changed, by granularity."""
        found: dict[str, Counter[str]] = {}
        for change in self.changes or ():
            found.setdefault(change.granularity, Counter())[change.kind] += 1
        kinds = ("added", "removed", "changed")
        return {g: {k: found[g][k] for k in kinds} for g in GRANULARITIES if g in found}


def difference(store: Store, before: Artifact, after: Artifact) -> Difference:
    """Compare two artifacts of the same kind.

    Raises:
        UsageError: if they are of different kinds, data sets, or of a kind that has no texts.
    """
    if before.kind != after.kind or before.kind not in ("descriptions", "embeddings"):
        raise UsageError(
            f"{before.reference} holds {before.kind}, {after.reference} holds {after.kind}; "
            "two description sets or two embedding files can be compared"
        )
    if before.dataset != after.dataset:
        raise UsageError(f"{before.reference} and {after.reference} are of different data sets")
    names = (before.reference, after.reference)
    if before.kind == "descriptions":
        return Difference(*names, changes=_changes(before, after), notes=_parameters(before, after))
    texts = [_described(store, artifact) for artifact in (before, after)]
    changes = _changes(texts[0], texts[1]) if texts[0] and texts[1] else None
    moves, notes = _compare_vectors(before, after, same_texts=changes == ())
    if changes is None:
        notes.append("the texts cannot be compared: the description sets are not in this store")
    return Difference(*names, changes=changes, moves=moves, notes=(*notes, *_parameters(before, after)))


def compare_texts(before: DescriptionSet, after: DescriptionSet) -> tuple[Change, ...]:
    """Return the texts that differ, by class and granularity; a text that only changed its place does not."""
    found = []
    old, new = _grouped(before), _grouped(after)
    order = {g: i for i, g in enumerate(GRANULARITIES)}
    for key in sorted(old.keys() | new.keys(), key=lambda k: (k[0], order[k[2]], k[3])):
        a, b = old.get(key, []), new.get(key, [])
        moved = set(a) & set(b)
        a, b = [t for t in a if t not in moved], [t for t in b if t not in moved]
        for tag, i, j, k, m in SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
            if tag != "equal":
                for n in range(max(j - i, m - k)):
                    found.append(
                        Change(*key, a[i + n] if i + n < j else None, b[k + n] if k + n < m else None)
                    )
    return tuple(found)


def _compare_vectors(
    before: Artifact, after: Artifact, *, same_texts: bool
) -> tuple[tuple[Move, ...] | None, list[str]]:
    from semtool.embedding_file import EmbeddingFile

    old, new = EmbeddingFile(before.path), EmbeddingFile(after.path)
    notes = []
    if len(old) != len(new):
        notes.append(f"{len(old)} texts became {len(new)}")
    if old.encoder != new.encoder:
        notes.append(f"the encoder {old.encoder!r} became {new.encoder!r}: their vectors have no distance")
    elif _FITTED & set(old.encoder.split("+")) and not same_texts:
        notes.append(
            f"{old.encoder!r} is fitted on each set's own texts: vectors of two sets have no distance"
        )
    elif old.dim != new.dim:
        notes.append(f"vectors of {old.dim} and {new.dim} dimensions have no distance")
    else:
        return movement(old, new), notes
    return None, notes


def _grouped(descriptions: DescriptionSet) -> dict[tuple[int, str, str, str], list[str]]:
    found: dict[tuple[int, str, str, str], list[str]] = {}
    for d in descriptions:
        found.setdefault((d.class_id, d.class_name, d.granularity, d.slot), []).append(d.text)
    return found


def _changes(before: Artifact, after: Artifact) -> tuple[Change, ...]:
    return compare_texts(DescriptionSet.read(before.path), DescriptionSet.read(after.path))


def _described(store: Store, artifact: Artifact) -> Artifact | None:
    """Return the description set that an embedding file was made from, if it is still here unchanged."""
    for source in artifact.manifest.inputs.values():
        try:
            found = store.resolve("descriptions", source.reference)
        except SemtoolError:
            continue
        if found.manifest.content_sha256 == source.sha256:
            return found
    return None


def _parameters(before: Artifact, after: Artifact) -> tuple[str, ...]:
    old, new = before.manifest.parameters, after.manifest.parameters
    found = []
    for key in sorted(old.keys() | new.keys()):
        values = old.get(key), new.get(key)
        if values[0] == values[1]:
            continue
        if any(isinstance(value, dict | list) for value in values):
            found.append(f"the parameter {key!r} changed")
        else:
            found.append(f"{key}: {values[0]!r} became {values[1]!r}")
    return tuple(found)


def movement(before: EmbeddingFile, after: EmbeddingFile) -> tuple[Move, ...]:
    """Return the move of every class that both files have, farthest first; they must share an encoder.

    Texts are paired by class, granularity, slot and variant; a class that shares none has a worst of 1.
    """
    from semtool.numeric import unit

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

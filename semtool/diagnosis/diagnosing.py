"""``diagnose``: what can be said about the text of an embedding file without training on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from semtool.artifacts import Store
from semtool.descriptions import GRANULARITIES
from semtool.diagnosis import geometry
from semtool.diagnosis.geometry import Matrix, MotionAgreement
from semtool.diagnosis.inputs import (
    ClassSplit,
    Motion,
    TextInput,
    read_features,
    read_motion,
    read_split,
    read_texts,
)
from semtool.errors import SemtoolError
from semtool.numeric import unit

__all__ = ["ClassPair", "Diagnosis", "diagnose"]


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


@dataclass(frozen=True)
class Diagnosis:
    """What was found about one embedding file.

    Attributes:
        reference, sha256: the embedding file.
        descriptions: the description set it was made from, "" if it is unknown or gone.
        texts, classes: rows and classes.
        split, features: what seen and unseen mean here, and the motion compared with; None if not given.
        pairs: the classes most alike, most alike first.
        agreement: with motion; None without features.
        notes: what could not be looked at, in sentences.
    """

    reference: str
    sha256: str
    dataset: str
    encoder: str
    descriptions: str
    texts: int
    classes: int
    split: str | None
    features: str | None
    simulated: bool
    pairs: tuple[ClassPair, ...]
    agreement: MotionAgreement | None
    notes: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return everything as plain data."""
        return asdict(self)


def diagnose(
    *references: str,
    store: Store | None = None,
    features: str | None = None,
    split: str | None = None,
    dataset: str | None = None,
    pairs: int = 10,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> tuple[Diagnosis, ...]:
    """Look at texts in the space of their encoder, in seconds, without training.

    Args:
        references: embedding files, or description sets (each of their embedding files is then looked at).
        store: where everything is looked up; None: the store of the working folder.
        features: features to compare text with motion, over seen classes and training samples only.
        split: which classes are unseen; that of ``features`` if None.
        dataset: name of the data set, or path of its YAML file; None: that of the texts.
        pairs: how many of the most confusable pairs to name.
        progress: called with embedding files done and in all.

    Returns:
        A diagnosis for each embedding file, in the order of ``references``.

    Raises:
        UsageError: if something is unknown, not embedded, or over different data sets, classes or splits.
    """
    shelf = store or Store()
    found = read_texts(references, shelf, dataset)
    chosen, motion = None, None
    if features:
        reference, file = read_features(features, found[0], split, shelf)
        chosen = read_split(found[0], file.split, dataset, shelf)
        motion = read_motion(reference, file, chosen.seen)
    elif split:
        chosen = read_split(found[0], split, dataset, shelf)
    made = []
    for done, text in enumerate(found):
        progress(done, len(found))
        made.append(_diagnosis(text, chosen, motion, pairs))
    progress(len(found), len(found))
    return tuple(made)


def _diagnosis(text: TextInput, split: ClassSplit | None, motion: Motion | None, pairs: int) -> Diagnosis:
    vectors, places, whole = _prototypes(text)
    seen = np.searchsorted(text.classes, split.seen if split else text.classes)
    source = text.artifact.manifest.inputs.get("descriptions")
    return Diagnosis(
        reference=text.reference,
        sha256=text.artifact.manifest.content_sha256,
        dataset=text.file.dataset,
        encoder=text.file.encoder,
        descriptions=source.reference if source and text.descriptions else "",
        texts=len(text.file),
        classes=len(text.classes),
        split=split.name if split else None,
        features=motion.reference if motion else None,
        simulated=bool(motion and motion.simulated),
        pairs=tuple(_pairs(text, whole, _alone(text, vectors, places, seen), seen, split, motion, pairs)),
        agreement=_agreement(text, whole, motion) if motion else None,
        notes=tuple(_notes(text, split, motion)),
    )


def _pairs(
    text: TextInput,
    whole: Matrix,
    by_granularity: Mapping[str, Matrix],
    seen: NDArray[np.int64],
    split: ClassSplit | None,
    motion: Motion | None,
    count: int,
) -> Iterator[ClassPair]:
    """Yield the ``count`` pairs whose prototypes (C, d) are most alike, most alike first."""
    similarity = geometry.similarity(whole, whole[seen].mean(axis=0))
    moving = {c: i for i, c in enumerate(motion.classes)} if motion else {}
    for i, j in geometry.nearest_pairs(similarity, count):
        a, b = text.classes[i], text.classes[j]
        apart = {name: float(1 - matrix[i, j]) for name, matrix in by_granularity.items()}
        both_move = a in moving and b in moving
        yield ClassPair(
            a=a,
            b=b,
            names=(text.names[a], text.names[b]),
            similarity=float(similarity[i, j]),
            separation=apart,
            best=max(apart, key=lambda name: apart[name]) if len(apart) > 1 else "",
            fields=_differing(text.codes.get(a, {}), text.codes.get(b, {})),
            motion=float(motion.cosines[moving[a], moving[b]]) if motion and both_move else None,
            unseen=sum(c in split.unseen for c in (a, b)) if split else None,
        )


def _differing(one: Mapping[str, str], other: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    return {name: (one[name], other[name]) for name in one if other.get(name, one[name]) != one[name]}


def _alone(
    text: TextInput, vectors: Matrix, places: NDArray[np.int64], seen: NDArray[np.int64]
) -> dict[str, Matrix]:
    """Return class similarities (C, C) of each granularity that every class has."""
    found = {}
    for name in GRANULARITIES:
        rows = np.flatnonzero(text.file.granularity == name)
        if len(np.unique(places[rows])) == len(text.classes):
            means = geometry.prototypes(vectors[rows], places[rows], len(text.classes))
            found[name] = geometry.similarity(means, means[seen].mean(axis=0))
    return found


def _prototypes(text: TextInput) -> tuple[Matrix, NDArray[np.int64], Matrix]:
    """Return unit vectors (n, d), the place of each row's class (n,), and prototypes (C, d)."""
    vectors = text.file.vectors()
    bad = np.flatnonzero(~np.isfinite(vectors).all(axis=1) | ~vectors.any(axis=1))
    if len(bad):
        name = text.names[int(text.file.class_id[bad[0]])]
        raise SemtoolError(f"{text.reference}: row {bad[0]} ({name!r}) is zero or not finite; embed it again")
    units = unit(vectors)
    places = np.searchsorted(text.classes, text.file.class_id)
    book = np.isin(text.file.granularity, text.codebook)
    if lacking := set(range(len(text.classes))) - set(places[book].tolist()):
        name = text.names[text.classes[min(lacking)]]
        raise SemtoolError(
            f"{text.reference} says nothing about {name!r} besides its motion; embed a whole set"
        )
    return units, places, geometry.prototypes(units[book], places[book], len(text.classes))


def _agreement(text: TextInput, whole: Matrix, motion: Motion) -> MotionAgreement:
    """Compare with motion, in a space that only the classes in ``motion`` have a part in."""
    vectors = whole[np.searchsorted(text.classes, motion.classes)]
    return geometry.agreement(geometry.similarity(vectors, vectors.mean(axis=0)), motion.cosines)


def _notes(text: TextInput, split: ClassSplit | None, motion: Motion | None) -> Iterator[str]:
    if text.descriptions is None:
        yield (
            "the description set of this embedding file is not here, so attribute fields were not looked at"
        )
    truncated = text.artifact.manifest.details.get("truncated") or {}
    if cut := {name: count for name, count in truncated.items() if count}:
        listed = ", ".join(f"{count} {name}" for name, count in cut.items())
        yield f"texts longer than the encoder reads were cut short in {text.reference}: {listed}"
    if lacking := text.names.keys() - set(text.classes):
        yield f"{len(lacking)} of {len(text.names)} classes of {text.file.dataset} have no text"
    if motion and split and len(motion.classes) < len(split.seen):
        yield f"{len(split.seen) - len(motion.classes)} seen classes have no training sample"
    if motion and len(motion.classes) < 10:
        yield f"agreement over {len(motion.classes)} seen classes says little"

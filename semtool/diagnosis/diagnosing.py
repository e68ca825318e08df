"""``diagnose``: what can be said about the text of an embedding file without training on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from semtool.artifacts import Store
from semtool.descriptions import GRANULARITIES
from semtool.diagnosis import geometry
from semtool.diagnosis.agreement import MotionAgreement, MotionGeometry, agreement, motion_geometry
from semtool.diagnosis.class_pairs import ClassPair, named_pairs
from semtool.diagnosis.geometry import Matrix
from semtool.diagnosis.inputs import ClassSplit, TextInput, read_motion, read_split, read_texts
from semtool.errors import SemtoolError

__all__ = ["Diagnosis", "diagnose", "diagnose_text"]


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
    found = read_texts(references, shelf)
    motion = read_motion(features, found[0], split, shelf) if features else None
    chosen = read_split(found[0], split=split, dataset=dataset, motion=motion, store=shelf)
    moves = motion_geometry(motion.file, chosen.seen) if motion and chosen else None
    made = []
    for done, text in enumerate(found):
        progress(done, len(found))
        made.append(
            diagnose_text(
                text,
                split=chosen,
                motion=moves,
                features=motion.artifact.reference if motion else None,
                simulated=bool(motion and motion.file.simulated),
                pairs=pairs,
            )
        )
    progress(len(found), len(found))
    return tuple(made)


def diagnose_text(
    text: TextInput,
    *,
    split: ClassSplit | None = None,
    motion: MotionGeometry | None = None,
    features: str | None = None,
    simulated: bool = False,
    pairs: int = 10,
) -> Diagnosis:
    """Diagnose one embedding file; see `diagnose`."""
    vectors, places, whole = _prototypes(text)
    seen = np.searchsorted(text.classes, split.seen if split else text.classes)
    similarity = geometry.cosines(geometry.centred(whole, whole[seen].mean(axis=0)))
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
        features=features,
        simulated=simulated,
        pairs=named_pairs(
            text, similarity, _alone(text, vectors, places, seen), split=split, motion=motion, count=pairs
        ),
        agreement=_agreement(text, whole, motion),
        notes=tuple(_notes(text, split, motion)),
    )


def _alone(
    text: TextInput, vectors: Matrix, places: NDArray[np.int64], seen: NDArray[np.int64]
) -> dict[str, Matrix]:
    """Return class similarities (C, C) of each granularity that every class has."""
    found = {}
    for name in GRANULARITIES:
        rows = np.flatnonzero(text.file.granularity == name)
        if len(np.unique(places[rows])) == len(text.classes):
            means = geometry.prototypes(vectors[rows], places[rows], len(text.classes))
            found[name] = geometry.cosines(geometry.centred(means, means[seen].mean(axis=0)))
    return found


def _prototypes(text: TextInput) -> tuple[Matrix, NDArray[np.int64], Matrix]:
    """Return unit vectors (n, d), the place of each row's class (n,), and prototypes (C, d)."""
    vectors = text.file.vectors()
    bad = np.flatnonzero(~np.isfinite(vectors).all(axis=1) | ~vectors.any(axis=1))
    if len(bad):
        name = text.names[int(text.file.class_id[bad[0]])]
        raise SemtoolError(f"{text.reference}: row {bad[0]} ({name!r}) is zero or not finite; embed it again")
    units = geometry.unit(vectors)
    places = np.searchsorted(text.classes, text.file.class_id)
    book = np.isin(text.file.granularity, text.codebook)
    if lacking := set(range(len(text.classes))) - set(places[book].tolist()):
        name = text.names[text.classes[min(lacking)]]
        raise SemtoolError(
            f"{text.reference} says nothing about {name!r} besides its motion; embed a whole set"
        )
    return units, places, geometry.prototypes(units[book], places[book], len(text.classes))


def _agreement(text: TextInput, whole: Matrix, motion: MotionGeometry | None) -> MotionAgreement | None:
    """Compare with motion, in a space that only the classes in ``motion`` have a part in."""
    if motion is None:
        return None
    vectors = whole[np.searchsorted(text.classes, motion.classes)]
    return agreement(geometry.cosines(geometry.centred(vectors, vectors.mean(axis=0))), motion.cosines)


def _notes(text: TextInput, split: ClassSplit | None, motion: MotionGeometry | None) -> Iterator[str]:
    if text.descriptions is None:
        yield (
            "the description set of this embedding file is not here, so attribute fields were not looked at"
        )
    if cut := {name: count for name, count in text.truncated.items() if count}:
        listed = ", ".join(f"{count} {name}" for name, count in cut.items())
        yield f"texts longer than the encoder reads were cut short in {text.reference}: {listed}"
    if text.whole is not None and (lacking := sorted(text.whole - set(text.classes))):
        yield f"{len(lacking)} of {len(text.whole)} classes of {text.file.dataset} have no text"
    if motion is not None and split is not None and len(motion.classes) < len(split.seen):
        yield f"{len(split.seen) - len(motion.classes)} seen classes have no training sample"
    if motion is not None and len(motion.classes) < 10:
        yield f"agreement over {len(motion.classes)} seen classes says little"

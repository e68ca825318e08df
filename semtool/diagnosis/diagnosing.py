"""``diagnose``: what can be said about the text of an embedding file without training on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from semtool.artifacts import Store
from semtool.diagnosis import geometry
from semtool.diagnosis.agreement import MotionAgreement, MotionGeometry, agreement, motion_geometry
from semtool.diagnosis.class_pairs import ClassPair, named_pairs
from semtool.diagnosis.geometry import Matrix
from semtool.diagnosis.granularities import GranularityFigures, granularities, redundancy
from semtool.diagnosis.inputs import ClassSplit, TextInput, read_motion, read_split, read_texts
from semtool.diagnosis.leakage import Leakage, leakage
from semtool.diagnosis.measures import MEASURES
from semtool.errors import SemtoolError

__all__ = ["Diagnosis", "diagnose", "diagnose_text", "text_similarity"]


@dataclass(frozen=True)
class Diagnosis:
    """What was found about one embedding file.

    Attributes:
        reference, sha256: the embedding file.
        descriptions: the description set it was made from, "" if unknown.
        texts, classes: rows and classes.
        split, features: what seen and unseen mean here, and the motion compared with; None if not given.
        measures: by the keys of `MEASURES`; None where a figure does not apply.
        granularities: the same for each granularity alone.
        redundancy: rank correlation of which classes are alike, for two granularities ``"label~part"``.
        pairs: the classes most alike, most alike first.
        hubs: class name and among how many others' nearest it is, the greatest first.
        leakage: labels in other texts; None without the texts.
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
    measures: dict[str, float | None]
    granularities: dict[str, GranularityFigures]
    redundancy: dict[str, float]
    pairs: tuple[ClassPair, ...]
    hubs: tuple[tuple[str, int], ...]
    leakage: Leakage | None
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
        dataset: path of the data set's YAML file, where the split of a data set of one's own is needed.
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
    chosen = read_split(found[0], split=split, dataset=dataset, motion=motion)
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
    vectors, places, book, whole = _prototypes(text)
    seen = np.searchsorted(text.classes, split.seen if split else text.classes)
    unseen = np.searchsorted(text.classes, split.unseen if split else text.classes)
    space = geometry.centred(whole, whole[seen].mean(axis=0))
    similarity = geometry.cosines(space)
    margins = geometry.margins(similarity)
    counts = geometry.occurrences(similarity)
    found = granularities(vectors, places, text.file.granularity, seen)
    of_granularity = {name: matrix for name, (_, matrix) in found.items()}
    alike = redundancy(of_granularity)
    leaks = leakage(text.descriptions) if text.descriptions and not text.reads_codes else None
    agrees = _agreement(text, whole, motion)
    right = geometry.retrieval(vectors[book], places[book], len(text.classes))
    measures: dict[str, float | None] = {
        "margin": float(margins.mean()),
        "margin_lowest": float(margins.min()),
        "margin_unseen": _margin(similarity, unseen) if split else None,
        "margin_carried": _carried(space, seen, unseen),
        "retrieval": float(np.nanmean(right)) if np.isfinite(right).any() else None,
        "hubness": geometry.hubness(counts),
        "effective_rank": geometry.effective_rank(whole),
        "redundancy": float(np.mean(list(alike.values()))) if alike else None,
        "leakage": leaks.named if leaks else None,
        "label_words": leaks.words if leaks else None,
        "truncated": sum(text.truncated.values()) / len(text.file),
        "agreement": agrees.rho if agrees else None,
        "matching": agrees.matching if agrees else None,
    }
    source = text.artifact.manifest.inputs.get("descriptions")
    order = np.argsort(-counts, kind="stable")[:3]
    return Diagnosis(
        reference=text.reference,
        sha256=text.artifact.manifest.content_sha256,
        dataset=text.file.dataset,
        encoder=text.file.encoder,
        descriptions=source.reference if source else "",
        texts=len(text.file),
        classes=len(text.classes),
        split=split.name if split else None,
        features=features,
        simulated=simulated,
        measures={key: measures[key] for key in MEASURES},
        granularities={name: figures for name, (figures, _) in found.items()},
        redundancy=alike,
        pairs=named_pairs(text, similarity, of_granularity, split=split, motion=motion, count=pairs),
        hubs=tuple((text.names[text.classes[i]], int(counts[i])) for i in order),
        leakage=leaks,
        agreement=agrees,
        notes=tuple(_notes(text, split, motion)),
    )


def text_similarity(text: TextInput) -> Matrix:
    """Return the cosines of the classes' centred prototypes (C, C), in the order of ``text.classes``."""
    whole = _prototypes(text)[3]
    return geometry.cosines(geometry.centred(whole, whole.mean(axis=0)))


def _prototypes(text: TextInput) -> tuple[Matrix, NDArray[np.int64], NDArray[np.bool_], Matrix]:
    """Return unit vectors (n, d), the place of each row's class, which rows count, and prototypes (C, d)."""
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
    return units, places, book, geometry.prototypes(units[book], places[book], len(text.classes))


def _carried(space: Matrix, seen: NDArray[np.int64], unseen: NDArray[np.int64]) -> float | None:
    """Return the margin of profiles; None if there are too few known classes to have one."""
    return _margin(geometry.profile_cosines(space, seen), unseen) if len(seen) >= 5 else None


def _margin(similarity: Matrix, places: NDArray[np.int64]) -> float | None:
    """Return the mean margin of some classes among themselves; None if there are fewer than two."""
    if len(places) < 2:
        return None
    return float(geometry.margins(similarity[np.ix_(places, places)]).mean())


def _agreement(text: TextInput, whole: Matrix, motion: MotionGeometry | None) -> MotionAgreement | None:
    """Compare with motion, in a space that only the classes in ``motion`` have a part in."""
    if motion is None:
        return None
    vectors = whole[np.searchsorted(text.classes, motion.classes)]
    return agreement(geometry.cosines(geometry.centred(vectors, vectors.mean(axis=0))), motion.cosines)


def _notes(text: TextInput, split: ClassSplit | None, motion: MotionGeometry | None) -> Iterator[str]:
    if text.descriptions is None:
        yield (
            "the description set of this embedding file is not here, so label leakage and attribute fields "
            "were not looked at"
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

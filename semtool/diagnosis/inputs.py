"""What `diagnose` reads: embedding files with the texts behind them, checked against each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from semtool.artifacts import Artifact, Store
from semtool.catalogue import Dataset, dataset_names, load_dataset
from semtool.descriptions import DescriptionSet
from semtool.diagnosis.geometry import Matrix, similarity
from semtool.embedding_file import EmbeddingFile
from semtool.encoders import parse_codes
from semtool.errors import NotMadeError, SemtoolError, UsageError, some
from semtool.feature_file import FeatureFile

__all__ = [
    "ClassSplit", "Motion", "TextInput", "known_dataset", "read_features", "read_motion", "read_split",
    "read_texts",
]  # fmt: skip


@dataclass(frozen=True)
class TextInput:
    """An embedding file and what is known of its texts.

    Attributes:
        artifact: the embedding file.
        file: its rows.
        classes: canonical ids, sorted.
        names: class names, by id.
        descriptions: the set it was made from; None if that version is not in the store.
        codes: attribute codes by class, where the set has them.
    """

    artifact: Artifact
    file: EmbeddingFile
    classes: tuple[int, ...]
    names: dict[int, str]
    descriptions: DescriptionSet | None
    codes: dict[int, dict[str, str]]

    @property
    def reference(self) -> str:
        """Reference of the embedding file."""
        return self.artifact.reference

    @property
    def codebook(self) -> tuple[str, ...]:
        """The granularities that make a class's prototype: all but `motion`, as `train` reads them."""
        present = tuple(dict.fromkeys(self.file.granularity.tolist()))
        return tuple(g for g in present if g != "motion") or present


@dataclass(frozen=True)
class ClassSplit:
    """A class split: its name, and the classes seen and unseen that have text."""

    name: str
    seen: tuple[int, ...]
    unseen: tuple[int, ...]


@dataclass(frozen=True)
class Motion:
    """How alike seen classes move: ``cosines`` (S, S) of the centred mean features of ``classes``."""

    reference: str
    simulated: bool
    classes: tuple[int, ...]
    cosines: Matrix


def read_texts(references: Sequence[str], store: Store, dataset: str | None) -> list[TextInput]:
    """Open every embedding file that ``references`` name, directly or as embeddings of a description set.

    Raises:
        UsageError: for an unknown reference, a description set that is not embedded, or references over
            different data sets or class lists.
    """
    if not references:
        raise UsageError("name at least one embedding file or description set")
    artifacts: dict[str, Artifact] = {}
    for reference in references:
        artifacts |= {a.reference: a for a in _embeddings(reference, store)}
    first, *others = found = [_read(artifact, store, dataset) for artifact in artifacts.values()]
    for other in others:
        if other.file.dataset != first.file.dataset:
            raise UsageError(
                f"{first.reference} is about {first.file.dataset} and {other.reference} about "
                f"{other.file.dataset}; diagnose texts of one data set at a time"
            )
        if apart := sorted(set(first.classes) ^ set(other.classes)):
            raise UsageError(
                f"{first.reference} and {other.reference} do not describe the same classes: "
                f"{_named(apart, first.names | other.names)} only in one of them; complete the sets"
            )
    return found


def _named(classes: Sequence[int], names: dict[int, str]) -> str:
    return some([repr(names.get(c, f"class {c}")) for c in classes], 5)


def _embeddings(reference: str, store: Store) -> list[Artifact]:
    """Return the embedding file of a reference, or all those made from a description set."""
    if reference.partition("@")[0].count("/") != 1:
        return [store.resolve("embeddings", reference)]
    source = store.resolve("descriptions", reference)
    newest: dict[str, Artifact] = {}
    for artifact in store.artifacts("embeddings", source.dataset):
        given = artifact.manifest.inputs.get("descriptions")
        if given is not None and given.reference == source.reference:
            newest[artifact.name] = artifact  # versions come in order
    if not newest:
        raise NotMadeError(
            f"{source.reference} is not embedded yet; run semtool embed --encoder minilm --descriptions "
            f"{source.reference}"
        )
    return list(newest.values())


def _read(artifact: Artifact, store: Store, dataset: str | None) -> TextInput:
    file = EmbeddingFile(artifact.path)
    classes = tuple(sorted({int(c) for c in file.class_id}))
    if len(classes) < 3:
        raise SemtoolError(
            f"{artifact.reference} describes {len(classes)} classes; at least 3 can be compared"
        )
    data = known_dataset(file.dataset, dataset, store)
    names = {c: f"class {c}" for c in classes} | ({c.id: c.name for c in data.classes} if data else {})
    codes: dict[int, dict[str, str]] = {}
    descriptions = _descriptions(artifact, store)
    for d in descriptions or ():
        names[d.class_id] = d.class_name
        if d.is_codes:
            codes[d.class_id] = parse_codes(d.text)
    return TextInput(artifact, file, classes, names, descriptions, codes)


def _descriptions(artifact: Artifact, store: Store) -> DescriptionSet | None:
    given = artifact.manifest.inputs.get("descriptions")
    if given is None:
        return None
    try:
        source = store.resolve("descriptions", given.reference)
    except SemtoolError:
        return None  # an embedding file that came alone
    return DescriptionSet.read(source.path) if source.as_input() == given else None


def known_dataset(name: str, dataset: str | None, store: Store) -> Dataset | None:
    """Return the data set of texts about ``name``; ``dataset`` says where its file is, if it is not known."""
    called = store.dataset_file(dataset or name)
    if dataset is None and called == name and called not in dataset_names():
        return None
    data = load_dataset(called)
    if data.name != name:
        raise UsageError(f"the texts are about {name}, {called} is {data.name}")
    return data


def read_split(text: TextInput, name: str, dataset: str | None, store: Store) -> ClassSplit:
    """Return the classes that are seen and unseen in the split ``name``.

    Raises:
        UsageError: if the split is unknown, or the text lacks one of its classes.
    """
    data = known_dataset(text.file.dataset, dataset, store)
    if data is None:
        raise UsageError(
            f"{text.file.dataset} is not in the catalogue, so its split {name!r} is unknown here; give the "
            "data set's file with --dataset"
        )
    split = data.split(name)
    if lacking := sorted({c.id for c in data.classes} - set(text.classes)):
        raise UsageError(
            f"{text.reference} has no text about {_named(lacking, text.names)}, which the split {name!r} "
            "needs; complete the description set and embed it again"
        )
    return ClassSplit(name, data.seen(split), split.unseen)


def read_features(
    reference: str, text: TextInput, split: str | None, store: Store
) -> tuple[str, FeatureFile]:
    """Open features and check that they fit the text's data set and split; return them by full reference."""
    artifact = store.resolve("features", reference)
    reference, file = artifact.reference, FeatureFile.read(artifact.path)
    if file.dataset != text.file.dataset:
        raise UsageError(
            f"{reference} holds features of {file.dataset}, {text.reference} describes "
            f"{text.file.dataset}; name features of the same data set"
        )
    if split is not None and split != file.split:
        raise UsageError(
            f"{reference} was made for the split {file.split!r}, not {split!r}; its visual encoder "
            "has seen other classes. Leave --split out, or name features of that split"
        )
    return reference, file


def read_motion(reference: str, features: FeatureFile, seen: Sequence[int]) -> Motion:
    """Return how alike the seen classes that have training samples move.

    Nothing here looks at a sample or a label of an unseen class: the rows are those of the subset
    ``seen-train``, and of these only samples of classes that the split calls seen. Features are standardised
    on them; a class is the mean of its own.

    Raises:
        SemtoolError: if there are fewer than three such classes, or a feature is not finite.
    """
    rows = features.rows("seen-train")
    rows = rows[np.isin(features.class_id[rows], list(seen))]
    classes, places = np.unique(features.class_id[rows], return_inverse=True)
    values = features.features[rows].astype(np.float64)
    if len(classes) < 3 or not np.isfinite(values).all():
        what = "features that are not finite" if len(classes) >= 3 else f"{len(classes)} seen classes"
        raise SemtoolError(
            f"the features of {features.dataset}, split {features.split}, hold training samples of {what}; "
            "motion can be compared with text over at least 3 seen classes, so make the features again"
        )
    scale = values.std(axis=0)
    values = (values - values.mean(axis=0)) / np.where(scale > 0, scale, 1.0)
    means = np.stack([values[places == c].mean(axis=0) for c in range(len(classes))])
    return Motion(
        reference,
        features.simulated,
        tuple(int(c) for c in classes),
        similarity(means, means.mean(axis=0)),
    )

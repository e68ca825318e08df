"""What a run works on: text and features of one class split, checked against each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from semtool.artifacts import Artifact
from semtool.catalogue import Dataset, SampleProtocol, Split, load_dataset
from semtool.embedding_file import EmbeddingFile
from semtool.errors import SemtoolError, UsageError
from semtool.feature_file import FeatureFile
from skeleton.methods import TextBank, read_text

__all__ = ["Samples", "Task", "load_task", "open_embeddings", "open_features"]


@dataclass(frozen=True)
class Samples:
    """Some samples: features (n, Dv), canonical class ids (n,), names, and which are in the protocol's
    test."""

    features: NDArray[np.float32]
    labels: NDArray[np.int64]
    names: tuple[str, ...]
    in_test: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.labels)

    def of(self, classes: Sequence[int]) -> Samples:
        """Return the samples of ``classes``, in the same order."""
        at = np.flatnonzero(np.isin(self.labels, list(classes)))
        names = tuple(self.names[i] for i in at)
        return Samples(self.features[at], self.labels[at], names, self.in_test[at])


@dataclass(frozen=True)
class Task:
    """Everything a run reads, checked.

    Attributes:
        dataset, split, protocol: from the catalogue.
        seen, unseen: canonical class ids.
        bank: the text of all classes of the split, seen first.
        train, seen_test, unseen_test: the samples; ``unseen_test`` holds every sample of the unseen classes.
        simulated: whether the skeletons are simulated.
        widths: widths of the features' blocks, in order.
    """

    dataset: Dataset
    split: Split
    protocol: SampleProtocol
    seen: tuple[int, ...]
    unseen: tuple[int, ...]
    bank: TextBank
    train: Samples
    seen_test: Samples
    unseen_test: Samples
    simulated: bool
    widths: tuple[int, ...]

    def name_of(self, class_id: int) -> str:
        """Return the class's name."""
        return self.dataset.classes[class_id].name


def load_task(
    embeddings: Artifact,
    features: Artifact,
    dataset: str,
    *,
    codebook: Sequence[str] | None = None,
    motion: str | None = None,
    split: str | None = None,
) -> Task:
    """Check text and features against each other and the catalogue, and put them together, once a process.

    Args:
        embeddings: embedding file.
        features: of the same data set.
        dataset: name or YAML path of the data set.
        codebook: see `skeleton.methods.text.read_text`.
        motion: likewise.
        split: class split that the features must be of; None: theirs.

    Returns:
        What a run reads, checked.

    Raises:
        UsageError: if the two are of different data sets or splits.
        SemtoolError: if a class lacks text or samples, or samples are of the wrong classes.
    """
    data = load_dataset(dataset)  # its file may have changed meanwhile
    return _built(
        _known(embeddings),
        _known(features),
        _Known(data, data.model_dump_json(by_alias=True)),
        None if codebook is None else tuple(codebook),
        motion,
        split,
    )


def open_embeddings(artifact: Artifact) -> EmbeddingFile:
    """Return an embedding file; a process opens it once."""
    return _embeddings(_known(artifact))


def open_features(artifact: Artifact) -> FeatureFile:
    """Return a feature file; a process reads it once."""
    return _features(_known(artifact))


T = TypeVar("T")


@dataclass(frozen=True)
class _Known(Generic[T]):
    """A thing and what tells it from others: caches go by that."""

    thing: T = field(compare=False)
    key: str


def _known(artifact: Artifact) -> _Known[Artifact]:
    return _Known(artifact, f"{artifact.path} {artifact.reference} {artifact.manifest.content_sha256}")


@lru_cache(maxsize=4)
def _embeddings(known: _Known[Artifact]) -> EmbeddingFile:
    return EmbeddingFile(known.thing.path)


@lru_cache(maxsize=2)
def _features(known: _Known[Artifact]) -> FeatureFile:
    return FeatureFile.read(known.thing.path)


@lru_cache(maxsize=4)
def _built(
    text: _Known[Artifact],
    visual: _Known[Artifact],
    catalogued: _Known[Dataset],
    codebook: tuple[str, ...] | None,
    motion: str | None,
    split: str | None,
) -> Task:
    embeddings, features, dataset = _embeddings(text), _features(visual), catalogued.thing
    text_name = f"the embedding file {text.thing.reference}"
    visual_name = f"the feature file {visual.thing.reference}"
    if embeddings.dataset != features.dataset:
        raise UsageError(
            f"{text_name} is of {embeddings.dataset}, {visual_name} of {features.dataset}; "
            "choose two of the same data set",
            see="another-data-set",
        )
    if split is not None and split != features.split:
        raise UsageError(
            f"{visual_name} was made for the split {features.split}, not {split}: its visual encoder may "
            f"have seen classes that are unseen there; run semtool features --split {split}",
            see="another-split",
        )
    chosen = dataset.split(features.split)
    protocol = dataset.protocol(features.protocol or None)
    seen, unseen = dataset.seen(chosen), chosen.unseen
    _check_text(embeddings, dataset, text_name)
    _check_samples(features, dataset, seen, unseen, visual_name)
    in_test = _protocol_test(features, protocol)

    def samples(subset: str) -> Samples:
        at = features.rows(subset)
        return Samples(
            features.features[at], features.class_id[at], tuple(features.names[i] for i in at), in_test[at]
        )

    return Task(
        dataset=dataset,
        split=chosen,
        protocol=protocol,
        seen=seen,
        unseen=unseen,
        bank=read_text(embeddings, (*seen, *unseen), codebook=codebook, motion=motion),
        train=samples("seen-train"),
        seen_test=samples("seen-test"),
        unseen_test=samples("unseen-test"),
        simulated=features.simulated,
        widths=features.widths,
    )


def _check_text(embeddings: EmbeddingFile, dataset: Dataset, name: str) -> None:
    beyond = sorted({int(c) for c in embeddings.class_id} - {c.id for c in dataset.classes})
    if beyond:
        raise SemtoolError(
            f"{name} describes class {beyond[0]}, but {dataset.name} has classes "
            f"0 to {len(dataset.classes) - 1}"
        )
    missing = [c for c in dataset.classes if c.id not in set(embeddings.class_id.tolist())]
    if missing:
        listed = ", ".join(f"{c.id} ({c.name})" for c in missing[:5]) + (" ..." if len(missing) > 5 else "")
        raise SemtoolError(
            f"{name} has no text for {len(missing)} of the {len(dataset.classes)} classes of {dataset.name}: "
            f"{listed}; generate and embed a description set that covers every class",
            see="classes-without-text",
        )


def _check_samples(
    features: FeatureFile, dataset: Dataset, seen: Sequence[int], unseen: Sequence[int], name: str
) -> None:
    if not np.isfinite(features.features).all():
        row = int(np.flatnonzero(~np.isfinite(features.features).all(axis=1))[0])
        raise SemtoolError(f"{name}: the features of {features.names[row]} are not finite; make them again")
    for subset, allowed in (("seen-train", seen), ("seen-test", seen), ("unseen-test", unseen)):
        found = np.unique(features.class_id[features.rows(subset)])
        wrong = [int(c) for c in found if c not in allowed]
        if wrong:
            raise SemtoolError(
                f"{name} has samples of class {wrong[0]} in {subset}, which the split {features.split} of "
                f"{dataset.name} does not allow there; make the features again for this split"
            )
        missing = [c for c in allowed if c not in found]
        if missing and subset != "seen-test":
            listed = ", ".join(f"{c} ({dataset.classes[c].name})" for c in missing[:5])
            raise SemtoolError(
                f"{name} has no {subset} sample of {len(missing)} classes of the split {features.split}: "
                f"{listed}{' ...' if len(missing) > 5 else ''}; prepare the missing skeletons, "
                "or choose a split without these classes"
            )


def _protocol_test(features: FeatureFile, protocol: SampleProtocol) -> NDArray[np.bool_]:
    """Return which samples the protocol tests on; where neither file nor number says it, none."""
    if features.test is not None:
        return np.asarray(features.test == 1)
    numbers = features.view if protocol.by == "view" else features.subject
    if protocol.by == "setup":
        numbers = np.full_like(numbers, -1)
    return np.asarray((numbers >= 0) & ~np.isin(numbers, protocol.train))

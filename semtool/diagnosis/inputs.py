"""What `diagnose` reads: embedding files with the texts behind them, checked against each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from semtool.artifacts import Artifact, Store
from semtool.catalogue import Dataset, dataset_names, load_dataset
from semtool.descriptions import CODES, DescriptionSet
from semtool.embedding_file import EmbeddingFile
from semtool.encoders import parse_codes
from semtool.errors import NotMadeError, SemtoolError, UsageError

if TYPE_CHECKING:
    from semtool.feature_file import FeatureFile

__all__ = ["ClassSplit", "MotionInput", "TextInput", "read_motion", "read_split", "read_texts"]


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
        truncated: texts cut short by granularity, as the encoder counted.
        whole: all classes of the data set, if it is in the catalogue.
    """

    artifact: Artifact
    file: EmbeddingFile
    classes: tuple[int, ...]
    names: dict[int, str]
    descriptions: DescriptionSet | None
    codes: dict[int, dict[str, str]]
    truncated: dict[str, int]
    whole: frozenset[int] | None

    @property
    def reference(self) -> str:
        """Reference of the embedding file."""
        return self.artifact.reference

    @property
    def reads_codes(self) -> bool:
        """Whether the encoder read attribute codes only, no sentence."""
        return set(self.file.slot.tolist()) == {CODES}

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
class MotionInput:
    """A feature file and its artifact."""

    artifact: Artifact
    file: FeatureFile


def read_texts(references: Sequence[str], store: Store) -> list[TextInput]:
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
    found = [_read(artifact, store) for artifact in artifacts.values()]
    first = found[0]
    for other in found[1:]:
        if other.file.dataset != first.file.dataset:
            raise UsageError(
                f"{first.reference} is about {first.file.dataset} and {other.reference} about "
                f"{other.file.dataset}; diagnose texts of one data set at a time"
            )
        if other.classes != first.classes:
            here, there = set(first.classes), set(other.classes)
            listed = ", ".join(repr((first.names | other.names)[c]) for c in sorted(here ^ there)[:5]) + (
                " ..." if len(here ^ there) > 5 else ""
            )
            raise UsageError(
                f"{first.reference} and {other.reference} do not describe the same classes: {listed} only in "
                "one of them; complete the sets"
            )
    return found


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


def _read(artifact: Artifact, store: Store) -> TextInput:
    file = EmbeddingFile(artifact.path)
    descriptions = _descriptions(artifact, store)
    classes = tuple(sorted({int(c) for c in file.class_id}))
    if len(classes) < 3:
        raise SemtoolError(
            f"{artifact.reference} describes {len(classes)} classes; at least 3 can be compared"
        )
    names = {c: f"class {c}" for c in classes}
    whole = None
    if file.dataset in dataset_names():
        known = {c.id: c.name for c in load_dataset(file.dataset).classes}
        names |= {c: known[c] for c in classes if c in known}
        whole = frozenset(known)
    codes: dict[int, dict[str, str]] = {}
    for d in descriptions or ():
        names[d.class_id] = d.class_name
        if d.is_codes:
            codes[d.class_id] = parse_codes(d.text)
    truncated = artifact.manifest.details.get("truncated") or {}
    return TextInput(artifact, file, classes, names, descriptions, codes, dict(truncated), whole)


def _descriptions(artifact: Artifact, store: Store) -> DescriptionSet | None:
    given = artifact.manifest.inputs.get("descriptions")
    if given is None:
        return None
    try:
        source = store.resolve("descriptions", given.reference)
    except SemtoolError:
        return None  # an embedding file that came alone
    return DescriptionSet.read(source.path) if source.as_input() == given else None


def read_motion(reference: str, text: TextInput, split: str | None, store: Store) -> MotionInput:
    """Open features and check that they fit the text's data set and the split asked for."""
    from semtool.feature_file import FeatureFile

    artifact = store.resolve("features", reference)
    file = FeatureFile.read(artifact.path)
    if file.dataset != text.file.dataset:
        raise UsageError(
            f"{artifact.reference} holds features of {file.dataset}, {text.reference} describes "
            f"{text.file.dataset}; name features of the same data set"
        )
    if split is not None and split != file.split:
        raise UsageError(
            f"{artifact.reference} was made for the split {file.split!r}, not {split!r}; its visual encoder "
            "has seen other classes. Leave --split out, or name features of that split"
        )
    return MotionInput(artifact, file)


def read_split(
    text: TextInput, *, split: str | None, dataset: str | None, motion: MotionInput | None, store: Store
) -> ClassSplit | None:
    """Return the classes that are seen and unseen; None if neither a split nor features are given.

    Raises:
        UsageError: if the split is unknown, or the text lacks one of its classes.
    """
    name = motion.file.split if motion else split
    if name is None:
        return None
    data = _dataset(text, dataset, store)
    if data is not None:
        unseen = data.split(name).unseen
        seen: tuple[int, ...] = data.seen(data.split(name))
    elif motion is not None:
        # A user's data set without its file: the features themselves say what their encoder has not seen.
        unseen = tuple(int(c) for c in motion.artifact.manifest.parameters.get("unseen", ()))
        trained = motion.file.class_id[motion.file.rows("seen-train")]
        seen = tuple(sorted({int(c) for c in trained} - set(unseen)))
        unseen = tuple(sorted(set(unseen) & set(text.classes)))
    else:
        raise UsageError(
            f"{text.file.dataset} is not in the catalogue, so its split {name!r} is unknown here; give the "
            "data set's file with --dataset"
        )
    if lacking := sorted({*seen, *unseen} - set(text.classes)):
        names = {c.id: c.name for c in data.classes} if data else {}
        listed = ", ".join(repr(names.get(c, f"class {c}")) for c in lacking[:5])
        raise UsageError(
            f"{text.reference} has no text about {listed}{' ...' if len(lacking) > 5 else ''}, which the "
            f"split {name!r} needs; complete the description set and embed it again"
        )
    return ClassSplit(name, tuple(sorted(seen)), tuple(sorted(unseen)))


def _dataset(text: TextInput, dataset: str | None, store: Store) -> Dataset | None:
    called = store.dataset_file(dataset or text.file.dataset)
    if dataset is None and called == text.file.dataset and called not in dataset_names():
        return None
    data = load_dataset(called)
    if data.name != text.file.dataset:
        raise UsageError(f"{text.reference} is about {text.file.dataset}, {called} is {data.name}")
    return data

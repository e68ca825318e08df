"""The texts of a report: what was said of each class, and how alike it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from semtool.artifacts import Artifact, Reference, Store
from semtool.catalogue import Dataset
from semtool.descriptions import DescriptionSet
from semtool.embedding_file import EmbeddingFile
from semtool.errors import SemtoolError
from semtool.experiments.report.packing import missing, said
from semtool.experiments.report.similarity import similarity

__all__ = ["ShownText", "collect_text", "same_content"]

Key = tuple[int, str, str, int]


@dataclass(frozen=True)
class ShownText:
    """A text as the page shows it, and where each description stands in its class's list."""

    shown: dict[str, Any]
    places: dict[Key, int]


def collect_text(
    store: Store,
    label: str,
    dataset: Dataset | None,
    embeddings: dict[str, str],
    descriptions: dict[str, str] | None = None,
) -> ShownText:
    """Read an embedding file and the description set it was made from; what is gone is said so.

    Args:
        store: where both lie.
        label: how the report calls this text.
        dataset: for the order of the classes; by id without it.
        embeddings, descriptions: reference and sha256; the manifest of the first names the second.
    """
    shown: dict[str, Any] = {
        "label": label,
        "encoder": Reference.parse("embeddings", embeddings["reference"]).encoder,
        "embeddings": embeddings,
        "descriptions": descriptions,
    }
    try:
        artifact = same_content(store, "embeddings", embeddings)
        found = artifact.manifest.inputs.get("descriptions")
        shown["descriptions"] = descriptions or (found.model_dump() if found else None)
        shown["encoder"] = str(artifact.manifest.details.get("encoder", {}).get("name") or shown["encoder"])
        file = EmbeddingFile(artifact.path)
        classes = [c.id for c in dataset.classes] if dataset else sorted({int(c) for c in file.class_id})
        shown["similarity"] = similarity(file, [c for c in classes if c in set(file.class_id.tolist())])
    except SemtoolError as error:
        shown["similarity"] = missing(
            f"Without its embedding file the text cannot be compared: {said(error, store.root)}."
        )
    strings: list[str] = []
    places: dict[Key, int] = {}
    try:
        if not shown["descriptions"]:
            raise SemtoolError("the embedding file names no description set")
        if shown["descriptions"]["reference"].count("/") == 2:
            raise SemtoolError("these are imported vectors, their texts are not here")
        described = DescriptionSet.read(same_content(store, "descriptions", shown["descriptions"]).path)
        shown["classes"] = _by_class(described, strings, places)
        shown["counts"] = described.counts()
    except SemtoolError as error:
        shown["classes"] = missing(f"The descriptions cannot be shown: {said(error, store.root)}.")
    shown["strings"] = strings
    return ShownText(shown, places)


def same_content(store: Store, kind: str, wanted: dict[str, str]) -> Artifact:
    """Return the artifact that a record names, if its content is still the recorded one.

    Raises:
        SemtoolError: if it is gone or was replaced.
    """
    artifact = store.resolve(kind, wanted["reference"])
    recorded = wanted.get("sha256")
    if recorded and artifact.manifest.content_sha256 != recorded:
        raise SemtoolError(f"{kind} {wanted['reference']} is not the one that was used: its content differs")
    return artifact


def _by_class(
    described: DescriptionSet, strings: list[str], places: dict[Key, int]
) -> dict[str, list[list[Any]]]:
    """Return for each class its [granularity, slot, number of the string, variant]; fill the other two."""
    numbers: dict[str, int] = {}
    found: dict[str, list[list[Any]]] = {}
    for d in described:
        rows = found.setdefault(str(d.class_id), [])
        places[d.class_id, d.granularity, d.slot, d.variant] = len(rows)
        rows.append([d.granularity, d.slot, numbers.setdefault(d.text, len(numbers)), d.variant])
    strings.extend(_in_order(numbers))
    return found


def _in_order(numbers: dict[str, int]) -> Sequence[str]:
    return sorted(numbers, key=numbers.__getitem__)

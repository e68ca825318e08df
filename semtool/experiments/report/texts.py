"""The texts of a report: what was said of each class, and how alike that is, granularity by granularity."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from semtool.artifacts import Artifact, Input, Reference, Store
from semtool.catalogue import Dataset
from semtool.descriptions import GRANULARITIES, DescriptionSet
from semtool.embedding_file import EmbeddingFile
from semtool.errors import SemtoolError
from semtool.experiments.report.packing import missing, quantise, said
from semtool.numeric import unit

__all__ = ["ShownText", "alike_order", "class_means", "collect_text", "same_content", "similarity"]

WHOLE = "all texts"
"""The map over every granularity but `motion`, as a codebook has them."""
Matrix = NDArray[np.float64]

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
    embeddings: Input,
    descriptions: Input | None = None,
) -> ShownText:
    """Read an embedding file and the description set it was made from; what is gone is said so.

    Args:
        store: where both lie.
        label: how the report calls this text.
        dataset: for the order of the classes; by id without it.
        embeddings, descriptions: what was read; the manifest of the first names the second.
    """
    shown: dict[str, Any] = {
        "label": label,
        "encoder": Reference.parse("embeddings", embeddings.reference).encoder,
        "embeddings": embeddings.model_dump(),
        "descriptions": None,
    }
    found: Input | None = descriptions
    try:
        artifact = same_content(store, "embeddings", embeddings)
        found = descriptions or artifact.manifest.inputs.get("descriptions")
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
        if not found:
            raise SemtoolError("the embedding file names no description set")
        shown["descriptions"] = found.model_dump()
        if found.reference.count("/") == 2:
            raise SemtoolError("these are imported vectors, their texts are not here")
        described = DescriptionSet.read(same_content(store, "descriptions", found).path)
        shown["classes"] = _by_class(described, strings, places)
        shown["counts"] = described.counts()
    except SemtoolError as error:
        shown["classes"] = missing(f"The descriptions cannot be shown: {said(error, store.root)}.")
    shown["strings"] = strings
    return ShownText(shown, places)


def same_content(store: Store, kind: str, wanted: Input) -> Artifact:
    """Return the artifact that a record names, if its content is still the recorded one.

    Raises:
        SemtoolError: if it is gone or was replaced.
    """
    artifact = store.resolve(kind, wanted.reference)
    if artifact.manifest.content_sha256 != wanted.sha256:
        raise SemtoolError(f"{kind} {wanted.reference} is not the one that was used: its content differs")
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
    strings.extend(numbers)
    return found


def similarity(file: EmbeddingFile, classes: Sequence[int]) -> dict[str, Any]:
    """Return heat maps: cosines of the classes' mean vectors, ``{granularity: {plain, centred}}``.

    ``centred`` first subtracts the mean over classes, which takes away what all texts have in common. Each
    matrix is quantised between its least value and its greatest off the diagonal. ``order`` is an order of
    the classes in which alike ones are neighbours.
    """
    vectors = unit(file.vectors())
    present = [g for g in GRANULARITIES if (file.granularity == g).any()]
    wholes = [g for g in present if g != "motion"] or present
    maps: dict[str, dict[str, Any]] = {}
    order: list[int] = list(range(len(classes)))
    for name in [WHOLE, *present] if len(present) > 1 else present:
        rows = np.isin(file.granularity, wholes if name == WHOLE else [name])
        means = class_means(vectors[rows], file.class_id[rows], classes)
        if means is None:
            continue
        plain, centred = _cosines(means), _cosines(means - means.mean(axis=0))
        if not maps:
            order = alike_order(centred)
        maps[name] = {"plain": _packed(plain), "centred": _packed(centred)}
    return {"classes": [int(c) for c in classes], "order": order, "maps": maps}


def class_means(
    vectors: Matrix, class_id: NDArray[np.int64], classes: Sequence[int]
) -> NDArray[np.float64] | None:
    """Return the normalised mean of each class's vectors (C, d); None if a class has none."""
    means = np.zeros((len(classes), vectors.shape[1]))
    for index, c in enumerate(classes):
        of_class = class_id == c
        if not of_class.any():
            return None
        means[index] = vectors[of_class].mean(axis=0)
    return unit(means)


def alike_order(cosines: Matrix) -> list[int]:
    """Return an order (C,) in which classes with alike rows are neighbours: the leaves of average linkage."""
    if len(cosines) < 3:
        return list(range(len(cosines)))
    from scipy.cluster.hierarchy import leaves_list, linkage
    from scipy.spatial.distance import squareform

    distance = np.round(np.clip(1 - cosines, 0, 2), 6)
    np.fill_diagonal(distance, 0)
    tree = linkage(squareform((distance + distance.T) / 2, checks=False), "average", optimal_ordering=True)
    return [int(i) for i in leaves_list(tree)]


def _cosines(vectors: Matrix) -> Matrix:
    rows = unit(vectors)
    return np.asarray(rows @ rows.T)


def _packed(cosines: Matrix) -> dict[str, Any]:
    """Quantise off the diagonal; the diagonal, always 1, would take half of the scale."""
    shown = cosines.copy()
    off = ~np.eye(len(shown), dtype=np.bool_)
    top = float(shown[off].max()) if off.any() else 1.0
    np.fill_diagonal(shown, top)
    return quantise(shown)

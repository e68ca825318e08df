"""Import vectors that others computed, as embedding files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from semtool.artifacts import Input, Store
from semtool.catalogue import load_dataset
from semtool.descriptions import GRANULARITIES
from semtool.disk import file_sha256
from semtool.errors import SemtoolError, unknown_name
from semtool.exchange.classes import LONGER
from semtool.exchange.descriptions import Imported, slug

if TYPE_CHECKING:
    from semtool.catalogue import Dataset

__all__ = ["import_embeddings"]


def import_embeddings(
    source: str | Path,
    dataset: str | Path | Dataset,
    name: str | None = None,
    *,
    store: Store,
    encoder: str = "unknown",
    granularity: str | None = None,
    key: str | None = None,
) -> Imported:
    """Read foreign vectors into the embedding file ``<data set>/<name>/<encoder>``.

    Row c of the array is class c. The vectors are kept as they are; unless all have length 1, the file says
    that it is not normalised.

    Args:
        source: ``.npy`` or a torch checkpoint, (C, d) or (C, n, d).
        dataset: name of a data set, path of a YAML file, or a loaded data set.
        name: name of the text; the file's name if None.
        store: where the embedding file is written.
        encoder: what made the vectors, as far as it is known.
        granularity: of the vectors. None: `global`, but of 101 a class the last is the `motion` description.
        key: name of the tensor, if a checkpoint holds several.

    Returns:
        The embedding file, and notes on what was decided.

    Raises:
        UsageError: if the file cannot be read.
        SemtoolError: if it is refused or its classes are not those of the data set.
    """
    import numpy as np

    from semtool.embedding_file import write_embeddings
    from semtool.exchange.arrays import read_vectors
    from semtool.exchange.class_vectors import CODEBOOK

    path = Path(source)
    data = load_dataset(store.dataset_file(dataset)) if isinstance(dataset, str | Path) else dataset
    if granularity is not None and granularity not in GRANULARITIES:
        raise unknown_name("granularity", granularity, GRANULARITIES)
    vectors = read_vectors(path, key)
    classes, left = len(data.classes), ""
    if data.name in LONGER and len(vectors) == len(load_dataset(LONGER[data.name]).classes):
        left = f"the first {classes} rows are {data.name}; {classes} to {len(vectors) - 1} are left out"
        vectors = vectors[:classes]
    if len(vectors) != classes:
        raise SemtoolError(f"{path.name} has {len(vectors)} rows, {data.name} has {classes} classes")
    each = 1 if vectors.ndim == 2 else vectors.shape[1]
    if granularity is None and each == CODEBOOK + 1:
        kinds, notes = (
            ["global"] * CODEBOOK + ["motion"],
            ["of 101 vectors a class the last is the motion description"],
        )
    else:
        kinds = [granularity or "global"] * each
        notes = [f"the vectors are taken as {kinds[0]!r}, {each} a class"]
    notes += [left] if left else []
    flat = vectors.reshape(classes * each, -1)
    lengths = np.linalg.norm(flat, axis=1)
    normalized = bool(np.abs(lengths - 1).max() < 1e-4)
    if not normalized:
        notes.append(f"lengths are {lengths.min():.3g} to {lengths.max():.3g}, not 1; they are kept")
    variants = [kinds[:i].count(kind) for i, kind in enumerate(kinds)]
    with store.create(
        "embeddings",
        f"{data.name}/{slug(name or path.stem)}/{slug(encoder)}",
        inputs={"source": Input(reference=path.name, sha256=file_sha256(path))},
        parameters={
            "import": path.suffix.lower()[1:],
            "encoder": encoder,
            "granularity": granularity,
            "key": key,
        },
    ) as draft:
        write_embeddings(
            draft.folder,
            vectors=flat,
            class_id=np.repeat(np.arange(classes, dtype=np.int64), each),
            granularity=kinds * classes,
            slot=[""] * len(flat),
            variant=variants * classes,
            dataset=data.name,
            encoder=encoder,
            normalized=normalized,
        )
        draft.counts = {kind: kinds.count(kind) * classes for kind in dict.fromkeys(kinds)}
        draft.details = {"dim": flat.shape[1], "normalized": normalized, "notes": notes}
    return Imported(draft.result, tuple(notes))

"""Export to the files that the peers' code reads; row c is always the class with canonical id c."""

from __future__ import annotations

import io
import json
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from semtool.artifacts import Artifact, Store
from semtool.catalogue import load_dataset
from semtool.descriptions import GRANULARITIES, SLOTS, DescriptionSet
from semtool.disk import read_plain, write_atomically
from semtool.errors import SemtoolError, UsageError, unknown_name

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["CODES", "LAYOUTS", "Exported", "export"]

CODES = {"label": "lb", "global": "ad", "motion": "md", "part": "pd", "phase": "ph", "attribute": "at"}
"""How files of one granularity are named; the first three as in SA-DVAE and MSF."""
CALLED = {"pku-mmd": "pkummd"}
"""Data sets that the peers' code calls something else."""
LAYOUTS = {
    "mean": "<data set>_embeddings.npy (C, d), the mean text of a class: SMIE, PGFA",
    "codebook": "<data set>_embeddings.npy (C, 101, d), 100 descriptions and the motion description: InfoCPL",
    "granularities": "text_feats/<encoder>/{lb,ad,md,...}_<C>.npy (C, d), one a granularity: SA-DVAE, MSF",
    "neuron": "<data set>_<granularity>.tar, a torch tensor (C, 10, d): Neuron",
    "lines": "<data set>_des.txt, one text a line in class order: SMIE, TDSM",
    "csv": "<data set>.csv, idx,label with classes counted from 1: SA-DVAE, TDSM",
    "purls": "<data set>_bpnames.npy (C, 8), texts of parts, phases and global: PURLS",
}
_OF_TEXT = ("lines", "csv", "purls")
_ROUNDS = 10
"""Texts a class in Neuron's tensors."""


@dataclass(frozen=True)
class Exported:
    """The files written, and how texts were chosen, a sentence each."""

    paths: tuple[Path, ...]
    notes: tuple[str, ...]


def export(
    artifact: Artifact,
    layout: str,
    folder: str | Path,
    *,
    store: Store | None = None,
    granularity: str | None = None,
    overwrite: bool = False,
) -> Exported:
    """Write an artifact in one of `LAYOUTS` below ``folder``, and a ``.json`` that says what it is.

    ``mean``, ``codebook``, ``granularities`` and ``neuron`` need an embedding file, the others a description
    set. ``granularity`` narrows what is used.

    - ``mean``: texts of a class are normalised, averaged and normalised again.
    - ``codebook``: the motion row is the mean of the class's motion texts; if not all classes have some, of
      the `global`, then the `label` ones, as in training. With more than 100 other texts they are taken in
      turn from each granularity until 100 are full; with fewer they are repeated in order.
    - ``neuron``: ten texts, chosen in the same way.
    - ``lines`` and ``csv``: the first variant; slots of a part or phase are joined in their order.

    Args:
        artifact: an embedding file or a description set, as the layout needs.
        layout: a key of `LAYOUTS`.
        folder: made if it is not there.
        store: knows the files of data sets of one's own; None: the store of the working folder.
        granularity: the only one that is used; None: as the layout says.
        overwrite: whether files with other content may be replaced.

    Returns:
        The files that were written, and notes on how texts were chosen.

    Raises:
        UsageError: if layout and artifact do not fit, or a file exists and ``overwrite`` is False.
        SemtoolError: if a class has no text.
    """
    if layout not in LAYOUTS:
        raise unknown_name("export layout", layout, LAYOUTS)
    if granularity is not None and granularity not in GRANULARITIES:
        raise unknown_name("granularity", granularity, GRANULARITIES)
    kind = "descriptions" if layout in _OF_TEXT else "embeddings"
    if artifact.kind != kind:
        raise UsageError(
            f"the layout {layout!r} is made from {kind}, but {artifact.reference} holds {artifact.kind}"
        )
    if problems := artifact.content_problems():
        raise SemtoolError("; ".join(problems) + "; nothing was exported")
    made = _texts if layout in _OF_TEXT else _arrays
    files, notes = made(artifact, store or Store(), layout, granularity)
    about = {
        "from": artifact.reference,
        "sha256": artifact.manifest.content_sha256,
        "files": sorted(files),
        "layout": LAYOUTS[layout],
        "granularity": granularity,
        "rows": "classes by canonical id, counted from 0",
        "notes": notes,
    }
    first = Path(next(iter(files)))
    side = first.with_name("about.json") if layout == "granularities" else first.with_suffix(".json")
    contents = {Path(folder) / name: content for name, content in files.items()}
    contents[Path(folder) / side] = (json.dumps(about, indent=2) + "\n").encode()
    taken = [str(p) for p in contents if p.exists() and read_plain(p, 1 << 32) != contents[p]]
    if taken and not overwrite:
        raise UsageError(f"{', '.join(taken)} exists with other content; export elsewhere or add --overwrite")
    for path, content in contents.items():
        write_atomically(path, content, option="--out")
    return Exported(tuple(contents), tuple(notes))


def _arrays(
    artifact: Artifact, store: Store, layout: str, granularity: str | None
) -> tuple[dict[str, bytes], list[str]]:
    from semtool.embedding_file import EmbeddingFile
    from semtool.exchange.class_vectors import ClassVectors

    file = EmbeddingFile(artifact.path)
    classes = _class_count(store, file.dataset, file.class_id.tolist())
    if layout == "granularities":
        encoder = "".join(c if c.isalnum() or c in "._+-" else "-" for c in file.encoder)
        files, notes = {}, []
        for name in [granularity] if granularity else [g for g in GRANULARITIES if g in file.granularity]:
            vectors = ClassVectors(file, classes, name)
            files[f"text_feats/{encoder}/{CODES[name]}_{classes}.npy"] = _npy(vectors.means())
            notes.append(f"{CODES[name]} is {name}: the mean of {len(vectors) / classes:.4g} texts a class")
        return files, notes
    vectors, called = ClassVectors(file, classes, granularity), CALLED.get(artifact.dataset, artifact.dataset)
    width = f"vectors have {file.dim} numbers: set language_size (or what the code calls it) to {file.dim}"
    if layout == "neuron":
        array, notes = vectors.codebook(_ROUNDS, motion=False)
        return {f"{called}_{granularity or 'all'}.tar": _checkpoint(array)}, [*notes, width]
    if layout == "mean":
        array, notes = vectors.means(), [f"the mean of {len(vectors) / classes:.4g} texts a class"]
    else:
        array, notes = vectors.codebook()
    # SMIE keeps labels and sentences in two files.
    sentences = "_des" if layout == "mean" and granularity == "global" else ""
    return {f"{called}{sentences}_embeddings.npy": _npy(array)}, [*notes, width]


def _texts(
    artifact: Artifact, store: Store, layout: str, granularity: str | None
) -> tuple[dict[str, bytes], list[str]]:
    import pandas as pd

    descriptions = DescriptionSet.read(artifact.path)
    count = _class_count(store, descriptions.dataset, descriptions.class_ids)
    if layout == "purls":
        return _purls(artifact, descriptions, count)
    have = descriptions.counts()
    wanted = granularity or ("global" if "global" in have else next(iter(have)))
    found: dict[int, dict[str, str]] = {}
    for d in descriptions:
        if d.granularity == wanted and not d.is_codes:
            found.setdefault(d.class_id, {}).setdefault(d.slot, " ".join(d.text.split()))
    if missing := sorted(set(range(count)) - set(found)):
        raise SemtoolError(
            f"{artifact.reference} has no {wanted} text for the classes {', '.join(map(str, missing))}"
        )
    slots = SLOTS.get(wanted) or tuple(dict.fromkeys(slot for texts in found.values() for slot in texts))
    joined = [" ".join(found[c][slot] for slot in slots if slot in found[c]) for c in range(count)]
    notes = [f"the first {wanted} text of each class" + (", slots joined" if len(slots) > 1 else "")]
    if layout == "lines":
        called = CALLED.get(artifact.dataset, artifact.dataset)
        return {f"{called}_des.txt": "".join(f"{text}\n" for text in joined).encode()}, notes
    table = pd.DataFrame({"idx": range(1, count + 1), "label": joined})
    return {f"{artifact.dataset}.csv": table.to_csv(index=False, lineterminator="\n").encode()}, notes


def _purls(
    artifact: Artifact, descriptions: DescriptionSet, count: int
) -> tuple[dict[str, bytes], list[str]]:
    """Return the array of strings that PURLS reads, the first text of each part and phase, and notes."""
    import numpy as np

    columns = [("part", slot) for slot in ("head", "arms", "torso", "legs")]
    columns += [("phase", slot) for slot in SLOTS["phase"]] + [("global", "")]
    found: dict[tuple[int, str, str], str] = {}
    for d in descriptions:
        found.setdefault((d.class_id, d.granularity, d.slot), " ".join(d.text.split()))
    if lacking := sorted(
        {f"{g} {s}".strip() for c in range(count) for g, s in columns if (c, g, s) not in found}
    ):
        raise SemtoolError(
            f"{artifact.reference} lacks {', '.join(lacking)} of some classes; PURLS needs all eight"
        )
    table = np.array([[found[c, g, s] for g, s in columns] for c in range(count)])
    return {f"{CALLED.get(artifact.dataset, artifact.dataset)}_bpnames.npy": _npy(table)}, [
        "columns: head, hands, torso, legs, start, middle, end, global"
    ]


def _class_count(store: Store, dataset: str, described: Collection[int]) -> int:
    """Return how many classes a data set has; of one whose file is not known here, those described."""
    try:
        return len(load_dataset(store.dataset_file(dataset)).classes)
    except UsageError:
        return max(described) + 1


def _checkpoint(array: NDArray[np.float32]) -> bytes:
    import torch

    out = io.BytesIO()
    torch.save(torch.from_numpy(array), out)
    return out.getvalue()


def _npy(array: NDArray[Any]) -> bytes:
    import numpy as np

    out = io.BytesIO()
    np.save(out, array, allow_pickle=False)
    return out.getvalue()

"""Features and skeletons as the folders that other people's code reads: SynSE's, SMIE's."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from semtool.artifacts import Artifact
from semtool.catalogue import load_dataset
from semtool.disk import atomic, plain_disk_errors, write_atomically
from semtool.errors import SemtoolError, UsageError
from semtool.feature_file import SUBSETS, FeatureFile
from skeleton.data import ArraySet, layout
from skeleton.visual.clips import load_clips
from skeleton.visual.extraction import tested

__all__ = ["ABOUT", "LAYOUTS", "export_visual"]

ABOUT = "about.json"
"""Says where a folder is from, and whether of simulated skeletons; `import_features` reads it."""
LAYOUTS = {
    "synse": "train/ztest/gtest.npy (n, Dv) with labels, label_splits/ru5.npy and rs55.npy: SynSE, SA-DVAE",
    "smie": "seen_train/seen_test/unseen_data.npy (n, 3, 50, V, M) with labels: SMIE, InfoCPL",
}
_FRAMES = 50


def export_visual(
    artifact: Artifact,
    layout: str,
    folder: str | Path,
    *,
    split: str | None = None,
    overwrite: bool = False,
) -> tuple[list[Path], list[str]]:
    """Write features (``synse``) or arrays (``smie``) as one of `LAYOUTS`.

    Labels are canonical class ids. Unseen samples are those of the protocol's test part, where that is known.

    Args:
        artifact: features or arrays, as the layout needs.
        layout: ``synse`` or ``smie``.
        folder: made if it is not there.
        split: of arrays, the class split; None: the data set's default. Features have their own.
        overwrite: whether files that are there may be replaced.

    Returns:
        The files, and notes in sentences.

    Raises:
        UsageError: if artifact and layout do not fit, or files are there and ``overwrite`` is False.
        SemtoolError: if a part would be empty.
    """
    wanted = {"synse": "features", "smie": "arrays"}[layout]
    if artifact.kind != wanted:
        raise UsageError(
            f"the layout {layout!r} is made from {wanted}, but {artifact.reference} holds {artifact.kind}"
        )
    files, notes = _synse(artifact) if layout == "synse" else _smie(artifact, split, _made(Path(folder)))
    if empty := [name for name, array in files.items() if not len(array)]:
        raise SemtoolError(f"{artifact.reference} has no sample for {', '.join(empty)}; nothing was exported")
    about = {
        "from": artifact.reference,
        "sha256": artifact.manifest.content_sha256,
        "layout": LAYOUTS[layout],
        "simulated": artifact.manifest.simulated,
        "labels": "canonical class ids, counted from 0",
        "notes": notes,
    }
    paths = [Path(folder, name) for name in (*files, ABOUT)]
    if not overwrite and (taken := [str(p) for p in paths if p.exists()]):
        raise UsageError(f"{', '.join(taken)} exists; export elsewhere or add --overwrite")
    for path, array in zip(paths, files.values(), strict=False):
        with atomic(path, option="--out") as temporary, temporary.open("wb") as stream:
            np.save(stream, array, allow_pickle=False)
    write_atomically(paths[-1], json.dumps(about, indent=2) + "\n", option="--out")
    return paths, notes


def _made(folder: Path) -> Path:
    with plain_disk_errors(folder, "--out"):
        folder.mkdir(parents=True, exist_ok=True)
    return folder


def _synse(artifact: Artifact) -> tuple[Mapping[str, NDArray[np.generic]], list[str]]:
    file = FeatureFile.read(artifact.path)
    unseen = file.subset == SUBSETS.index("unseen-test")
    notes = [f"the features have {file.features.shape[1]} numbers: set the visual dimension to it"]
    if file.test is None or not file.test[unseen].any():
        notes.append("which unseen samples are of the protocol's test part is not known: ztest holds all")
    else:
        unseen &= file.test == 1
    train = file.subset == SUBSETS.index("seen-train")
    both = unseen | (file.subset == SUBSETS.index("seen-test"))
    parts = {"train": ("train_label", train), "ztest": ("z_label", unseen), "gtest": ("g_label", both)}
    files: dict[str, NDArray[np.generic]] = {}
    for name, (label, rows) in parts.items():
        files |= {f"{name}.npy": file.features[rows], f"{label}.npy": file.class_id[rows]}
    # The classes of the split, not those of which there are samples.
    away = np.array(artifact.manifest.parameters["unseen"], np.int64)
    seen = np.setdiff1d(np.arange(len(load_dataset(file.dataset).classes)), away)
    return files | {f"label_splits/r{k}{len(ids)}.npy": ids for k, ids in (("u", away), ("s", seen))}, notes


def _smie(
    artifact: Artifact, split: str | None, folder: Path
) -> tuple[Mapping[str, NDArray[np.generic]], list[str]]:
    samples, data = ArraySet.open(artifact.path), load_dataset(artifact.dataset)
    chosen, protocol = data.split(split), data.protocol(None)
    unseen, test = np.isin(samples.class_id, chosen.unseen), tested(samples, protocol)
    held = unseen & test if protocol.decides == "test" else unseen
    parts = {"seen_train": ~unseen & ~test, "seen_test": ~unseen & test, "unseen": held}
    # In the order of the parts each is a slice, which stays on the disk.
    order = np.concatenate([*map(np.flatnonzero, parts.values()), np.flatnonzero(unseen & ~held)])
    clips = load_clips(samples, layout(samples.layout), _FRAMES, order, folder)
    files: dict[str, NDArray[np.generic]] = {}
    start = 0
    for name, rows in parts.items():
        end = start + int(rows.sum())
        files |= {f"{name}_data.npy": clips[start:end], f"{name}_label.npy": samples.class_id[rows]}
        start = end
    return files, [
        f"split {chosen.name}, protocol {protocol.name}; unseen holds "
        f"{'its test part' if protocol.decides == 'test' else 'all samples'}",
        f"clips of {_FRAMES} frames, centred, facing the sensor, with a trunk of length one",
    ]

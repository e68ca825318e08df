"""Arrays of AimCLR and SMIE: ``<part>_position.npy`` or ``<part>_data.npy``, (N, 3, T, V, M), and labels.

Labels are ``<part>_label.pkl``, a pickled pair (names, labels), or ``<part>_label.npy``, (N,). Parts are
``train`` and ``val``, or the class-filtered ``seen_train``, ``seen_test`` and ``unseen``. Names of NTU
samples give setup, view, subject and replication; without names, samples are ``<part>-<row>``.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from semtool.catalogue import Dataset
from skeleton.data.formats.ntu import parse_name
from skeleton.data.formats.pickles import load_pickle
from skeleton.data.formats.rows import row
from skeleton.data.formats.source import Finding, Format, Outcome, Source, Unreadable, walk

__all__ = ["FORMAT"]

_DATA = ("_position.npy", "_data.npy")


def _find(folder: Path) -> list[Source]:
    found = []
    for source in walk(folder, *_DATA):
        part = _part(source)
        labels = [p for s in (".pkl", ".npy") if (p := source.path.with_name(f"{part}_label{s}")).exists()]
        found.append(Source(source.name, (source.path, *labels[:1])))
    return found


def _part(source: Source) -> str:
    return next(source.path.name.removesuffix(s) for s in _DATA if source.path.name.endswith(s))


def _read(source: Source, dataset: Dataset) -> Iterator[Outcome]:
    part = _part(source)
    if len(source.paths) < 2:
        raise Unreadable("label", f"{source.path.name} has no {part}_label.pkl or {part}_label.npy beside it")
    names, labels = _labels(source.paths[1], part)
    try:
        data = np.load(source.path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        outcome = "not-a-file" if isinstance(error, OSError) else "damaged"
        raise Unreadable(outcome, f"{source.path.name} is not a readable array: {error}") from error
    if data.ndim != 5 or data.shape[1] != 3 or data.dtype.kind not in "fiu":
        raise Unreadable("joints", f"{source.path.name} has shape {data.shape}, not (N, 3, T, V, M)")
    if len(data) != len(labels):
        raise Unreadable("label", f"{source.path.name} has {len(data)} rows and {len(labels)} labels")
    for index, label in enumerate(labels):
        name = Path(names[index]).name.removesuffix(".skeleton") if names else f"{part}-{index:06d}"
        try:
            yield row(name, data[index], int(label), dataset, parse_name(name))
        except (TypeError, ValueError, OverflowError):
            yield Finding("label", f"{name}: {label!r} is not a class number", name)


def _labels(path: Path, part: str) -> tuple[list[str], list[Any]]:
    if path.suffix == ".npy":
        try:
            return [], np.load(path, allow_pickle=False).reshape(-1).tolist()
        except (OSError, ValueError, EOFError) as error:
            raise Unreadable("label", f"{path.name} is not a readable array: {error}") from error
    content = load_pickle(path)
    if (
        isinstance(content, list | tuple)
        and len(content) == 2
        and all(hasattr(c, "__len__") for c in content)
    ):
        names, labels = [str(n) for n in content[0]], list(content[1])
        if len(names) == len(labels):
            return names, labels
    raise Unreadable("label", f"{path.name} is not a pair (names, labels) of equal length for {part}")


FORMAT = Format("aimclr", "<part>_position.npy or <part>_data.npy with labels", _find, _read, container=True)

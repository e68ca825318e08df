"""Arrays of AimCLR and SMIE: ``<part>_position.npy`` or ``<part>_data.npy``, (N, 3, T, V, M), and labels.

Labels are ``<part>_label.pkl``, a pickled pair (names, labels), or ``<part>_label.npy``, (N,). Parts are
``train`` and ``val``, or the class-filtered ``seen_train``, ``seen_test`` and ``unseen``. Names of NTU
samples give setup, view, subject and replication; without names, samples are ``<part>-<row>``.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from skeleton.data.formats.labels import first_label
from skeleton.data.formats.npy import map_npy
from skeleton.data.formats.ntu import parse_name
from skeleton.data.formats.outcomes import Unreadable
from skeleton.data.formats.pickles import load_pickle
from skeleton.data.formats.reader import RawFile, RawSample, ReadContext, Reader, walk
from skeleton.data.formats.rows import read_block
from skeleton.data.sequence import part_of

__all__ = ["READER"]

_DATA = ("_position.npy", "_data.npy")


def _find(folder: Path) -> list[RawFile]:
    """Return the arrays with their own labels and, as evidence of how labels count, those beside them."""
    files = []
    for file in walk(folder, *_DATA):
        own = [p for s in (".pkl", ".npy") if (p := file.path.with_name(f"{_part(file)}_label{s}")).exists()]
        beside = sorted(p for s in ("pkl", "npy") for p in file.path.parent.glob(f"*_label.{s}"))
        files.append(RawFile(file.name, (file.path, *own[:1], *(p for p in beside if own and p not in own))))
    return files


def _part(file: RawFile) -> str:
    return next(file.path.name.removesuffix(s) for s in _DATA if file.path.name.lower().endswith(s))


def _read(file: RawFile, context: ReadContext) -> Iterator[RawSample]:
    part, name = _part(file), file.path.name
    data = map_npy(file.path)
    if len(file.paths) < 2:
        raise Unreadable("label", f"{name} has no {part}_label.pkl or {part}_label.npy beside it")
    names, labels = _labels(file.paths[1], part)
    if data.ndim != 5 or data.shape[1] != 3:
        raise Unreadable("joints", f"{name} has shape {data.shape}, not (N, 3, T, V, M)")
    if len(data) != len(labels):
        raise Unreadable("label", f"{name} has {len(data)} rows and {len(labels)} labels")
    first = _first_label(file, context, names, labels)
    for index, label in enumerate(labels):
        sample = names[index] or f"{part}-{index:06d}"
        numbers = {**(parse_name(sample) or {}), "part": part_of(part)}
        yield from read_block(sample, data[index], label - first, context.dataset, numbers)


def _first_label(file: RawFile, context: ReadContext, names: list[str], labels: list[int]) -> int:
    """Return the label of the first class, by all labels in the folder: one hand wrote them."""
    names, labels = list(names), list(labels)
    for path in file.paths[2:]:
        with suppress(Unreadable):
            more = _labels(path, path.stem)
            names, labels = names + more[0], labels + more[1]
    return first_label(labels, context, file.paths[1].name, names)


def _labels(path: Path, part: str) -> tuple[list[str], list[int]]:
    """Return the name of each sample, empty if there are none, and its label, -1 for what is none."""
    if path.suffix == ".npy":
        labels = _whole(map_npy(path).reshape(-1).tolist(), path.name)
        return [""] * len(labels), labels
    content = load_pickle(path)
    if (
        isinstance(content, list | tuple)
        and len(content) == 2
        and all(hasattr(c, "__len__") for c in content)
    ):
        names = [Path(str(n)).name.removesuffix(".skeleton") for n in content[0]]
        labels = _whole(list(content[1]), path.name)
        if len(names) == len(labels):
            return names, labels
    raise Unreadable("label", f"{path.name} is not a pair (names, labels) of equal length for {part}")


def _whole(labels: list[object], name: str) -> list[int]:
    """Return labels as integers, -1 for what is none."""
    whole = []
    for label in labels:
        try:
            number = int(label)  # type: ignore[call-overload]
            whole.append(number if number == label else -1)
        except (TypeError, ValueError, OverflowError):
            whole.append(-1)
    if whole and set(whole) == {-1}:
        raise Unreadable("label", f"{name} holds no class numbers")
    return whole


READER = Reader("aimclr", "PART_position.npy or PART_data.npy with PART_label", _find, _read, container=True)

"""The plain format, for joints of any names: ``.npz``, or ``.csv`` with a row a frame.

npz (no pickle): ``frames`` (sum of T, persons, joints, 2 or 3), all clips one after another; ``offsets``
(N+1,): clip i is ``frames[offsets[i]:offsets[i+1]]``; ``joint_names``; and if known ``label`` (N,) with
``class_names``, ``subject``, ``rep``, ``source`` (names of the clips), ``fps``, ``unit`` (m, cm, mm),
``up_axis`` (+y, -y, +z). A person or joint that is not seen is zero.

csv: columns ``<joint>_x``, ``<joint>_y`` and, but for 2D, ``<joint>_z``; if they differ in the file ``clip``,
``frame`` and ``person`` (from 0), ``label``, ``subject``, ``rep``; constant ``fps``, ``unit``, ``up_axis``. A
column ``<joint>_c``, ``_v``, ``_score`` or ``_visibility`` says how much a joint is trusted. Joints without
names are numbered (``x0``, ``y0``, ... or ``0_x``). A table with a row a joint has ``frame``, ``joint``,
``x``, ``y`` and ``z``.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from skeleton.data.formats.hints import Hints, labels_of, read_hints, with_companions
from skeleton.data.formats.outcomes import Unreadable
from skeleton.data.formats.reader import RawFile, RawSample, ReadContext, Reader, walk
from skeleton.data.formats.recording import Recording, Sample, sequences

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["READER", "read_table"]

_KEYS = {"frames", "offsets", "joint_names"}
_TRUST = "c|v|p|s|score|visibility|confidence|likelihood"
_COLUMN = re.compile(rf"(.+?)[_. ](x|y|z|{_TRUST})", re.IGNORECASE)
_NUMBERED = re.compile(rf"(x|y|z|{_TRUST})_?(\d+)", re.IGNORECASE)
_LONG = ("joint", "landmark", "keypoint", "joint_name", "landmark_name", "keypoint_name", "landmark_id")
_MOST_CELLS = 2**29


def _find(folder: Path) -> list[RawFile]:
    files = [s for s in walk(folder, ".npz") if s.path.is_file() and _members(s.path) >= _KEYS]
    files += [s for s in walk(folder, ".csv") if s.path.is_file() and _is_table(s.path)]
    return [with_companions(folder, s.name, s.path) for s in sorted(files, key=lambda s: s.name)]


def _members(path: Path) -> set[str]:
    try:
        with zipfile.ZipFile(path) as archive:
            return {Path(name).stem for name in archive.namelist()}
    except (zipfile.BadZipFile, OSError):
        return set()


def _is_table(path: Path) -> bool:
    with path.open(encoding="utf-8-sig", errors="replace") as stream:
        line = stream.readline(65536)
    header = [name.strip(' "\n') for name in line.split(_separator(line))]
    if {"x", "y"} <= {name.lower() for name in header}:
        return any(name.lower() in _LONG for name in header)
    return sum(bool(_COLUMN.fullmatch(n) or _NUMBERED.fullmatch(n)) for n in header) >= 16


def _separator(header: str) -> str:
    return max(",;\t", key=header.count)


def _read(file: RawFile, context: ReadContext) -> Iterator[RawSample]:
    hints = read_hints(file.paths, context.hints)
    made = _npz(file.path) if file.path.suffix.lower() == ".npz" else read_table(file.path, hints)
    if not hints.joints and all(joint.isdigit() for joint in made.joints):
        made = replace(made, joints=())  # numbers, so that their order says what they are
    if len(made.samples) == 1 and made.samples[0].label == "":
        only = made.samples[0]
        made = replace(made, samples=[replace(only, **labels_of(file, only.name, context))])
    yield from sequences(made, hints, context)


def _npz(path: Path) -> Recording:
    try:
        with np.load(path, allow_pickle=False) as archive:
            data: dict[str, Any] = {key: archive[key] for key in archive.files}
    except (ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
        raise Unreadable("damaged", f"{path.name} is not a readable archive: {error}") from error
    frames, offsets = data["frames"], data["offsets"]
    if frames.ndim != 4 or frames.shape[3] not in (2, 3) or frames.dtype.kind not in "fiu":
        text = f"{path.name}: frames have shape {frames.shape}, not (T, persons, joints, 2 or 3)"
        raise Unreadable("damaged", text)
    count = len(offsets) - 1
    if (
        offsets.ndim != 1
        or count < 1
        or (np.diff(offsets) < 0).any()
        or not 0 <= offsets[0] <= offsets[-1] <= len(frames)
    ):
        raise Unreadable("frames", f"{path.name}: offsets do not cut its {len(frames)} frames into clips")
    for key in ("label", "subject", "rep", "source"):
        if key in data and data[key].shape != (count,):
            raise Unreadable("damaged", f"{path.name} has {count} clips and {data[key].shape} of {key}")
    labels = _class_labels(data, count, path.name)
    names = [Path(str(n)).with_suffix("").as_posix().replace("/", "-") for n in data.get("source", ())]
    subject, repetition = (_numbers(data.get(key, ()), count) for key in ("subject", "rep"))
    samples = [
        Sample(
            names[i] if names else f"{path.stem}-{i:05d}",
            np.asarray(frames[offsets[i] : offsets[i + 1]], dtype=np.float32),
            labels[i],
            subject[i],
            repetition[i],
        )
        for i in range(count)
    ]
    joints = tuple(str(n) for n in data["joint_names"])
    facts: dict[str, Any] = {
        key: data[key].item() for key in ("fps", "unit", "up_axis") if key in data and data[key].ndim == 0
    }
    return _recording(path, samples, joints, facts)


def _recording(
    path: Path, samples: Sequence[Sample], joints: tuple[str, ...], facts: dict[str, Any]
) -> Recording:
    rate = facts.get("fps")
    return Recording(
        path.name,
        samples,
        joints,
        fps=float(rate) if rate and np.isfinite(float(rate)) else None,
        unit=str(facts.get("unit", "")),
        up=str(facts.get("up_axis", "")),
    )


def _class_labels(data: dict[str, Any], count: int, where: str) -> list[str | int]:
    """Return each clip's class: its name, or without names its number; empty for -1 and for no labels."""
    if "label" not in data:
        return [""] * count
    label, names = data["label"], data.get("class_names")
    if label.dtype.kind in "US":
        return [str(x) for x in label]
    if names is not None and label.max(initial=-1) >= len(names):
        raise Unreadable("label", f"{where}: label {label.max()} is not one of its {len(names)} class_names")
    return ["" if x < 0 else str(names[x]) if names is not None else int(x) for x in label]


def _numbers(values: Any, count: int) -> list[int]:
    """Return numbers as they are, the one number in names (``s03``), else their place in the sorted names."""
    if not len(values):
        return [-1] * count
    texts = [str(v) for v in values]
    digits = [re.findall(r"\d+", text) for text in texts]
    if all(len(found) == 1 for found in digits):
        return [int(found[0]) for found in digits]
    order = sorted(set(texts))
    return [order.index(text) + 1 for text in texts]


def read_table(path: Path, hints: Hints) -> Recording:
    """Return what a csv holds."""
    import pandas as pd

    try:
        with path.open(encoding="utf-8-sig", errors="replace") as stream:
            mark = _separator(stream.readline(65536))
        decimal = "," if mark == ";" else "."  # as spreadsheets write where the comma is no separator
        table = pd.read_csv(path, skipinitialspace=True, sep=mark, decimal=decimal)
    except (ValueError, OSError) as error:
        raise Unreadable("damaged", f"{path.name} is not a readable table: {error}") from error
    table.columns = [str(c).strip() for c in table.columns]
    if not len(table):
        raise Unreadable("empty", f"{path.name} has no rows")
    table = _wide(table, path.name)
    table.columns = [f"{m[2]}_{m[1]}" if (m := _NUMBERED.fullmatch(c)) else c for c in table.columns]
    places = {c: m for c in table.columns if (m := _COLUMN.fullmatch(c))}
    joints = tuple(dict.fromkeys(m[1] for m in places.values()))
    axis = {(m[1], m[2].lower()): c for c, m in places.items()}
    dimensions = "xyz" if any((j, "z") in axis for j in joints) else "xy"
    missing = [f"{j}_{a}" for j in joints for a in dimensions if (j, a) not in axis]
    if missing:
        raise Unreadable("joints", f"{path.name} lacks the columns {', '.join(missing[:6])}")
    other = {c.lower(): c for c in table.columns if c not in places}
    numbers = table[[axis[j, a] for j in joints for a in dimensions]].apply(pd.to_numeric, errors="coerce")
    points = np.array(numbers, dtype=np.float32).reshape(len(table), len(joints), -1)
    for index, joint in enumerate(joints):
        trust = next((c for (j, a), c in axis.items() if j == joint and a not in "xyz"), None)
        if trust is not None:
            points[table[trust].to_numpy(float) < hints.confidence, index] = 0
    clip, person = (
        table[other[key]].astype(str).to_numpy() if key in other else np.full(len(table), "")
        for key in ("clip", "person")
    )
    people = {p: i for i, p in enumerate(sorted(set(person)))}
    samples = []
    for name in dict.fromkeys(clip):
        rows = np.flatnonzero(clip == name)
        when = table[other["frame"]].to_numpy()[rows] if "frame" in other else rows
        times = np.arange(when.min(), when.max() + 1) if when.dtype.kind in "iu" else np.unique(when)
        if len(times) * len(people) * len(joints) > _MOST_CELLS:
            raise Unreadable("too-large", f"{path.name}: its frame numbers span {len(times)} frames")
        frames = np.zeros((len(times), len(people), *points.shape[1:]), np.float32)
        frames[np.searchsorted(times, when), [people[p] for p in person[rows]]] = points[rows]
        facts = table.iloc[rows[0]]
        label = facts[other["label"]] if "label" in other else ""
        samples.append(
            Sample(
                "-".join(filter(None, (path.stem, name))),
                frames,
                "" if pd.isna(label) else label if isinstance(label, str) else int(label),
                *(_numbers([facts[other[k]]], 1)[0] if k in other else -1 for k in ("subject", "rep")),
            )
        )
    facts = {k: table[other[k]].iloc[0] for k in ("fps", "unit", "up_axis") if k in other}
    return _recording(path, samples, joints, facts)


def _wide(table: pd.DataFrame, where: str) -> pd.DataFrame:
    """Return a table with a row a frame and joint as one with a row a frame."""
    lower = {c.lower(): c for c in table.columns}
    joint = next((lower[name] for name in _LONG if name in lower), None)
    if joint is None or not {"x", "y"} <= lower.keys():
        return table
    if "frame" not in lower:
        raise Unreadable("damaged", f"{where} has a row a joint, and no column that counts the frames")
    values = [c for name, c in lower.items() if re.fullmatch(f"x|y|z|{_TRUST}", name)]
    rows = [c for c in table.columns if c not in (joint, *values) and not c.endswith(("id", "index"))]
    order = list(dict.fromkeys(table[joint]))
    try:
        wide = table.pivot(index=rows, columns=joint, values=values)
    except ValueError as error:
        raise Unreadable("damaged", f"{where}: a joint is there twice in a frame: {error}") from error
    columns = [(v, j) for j in order for v in values]
    wide = wide.reindex(columns=columns)
    wide.columns = [f"{j}_{v}" for v, j in columns]
    return wide.reset_index()


READER = Reader(
    "plain",
    "a .npz with frames, offsets, joint_names; a .csv with columns JOINT_x, JOINT_y",
    _find,
    _read,
    container=True,
    isolated=False,
    needs_classes=False,
    rank=2,
)

"""Ready-made visual features of other projects -> feature files.

    from skeleton.visual.importing import import_features
    import_features("downloads/synse/ntu60_55_5", dataset="ntu60", split="synse-55-5")

Every known folder layout is a `FeatureLayout`; they are tried in order. Labels must be the data set's own
class ids.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from semtool.artifacts import Artifact, Store
from semtool.catalogue import Dataset, Split, load_dataset
from semtool.disk import file_sha256, read_plain
from semtool.errors import SemtoolError, UsageError, unknown_name
from semtool.feature_file import SUBSETS, FeatureFile
from skeleton.data import map_npy, read_member
from skeleton.visual.exporting import ABOUT

__all__ = ["LAYOUTS", "FeatureLayout", "import_features"]

Role = Literal["train", "test", "unseen"]
Part = Literal["test", "all"]


@dataclass(frozen=True)
class FeatureLayout:
    """Where a project keeps features and labels.

    Attributes:
        name: the project's name.
        parts: for each part, its role and the files (or archive keys) of features and labels. ``train``
        trains,
            ``unseen`` holds unseen classes only, ``test`` everything else; samples of seen classes in there
            are seen-test.
        archive: whether the parts are keys of one ``.npz`` file.
    """

    name: str
    parts: Mapping[str, tuple[Role, str, str]]
    archive: bool = False


LAYOUTS: tuple[FeatureLayout, ...] = (
    FeatureLayout(
        "synse",  # and SA-DVAE, TDSM; gtest holds ztest once more
        {
            "train": ("train", "train.npy", "train_label.npy"),
            "ztest": ("unseen", "ztest.npy", "z_label.npy"),
            "gtest": ("test", "gtest.npy", "g_label.npy"),
        },
    ),
    FeatureLayout(
        "smie",
        {
            "seen_train": ("train", "seen_train_data.npy", "seen_train_label.npy"),
            "seen_test": ("test", "seen_test_data.npy", "seen_test_label.npy"),
            "unseen": ("unseen", "unseen_data.npy", "unseen_label.npy"),
        },
    ),
    FeatureLayout(
        "purls",
        {
            "train": ("train", "train_feature.npy", "train_label.npy"),
            "val": ("test", "val_feature.npy", "val_label.npy"),
            "test": ("test", "test_feature.npy", "test_label.npy"),
        },
    ),
    FeatureLayout(
        "flora",
        {
            "train": ("train", "train_data", "train_label"),
            "zsl": ("unseen", "zsl_data", "zsl_label"),
            "gzsl": ("test", "gzsl_data", "gzsl_label"),
        },
        archive=True,
    ),
)
"""The known layouts, in the order in which they are tried."""
_OPTIONAL = MappingProxyType({"smie": {"seen_test"}, "purls": {"val"}})


@dataclass(frozen=True)
class _Loaded:
    name: str
    role: Role
    features: NDArray[np.float32]
    labels: NDArray[np.int64]


def import_features(
    path: str | Path,
    dataset: str | Path,
    split: str | None = None,
    *,
    store: Store | None = None,
    visual: str | None = None,
    layout: str | None = None,
    part: Part | None = None,
) -> Artifact:
    """Import ready-made features as ``<data set>/<class split>/<visual>``.

    Features with more axes than one (PURLS: 256 channels x 3 times x 25 joints) are averaged over all but the
    first. Labels may count from 1 if the files show it. Features that were trained on unseen classes of the
    split are refused: they are another split's.

    Args:
        path: a folder, or Flora's ``.npz`` file.
        dataset: the data set whose class ids the labels are.
        split: class split; without it the one whose unseen classes the files hold.
        store: where artifacts are kept.
        visual: name of the visual encoder; without it the project's name.
        layout: name of the layout; without it all are tried.
        part: which samples of unseen classes the files hold: those of the protocol's `test` part, as
            published features do, or `all`; without it the part by which the data set's protocol decides.

    Returns:
        The features; the version made before if the same files were imported before.

    Raises:
        UsageError: if no layout fits (all paths that were looked for are listed), or the split does not fit.
        SemtoolError: if a file is damaged or its content does not fit.
    """
    store = store or Store()
    data = load_dataset(store.dataset_file(dataset))
    found, files = _recognise(Path(path), layout)
    given = _load(found, files)
    parts = _from_zero(given, data, split)
    chosen = _split(data, split, parts)
    notes = _strays(parts, chosen)
    if parts is not given:
        notes.append("labels count from 1 in these files")
    name = f"{data.name}/{chosen.name}/{visual or found.name}"
    simulated = _simulated(next(iter(files.values())).parent)
    parameters = {
        "imported": found.name,
        **({"simulated": True} if simulated else {}),
        "unseen": list(chosen.unseen),
        "files": {file.name: file_sha256(file) for file in sorted(set(files.values()))},
        "part": part or data.protocol(None).decides,
    }
    if existing := store.find("features", name, store.identity("features", {}, parameters)):
        return existing
    made = _combine(parts, data, chosen, visual or found.name, parameters["part"] == "test")
    made = replace(made, simulated=simulated)
    with store.create("features", name, parameters=parameters, libraries=("numpy",)) as draft:
        made.write(draft.folder)
        draft.counts |= {s: len(made.rows(s)) for s in SUBSETS} | {"dim": made.features.shape[1]}
        draft.details |= {"imported": found.name, "part": parameters["part"], "notes": notes}
        draft.simulated = simulated
    return draft.result


def _simulated(folder: Path) -> bool:
    """Whether the folder is an export of ours that says so of its skeletons."""
    try:
        about = json.loads(read_plain(folder / ABOUT, 1_000_000))
    except (SemtoolError, ValueError, RecursionError):
        return False
    return isinstance(about, dict) and about.get("simulated") is True


def _recognise(path: Path, name: str | None) -> tuple[FeatureLayout, dict[str, Path]]:
    """Return the first layout that fits and the file of each of its feature and label names."""
    if name is not None and name not in {known.name for known in LAYOUTS}:
        raise unknown_name("feature layout", name, [known.name for known in LAYOUTS])
    if not path.exists():
        raise UsageError(f"there are no features at {path}")
    tried = []
    for known in LAYOUTS:
        if name not in (None, known.name):
            continue
        files, missing = _archive(path, known) if known.archive else _folder(path, known)
        if not missing:
            return known, files
        tried.append(f"{known.name}: no {', '.join(missing)}")
    raise UsageError(f"{path} is no known folder of features; tried {'; '.join(tried)}")


def _folder(path: Path, known: FeatureLayout) -> tuple[dict[str, Path], list[str]]:
    files, missing = {}, []
    for part, (_, data, label) in known.parts.items():
        for name in (data, label):
            # PURLS writes train_labels.npy too.
            spelled = (path / name, path / name.replace("_label.", "_labels."))
            if here := next((file for file in spelled if file.is_file()), None):
                files[name] = here
            elif part not in _OPTIONAL.get(known.name, ()):
                missing.append(name)
    return files, missing


def _archive(path: Path, known: FeatureLayout) -> tuple[dict[str, Path], list[str]]:
    keys = [key for _, data, label in known.parts.values() for key in (data, label)]
    archives = [path] if path.is_file() else sorted(p for p in path.glob("*.npz") if p.is_file())
    if len(archives) != 1:
        return {}, [f"single .npz file with {', '.join(keys)}"]
    try:
        with zipfile.ZipFile(archives[0]) as content:
            have = {name.removesuffix(".npy") for name in content.namelist()}
    except (OSError, ValueError, zipfile.BadZipFile):  # not an archive of arrays
        have = set()
    return dict.fromkeys(keys, archives[0]), [
        f"{key} in {archives[0].name}" for key in keys if key not in have
    ]


def _load(known: FeatureLayout, files: Mapping[str, Path]) -> list[_Loaded]:
    parts = []
    for name, (role, data, label) in known.parts.items():
        if data not in files or label not in files:
            continue
        features, labels = _array(files[data], data), _array(files[label], label)
        if features.ndim == 5:
            raise UsageError(f"{data} holds skeletons, not features; read them with semtool prepare")
        if labels.ndim == 2 and (1 in labels.shape or len(labels) == 2):
            # A column, or as in PURLS the second of two rows.
            labels = labels.reshape(-1) if 1 in labels.shape else labels[1]
        if features.ndim < 2 or labels.shape != features.shape[:1]:
            raise SemtoolError(
                f"{data} has shape {features.shape} and {label} {labels.shape}: they do not fit"
            )
        if features.dtype.kind not in "fiu" or labels.dtype.kind not in "fiu" or (labels % 1 != 0).any():
            raise SemtoolError(f"{data} and {label} must hold numbers and whole numbers")
        if features.ndim > 2:
            features = features.mean(axis=tuple(range(2, features.ndim)), dtype=np.float64)
        if not np.isfinite(features).all():
            raise SemtoolError(f"{data} holds a value that is not a finite number")
        parts.append(_Loaded(name, role, features.astype(np.float32), labels.astype(np.int64)))
    return parts


def _array(path: Path, key: str) -> NDArray[np.generic]:
    try:
        if not key.endswith(".npy"):
            with zipfile.ZipFile(path) as archive:
                return read_member(archive, f"{key}.npy", most=2**33)
        return map_npy(path)
    except Exception as error:  # numpy raises many kinds on damaged files
        raise SemtoolError(f"cannot read {key} of {path}: {error}") from error


def _from_zero(parts: list[_Loaded], data: Dataset, split: str | None) -> list[_Loaded]:
    """Return the parts with labels that count from 0, which labels and split tell together.

    Raises:
        SemtoolError: if unseen classes were numbered as if they were the first or the last.
    """
    used = {int(label) for part in parts for label in np.unique(part.labels)}
    unseen = {int(label) for part in parts if part.role == "unseen" for label in np.unique(part.labels)}
    trained = {int(label) for part in parts if part.role == "train" for label in np.unique(part.labels)}
    if len(unseen) > 1 and unseen & trained == unseen == set(range(len(unseen))):
        raise SemtoolError(
            f"classes {sorted(unseen & trained)[:10]} are in the training part and in the unseen part: "
            "seen and unseen classes were numbered anew; the features have to keep the data set's class ids"
        )
    choices = (
        [set(s.unseen) for s in data.splits.values()] if split is None else [set(data.split(split).unseen)]
    )
    shifted = {label - 1 for label in unseen}
    by_split = bool(unseen) and unseen not in choices and shifted in choices
    if 0 not in used and (len(data.classes) in used or by_split):
        return [replace(part, labels=part.labels - 1) for part in parts]
    return parts


def _split(data: Dataset, name: str | None, parts: list[_Loaded]) -> Split:
    """Return the named split, or the one whose unseen classes the files hold."""
    labels = {part.name: {int(c) for c in np.unique(part.labels)} for part in parts}
    for part, found in labels.items():
        if outside := sorted(found - set(range(len(data.classes)))):
            raise SemtoolError(f"{part} has labels that are no class of {data.name}: {outside[:10]}")
    unseen = set[int]().union(*(labels[p.name] for p in parts if p.role == "unseen"))
    if name is None:
        if not unseen:
            raise UsageError("these files do not tell which classes are unseen; name the split with --split")
        fitting = [s.name for s in data.splits.values() if set(s.unseen) == unseen]
        if not fitting:
            raise UsageError(
                f"no split of {data.name} has exactly the unseen classes {sorted(unseen)}; name one"
            )
        return data.split(fitting[0])
    chosen = data.split(name)
    if seen := sorted(unseen - set(chosen.unseen)):
        raise SemtoolError(f"the files have classes {seen} as unseen, which split {chosen.name} has as seen")
    trained = set[int]().union(*(labels[p.name] for p in parts if p.role == "train"))
    if wrong := sorted(trained & set(chosen.unseen)):
        raise SemtoolError(
            f"the files train on classes {wrong}, which split {chosen.name} has as unseen: they are features "
            "of another split, or their classes were numbered anew"
        )
    return chosen


def _strays(parts: list[_Loaded], chosen: Split) -> list[str]:
    """Return a sentence if the file of all test samples does not hold the unseen ones once more.

    Then features and labels of one of the two are probably not in the same order.
    """
    own = {row.tobytes() for part in parts if part.role == "unseen" for row in part.features}
    said = []
    for part in parts if own else ():
        again = part.features[np.isin(part.labels, chosen.unseen)]
        if part.role == "test" and (strays := sum(row.tobytes() not in own for row in again)):
            said.append(
                f"warning: {strays} of {len(again)} unseen samples in {part.name} are not in the part of "
                "unseen classes: are its labels in the order of its features?"
            )
    return said


def _combine(parts: list[_Loaded], data: Dataset, chosen: Split, visual: str, only_test: bool) -> FeatureFile:
    has_unseen = any(part.role == "unseen" for part in parts)
    features, labels, places, names = [], [], [], []
    for part in parts:
        unseen = np.isin(part.labels, chosen.unseen)
        # Where unseen samples have a file of their own, the file of all test samples holds them once more.
        keep = ~unseen if part.role == "test" and has_unseen else np.ones(len(unseen), bool)
        place = SUBSETS.index("seen-train" if part.role == "train" else "seen-test")
        features.append(part.features[keep])
        labels.append(part.labels[keep])
        places.append(np.where(unseen, SUBSETS.index("unseen-test"), place)[keep])
        names += [f"{part.name}-{row:06d}" for row in np.flatnonzero(keep)]
    if len({f.shape[1] for f in features}) != 1:
        raise SemtoolError(f"the parts have features of different sizes: {[f.shape[1] for f in features]}")
    unknown = np.full(len(names), -1, np.int64)
    subset = np.concatenate(places).astype(np.int64)
    return FeatureFile(
        dataset=data.name,
        split=chosen.name,
        protocol=data.default_protocol,
        visual=visual,
        simulated=False,
        features=np.concatenate(features),
        class_id=np.concatenate(labels),
        subject=unknown,
        view=unknown,
        subset=subset,
        names=tuple(names),
        test=(subset != SUBSETS.index("seen-train")).astype(np.int64) if only_test else None,
    )

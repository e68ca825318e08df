"""Visual features of every sample for one class split, by an encoder that saw the seen classes only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from semtool.artifacts import Artifact, Input, Store
from semtool.catalogue import Dataset, SampleProtocol, Split, load_dataset
from semtool.errors import NotMadeError, SemtoolError, UsageError
from semtool.feature_file import SUBSETS, FeatureFile
from semtool.plugins import package_of
from skeleton.data import ArraySet, layout
from skeleton.visual.clips import batches, load_clips
from skeleton.visual.encoder import Progress, VisualEncoder, VisualSettings
from skeleton.visual.kinematics import NAME as KINEMATICS
from skeleton.visual.registry import find_visual

__all__ = ["features", "find_arrays", "find_features", "newest_features", "tested"]

_BATCH = 256


def find_arrays(dataset: Dataset, store: Store, reference: str | None = None) -> Artifact:
    """Return the arrays that ``reference`` names, else the newest real ones, else the newest simulated ones.

    Args:
        dataset: whose skeletons.
        store: where they are looked up.
        reference: ``<data set>/<name>[@vN]``; None: as above.

    Raises:
        UsageError: if there are none, saying how to get on.
    """
    if reference:
        found = store.resolve("arrays", reference)
        if found.dataset != dataset.name:
            raise UsageError(f"the arrays {found.reference} are not of {dataset.name}")
        return found
    newest = store.newest("arrays", dataset.name, prefix="raw") or store.newest("arrays", dataset.name)
    if newest is None:
        raise NotMadeError(
            f"there are no skeletons of {dataset.name} under {store.root}: prepare the licensed data "
            f"(semtool prepare --dataset {dataset.name} --raw FOLDER) or simulate some "
            f"(semtool simulate --dataset ntu60 makes labelled stand-ins for NTU-60)",
            see="no-skeletons",
        )
    return newest


def tested(samples: ArraySet, protocol: SampleProtocol) -> NDArray[np.bool_]:
    """Return which samples are of the protocol's test part (n,).

    The protocol divides by subject, view or setup. Where no sample says that, the files' own parts do.

    Raises:
        UsageError: if samples say neither.
    """
    by: NDArray[np.int64] = getattr(samples, protocol.by)
    if (by >= 0).any():
        trains = np.isin(by, protocol.train)
    elif (samples.part >= 0).any():
        trains = samples.part == 0
    else:
        raise UsageError(
            f"these arrays do not say what the {protocol.by} of a sample is, by which the protocol "
            f"{protocol.name} divides them, nor which samples train: say it in labels.csv beside the "
            f"recordings (name,label,subject), or prepare files that have training and test parts, "
            f"or samples with a key {protocol.by}"
        )
    return np.asarray(~trains)


def features(
    dataset: str | Path,
    split: str | None = None,
    *,
    store: Store,
    visual: str = "stgcn",
    protocol: str | None = None,
    arrays: str | None = None,
    epochs: int | None = None,
    settings: Mapping[str, object] | None = None,
    seed: int = 0,
    device: str = "auto",
    progress: Progress | None = None,
) -> Artifact:
    """Train a visual encoder on the seen-train samples of a split and write the features of all samples.

    Args:
        dataset: name in the catalogue, or a data set file.
        split: class split; None: the data set's default.
        store: where arrays are read and features written.
        visual: name of the visual encoder (`skeleton.visual.registry`).
        protocol: sample protocol; None: the data set's default.
        arrays: reference of the skeletons; None: the newest real ones, else simulated ones.
        epochs: short for the setting of that name, of an encoder that is trained.
        settings: the visual encoder's own settings.
        seed: of initial weights, order and augmentation.
        device: ``auto``, ``cpu``, ``cuda`` or ``mps``.
        progress: called with training steps done and in all.

    Returns:
        The artifact ``<data set>/<class split>/<visual encoder>``; the existing version if the same inputs
        and settings made it before. Its details hold the accuracy on seen-test samples.

    Raises:
        UsageError: for an unknown name or setting, missing skeletons, or samples that nothing divides.
        SemtoolError: if a seen class has no training sample, or a plug-in breaks its contract.
    """
    given = {**(settings or {}), **({"epochs": epochs} if epochs else {})}
    request = _request(dataset, split, store, visual, seed, protocol, arrays, given)
    if existing := store.find("features", request.name, request.identity):
        return existing
    samples = ArraySet.open(request.arrays.path).labelled()
    tests = tested(samples, request.protocol)
    unseen = np.isin(samples.class_id, request.split.unseen)
    subset = np.where(unseen, SUBSETS.index("unseen-test"), tests).astype(np.int64)
    with _contract(visual):
        encoder = request.encoder(request.settings, layout(samples.layout), device)
        vectors, details = _encode(encoder, samples, subset, request, seed, progress, store.root / "cache")
        blocks = encoder.blocks()
    file = FeatureFile(
        dataset=request.dataset.name,
        split=request.split.name,
        protocol=request.protocol.name,
        visual=visual,
        simulated=samples.simulated,
        features=vectors,
        class_id=samples.class_id,
        subject=samples.subject,
        view=samples.view,
        subset=subset,
        names=samples.names,
        blocks=blocks,
        test=tests.astype(np.int64),
    )
    with store.create(
        "features", request.name, inputs=request.inputs, parameters=request.parameters,
        libraries=("torch", "numpy"),
    ) as draft:  # fmt: skip
        file.write(draft.folder)
        encoder.save(draft.folder)
        draft.counts = {s: int((subset == i).sum()) for i, s in enumerate(SUBSETS)}
        draft.counts["dim"] = vectors.shape[1]
        draft.details = details | {"flat": not samples.padded(slice(0, 64), 8)[:, 2].any()}
        draft.simulated = samples.simulated
    return draft.result


def find_features(
    dataset: str | Path, split: str | None = None, *, store: Store, visual: str = "stgcn", seed: int = 0
) -> Artifact | None:
    """Return the features that `features` would give back with the same arguments, or None.

    Args:
        dataset: as of `features`, like all others.
        split: None: the data set's default.
        store: where they are looked up.
        visual: name of the visual encoder.
        seed: as of `features`.

    Raises:
        UsageError: for an unknown name, or missing skeletons.
    """
    request = _request(dataset, split, store, visual, seed)
    return store.find("features", request.name, request.identity)


def newest_features(store: Store, dataset: str, split: str, visual: str | None = None) -> Artifact | None:
    """Return the newest features of a split, or None.

    Args:
        store: where they are.
        dataset: canonical name of the data set.
        split: canonical name of the class split.
        visual: the visual encoder; None: any, but `kinematics` only if there are no others, because who made
            them for the preset `best` does not mean them for other presets.
    """
    found = [a for a in store.artifacts("features", dataset) if a.place.split == split]
    if visual is not None:
        found = [a for a in found if a.place.visual == visual]
    elif others := [a for a in found if a.place.visual != KINEMATICS]:
        found = others
    return max(found, key=lambda a: (a.manifest.created, a.reference), default=None)


@dataclass(frozen=True)
class _FeatureRequest:
    """Everything that settles what features are."""

    dataset: Dataset
    split: Split
    protocol: SampleProtocol
    encoder: type[VisualEncoder]
    settings: VisualSettings
    arrays: Artifact
    name: str
    inputs: dict[str, Input]
    parameters: dict[str, Any]

    @property
    def identity(self) -> str:
        return Store.identity("features", self.inputs, self.parameters)


def _request(
    dataset: str | Path,
    split: str | None,
    store: Store,
    visual: str,
    seed: int,
    protocol: str | None = None,
    arrays: str | None = None,
    settings: Mapping[str, object] | None = None,
) -> _FeatureRequest:
    data = load_dataset(store.dataset_file(dataset))
    chosen, rule = data.split(split), data.protocol(protocol)
    encoder = find_visual(visual)
    how = encoder.settings_of(settings or {})
    source = find_arrays(data, store, arrays)
    parameters = {
        "unseen": list(chosen.unseen),
        "protocol": {"name": rule.name, "by": rule.by, "train": list(rule.train)},
        "visual": {"name": visual, "version": encoder.version, **how.model_dump(mode="json")},
        **({"seed": seed} if encoder.trained else {}),
    }
    name = f"{data.name}/{chosen.name}/{visual}"
    inputs = {"arrays": source.as_input()}
    return _FeatureRequest(data, chosen, rule, encoder, how, source, name, inputs, parameters)


@contextmanager
def _contract(visual: str) -> Iterator[None]:
    """Name the package of an encoder that fails in a way of its own."""
    try:
        yield
    except (SemtoolError, MemoryError):
        raise
    except (Exception, SystemExit) as error:
        package = package_of(find_visual(visual))
        if package == "skeleton":
            raise
        words = " ".join(str(error).split())
        raise SemtoolError(
            f"the visual encoder {visual} of the package {package} failed: {type(error).__name__}: {words}"
        ) from error


def _encode(
    encoder: VisualEncoder,
    samples: ArraySet,
    subset: NDArray[np.int64],
    request: _FeatureRequest,
    seed: int,
    progress: Progress | None,
    folder: Path,
) -> tuple[NDArray[np.float32], dict[str, object]]:
    """Fit on seen-train samples; return all features, (N, Dv), and what there is to say."""
    divided = "subject, view or setup" if (getattr(samples, request.protocol.by) >= 0).any() else "part"
    details: dict[str, object] = {"seen_test_accuracy": None, "divided_by": divided}
    if not encoder.trained:
        made = batches(samples, lambda raw, length: encoder.clips(raw, encoder.layout, length))
        parts = [_checked(encoder, encoder.encode(clips, length), len(clips)) for _, clips, length in made]
        return _joined(encoder, parts), details
    seen = _trainable(samples, subset, request)
    train, test = (np.flatnonzero(subset == i) for i in (0, 1))
    order = np.argsort(subset, kind="stable")  # so that training reads a part of the file, and copies none
    folder.mkdir(parents=True, exist_ok=True)
    clips = load_clips(samples, encoder.layout, encoder.settings.frames, order, folder)
    labels = np.searchsorted(seen, samples.class_id[train]).astype(np.int64)
    encoder.fit(clips[: len(train)], labels, seed=seed, progress=progress)
    shown = clips[len(train) : len(train) + len(test)]
    if len(test) and (guess := encoder.classify(shown)) is not None:
        details["seen_test_accuracy"] = float((seen[guess] == samples.class_id[test]).mean())
    place = np.argsort(order)
    parts = []
    for at in range(0, len(clips), _BATCH):
        some = clips[place[at : at + _BATCH]]
        parts.append(_checked(encoder, encoder.encode(some, samples.length[at : at + _BATCH]), len(some)))
    return _joined(encoder, parts), details | encoder.details()


def _trainable(samples: ArraySet, subset: NDArray[np.int64], request: _FeatureRequest) -> NDArray[np.int64]:
    """Return the seen classes that there are samples of; raise if one has none that trains."""
    seen = np.intersect1d(np.array(request.dataset.seen(request.split)), samples.class_id)
    missing = np.setdiff1d(seen, samples.class_id[subset == 0])
    if len(missing) or not len(seen):
        names = ", ".join(request.dataset.classes[i].name for i in missing) or "every class"
        rule = request.protocol
        raise SemtoolError(
            f"no training sample ({rule.by} in the train list of {rule.name}) of seen class: {names}"
        )
    return seen


def _checked(encoder: VisualEncoder, rows: object, samples: int) -> NDArray[np.float32]:
    """Return the rows of a batch; raise `SemtoolError` unless they are a finite vector for each sample."""
    if not isinstance(rows, np.ndarray) or rows.ndim != 2 or len(rows) != samples or rows.dtype.kind != "f":
        given = f"{rows.dtype} of shape {rows.shape}" if isinstance(rows, np.ndarray) else type(rows).__name__
        raise SemtoolError(f"{_who(encoder)} returned {given} for {samples} samples, not floats (n, Dv)")
    if not np.isfinite(rows).all():
        raise SemtoolError(f"{_who(encoder)} returned a number that is not finite")
    return rows.astype(np.float32, copy=False)


def _joined(encoder: VisualEncoder, parts: list[NDArray[np.float32]]) -> NDArray[np.float32]:
    widths = sorted({part.shape[1] for part in parts})
    if len(widths) > 1:
        raise SemtoolError(f"{_who(encoder)} returned vectors of {widths} numbers for one set of samples")
    return np.concatenate(parts)


def _who(encoder: VisualEncoder) -> str:
    return f"the visual encoder {encoder.name} of the package {package_of(type(encoder))}"

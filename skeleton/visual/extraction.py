"""Visual features of every sample for one class split, by an encoder that saw the seen classes only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from semtool.artifacts import Artifact, Input, Store
from semtool.catalogue import Dataset, SampleProtocol, Split, load_dataset
from semtool.errors import SemtoolError, UsageError
from semtool.feature_file import SUBSETS, FeatureFile
from skeleton.data.arrays import ArraySet
from skeleton.data.layouts import layout
from skeleton.visual import kinematics
from skeleton.visual.kinematics import Blocks, KinematicEncoder, kinematics_of
from skeleton.visual.trained import Recipe, VisualEncoder, recipe, train_visual

__all__ = ["features", "find_arrays", "find_features", "newest_features", "subsets"]


def find_arrays(dataset: Dataset, store: Store, reference: str | None = None) -> Artifact:
    """Return the arrays that ``reference`` names, else the newest real ones, else the newest simulated ones.

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
        raise UsageError(
            f"there are no skeletons of {dataset.name} under {store.root}: prepare the licensed data "
            f"(semtool prepare --dataset {dataset.name} --raw FOLDER) or simulate some "
            f"(semtool simulate --dataset ntu60 makes labelled stand-ins for NTU-60)"
        )
    return newest


def subsets(
    class_id: NDArray[np.int64], by: NDArray[np.int64], split: Split, protocol: SampleProtocol
) -> NDArray[np.int64]:
    """Return for each sample the index in `SUBSETS`; ``by`` is its subject, view or setup (protocol.by)."""
    unseen = np.isin(class_id, split.unseen)
    trains = np.isin(by, protocol.train)
    return np.where(unseen, SUBSETS.index("unseen-test"), np.where(trains, 0, 1)).astype(np.int64)


def features(
    dataset: str | Path,
    split: str | None = None,
    *,
    store: Store,
    visual: str = "stgcn",
    protocol: str | None = None,
    arrays: str | None = None,
    epochs: int | None = None,
    seed: int = 0,
    device: str = "auto",
    progress: Callable[[int, int], None] | None = None,
) -> Artifact:
    """Train a visual encoder on the seen-train samples of a split and write the features of all samples.

    The encoder `kinematics` is not trained: epochs, seed and device are nothing to it.

    Args:
        dataset: name in the catalogue, or a data set file.
        split: class split; None: the data set's default.
        visual: name of the visual encoder (`skeleton.visual.trained.VISUALS`).
        protocol: sample protocol; None: the data set's default.
        arrays: reference of the skeletons; None: the newest real ones, else simulated ones.
        epochs: overrides the recipe's.
        seed: of initial weights, order and augmentation.
        device: ``auto``, ``cpu``, ``cuda`` or ``mps``.

    Returns:
        The artifact ``<data set>/<class split>/<visual encoder>``; the existing version if the same inputs
        and settings made it before. Its details hold the accuracy on seen-test samples.

    Raises:
        UsageError: for an unknown name or missing skeletons.
        SemtoolError: if a seen class has no training sample.
    """
    order = _order(dataset, split, store, visual, protocol, arrays, epochs, seed)
    if existing := store.find("features", order.name, order.identity):
        return existing
    data, chosen, rule, how = order.dataset, order.split, order.protocol, order.recipe
    source, name, inputs, parameters = order.arrays, order.name, order.inputs, order.parameters
    samples = ArraySet.open(source.path)
    subset = subsets(samples.class_id, getattr(samples, rule.by), chosen, rule)
    encoder: VisualEncoder | KinematicEncoder
    blocks: Blocks = ()
    details: dict[str, Any] = {}
    if how is None:
        encoder = KinematicEncoder(layout(samples.layout))
        vectors, blocks = kinematics_of(samples, encoder.layout)
    else:
        encoder, vectors, details = _encode(samples, subset, data, chosen, rule, how, seed, device, progress)
    made = FeatureFile(
        dataset=data.name, split=chosen.name, protocol=rule.name, visual=visual, simulated=samples.simulated,
        features=vectors, class_id=samples.class_id, subject=samples.subject, view=samples.view,
        subset=subset, names=samples.names, blocks=blocks,
    )  # fmt: skip
    with store.create(
        "features", name, inputs=inputs, parameters=parameters, libraries=("torch", "numpy")
    ) as draft:
        made.write(draft.folder)
        encoder.save(draft.folder)
        draft.counts = {s: int((subset == i).sum()) for i, s in enumerate(SUBSETS)} | {
            "dim": vectors.shape[1]
        }
        draft.details = {"seen_test_accuracy": None, **details}
        draft.simulated = samples.simulated
    return draft.result


def find_features(
    dataset: str | Path,
    split: str | None = None,
    *,
    store: Store,
    visual: str = "stgcn",
    protocol: str | None = None,
    arrays: str | None = None,
    epochs: int | None = None,
    seed: int = 0,
) -> Artifact | None:
    """Return the features that `features` would give back with the same arguments; None if it would make
    them."""
    order = _order(dataset, split, store, visual, protocol, arrays, epochs, seed)
    return store.find("features", order.name, order.identity)


def newest_features(store: Store, dataset: str, split: str, visual: str | None = None) -> Artifact | None:
    """Return the newest features of a split, or None.

    Args:
        store: where they are.
        dataset: canonical name of the data set.
        split: canonical name of the class split.
        visual: the visual encoder; None: any, but `kinematics` only if there are no others, because who made
            them for the preset `best` does not mean them for other presets.
    """
    found = [a for a in store.artifacts("features", dataset) if a.name.split("/")[0] == split]
    if visual is not None:
        found = [a for a in found if a.name == f"{split}/{visual}"]
    elif others := [a for a in found if a.name != f"{split}/{kinematics.NAME}"]:
        found = others
    return max(found, key=lambda a: (a.manifest.created, a.reference), default=None)


@dataclass(frozen=True)
class _Order:
    """Everything that settles what features are."""

    dataset: Dataset
    split: Split
    protocol: SampleProtocol
    recipe: Recipe | None
    arrays: Artifact
    name: str
    inputs: dict[str, Input]
    parameters: dict[str, Any]

    @property
    def identity(self) -> str:
        return Store.identity("features", self.inputs, self.parameters)


def _order(
    dataset: str | Path,
    split: str | None,
    store: Store,
    visual: str,
    protocol: str | None,
    arrays: str | None,
    epochs: int | None,
    seed: int,
) -> _Order:
    data = load_dataset(dataset)
    chosen, rule = data.split(split), data.protocol(protocol)
    how = recipe(visual)
    if how is not None and epochs:
        how = replace(how, epochs=epochs)
    source = find_arrays(data, store, arrays)
    parameters = {
        "unseen": list(chosen.unseen),
        "protocol": {"name": rule.name, "by": rule.by, "train": list(rule.train)},
        "visual": {"kinematics": kinematics.VERSION, "frames": kinematics.FRAMES}
        if how is None
        else asdict(how),
        **({} if how is None else {"seed": seed}),
    }
    name = f"{data.name}/{chosen.name}/{visual}"
    return _Order(data, chosen, rule, how, source, name, {"arrays": source.as_input()}, parameters)


def _encode(
    samples: ArraySet,
    subset: NDArray[np.int64],
    data: Dataset,
    split: Split,
    protocol: SampleProtocol,
    how: Recipe,
    seed: int,
    device: str,
    progress: Callable[[int, int], None] | None,
) -> tuple[VisualEncoder, NDArray[np.float32], dict[str, Any]]:
    """Train on seen-train samples; return encoder, all features, and what there is to say."""
    from skeleton.device import resolve_device
    from skeleton.visual.clips import load_clips

    joints = layout(samples.layout)
    train, test = (np.flatnonzero(subset == i) for i in (0, 1))
    seen = np.array(data.seen(split))
    present = np.intersect1d(seen, samples.class_id)
    missing = np.setdiff1d(present, samples.class_id[train])
    if len(missing) or not len(present):
        names = ", ".join(data.classes[i].name for i in missing) or "every class"
        raise SemtoolError(
            f"no training sample ({protocol.by} in the train list of {protocol.name}) of seen class: {names}"
        )
    clips = load_clips(samples, joints, how.frames)
    labels = np.searchsorted(present, samples.class_id[train]).astype(np.int64)
    encoder = train_visual(
        clips[train], labels, joints, how, seed=seed, device=resolve_device(device), progress=progress
    )
    accuracy = None
    if len(test):
        guess = present[encoder.logits(clips[test]).argmax(axis=1)]
        accuracy = float((guess == samples.class_id[test]).mean())
    return (
        encoder,
        encoder.encode(clips),
        {"seen_test_accuracy": accuracy, "epochs": how.epochs_for(len(train))},
    )

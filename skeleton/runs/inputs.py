"""Which embedding file, features and data set a run is made from, by what was said and what is there."""

from __future__ import annotations

from collections.abc import Callable

from semtool.artifacts import Artifact, Store
from semtool.catalogue import load_dataset
from semtool.errors import NotMadeError, SemtoolError, UsageError

__all__ = ["Reference", "outdated", "resolve_inputs", "resolve_text"]

Reference = Artifact | str | None
"""An artifact, the reference of one, or None for the sensible one."""


def resolve_text(
    store: Store, embeddings: Reference, features: Reference = None, dataset: str | None = None
) -> tuple[Artifact, Artifact | None, str]:
    """Return the embedding file, features that were named, and the data set, by the rules of `train`."""
    chosen = store.resolve("features", features) if isinstance(features, str) else features
    dataset = store.dataset_file(dataset) if dataset else None
    wanted = load_dataset(dataset).name if dataset else None
    if isinstance(embeddings, str):
        text: Artifact | None = store.resolve("embeddings", embeddings)
    else:
        text = embeddings or store.newest("embeddings", wanted or (chosen.dataset if chosen else None))
    if text is None:
        of = wanted or (chosen.dataset if chosen else None)
        option = f" --dataset {of}" if of else ""
        raise NotMadeError(
            f"there is no embedding file{f' of {of}' if of else ''} under {store.root} yet; "
            f"make one with semtool generate{option} and semtool embed",
            see="no-text",
        )
    if wanted and text.dataset != wanted:
        raise UsageError(f"the embedding file {text.reference} is of {text.dataset}, not of {wanted}")
    if chosen and chosen.dataset != text.dataset:
        raise UsageError(
            f"the embedding file {text.reference} is of {text.dataset}, the features {chosen.reference} are "
            f"of {chosen.dataset}; choose two of the same data set"
        )
    return text, chosen, dataset or store.dataset_file(text.dataset)


def resolve_inputs(
    store: Store,
    embeddings: Reference,
    features: Reference,
    *,
    dataset: str | None = None,
    split: str | None = None,
    device: str = "auto",
    note: Callable[[str], None] | None = None,
    visual: str | None = None,
) -> tuple[Artifact, Artifact, str]:
    """Return embedding file, features and data set of a run, by the rules of `train`; makes features."""
    text, chosen, data = resolve_text(store, embeddings, features, dataset)
    if chosen is None:
        name = load_dataset(data).split(split).name
        chosen = _features(store, data, text.dataset, name, device, note, visual)
    return text, chosen, data


def outdated(features: Artifact, dataset: str, store: Store) -> str | None:
    """Return a sentence if features were made from other skeletons than would be used today, else None."""
    used = features.manifest.inputs.get("arrays")
    if used is None:
        return None  # imported
    from skeleton.visual import find_arrays

    try:
        newest = find_arrays(load_dataset(dataset), store)
    except SemtoolError:
        return None  # the skeletons are gone; the features are all there is
    if newest.manifest.content_sha256 == used.sha256:
        return None
    kind = " (simulated)" if features.manifest.simulated and not newest.manifest.simulated else ""
    return (
        f"the features {features.reference} were made from the skeletons {used.reference}{kind}, but there "
        f"are {newest.reference} now; semtool features --dataset {dataset} --split "
        f"{features.place.split} makes them anew"
    )


def _features(
    store: Store,
    data: str,
    name: str,
    split: str,
    device: str,
    note: Callable[[str], None] | None,
    visual: str | None,
) -> Artifact:
    from skeleton.visual import features, newest_features

    found = newest_features(store, name, split, visual)
    if found is not None:
        if note is not None and (warning := outdated(found, data, store)):
            note(warning)
        return found
    if store.newest("arrays", name) is None:
        raise NotMadeError(
            f"there are no skeletons of {name} yet: semtool prepare --dataset {name} reads the licensed "
            f"data, semtool simulate --dataset {name} makes stand-ins; then train again",
            see="no-skeletons",
        )
    if note is not None:
        note(f"there are no features of {name} for the split {split} yet; making them (semtool features)")
    return features(data, split, store=store, visual=visual or "stgcn", device=device)

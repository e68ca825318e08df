"""The texts of a comparison: description sets by prompt set or by reference, checked against each other."""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from semtool.artifacts import Artifact, Input, Store
from semtool.catalogue import Dataset, load_dataset
from semtool.descriptions import DescriptionSet
from semtool.errors import NotMadeError, SemtoolError, UsageError

__all__ = ["Target", "Text", "dataset_of", "find_texts", "keep"]

Note = Callable[[str], None]


@dataclass(frozen=True)
class Target:
    """A data set, by what it was called (a name or a YAML file), and the class splits to work on."""

    called: str
    dataset: Dataset
    splits: tuple[str, ...]

    @classmethod
    def of(cls, called: str, splits: Sequence[str], store: Store) -> Target:
        """Look everything up; no splits means the data set's default."""
        called = store.dataset_file(called)
        dataset = load_dataset(called)
        names = [dataset.split(s).name for s in splits] or [dataset.split(None).name]
        return cls(called, dataset, tuple(dict.fromkeys(names)))


@dataclass(frozen=True)
class Text:
    """One text under its label, as a description set for each data set.

    Vectors that others computed have no description set: their embedding file stands in its place, and is
    read as it is whatever the encoder.

    Attributes:
        family: label of the text that this is one draw of, where a text has several.
        control: what kind of control this is, and ``of`` which text (its label); empty for a text itself.
    """

    label: str
    descriptions: dict[str, Artifact]
    family: str = ""
    control: str = ""
    of: str = ""

    @property
    def called(self) -> str:
        """What a comparison calls it: the family, if it has one."""
        return self.family or self.label


def keep(
    texts: DescriptionSet,
    name: str,
    store: Store,
    *,
    inputs: dict[str, Input],
    parameters: dict[str, Any],
    details: dict[str, Any] | None = None,
) -> Artifact:
    """Return a description set as an artifact of the store, ``<data set>/<prompt set>``."""
    with store.create("descriptions", name, inputs=inputs, parameters=parameters) as draft:
        texts.write(draft.folder)
        draft.counts = texts.counts() | {"descriptions": len(texts), "classes": len(texts.class_ids)}
        draft.details = details or {}
    return draft.result


def _datasets_of(names: Sequence[str]) -> list[str]:
    """Return the data sets that references among ``names`` are of, in order."""
    return list(dict.fromkeys(n.split("/")[0] for n in names if _is_reference(n)))


def dataset_of(names: Sequence[str], store: Store) -> str:
    """Return the data set that texts are of, where a reference says it; else that of the newest skeletons."""
    newest = store.newest("features") or store.newest("arrays")
    if found := _datasets_of(names):
        return found[0]
    if newest is None:
        raise UsageError(
            f"which data set? There are no skeletons under {store.root} yet; name one with --dataset, "
            "prepared with semtool prepare or simulated with semtool simulate"
        )
    return newest.dataset


def find_texts(
    names: Sequence[str],
    targets: Sequence[Target],
    *,
    store: Store,
    note: Note | None = None,
    make: bool = True,
) -> list[Text]:
    """Return the texts that ``names`` name.

    A prompt set by name (``multi``) is the newest description set of each data set, rendered if there is
    none. A prompt set by folder (``./mine``) is rendered. Anything else is a reference (``ntu60/multi@v2``),
    also of imported vectors (``ntu60/smie/sbert``).
    A name with a star (``llm-multi-r*``) is every set that fits, as draws of one text.
    With ``make`` false nothing is rendered, and a set that is not there is left out of its text.

    Raises:
        UsageError: if a name is unknown, or a set is of another data set.
        SemtoolError: if a set does not describe exactly the classes of its data set.
    """
    if len(set(names)) < len(names):
        twice = next(n for n in names if names.count(n) > 1)
        raise UsageError(f"the text {twice!r} is named twice")
    sets = _datasets_of(names)
    if len(sets) > 1:
        first, second = (next(n for n in names if n.startswith(f"{s}/")) for s in sets[:2])
        raise UsageError(
            f"{first} and {second} cannot be compared: the one describes {sets[0]}, the other {sets[1]}; "
            "name two sets of the same data set"
        )
    found = []
    for name, family in _drawn(names, targets, store):
        made = {}
        for target in targets:
            described = _find(name, target.dataset, store, note, make)
            if described is not None:
                _check(described, target.dataset)
                made[target.dataset.name] = described
        found.append(Text(name if family else _label(name, names), made, family))
    return found


def _drawn(names: Sequence[str], targets: Sequence[Target], store: Store) -> list[tuple[str, str]]:
    """Return names with every star replaced by the sets that fit, and the name with the star."""
    found = []
    for name in names:
        if "*" not in name:
            found.append((name, ""))
            continue
        wanted = name.rpartition("/")[2]
        sets = [
            {r.partition("@")[0].partition("/")[2] for r in store.references("descriptions", t.dataset.name)}
            for t in targets
        ]
        fitting = fnmatch.filter(sorted(set.intersection(*sets)), wanted)
        if len(fitting) < 2:
            raise UsageError(
                f"{name!r} is a text drawn several times, but {len(fitting)} description sets fit; make them "
                "with semtool generate --resamples 5"
            )
        found += [(f, wanted) for f in sorted(fitting, key=lambda f: (len(f), f))]
    return found


def _is_reference(name: str) -> bool:
    return "/" in name and not _is_folder(name)


def _is_folder(name: str) -> bool:
    return name.startswith((".", "/")) or (Path(name) / "prompt.yaml").is_file()


def _find(name: str, dataset: Dataset, store: Store, note: Note | None, make: bool) -> Artifact | None:
    from semtool.generation import generate, load_prompt_set

    if _is_reference(name):
        vectors = name.count("/") == 2
        found = store.resolve("embeddings" if vectors else "descriptions", name)
        if vectors and "descriptions" in found.manifest.inputs:
            made_of = found.manifest.inputs["descriptions"].reference
            raise UsageError(f"{name} is made from {made_of}: name that, and the encoder with --encoder")
        if found.dataset != dataset.name:
            raise UsageError(
                f"{found.reference} describes {found.dataset}, not {dataset.name}; "
                f"name a set of {dataset.name}"
            )
        return found
    plain, _, version = name.partition("@")
    there = {r.partition("@")[0] for r in store.references("descriptions", dataset.name)}
    if f"{dataset.name}/{plain}" in there and not _is_folder(name):
        return store.resolve("descriptions", f"{dataset.name}/{name}")
    prompts = load_prompt_set(name if not version else plain)
    if version or prompts.source == "llm":
        raise NotMadeError(
            f"there is no description set {dataset.name}/{name} yet; make it with semtool generate "
            f"--dataset {dataset.name} --prompts {plain}{' --llm MODEL' if prompts.source == 'llm' else ''}"
        )
    if not make:
        return None
    if note is not None:
        note(f"describing {dataset.name} with the prompt set {prompts.name}")
    return generate(dataset, prompts, store=store).artifact


def _label(name: str, names: Sequence[str]) -> str:
    """Return what tables call a text: the shortest form that no other text has."""

    def short(other: str) -> str:
        return Path(other).resolve().name if _is_folder(other) else other.partition("/")[2] or other

    return short(name) if [short(n) for n in names].count(short(name)) == 1 else name


def _check(text: Artifact, dataset: Dataset) -> None:
    """Refuse a set whose classes are not those of the data set."""
    if text.kind == "embeddings":  # imported, which looks at the classes
        return
    described = {d.class_id: d.class_name for d in DescriptionSet.read(text.path)}
    wanted = {c.id: c.name for c in dataset.classes}
    missing = [f"{i} ({name})" for i, name in wanted.items() if i not in described]
    other = [i for i, name in described.items() if wanted.get(i) != name]
    if missing:
        listed = ", ".join(missing[:5]) + (" ..." if len(missing) > 5 else "")
        said = f"has no text for {len(missing)} of the {len(wanted)} classes of {dataset.name}: {listed}"
    elif other:
        here = f"calls it {wanted[other[0]]!r}" if other[0] in wanted else "has no such class"
        said = (
            f"calls class {other[0]} {described[other[0]]!r}, {dataset.name} {here}: "
            "it was made for another class list"
        )
    else:
        return
    raise SemtoolError(f"{text.reference} {said}; make it again with semtool generate")

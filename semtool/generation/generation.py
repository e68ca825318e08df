"""``generate``: a data set and a prompt set in, a versioned description set out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from semtool.artifacts import Artifact, Input, Store
from semtool.artifacts.manifest import digest
from semtool.catalogue import ActionFacts, Dataset, load_bank, load_dataset, load_vocabulary
from semtool.descriptions import DescriptionSet
from semtool.errors import UsageError
from semtool.generation.prompt_set import PromptSet, load_prompt_set
from semtool.generation.templates import describe

__all__ = [
    "OVERWRITE",
    "GenerationResult",
    "Overwrite",
    "catalogue_input",
    "finish",
    "generate",
    "prompts_input",
]

Overwrite = Literal["never", "only-missing", "always"]
OVERWRITE: tuple[Overwrite, ...] = ("never", "only-missing", "always")
"""What happens if the description set is there already. ``never``: its newest version is kept as it is.
``only-missing``: what was made from the same inputs is given back, the rest is made. ``always``: all is made
again (a version with the same content is still not written twice)."""


@dataclass(frozen=True)
class GenerationResult:
    """What `generate` did.

    Attributes:
        counts: texts per granularity.
        classes: number of classes.
        new, reused: texts that the version before did not have, and those that it had.
        failed: texts that could not be made (only with a language model).
        artifact: the description set; None after a dry run.
        made: whether a version was written; False if it was there already, and after a dry run.
        details: what else there is to say (a language model's calls and tokens).
    """

    dataset: str
    prompts: str
    counts: dict[str, int]
    classes: int
    new: int
    reused: int
    failed: int
    artifact: Artifact | None
    made: bool
    details: dict[str, Any]


def generate(
    dataset: str | Path | Dataset,
    prompts: str | Path | PromptSet = "multi",
    *,
    store: Store,
    overwrite: Overwrite = "only-missing",
    dry_run: bool = False,
) -> GenerationResult:
    """Write the descriptions of every class of ``dataset``, as ``<data set>/<prompt set>``.

    Args:
        dataset: name of a data set, path of a YAML file, or a loaded data set.
        prompts: name of a prompt set (source ``template``), path of a folder, or a loaded prompt set.
        overwrite: see `OVERWRITE`.
        dry_run: render and count, but write nothing.

    Raises:
        UsageError: if the data set lacks facts that the prompt set needs, or the prompt set asks a model.
        SemtoolError: if a template fails; names file and line.
    """
    data = dataset if isinstance(dataset, Dataset) else load_dataset(dataset)
    prompt_set = prompts if isinstance(prompts, PromptSet) else load_prompt_set(prompts)
    if prompt_set.source == "llm":
        raise UsageError(
            f"prompt set {prompt_set.name!r} asks a language model: name one with --llm MODEL, "
            "or use a set that is rendered from the catalogue, such as multi"
        )
    bank = load_bank(data)
    name = f"{data.name}/{prompt_set.name}"
    inputs = {"prompts": prompts_input(prompt_set), "catalogue": catalogue_input(data, bank)}
    if not dry_run and (found := _existing(store, name, inputs, overwrite)):
        return _result(DescriptionSet.read(found.path), prompt_set, found, found, made=False)
    descriptions = describe(prompt_set, data, bank)
    if dry_run:
        return _result(descriptions, prompt_set, None, newest_version(store, name), made=False)
    return finish(descriptions, prompt_set, store=store, inputs=inputs)


def finish(
    descriptions: DescriptionSet,
    prompt_set: PromptSet,
    *,
    store: Store,
    inputs: dict[str, Input],
    parameters: dict[str, Any] | None = None,
    details: dict[str, Any] | None = None,
    libraries: tuple[str, ...] = ("jinja2",),
    failed: int = 0,
) -> GenerationResult:
    """Write a description set into the store and say what is new in it."""
    name = f"{descriptions.dataset}/{prompt_set.name}"
    before = newest_version(store, name)
    parameters = {"source": prompt_set.source} | (parameters or {})
    with store.create(
        "descriptions", name, inputs=inputs, parameters=parameters, libraries=libraries
    ) as draft:
        descriptions.write(draft.folder)
        draft.counts = descriptions.counts() | {
            "descriptions": len(descriptions),
            "classes": len(descriptions.class_ids),
        }
        draft.details = {"prompts": prompt_set.name} | (details or {})
    artifact = draft.result
    made = before is None or artifact.version > before.version
    return _result(
        descriptions,
        prompt_set,
        artifact,
        before if made else artifact,
        made=made,
        failed=failed,
        details=details,
    )


def prompts_input(prompt_set: PromptSet) -> Input:
    """Return the prompt set as a manifest names it."""
    return Input(reference=f"prompts/{prompt_set.name}", sha256=prompt_set.sha256)


def catalogue_input(dataset: Dataset, bank: dict[int, ActionFacts]) -> Input:
    """Return the classes of ``dataset``, their facts and the vocabulary as a manifest names them."""
    content = {
        "classes": [c.model_dump() for c in dataset.classes],
        "title": dataset.title,
        "facts": {index: facts.model_dump() for index, facts in bank.items()},
        "vocabulary": load_vocabulary().model_dump(),
    }
    return Input(reference=f"catalogue/{dataset.name}", sha256=digest(content))


def newest_version(store: Store, name: str) -> Artifact | None:
    """Return the newest version of the description set ``name``, if there is one."""
    dataset, _, rest = name.partition("/")
    found = [a for a in store.artifacts("descriptions", dataset) if a.name == rest]
    return max(found, key=lambda a: a.version, default=None)


def _existing(store: Store, name: str, inputs: dict[str, Input], overwrite: Overwrite) -> Artifact | None:
    if overwrite == "never":
        return newest_version(store, name)
    if overwrite == "always":
        return None
    return store.find("descriptions", name, Store.identity("descriptions", inputs, {"source": "template"}))


def _result(
    descriptions: DescriptionSet,
    prompt_set: PromptSet,
    artifact: Artifact | None,
    before: Artifact | None,
    *,
    made: bool,
    failed: int = 0,
    details: dict[str, Any] | None = None,
) -> GenerationResult:
    old = (
        {(d.class_id, d.granularity, d.slot, d.text) for d in DescriptionSet.read(before.path)}
        if before
        else set()
    )
    reused = sum((d.class_id, d.granularity, d.slot, d.text) in old for d in descriptions)
    return GenerationResult(
        dataset=descriptions.dataset,
        prompts=prompt_set.name,
        counts=descriptions.counts(),
        classes=len(descriptions.class_ids),
        new=len(descriptions) - reused,
        reused=reused,
        failed=failed,
        artifact=artifact,
        made=made,
        details=details or {},
    )

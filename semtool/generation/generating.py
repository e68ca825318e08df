"""``generate``: a data set and a prompt set in, a versioned description set out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from semtool.artifacts import Artifact, Input, Store
from semtool.catalogue import ActionFacts, Dataset, load_bank, load_dataset, load_vocabulary
from semtool.descriptions import Description, DescriptionSet
from semtool.disk import digest
from semtool.errors import UsageError, unknown_name
from semtool.generation.describing import describe
from semtool.generation.llm import LlmJob, LlmOptions, LlmRecord, Plan
from semtool.generation.prompt_set import PromptSet, load_prompt_set

__all__ = ["OVERWRITE", "GenerationResult", "Overwrite", "generate", "resample"]

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
        failed: texts that a model did not give.
        artifact: the description set; None after a dry run, and if texts are missing.
        created: whether a version was written; False if it was there already, and after a dry run.
        encoder: an encoder that reads these texts.
        plan: what a model would be asked (only after a dry run).
        llm: how a model's answers came about; None for texts from templates.
        asked: requests sent.
        reasons: for each outcome of requests without answer, the first reason.
    """

    dataset: str
    prompts: str
    counts: dict[str, int]
    classes: int
    new: int = 0
    reused: int = 0
    failed: int = 0
    artifact: Artifact | None = None
    created: bool = False
    encoder: str = "minilm"
    plan: Plan | None = None
    llm: LlmRecord | None = None
    asked: int = 0
    reasons: Mapping[str, str] | None = None


def generate(
    dataset: str | Path | Dataset,
    prompts: str | Path | PromptSet | None = None,
    *,
    llm: LlmOptions | None = None,
    store: Store | None = None,
    overwrite: Overwrite = "only-missing",
    dry_run: bool = False,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> GenerationResult:
    """Write the descriptions of every class of ``dataset``, as ``<data set>/<prompt set>``.

    With a model, every answer is kept below the store's root when it arrives; the next run with the same
    questions asks only for what is not there. If texts are missing in the end and `LlmOptions.allow_missing`
    is not set, nothing is written: the result has no artifact, and its ``llm`` says what is missing.

    Args:
        dataset: name of a data set, path of a YAML file, or a loaded data set.
        prompts: name of a prompt set, path of a folder, or a loaded prompt set; None means ``multi``, with a
            model ``llm-multi``.
        llm: the model that is asked, and how; needed by prompt sets of source ``llm``, and only by them.
        store: where the set is written; None means the store of the working folder.
        overwrite: see `OVERWRITE`.
        dry_run: render and count, but ask and write nothing.
        progress: called with the answers that are settled and those that are wanted.

    Returns:
        What was done; the description set is its ``artifact``, None after a dry run or if texts are missing.

    Raises:
        UsageError: if the data set lacks facts that the prompt set needs, or options do not fit.
        SemtoolError: if a template fails, with file and line; if it is useless to go on asking.
    """
    if overwrite not in OVERWRITE:
        raise unknown_name("overwrite policy", overwrite, OVERWRITE)
    store = store or Store()
    data = dataset if isinstance(dataset, Dataset) else load_dataset(store.dataset_file(dataset))
    prompts = prompts or ("llm-multi" if llm else "multi")
    prompt_set = prompts if isinstance(prompts, PromptSet) else load_prompt_set(prompts)
    _check_source(prompt_set, llm)
    if not dry_run:
        store.keep_dataset_file(data.name, dataset)
    bank = load_bank(data)
    chosen = sorted({data.find_class(c).id for c in llm.classes}) or None if llm else None
    name = f"{data.name}/{prompt_set.name}"
    inputs = {"prompts": prompt_set.as_input(), "catalogue": _catalogue_input(data, bank)}
    parameters = {"source": prompt_set.source} | (llm.parameters(chosen) if llm else {})
    before = store.latest("descriptions", name)

    if not dry_run and (there := _existing(store, name, inputs, parameters, overwrite)):
        texts = DescriptionSet.read(there.path)
        origin = there.manifest.details.get("llm", {"model": llm.model}) if llm else None
        record = LlmRecord.model_validate(origin) if origin else None
        return _result(texts, prompt_set, there, there, record)
    nothing = GenerationResult(data.name, prompt_set.name, {}, len(chosen or data.classes))
    if llm is None:
        texts, record, run = describe(prompt_set, data, bank), None, nothing
    else:
        job = LlmJob(prompt_set, data, bank, llm, chosen, store)
        if dry_run:
            return replace(nothing, plan=job.plan())
        answered, record, asking = job.run(progress)
        reasons = {str(outcome): reason for outcome, reason in asking.reasons.items()}
        run = replace(nothing, asked=asking.asked, reasons=reasons, llm=record, failed=len(record.missing))
        if not answered or (record.missing and not llm.allow_missing):
            return run
        texts = DescriptionSet(answered)
    if dry_run:
        return _result(texts, prompt_set, None, before, record)
    libraries = ("jinja2", "openai") if llm else ("jinja2",)
    with store.create(
        "descriptions", name, inputs=inputs, parameters=parameters, libraries=libraries
    ) as draft:
        texts.write(draft.folder)
        draft.counts = texts.counts() | {"descriptions": len(texts), "classes": len(texts.class_ids)}
        draft.details = {"prompts": prompt_set.name}
        if record:
            draft.details["llm"] = record.model_dump(mode="json", exclude_none=True)
    artifact = draft.result
    created = before is None or artifact.version > before.version
    result = _result(texts, prompt_set, artifact, before if created else artifact, record)
    return replace(result, created=created, asked=run.asked, reasons=run.reasons)


def _check_source(prompt_set: PromptSet, llm: LlmOptions | None) -> None:
    if prompt_set.source == "llm" and llm is None:
        raise UsageError(
            f"prompt set {prompt_set.name!r} asks a language model: name one with --llm MODEL, "
            "or use a set that is rendered from the catalogue, such as multi"
        )
    if prompt_set.source != "llm" and llm is not None:
        raise UsageError(
            f"prompt set {prompt_set.name!r} is rendered from the catalogue and asks no model: "
            "leave --llm out, or name a set that does, such as llm-multi"
        )


def _catalogue_input(dataset: Dataset, bank: Mapping[int, ActionFacts]) -> Input:
    """Return the classes of ``dataset``, their facts and the vocabulary as a manifest names them."""
    content = {
        "classes": [c.model_dump() for c in dataset.classes],
        "title": dataset.title,
        "facts": {index: facts.model_dump() for index, facts in bank.items()},
        "vocabulary": load_vocabulary().model_dump(),
    }
    return Input(reference=f"catalogue/{dataset.name}", sha256=digest(content))


def _existing(
    store: Store,
    name: str,
    inputs: Mapping[str, Input],
    parameters: Mapping[str, Any],
    overwrite: Overwrite,
) -> Artifact | None:
    """Return the version that ``overwrite`` allows to be taken as it is."""
    if overwrite == "never":
        return store.latest("descriptions", name)
    there = store.find("descriptions", name, Store.identity("descriptions", inputs, parameters))
    incomplete = there is not None and there.manifest.details.get("llm", {}).get("missing")
    return None if overwrite == "always" or incomplete else there


def _result(
    texts: DescriptionSet,
    prompt_set: PromptSet,
    artifact: Artifact | None,
    before: Artifact | None,
    record: LlmRecord | None,
) -> GenerationResult:
    def key(d: Description) -> tuple[int, str, str, str]:
        return d.class_id, d.granularity, d.slot, d.text

    old = set(map(key, DescriptionSet.read(before.path))) if before else set()
    reused = sum(key(d) in old for d in texts)
    codes = [d.is_codes for d in texts if d.granularity == "attribute"]
    encoder = "minilm"
    if any(codes) and texts.counts().keys() == {"attribute"}:
        encoder = "attributes"
    elif codes and all(codes):  # names stand where codes are missing
        encoder = "kinetic"
    return GenerationResult(
        dataset=texts.dataset,
        prompts=prompt_set.name,
        counts=texts.counts(),
        classes=len(texts.class_ids),
        new=len(texts) - reused,
        reused=reused,
        failed=len(record.missing) if record else 0,
        artifact=artifact,
        encoder=encoder,
        llm=record,
        reasons={} if record else None,
    )


_STRIDE = 100_000
"""Between the seeds of two draws: more than the seeds that one draw's variants and repetitions count on."""


def resample(
    dataset: str | Path | Dataset,
    prompts: str | Path | PromptSet | None = None,
    *,
    llm: LlmOptions | None,
    draws: int,
    store: Store | None = None,
    overwrite: Overwrite = "only-missing",
    dry_run: bool = False,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> list[GenerationResult]:
    """Write ``draws`` description sets from the same questions: ``<prompt set>-r1``, ``-r2`` and so on.

    The first has the answers of `generate`. `semtool.experiments.compare` takes ``<prompt set>-r*`` as one
    text drawn several times.

    Args:
        dataset: as of `generate`.
        prompts: of source ``llm``; None means ``llm-multi``.
        llm: the model; each draw has a seed of its own.
        draws: how many, two or more.
        store: as of `generate`.
        overwrite: as of `generate`.
        dry_run: as of `generate`.
        progress: called in each draw with the answers that are settled and those that are wanted.

    Returns:
        What `generate` did, for each draw.

    Raises:
        UsageError: without a model, for fewer than two draws, or at temperature 0, which draws nothing.
    """
    if llm is None:
        raise UsageError("only a language model's text can be drawn again: name one with --llm MODEL")
    if draws < 2:
        raise UsageError("to see a spread a text is drawn at least twice: --resamples 5")
    if llm.temperature == 0:
        raise UsageError("at temperature 0 a model gives the same text again; use --temperature 0.7")
    asked = prompts if isinstance(prompts, PromptSet) else load_prompt_set(prompts or "llm-multi")
    return [
        generate(
            dataset,
            asked.model_copy(update={"name": f"{asked.name}-r{draw + 1}"}),
            llm=replace(llm, seed=llm.seed + draw * _STRIDE),
            store=store,
            overwrite=overwrite,
            dry_run=dry_run,
            progress=progress,
        )
        for draw in range(draws)
    ]

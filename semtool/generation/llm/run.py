"""``generate`` with a language model: ask what is missing, judge the answers, write the description set."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from semtool.artifacts import Artifact, Store
from semtool.catalogue import Dataset, load_bank, load_dataset
from semtool.descriptions import DescriptionSet
from semtool.errors import SemtoolError, UsageError
from semtool.generation.generation import (
    GenerationResult,
    Overwrite,
    catalogue_input,
    finish,
    newest_version,
    prompts_input,
)
from semtool.generation.llm.assemble import assemble
from semtool.generation.llm.batch import ask_in_batches
from semtool.generation.llm.budget import Budget
from semtool.generation.llm.cache import AnswerCache
from semtool.generation.llm.client import LlmClient, Server
from semtool.generation.llm.costs import Price, known_price
from semtool.generation.llm.filling import Filler
from semtool.generation.llm.online import ask_online
from semtool.generation.llm.plan import plan
from semtool.generation.llm.requests import Sampling, cells
from semtool.generation.prompt_set import PromptSet, load_prompt_set

__all__ = ["LlmOptions", "generate_with_llm"]


@dataclass(frozen=True)
class LlmOptions:
    """How a model is asked.

    Attributes:
        model: as the server knows it.
        base_url: of an OpenAI-compatible server; None means ``$OPENAI_BASE_URL``, else OpenAI. The key comes
            from ``$OPENAI_API_KEY`` only.
        sampling: temperature, seed and token limit.
        variants: answers for each class and granularity; None leaves it to the prompt set.
        classes: names, codes or ids of the classes to describe; empty means all.
        concurrency: requests under way at once.
        limit: most requests in this run.
        max_cost: most US dollars in this run, for which ``price`` or a listed price is needed.
        price: None looks the model up in the list.
        allow_missing: write the set although texts are missing; its manifest lists them.
        batch: use the provider's batch interface.
        timeout: seconds for one try.
        retries: tries after the first.
        poll: seconds between two looks at a batch.
    """

    model: str
    base_url: str | None = None
    sampling: Sampling = field(default_factory=Sampling)
    variants: int | None = None
    classes: tuple[str, ...] = ()
    concurrency: int = 8
    limit: int | None = None
    max_cost: float | None = None
    price: Price | None = None
    allow_missing: bool = False
    batch: bool = False
    timeout: float = 120.0
    retries: int = 5
    poll: float = 30.0


def generate_with_llm(
    dataset: str | Path | Dataset,
    prompts: str | Path | PromptSet = "llm-multi",
    *,
    options: LlmOptions,
    store: Store,
    overwrite: Overwrite = "only-missing",
    dry_run: bool = False,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> GenerationResult:
    """Write what a model says about every class of ``dataset``, as ``<data set>/<prompt set>``.

    Every answer is kept below the store's root when it arrives; the next run with the same questions asks
    only for what is not there. If texts are missing in the end and `LlmOptions.allow_missing` is not set,
    nothing is written: the result has no artifact, and its ``details`` say what is missing and why.

    Raises:
        UsageError: for options that do not fit.
        SemtoolError: if it is useless to go on: key refused, model unknown, nobody there, no quota left.
    """
    data = dataset if isinstance(dataset, Dataset) else load_dataset(dataset)
    prompt_set = prompts if isinstance(prompts, PromptSet) else load_prompt_set(prompts)
    price = options.price or known_price(options.model)
    _check(prompt_set, options, price)
    chosen = sorted({data.find_class(c).id for c in options.classes}) or None
    bank = load_bank(data)
    inputs = {"prompts": prompts_input(prompt_set), "catalogue": catalogue_input(data, bank)}
    asked_with = {"model": options.model, "variants": options.variants, "classes": chosen}
    parameters = {"source": "llm"} | asked_with | asdict(options.sampling)
    name = f"{data.name}/{prompt_set.name}"
    nothing = GenerationResult(
        dataset=data.name,
        prompts=prompt_set.name,
        counts={},
        classes=len(chosen or data.classes),
        new=0,
        reused=0,
        failed=0,
        artifact=None,
        made=False,
        details={},
    )

    if not dry_run and overwrite == "never" and (there := newest_version(store, name)):
        return _reuse(nothing, there)
    if not dry_run and overwrite == "only-missing":
        there = store.find("descriptions", name, Store.identity("descriptions", inputs, parameters))
        if there is not None and not there.manifest.details["llm"]["missing"]:
            return _reuse(nothing, there)

    every_cell = partial(
        cells,
        prompt_set,
        data,
        bank,
        model=options.model,
        sampling=options.sampling,
        variants=options.variants,
        classes=chosen,
    )
    cache = AnswerCache(store)
    planned = plan(every_cell(), cache, price=price, batch=options.batch, limit=options.limit)
    if dry_run:
        return replace(nothing, details={"plan": asdict(planned)})
    if options.max_cost is not None and (planned.cost_usd or 0.0) > options.max_cost:
        raise SemtoolError(
            f"{planned.calls} calls would cost about ${planned.cost_usd:.2f}, more than --max-cost "
            f"{options.max_cost:g}; ask for fewer with --classes, --limit or --variants"
        )
    budget = Budget(options.limit, options.max_cost, price, options.batch)
    filler = Filler(cache, budget, lambda settled: progress(settled, planned.texts))
    if planned.calls:
        client = LlmClient(Server(options.base_url), timeout=options.timeout, retries=options.retries)
        if options.batch:
            ask_in_batches(every_cell, filler, client, poll=options.poll)
        else:
            ask_online(every_cell(), filler, client, options.concurrency)

    source = f"{prompt_set.name}:{options.model}"
    made = assemble(every_cell(), filler.lookup, source=source, dataset=data.name, price=price)
    record = {"model": options.model, "prompts_sha256": prompt_set.sha256} | made.details()
    run = {
        "llm": record,
        "asked": budget.asked,
        "why": {str(outcome): reason for outcome, reason in filler.reasons.items()},
    }
    if not made.descriptions or (made.missing and not options.allow_missing):
        return replace(nothing, failed=len(made.missing), details=run)
    result = finish(
        DescriptionSet(made.descriptions),
        prompt_set,
        store=store,
        inputs=inputs,
        parameters=parameters,
        details={"llm": record},
        libraries=("jinja2", "openai"),
        failed=len(made.missing),
    )
    return replace(result, details=run)


def _check(prompt_set: PromptSet, options: LlmOptions, price: Price | None) -> None:
    if prompt_set.source != "llm":
        raise UsageError(
            f"prompt set {prompt_set.name!r} is rendered from the catalogue and asks no model: "
            "leave --llm out, or name a set that does, such as llm-multi"
        )
    if options.max_cost is not None and price is None:
        raise UsageError(
            f"no price is known for {options.model!r}, so --max-cost cannot be kept; "
            "give one with --price IN/OUT"
        )


def _reuse(nothing: GenerationResult, artifact: Artifact) -> GenerationResult:
    descriptions = DescriptionSet.read(artifact.path)
    details: dict[str, Any] = {"llm": artifact.manifest.details.get("llm", {}), "asked": 0, "why": {}}
    return replace(
        nothing,
        counts=descriptions.counts(),
        classes=len(descriptions.class_ids),
        reused=len(descriptions),
        failed=len(details["llm"].get("missing", ())),
        artifact=artifact,
        details=details,
    )

"""``semtool generate``: write the descriptions of a data set's classes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from semtool.cli import asking, console

if TYPE_CHECKING:
    from semtool.generation import GenerationResult

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("generate")(generate)


def generate(
    dataset: Annotated[
        str, typer.Option("--dataset", "-d", help="Data set, or the path of your own YAML file.")
    ],
    prompts: Annotated[
        str | None,
        typer.Option(
            "--prompts",
            "-p",
            help="Prompt set, or the path of your own folder.",
            show_default="multi; with --llm llm-multi",
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be written; write nothing.")
    ] = False,
    overwrite: Annotated[
        str,
        typer.Option(
            help="If it is there: never (keep it), only-missing (make what changed), always (make all)."
        ),
    ] = "only-missing",
    llm: asking.Model = None,
    base_url: asking.BaseUrl = None,
    variants: asking.Variants = None,
    temperature: asking.Temperature = 0.7,
    seed: asking.Seed = 0,
    max_tokens: asking.MaxTokens = None,
    concurrency: asking.Concurrency = 8,
    timeout: asking.Timeout = 120.0,
    limit: asking.Limit = None,
    classes: asking.Classes = "",
    max_cost: asking.MaxCost = None,
    price: asking.PriceOption = None,
    allow_missing: asking.AllowMissing = False,
    batch: asking.Batch = False,
    root: console.Root = None,
    json: console.Json = False,
) -> None:
    """Write the descriptions of every class of a data set.

    The same data set and prompt set give the same version back; a changed one gives the next version.

    With --llm a model is asked. Every answer is kept; the same command again asks only for what is missing.
    The key comes from OPENAI_API_KEY, in the environment or in .env.

    Example: semtool generate --dataset ntu60 --prompts parts-phases

    Example: semtool generate --dataset ntu60 --prompts llm-global --llm gpt-4o-mini --dry-run
    """
    from semtool import generation
    from semtool.errors import unknown_name

    if overwrite not in generation.OVERWRITE:
        raise unknown_name("overwrite policy", overwrite, generation.OVERWRITE)
    prompt_set = generation.load_prompt_set(prompts or ("llm-multi" if llm else "multi"))
    if llm:
        from semtool.generation.llm import LlmOptions, Sampling, generate_with_llm, parse_price

        options = LlmOptions(
            model=llm,
            base_url=base_url,
            sampling=Sampling(temperature, seed, max_tokens),
            variants=variants,
            classes=tuple(part.strip() for part in classes.split(",") if part.strip()),
            concurrency=concurrency,
            timeout=timeout,
            limit=limit,
            max_cost=max_cost,
            price=parse_price(price) if price else None,
            allow_missing=allow_missing,
            batch=batch,
        )
        with console.progress("asking") as progress:
            answered = generate_with_llm(
                dataset,
                prompt_set,
                options=options,
                store=console.store(root),
                overwrite=overwrite,
                dry_run=dry_run,
                progress=progress,
            )
        asking.show(answered, json=json)
        return
    result = generation.generate(
        dataset, prompt_set, store=console.store(root), overwrite=overwrite, dry_run=dry_run
    )
    show(result, dry_run=dry_run, json=json)


def show(result: GenerationResult, *, dry_run: bool, json: bool) -> None:
    """Print what was made."""
    texts = sum(result.counts.values())
    if json:
        console.json_object(
            {
                "dataset": result.dataset,
                "prompts": result.prompts,
                "reference": result.artifact.reference if result.artifact else None,
                "path": str(result.artifact.path) if result.artifact else None,
                "dry_run": dry_run,
                "made": result.made,
                "classes": result.classes,
                "descriptions": texts,
                "counts": result.counts,
                "new": result.new,
                "reused": result.reused,
                "failed": result.failed,
            }
            | result.details
        )
        return
    rows = [(name, n, f"{n / result.classes:.1f}") for name, n in result.counts.items()]
    console.say(
        f"{result.dataset}, prompt set {result.prompts}: {texts} texts about {result.classes} classes"
    )
    console.table("", ("granularity", "texts", "a class"), rows)
    if result.artifact is None:
        console.say(
            f"Dry run, nothing written: {result.new} texts would be new, {result.reused} are there already."
        )
    elif not result.made:
        console.say(
            f"{result.artifact.reference} is up to date: {result.reused} texts reused, nothing to do."
        )
    else:
        console.say(f"{result.artifact.reference} written: {result.new} new, {result.reused} reused.")
        console.note(f"next: semtool embed --encoder minilm --descriptions {result.artifact.reference}")

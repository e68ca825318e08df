"""``semtool suggest``: a description set with what tells its most confusable classes apart."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from semtool.cli import asking, console
from semtool.cli.options import SayOnly
from semtool.errors import SemtoolError

if TYPE_CHECKING:
    from semtool.diagnosis import Suggestion
    from semtool.generation import GenerationResult

__all__ = ["suggest"]


@console.app.command()
def suggest(
    reference: Annotated[
        str, typer.Argument(metavar="REF", help="Embedding file, or description set that is embedded.")
    ],
    pairs: Annotated[int, typer.Option(min=1, help="Most alike pairs of classes to tell apart.")] = 10,
    prompts: Annotated[
        str | None,
        typer.Option(
            "--prompts",
            "-p",
            help="Your own copy of the prompt set.",
            show_default="contrast; with --llm llm-contrast",
        ),
    ] = None,
    dry_run: SayOnly = False,
    check: Annotated[
        bool, typer.Option("--check/--no-check", help="Embed the new set and measure what has changed.")
    ] = True,
    features: Annotated[
        str | None, typer.Option(help="Features: does the new set agree better with seen motion?")
    ] = None,
    llm: asking.Model = None,
    base_url: asking.BaseUrl = None,
    variants: asking.Variants = None,
    temperature: asking.Temperature = 0.7,
    seed: asking.Seed = 0,
    max_tokens: asking.MaxTokens = None,
    concurrency: asking.Concurrency = 8,
    timeout: asking.Timeout = 120.0,
    limit: asking.Limit = None,
    price: asking.PriceOption = None,
    allow_missing: asking.AllowMissing = False,
    root: console.Root = None,
    json: console.Json = False,
) -> None:
    """Add to a description set what tells its most confusable classes apart.

    Writes <data set>/<prompt set>+contrast: all old descriptions, and for every class the facts that separate
    it from the classes nearest to it in text space; from the attributes, or with --llm by asking a model.
    Measures what has become of the pairs. Whether it helps is for semtool compare to say.

    Example: semtool suggest utd-mhad/multi --dry-run

    Example: semtool suggest utd-mhad/global --llm gpt-4o-mini --limit 200
    """
    from semtool.diagnosis import suggest as improve

    prices = asking.read_price(price)
    options = None
    if llm:
        from semtool.generation import LlmOptions

        options = LlmOptions(
            model=llm,
            base_url=base_url,
            temperature=temperature,
            seed=seed,
            max_tokens=max_tokens,
            variants=variants,
            concurrency=concurrency,
            timeout=timeout,
            limit=limit,
            allow_missing=allow_missing,
        )
    with console.progress("asking" if llm else "embedding") as progress:
        found = improve(
            reference,
            store=console.store(root),
            pairs=pairs,
            prompts=prompts,
            llm=options,
            features=features,
            dry_run=dry_run,
            check=check,
            progress=progress,
        )
    if json:
        console.json_object(_plain(found, dry_run=dry_run))
    else:
        _show(found, prices, dry_run=dry_run)
    if found.asked is not None and found.artifact is None and not dry_run:
        raise SemtoolError(
            f"{found.asked.failed} texts are missing, so nothing was written; run the same command again to "
            "ask for them, or add --allow-missing to go without them"
        )


def _plain(found: Suggestion, *, dry_run: bool) -> dict[str, Any]:
    return {
        "source": found.source,
        "embeddings": found.embeddings,
        "reference": found.artifact.reference if found.artifact else None,
        "path": str(found.artifact.path) if found.artifact else None,
        "dry_run": dry_run,
        "made": found.made,
        "pairs": [asdict(pair) for pair in found.pairs],
        "fields": found.fields,
        "added": [asdict(d) for d in found.added],
        "counts": found.counts,
        "effect": asdict(found.effect) if found.effect else None,
        "asked": _asked(found.asked) if found.asked else None,
        "notes": list(found.notes),
    }


def _show(found: Suggestion, prices: tuple[float, float] | None, *, dry_run: bool) -> None:
    console.say(f"{found.source}: classes most alike in {found.embeddings}")
    rows = [
        (
            " | ".join(pair.names),
            f"{pair.before:.3f}",
            "-" if pair.after is None else f"{pair.after:.3f}",
            _told(found, pair.names),
        )
        for pair in found.pairs
    ]
    console.table("", ("pair", "cosine before", "after", "what is told"), rows)
    if found.asked is not None:
        _show_asked(found.asked, prices)
    texts = len(found.added)
    classes = len({d.class_id for d in found.added})
    if dry_run:
        for d in found.added[:8]:
            console.say(f"  {d.class_name}: {d.text}")
        if texts > 8:
            console.say(f"  ... and {texts - 8} more (--json lists all)")
        if found.asked is None:
            console.say(f"Dry run, nothing written: {texts} texts about {classes} classes would be added.")
        return
    if found.artifact is None:
        if found.asked is None:
            console.say("Nothing to add: the set says all of it already.")
        return
    done = "written" if found.made else "is up to date"
    console.say(f"{found.artifact.reference} {done}: {texts} texts about {classes} classes added.")
    if found.effect and found.effect.before and found.effect.after:
        console.say(
            "Agreement of text and motion over seen classes: rank correlation "
            f"{found.effect.before.rho:+.2f} before, {found.effect.after.rho:+.2f} after."
        )
    for note in found.notes:
        console.note(f"note: {note}")
    from semtool.artifacts import Reference

    dataset, encoder = found.artifact.dataset, Reference.parse("embeddings", found.embeddings).encoder
    console.note(
        f"next: semtool compare --dataset {dataset} --descriptions {found.source} "
        f"--descriptions {found.artifact.reference} --encoder {encoder} --split SPLIT"
    )


def _told(found: Suggestion, names: tuple[str, str]) -> str:
    """Return the fields that are told of both classes of a pair, those of one after them."""
    one, other = (found.fields.get(name, []) for name in names)
    return ", ".join(
        [f for f in one if f in other] + [f for f in (*one, *other) if (f in one) != (f in other)]
    )


def _asked(asked: GenerationResult) -> dict[str, Any]:
    if asked.plan:
        return {"plan": asdict(asked.plan)}
    llm = asked.llm.model_dump(mode="json", exclude_none=True) if asked.llm else None
    return {"llm": llm, "asked": asked.asked, "reasons": asked.reasons}


def _show_asked(asked: GenerationResult, prices: tuple[float, float] | None) -> None:
    if plan := asked.plan:
        console.say(
            f"Dry run, nothing asked: {plan.calls} calls, about {plan.tokens_in} tokens in and "
            f"{plan.tokens_out} out, {asking.plan_cost(plan, prices)}; "
            f"{plan.there} answers are there already."
        )
    elif record := asked.llm:
        outcomes = ", ".join(f"{count} {name}" for name, count in record.outcomes.items())
        console.say(f"{asked.asked} requests: {outcomes}")

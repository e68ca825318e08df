"""``semtool embed``: descriptions to an embedding file."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from semtool.cli import console
from semtool.cli.options import SayOnly

if TYPE_CHECKING:
    from semtool.embedding import Embedded, Plan

__all__ = ["embed"]


class Overwrite(StrEnum):
    """What to do about vectors that exist."""

    never = "never"
    only_missing = "only-missing"
    always = "always"


class OnTruncation(StrEnum):
    """What to do about texts that are longer than the encoder reads."""

    warn = "warn"
    error = "error"


@console.app.command()
def embed(
    encoder: Annotated[
        str,
        typer.Option(
            help="Alias (minilm, clip...), family:model, or a combination. See semtool encoders list."
        ),
    ] = "minilm",
    descriptions: Annotated[
        str | None, typer.Option(help="Description set.", show_default="the one made last")
    ] = None,
    prefix: Annotated[
        str | None, typer.Option(help="Put before every text.", show_default="the model's own")
    ] = None,
    dimensions: Annotated[
        int | None, typer.Option(help="Shorten vectors to this length, if the model can.")
    ] = None,
    ensemble: Annotated[
        bool, typer.Option("--ensemble", help="One vector for all variants of a text.")
    ] = False,
    overwrite: Annotated[
        Overwrite,
        typer.Option(
            help="only-missing encodes what is new, never takes any existing version, always encodes all."
        ),
    ] = Overwrite.only_missing,
    on_truncation: Annotated[
        OnTruncation, typer.Option(help="What to do about texts longer than the encoder reads.")
    ] = OnTruncation.warn,
    batch_size: Annotated[
        int | None, typer.Option(help="Texts at a time.", show_default="the encoder's own")
    ] = None,
    base_url: Annotated[str | None, typer.Option(help="Server for openai:<model>.")] = None,
    dry_run: SayOnly = False,
    root: console.Root = None,
    json: console.Json = False,
) -> None:
    """Encode a description set into an embedding file.

    Example: semtool embed --encoder minilm

    Example: semtool embed --encoder minilm*0.5+attributes --descriptions ntu60/parts-phases
    """
    from semtool import embedding
    from semtool.encoders import Options

    asked: dict[str, Any] = {
        "store": console.store(root),
        "options": Options(prefix=prefix, dimensions=dimensions, batch_size=batch_size, base_url=base_url),
        "ensemble": ensemble,
        "overwrite": overwrite.value,
    }
    if dry_run:
        show_plan(embedding.plan(descriptions, encoder, **asked), json)
        return
    with console.progress(f"embed {encoder}") as progress:
        result = embedding.embed(
            descriptions, encoder, on_truncation=on_truncation.value, progress=progress, **asked
        )
    show(result, json)


def show(result: Embedded, json: bool) -> None:
    """Print what was made or found; texts cut short are named by granularity on stderr."""
    artifact = result.artifact
    card, counts = artifact.manifest.details["encoder"], artifact.manifest.counts
    if result.truncated:
        limit = card.get("max_tokens") or min(p["max_tokens"] for p in card["parts"] if p["max_tokens"])
        cut = ", ".join(f"{n} {g}" for g, n in result.truncated.items())
        console.note(f"warning: {card['name']} reads {limit} tokens; cut short: {cut}")
    if json:
        console.json_object(
            {
                "reference": artifact.reference,
                "path": str(artifact.path),
                "found": result.found,
                "texts": {"new": result.new, "reused": result.reused},
                "truncated": result.truncated,
                **counts,
                "encoder": card,
            }
        )
        return
    done = "already there" if result.found else f"{result.new} texts encoded, {result.reused} reused"
    console.say(f"{artifact.reference}: {counts['rows']} vectors of length {counts['dim']} ({done})")
    console.say(str(artifact.path))


def show_plan(plan: Plan, json: bool) -> None:
    """Print what would be done."""
    if json:
        from dataclasses import asdict

        console.json_object(asdict(plan))
        return
    if plan.existing and not plan.new:
        console.say(f"nothing to do: {plan.existing} is there")
        return
    console.say(
        f"would write {plan.name}: {plan.rows} vectors of {plan.texts} different texts; "
        f"{plan.new} to encode ({plan.characters} characters), {plan.reused} known"
    )
    state = "available now" if plan.available else "not available now"
    console.say(f"encoder {plan.encoder}: {state} ({plan.where})")

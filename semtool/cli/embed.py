"""``semtool embed``: descriptions to an embedding file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from semtool.cli import console
from semtool.cli.console import option
from semtool.cli.options import SayOnly

if TYPE_CHECKING:
    from semtool.embedding import Embedded, Plan

__all__ = ["embed"]


@console.app.command()
def embed(
    encoder: Annotated[
        str, option("Alias (minilm, clip...), family:model, or a combination. See semtool encoders list.")
    ] = "minilm",
    descriptions: Annotated[str | None, option("Description set.", unset="the one made last")] = None,
    prefix: Annotated[str | None, option("Put before every text.", unset="the model's own")] = None,
    dimensions: Annotated[int | None, option("Shorten vectors to this length, if the model can.")] = None,
    ensemble: Annotated[bool, option("One vector for all variants of a text.", "--ensemble")] = False,
    overwrite: Annotated[
        Literal["never", "only-missing", "always"],
        option("only-missing encodes what is new, never takes any existing version, always encodes all."),
    ] = "only-missing",
    on_truncation: Annotated[
        Literal["warn", "error"], option("What to do about texts longer than the encoder reads.")
    ] = "warn",
    batch_size: Annotated[int | None, option("Texts at a time.", unset="the encoder's own")] = None,
    base_url: Annotated[str | None, option("Server for openai:<model>.")] = None,
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
        "overwrite": overwrite,
    }
    if dry_run:
        show_plan(embedding.plan(descriptions, encoder, **asked), json)
        return
    with console.progress(f"embed {encoder}") as progress:
        result = embedding.embed(
            descriptions, encoder, on_truncation=on_truncation, progress=progress, **asked
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
    said = {
        "reference": artifact.reference,
        "path": artifact.path,
        "found": result.found,
        "texts": {"new": result.new, "reused": result.reused},
        "truncated": result.truncated,
        **counts,
        "encoder": card,
    }
    done = "already there" if result.found else f"{result.new} texts encoded, {result.reused} reused"
    line = f"{artifact.reference}: {counts['rows']} vectors of length {counts['dim']} ({done})"
    console.answer(json, said, line, str(artifact.path))


def show_plan(plan: Plan, json: bool) -> None:
    """Print what would be done."""
    state = "available now" if plan.available else "not available now"
    lines = [
        f"would write {plan.name}: {plan.rows} vectors of {plan.texts} different texts; "
        f"{plan.new} to encode ({plan.characters} characters), {plan.reused} known",
        f"encoder {plan.encoder}: {state} ({plan.where})",
    ]
    if plan.existing and not plan.new:
        lines = [f"nothing to do: {plan.existing} is there"]
    console.answer(json, plan, *lines)

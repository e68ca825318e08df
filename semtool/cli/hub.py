"""``semtool push`` and ``semtool pull``: share description sets and embedding files."""

from __future__ import annotations

from typing import Annotated

import typer

from semtool.cli.artifacts import REFERENCE, entry
from semtool.cli.console import Json, Root, json_object, note, say, store

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("push")(_push)
    app.command("pull")(_pull)


def _push(
    reference: REFERENCE,
    repo: Annotated[str, typer.Option(help="Repository on the Hugging Face hub: USER/NAME.")],
    private: Annotated[bool, typer.Option("--private", help="Make a new repository private.")] = False,
    licence: Annotated[
        str, typer.Option(help="Licence of the texts, as the hub names it (cc-by-4.0).")
    ] = "unknown",
    root: Root = None,
    json: Json = False,
) -> None:
    """Share a description set or an embedding file, with a card that says how to load it.

    Example: semtool push ntu60/multi/minilm --repo me/ntu60-multi-minilm --licence cc-by-4.0
    """
    from semtool.hub import push

    artifact = store(root).locate(reference)
    done = push(artifact, repo, private=private, licence=licence)
    if licence == "unknown":
        note("the card names no licence; say one with --licence")
    if json:
        json_object({"reference": artifact.reference, "repo": repo, "url": done.url, "commit": done.commit})
        return
    say(f"pushed {artifact.reference} to {done.url}")


def _pull(
    repo: Annotated[str, typer.Argument(help="Repository on the Hugging Face hub: USER/NAME.")],
    revision: Annotated[str | None, typer.Option(help="Branch, tag or commit.", show_default="main")] = None,
    root: Root = None,
    json: Json = False,
) -> None:
    """Fetch what somebody pushed; it enters the store only if every checksum fits.

    Example: semtool pull somebody/ntu60-multi-minilm
    """
    from semtool.hub import pull

    artifact = pull(repo, store=store(root), revision=revision)
    if json:
        json_object(entry(artifact) | {"pulled": artifact.manifest.details.get("pulled")})
        return
    say(f"{artifact.kind} {artifact.reference}, from {repo}")

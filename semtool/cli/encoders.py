"""``semtool encoders``: what can encode, whether it can now, and where its weights are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from semtool.cli import console
from semtool.cli.console import argument, option
from semtool.errors import SemtoolError

if TYPE_CHECKING:
    from semtool.encoders import Encoder

__all__ = ["encoders"]

encoders = typer.Typer(no_args_is_help=True, help="List encoders, show one, check whether it can be used.")
console.app.add_typer(encoders, name="encoders")
Name = Annotated[str, argument("Alias or full name (family:model).")]


@encoders.command("list")
def list_(json: console.Json = False) -> None:
    """List every alias with its model, without loading anything.

    Example: semtool encoders list
    """
    from semtool.encoders import encoder_names, find_encoder, plugin_problems

    found = [record(name, find_encoder(name)) for name in encoder_names()]
    problems = plugin_problems()
    for problem in problems:
        console.note(f"warning: {problem}")
    if json:
        console.json_object({"encoders": found, "problems": problems})
        return
    columns = ("alias", "name", "dim", "max_tokens", "licence", "available", "where")
    headings = ("alias", "name", "dim", "tokens", "licence", "now", "weights")
    shown = [e | {"available": "yes" if e["available"] else "no"} for e in found]
    # The address of the hub is the same for all.
    shown = [e | {"where": e["where"].partition(" from http")[0]} for e in shown]
    console.table("Encoders", headings, [[e[c] or "-" for c in columns] for e in shown])


@encoders.command()
def show(name: Name, json: console.Json = False) -> None:
    """Show an encoder's identity card, without loading it.

    Example: semtool encoders show clip
    """
    from semtool.encoders import parse_encoder

    parts = [{"weight": p.weight, **record(name, p.encoder)} for p in parse_encoder(name)]
    if json:
        console.json_object(parts[0] if len(parts) == 1 else {"name": name, "parts": parts})
        return
    for part in parts:
        shown = {k: v for k, v in part.items() if k not in ("alias", "weight") or len(parts) > 1}
        rows = [(k, "-" if v in (None, "") else v) for k, v in shown.items()]
        console.table(part["name"], ("", ""), rows)


@encoders.command()
def check(
    name: Name,
    run: Annotated[bool, option("Also load it and encode a few texts.", "--run")] = False,
    json: console.Json = False,
) -> None:
    """Say whether an encoder can be used now; exit 1 if not. With --run, load it and test what it returns.

    Example: semtool encoders check minilm --run
    """
    from semtool.encoders import check_encoder, parse_encoder

    parts = parse_encoder(name)
    found = [record(name, part.encoder) for part in parts]
    missing = next((e for e in found if not e["available"]), None)
    problems: list[str] = []
    if missing is None and run:
        problems = [problem for part in parts for problem in check_encoder(part.encoder)]
    if json:
        console.json_object(
            {"name": name, "available": missing is None, "parts": found, "problems": problems}
        )
    if missing:
        raise SemtoolError(f"{missing['name']} cannot be used now: {missing['where']}")
    if problems:
        raise SemtoolError(f"{name}: " + "; ".join(problems))
    if not json:
        done = "; it encodes, and its vectors do not depend on order or company" if run else ""
        console.say(f"{name} can be used: " + "; ".join(e["where"] for e in found) + done)


def record(alias: str, encoder: Encoder) -> dict[str, Any]:
    """Return an encoder's card and availability as plain data."""
    place = encoder.availability()
    return {"alias": alias, **encoder.card.as_dict(), "available": place.now, "where": place.where}

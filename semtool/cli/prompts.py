"""``semtool prompts``: see what a prompt set says, check it, make one's own."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from semtool.cli import console
from semtool.cli.console import argument, option
from semtool.cli.options import DataFile
from semtool.errors import SemtoolError, UsageError

if TYPE_CHECKING:
    from semtool.generation import Finding, PromptSet

__all__ = ["group"]

group = typer.Typer(no_args_is_help=True, help="Prompt sets: what is said about actions.")
console.app.add_typer(group, name="prompts")

_Name = Annotated[str, argument("Prompt set, or the path of your own folder.")]


@group.command("list")
def list_(json: console.Json = False) -> None:
    """List the prompt sets that semtool carries.

    Example: semtool prompts list
    """
    from semtool.generation import load_prompt_set, prompt_set_names

    found = [load_prompt_set(name) for name in prompt_set_names()]
    if json:
        console.json_object({"prompts": [_summary(p) for p in found]})
        return
    rows = [(p.name, p.source, ", ".join(p.granularities), p.title) for p in found]
    console.table("Prompt sets", ("name", "source", "granularities", "what it says"), rows)


@group.command()
def show(name: _Name, json: console.Json = False) -> None:
    """Show one prompt set: what it is for, and its templates.

    Example: semtool prompts show parts-phases
    """
    from semtool.generation import load_prompt_set

    prompt_set = load_prompt_set(name)
    if json:
        console.json_object(_summary(prompt_set) | {"files": prompt_set.files})
        return
    console.say(f"{prompt_set.name} ({prompt_set.source}): {prompt_set.title}")
    for label, text in (("for", prompt_set.about), ("suits", prompt_set.suits)):
        if text:
            console.say(f"{label}: {text}")
    for file, source in prompt_set.files.items():
        console.say(f"\n--- {file}\n{source.rstrip()}")


@group.command()
def render(
    name: _Name,
    action: Annotated[str, argument("Class by id, code, name or alias.", metavar="CLASS")],
    dataset: DataFile = "ntu60",
    root: console.Root = None,
    json: console.Json = False,
) -> None:
    """Show what a prompt set says about one class; nothing is written.

    Example: semtool prompts render attributes "pick up" --dataset ntu60
    """
    from semtool.catalogue import load_bank, load_dataset
    from semtool.generation import describe_class, load_prompt_set

    data = load_dataset(console.store(root).dataset_file(dataset))
    prompt_set = load_prompt_set(name)
    if prompt_set.source == "llm":
        raise UsageError(
            f"{prompt_set.name} asks a language model; see its requests with semtool generate --dry-run"
        )
    found = data.find_class(action)
    texts = list(describe_class(prompt_set, data, found, load_bank(data)))
    if json:
        lines = [{k: getattr(d, k) for k in ("granularity", "slot", "variant", "text")} for d in texts]
        console.json_object(
            {"dataset": data.name, "class_id": found.id, "class_name": found.name, "texts": lines}
        )
        return
    console.say(f"{data.name}, {found.code} {found.name}: {len(texts)} texts")
    console.table("", ("granularity", "slot", "text"), [(d.granularity, d.slot, d.text) for d in texts])


@group.command()
def check(
    name: _Name,
    dataset: DataFile = "ntu60",
    encoder: Annotated[str, option("Count tokens as this encoder does.", unset="an estimate")] = "",
    max_tokens: Annotated[
        int | None, option("Most tokens of a text.", min=1, unset="the encoder's, else 77")
    ] = None,
    strict: Annotated[bool, option("Warnings fail too.", "--strict")] = False,
    root: console.Root = None,
    json: console.Json = False,
) -> None:
    """Check a prompt set: missing fields, leaked labels, duplicates across classes, texts that are too long.

    Example: semtool prompts check my-prompts --dataset utd-mhad --encoder clip
    """
    from semtool.catalogue import load_bank, load_dataset
    from semtool.encoders import find_encoder
    from semtool.generation import MAX_TOKENS, check_prompt_set, load_prompt_set

    data = load_dataset(console.store(root).dataset_file(dataset))
    prompt_set = load_prompt_set(name)
    found: list[Finding] = []
    if prompt_set.source != "llm":
        counting = find_encoder(encoder) if encoder else None
        limit = counting.card.max_tokens or 10**9 if counting else MAX_TOKENS
        count = counting.count_tokens if counting else None
        found = check_prompt_set(
            prompt_set, data, load_bank(data), max_tokens=max_tokens or limit, count_tokens=count
        )
    bad = [f for f in found if strict or f.severity == "error"]
    if json:
        said = {"prompts": prompt_set.name, "dataset": data.name, "ok": not bad, "findings": found}
        console.json_object(said)
    elif prompt_set.source == "llm":
        console.say(f"{prompt_set.name}: valid; what a model answers is checked as it comes")
    else:
        _show_findings(found, f"{prompt_set.name} on {data.name}")
    if bad:
        raise SemtoolError(f"{prompt_set.name} on {data.name}: {len(bad)} findings must be mended; see above")


@group.command()
def new(
    folder: Annotated[Path, argument("Folder to make; its name is the prompt set's.")],
    source: Annotated[
        str, option("Prompt set to start from; without it a small commented one.", "--from")
    ] = "",
    json: console.Json = False,
) -> None:
    """Make a prompt set of your own, to be edited.

    Example: semtool prompts new my-prompts --from parts-phases
    """
    from semtool.generation import scaffold

    files = scaffold(folder, source or None)
    console.answer(json, {"path": folder, "files": files}, f"{folder} made: {', '.join(files)}")
    path = folder if folder.is_absolute() or len(folder.parts) > 1 else f"./{folder}"
    console.note(f"next: semtool prompts check {path} --dataset ntu60")


def _show_findings(found: list[Finding], title: str) -> None:
    for rule, many in Counter(f.rule for f in found).items():
        for f in [f for f in found if f.rule == rule][:10]:
            console.say(f"{f.severity}: {rule}: {f.where}: {f.message}")
        if many > 10:
            console.say(f"... and {many - 10} more of {rule}")
    errors = sum(f.severity == "error" for f in found)
    console.say(f"{title}: {errors} errors, {len(found) - errors} warnings")


def _summary(prompt_set: PromptSet) -> dict[str, Any]:
    summary = prompt_set.model_dump(exclude={"files"}, by_alias=True)
    return summary | {"sha256": prompt_set.sha256}

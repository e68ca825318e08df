"""``semtool datasets``: what the catalogue knows, and checks for a data set of one's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from semtool.cli import console
from semtool.cli.console import argument, option
from semtool.errors import SemtoolError

if TYPE_CHECKING:
    from semtool.catalogue import Dataset, Split

__all__ = ["group"]

group = typer.Typer(no_args_is_help=True, help="Data sets: classes, splits, protocols, how to obtain them.")
console.app.add_typer(group, name="datasets")

_Name = Annotated[str, argument("Data set, or the path of your own YAML file.")]


@group.command("list")
def list_(json: console.Json = False) -> None:
    """List the data sets of the catalogue.

    Example: semtool datasets list
    """
    from semtool.catalogue import dataset_names, load_dataset

    found = [_summary(load_dataset(name)) for name in dataset_names()]
    if json:
        console.json_object({"datasets": found})
        return
    columns = ("name", "title", "classes", "layout", "bodies", "splits", "default_split", "default_protocol")
    rows = [[len(d[c]) if c == "splits" else d[c] for c in columns] for d in found]
    headings = [c.replace("_", " ").replace("layout", "skeleton") for c in columns]
    console.table("Data sets", headings, rows)


@group.command()
def show(
    name: _Name,
    split: Annotated[
        str | None, option("Show one class split in full (draw-5-0 draws one).", unset="all, short")
    ] = None,
    root: console.Root = None,
    json: console.Json = False,
) -> None:
    """Show one data set: classes, aliases, splits, sample protocols, licence, how to obtain it.

    Example: semtool datasets show utd-mhad --split draw-5-0
    """
    from semtool.catalogue import load_dataset

    dataset = load_dataset(console.store(root).dataset_file(name))
    chosen = dataset.split(split) if split else None
    if json:
        full = dataset.model_dump(exclude={"facts"}, by_alias=True)
        if chosen:
            full["split"] = chosen.model_dump() | {"seen": list(dataset.seen(chosen))}
        console.json_object(full)
        return
    if chosen:
        _show_split(dataset, chosen)
        return
    console.say(f"{dataset.name}: {dataset.title or dataset.name}, {len(dataset.classes)} classes")
    people = "one person" if dataset.bodies == 1 else f"up to {dataset.bodies} people"
    console.say(f"skeleton: {dataset.layout}, {people}")
    for label, text in (("licence", dataset.licence), ("to obtain", dataset.obtain)):
        if text:
            console.say(f"{label}: {text}")
    rows = [(c.id, c.code, c.name, ", ".join(c.aliases)) for c in dataset.classes]
    console.table("Classes", ("id", "code", "name", "aliases"), rows)
    splits = [
        (_named(s.name, dataset.default_split), s.family, len(s.unseen), _ids(s.unseen))
        for s in dataset.splits.values()
    ]
    if splits:
        console.table("Class splits", ("name", "family", "unseen", "unseen class ids"), splits)
    protocols = [
        (_named(p.name, dataset.default_protocol), p.by, _ids(p.train)) for p in dataset.protocols.values()
    ]
    if protocols:
        console.table("Sample protocols", ("name", "by", "training numbers; all others test"), protocols)
    console.note(f"draw 5 unseen classes with seed 0: semtool datasets show {name} --split draw-5-0")


@group.command()
def check(
    file: Annotated[str, argument("Your YAML file, or the name of a data set.")],
    root: console.Root = None,
    json: console.Json = False,
) -> None:
    """Check a data set: list everything that is wrong, and what is not known yet.

    Example: semtool datasets check my-actions.yaml
    """
    from semtool.catalogue import gaps, load_bank, load_dataset, twins
    from skeleton.data import layout

    dataset = load_dataset(console.store(root).dataset_file(file))
    layout(dataset.layout)  # one that no reader knows is refused
    bank = load_bank(dataset)
    missing, same = gaps(dataset, bank), twins(dataset, bank)
    if json:
        console.json_object(
            {"dataset": dataset.name, "classes": len(dataset.classes), "missing": missing, "twins": same}
        )
    else:
        console.say(f"{dataset.name}: {len(dataset.classes)} classes, {len(dataset.splits)} splits, valid")
        for key, names in missing.items():
            some = ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
            console.say(f"not given: {key} of {some}")
        for sentence in same:
            console.say(sentence)
        if missing:
            ready = " and attributes" if "attribute" not in missing else ""
            console.say(f"Prompt sets that it is enough for: label, words, clip-ensemble{ready}.")
        if not dataset.protocols:
            console.say("not given: protocols, so features and train cannot tell training samples from tests")
    if same:
        raise SemtoolError(f"{dataset.name}: {len(same)} pairs of classes cannot be told apart; see above")


@group.command()
def vocabulary(json: console.Json = False) -> None:
    """Print the attribute vocabulary: the fields and values that facts may use.

    Example: semtool datasets vocabulary
    """
    from semtool.catalogue import load_vocabulary

    fields = load_vocabulary().fields
    if json:
        console.json_object({"fields": {name: field.model_dump() for name, field in fields.items()}})
        return
    rows = [
        (name, value + (" (default)" if meaning.default else ""), meaning.means)
        for name, field in fields.items()
        for value, meaning in field.values.items()
    ]
    console.table("Attribute vocabulary", ("field", "value", "means"), rows)


def _show_split(dataset: Dataset, split: Split) -> None:
    console.say(
        f"{dataset.name}, split {split.name}: {len(split.unseen)} unseen, {len(dataset.seen(split))} seen"
    )
    unseen = set(split.unseen)
    rows = [(c.id, c.code, c.name, "unseen" if c.id in unseen else "seen") for c in dataset.classes]
    console.table("", ("id", "code", "name", "role"), sorted(rows, key=lambda r: r[3] == "seen"))


def _summary(dataset: Dataset) -> dict[str, Any]:
    said = ("name", "title", "layout", "bodies", "default_split", "default_protocol")
    listed = {"splits": list(dataset.splits), "protocols": list(dataset.protocols)}
    return {key: getattr(dataset, key) for key in said} | listed | {"classes": len(dataset.classes)}


def _named(name: str, default: str | None) -> str:
    return f"{name} (default)" if name == default else name


def _ids(ids: tuple[int, ...]) -> str:
    return " ".join(map(str, ids))

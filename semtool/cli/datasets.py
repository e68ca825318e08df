"""``semtool datasets``: what the catalogue knows, and checks for a data set of one's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from semtool.cli import console
from semtool.errors import SemtoolError, UsageError

if TYPE_CHECKING:
    from semtool.catalogue import Dataset, Split

__all__ = ["group"]

group = typer.Typer(no_args_is_help=True, help="Data sets: classes, splits, protocols, how to obtain them.")
console.app.add_typer(group, name="datasets")

_Name = Annotated[str, typer.Argument(help="Data set, or the path of your own YAML file.")]


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
        str | None,
        typer.Option(help="Show one class split in full (draw-5-0 draws one).", show_default="all, short"),
    ] = None,
    unseen: Annotated[
        int | None, typer.Option(min=1, help="Draw a split with this many unseen classes.")
    ] = None,
    draw_seed: Annotated[int, typer.Option(min=0, help="Seed of the drawn split.")] = 0,
    root: console.Root = None,
    json: console.Json = False,
) -> None:
    """Show one data set: classes, aliases, splits, sample protocols, licence, how to obtain it.

    Example: semtool datasets show utd-mhad --unseen 5 --draw-seed 0
    """
    from semtool.catalogue import load_dataset

    if split and unseen:
        raise UsageError("give --split or --unseen, not both")
    dataset = load_dataset(console.store(root).dataset_file(name))
    chosen = dataset.split(f"draw-{unseen}-{draw_seed}" if unseen else split) if split or unseen else None
    if json:
        console.json_object(_full(dataset, chosen))
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
        (
            s.name + (" (default)" if s.name == dataset.default_split else ""),
            s.family,
            len(s.unseen),
            _ids(s.unseen),
        )
        for s in dataset.splits.values()
    ]
    if splits:
        console.table("Class splits", ("name", "family", "unseen", "unseen class ids"), splits)
    protocols = [
        (p.name + (" (default)" if p.name == dataset.default_protocol else ""), p.by, _ids(p.train))
        for p in dataset.protocols.values()
    ]
    if protocols:
        console.table("Sample protocols", ("name", "by", "training numbers; all others test"), protocols)
    console.note(
        f"draw a split: semtool datasets show {name} --unseen 5 --draw-seed 0 (its name is draw-5-0)"
    )


@group.command()
def check(
    file: Annotated[str, typer.Argument(help="Your YAML file, or the name of a data set.")],
    root: console.Root = None,
    json: console.Json = False,
) -> None:
    """Check a data set: list everything that is wrong, and what is not known yet.

    Example: semtool datasets check my-actions.yaml
    """
    from semtool.catalogue import gaps, load_bank, load_dataset, twins

    dataset = load_dataset(console.store(root).dataset_file(file))
    _check_layout(dataset.layout)
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


def _check_layout(name: str) -> None:
    """Refuse a layout that no skeleton reader knows."""
    from skeleton.data import layout

    layout(name)


def _show_split(dataset: Dataset, split: Split) -> None:
    console.say(
        f"{dataset.name}, split {split.name}: {len(split.unseen)} unseen, {len(dataset.seen(split))} seen"
    )
    unseen = set(split.unseen)
    rows = [(c.id, c.code, c.name, "unseen" if c.id in unseen else "seen") for c in dataset.classes]
    console.table("", ("id", "code", "name", "role"), sorted(rows, key=lambda r: r[3] == "seen"))


def _summary(dataset: Dataset) -> dict[str, Any]:
    return {
        "name": dataset.name,
        "title": dataset.title,
        "classes": len(dataset.classes),
        "layout": dataset.layout,
        "bodies": dataset.bodies,
        "splits": list(dataset.splits),
        "default_split": dataset.default_split,
        "protocols": list(dataset.protocols),
        "default_protocol": dataset.default_protocol,
    }


def _full(dataset: Dataset, split: Split | None) -> dict[str, Any]:
    full = dataset.model_dump(exclude={"facts"}, by_alias=True)
    if split:
        full["split"] = split.model_dump() | {"seen": list(dataset.seen(split))}
    return full


def _ids(ids: tuple[int, ...]) -> str:
    return " ".join(str(i) for i in ids)

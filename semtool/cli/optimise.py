"""``semtool optimise``: a text made better on seen classes alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from semtool.cli import asking, console
from semtool.cli.options import Dataset, Split, grouped
from semtool.cli.switches import Switches, assignments

if TYPE_CHECKING:
    from semtool.experiments import Optimisation

__all__ = ["optimise"]


@console.app.command()
@grouped
def optimise(
    model: asking.Asking,
    text: Annotated[str, typer.Argument(metavar="REF", help="Prompt set or description set to begin with.")],
    dataset: Dataset = None,
    split: Split = None,
    encoder: Annotated[str, typer.Option("--encoder", "-e", help="Text encoder.")] = "minilm",
    preset: Annotated[str, typer.Option(help="A closed form: ridge, best or eszsl.")] = "ridge",
    switch: Switches = None,
    visual: Annotated[
        str | None, typer.Option(help="Visual encoder.", show_default="newest features; best: kinematics")
    ] = None,
    use: Annotated[
        list[str] | None,
        typer.Option(
            help="A text to try in its place or beside it; may be repeated.",
            show_default="multi, attributes, parts-phases, motion, global",
        ),
    ] = None,
    tries: Annotated[int, typer.Option(help="Try at most so often.")] = 20,
    tokens: Annotated[
        int | None, typer.Option(help="Most tokens of a model.", show_default="any number")
    ] = None,
    minutes: Annotated[float | None, typer.Option(help="Most minutes.", show_default="any number")] = None,
    name: Annotated[
        str | None, typer.Option(help="Name of the optimisation.", show_default="from what is optimised")
    ] = None,
    root: console.Root = None,
    json: console.Json = False,
) -> None:
    """Improve a text on seen classes: keep what is shown to help held-out ones, look at unseen ones once.

    Tries to put texts in their place, other prompt sets, fewer and more words, and with --llm a model that is
    shown what was confused. Every try is a line in optimisations/NAME/log.jsonl; the same command goes on.

    Example: semtool optimise utd-mhad/label --split purls-22-5 --visual kinematics
    """
    from semtool.experiments import optimise as improve
    from semtool.experiments.optimisation import SOURCES

    with console.progress("trying") as progress:
        found = improve(
            text,
            store=console.store(root),
            dataset=dataset,
            split=split,
            encoder=encoder,
            preset=preset,
            switches=assignments(switch or ()),
            visual=visual,
            sources=tuple(use or SOURCES),
            llm=model.options(),
            tries=tries,
            tokens=tokens,
            minutes=minutes,
            name=name,
            progress=progress,
            note=console.note,
        )
    if json:
        console.json_object(found.to_dict())
    else:
        show(found)


def show(found: Optimisation) -> None:
    """Print the tries, and the gain on held-out and on unseen classes side by side."""
    rows = [
        (
            t.number,
            t.move,
            "-" if t.gain is None else f"{100 * t.gain:+.1f}",
            "-" if t.elsewhere is None else f"{100 * t.elsewhere:+.1f}",
            "-" if t.p is None else f"{t.p:.4f}",
            "-" if t.doubt is None else f"{t.doubt:.4f}",
            f"{t.alpha:.4f}",
            "kept" if t.kept else "",
        )
        for t in found.tries
    ]
    console.table(
        "tries, on held-out seen classes",
        ("", "what", "points", "elsewhere", "p", "doubt", "at most", ""),
        rows,
    )
    if found.unseen is None:
        console.say(f"{found.start} stays as it is: {found.stopped}. The unseen classes were not looked at.")
    else:
        sides = {"held-out seen classes": found.held_out, "unseen classes": found.unseen}
        gains = [
            (
                side,
                f"{100 * n['start']:.1f}",
                f"{100 * n['result']:.1f}",
                f"{100 * n['gain']:+.1f}",
                f"{100 * n['low']:+.1f} to {100 * n['high']:+.1f}",
            )
            for side, n in sides.items()
        ]
        columns = ("accuracy in %", found.start, found.result, "gain", "95 % interval")
        console.table("what it gave", columns, gains)
        console.say(f"Stopped: {found.stopped}.")
    for note in found.notes:
        console.note(f"note: {note}")
    console.say(f"log: {found.path / 'log.jsonl'}")

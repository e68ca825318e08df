"""``semtool optimise``: a text made better on seen classes alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from semtool.cli import asking, console
from semtool.cli.console import argument, option
from semtool.cli.options import Dataset, Split, Visual, grouped
from semtool.cli.switches import Switches, assignments

if TYPE_CHECKING:
    from semtool.experiments import Optimisation

__all__ = ["optimise"]

COLUMNS = ("start", "result", "gain", "low", "high")


@console.app.command()
@grouped
def optimise(
    model: asking.Asking,
    text: Annotated[str, argument("Prompt set or description set to begin with.", metavar="REF")],
    dataset: Dataset = None,
    split: Split = None,
    encoder: Annotated[str, option("Text encoder.", "--encoder", "-e")] = "minilm",
    preset: Annotated[str, option("A closed form: ridge, best or eszsl.")] = "ridge",
    switch: Switches = None,
    visual: Visual = None,
    use: Annotated[
        list[str] | None,
        option(
            "A text to try in its place or beside it; may be repeated.",
            unset="multi, attributes, parts-phases, motion, global",
        ),
    ] = None,
    tries: Annotated[int, option("Try at most so often.")] = 20,
    tokens: Annotated[int | None, option("Most tokens of a model.", unset="any number")] = None,
    minutes: Annotated[float | None, option("Most minutes.", unset="any number")] = None,
    name: Annotated[str | None, option("Name of the optimisation.", unset="from what is optimised")] = None,
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

    def shown(value: float | None, form: str) -> str:
        return "-" if value is None else form.format(value)

    rows = []
    for t in found.tries:
        points = [shown(gain and 100 * gain, "{:+.1f}") for gain in (t.gain, t.elsewhere)]
        chances = [shown(chance, "{:.4f}") for chance in (t.p, t.doubt, t.alpha)]
        rows.append((t.number, t.move, *points, *chances, "kept" if t.kept else ""))
    headings = ("", "what", "points", "elsewhere", "p", "doubt", "at most", "")
    console.table("tries, on held-out seen classes", headings, rows)
    if found.unseen is None:
        console.say(f"{found.start} stays as it is: {found.stopped}. The unseen classes were not looked at.")
    else:
        sides = {"held-out seen classes": found.held_out, "unseen classes": found.unseen}
        gains = []
        for side, numbers in sides.items():
            start, result, gain, low, high = (100 * numbers[k] for k in COLUMNS)
            told = f"{start:.1f}", f"{result:.1f}", f"{gain:+.1f}", f"{low:+.1f} to {high:+.1f}"
            gains.append((side, *told))
        columns = ("accuracy in %", found.start, found.result, "gain", "95 % interval")
        console.table("what it gave", columns, gains)
        console.say(f"Stopped: {found.stopped}.")
    for note in found.notes:
        console.note(f"note: {note}")
    console.say(f"log: {found.path / 'log.jsonl'}")

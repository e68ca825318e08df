"""``semtool train``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from semtool.cli.console import Json, Root, app, json_object, note, option, progress, say, store, table
from semtool.cli.estimates import DryRun, show_estimates
from semtool.cli.options import Dataset, Device, Embeddings, Features, Jobs, Seeds, Split, words
from semtool.cli.switches import SwitchCommand, Switches, chosen_preset

if TYPE_CHECKING:
    from skeleton.runs import Part, Spread, Summary

__all__ = ["epoch_line", "per_cent", "show_summary"]


@app.command(cls=SwitchCommand)
def train(
    context: typer.Context,
    embeddings: Embeddings = None,
    features: Features = None,
    dataset: Dataset = None,
    split: Split = None,
    preset: Annotated[str, option("paper, ridge, eszsl, best, or a plug-in's.")] = "paper",
    switch: Switches = None,
    seeds: Seeds = "1",
    name: Annotated[str | None, option("Name of the run, no path.", unset="from inputs and switches")] = None,
    device: Device = "auto",
    jobs: Jobs = None,
    track: Annotated[str | None, option("tensorboard, wandb, or both with a comma.")] = None,
    dry_run: DryRun = False,
    again: Annotated[bool, option("Train although this run is finished.", "--again")] = False,
    root: Root = None,
    json: Json = False,
) -> None:
    """Train on seen classes, measure on unseen ones.

    With everything left out: the newest embedding file, its data set's default split, the published method.
    The presets ridge, eszsl and best need no training and take seconds; best wants attribute codes
    (generate --prompts attributes, embed --encoder attributes) and takes kinematic features. A killed run
    goes on where it stopped.

    Example: semtool train --split purls-22-5 --seeds 3 --lr 1e-4

    Example: semtool train --preset ridge --codebook label,part
    """
    from skeleton.runs import parse_seeds
    from skeleton.runs import train as run

    asked: dict[str, Any] = {
        "store": store(root),
        "dataset": dataset,
        "split": split,
        "settings": chosen_preset(context, preset, switch or ()),
        "seeds": parse_seeds(seeds),
        "device": device,
        "jobs": jobs,
    }
    if dry_run:
        from skeleton.runs import estimate_start, estimate_train

        start = estimate_start()
        found = estimate_train(embeddings, features, **asked)
        show_estimates(found, start, json, store(root), jobs)
        return
    said = ""

    def hear(record: dict[str, Any]) -> None:
        nonlocal said
        said = epoch_line(record)

    with progress("training") as report:
        result = run(
            embeddings,
            features,
            name=name,
            trackers=words(track) or (),
            again=again,
            progress=lambda done, total: report(done, total, said),
            on_epoch=hear,
            note=note,
            **asked,
        )
    if result.reused:
        note(
            f"seed {', '.join(map(str, result.reused))} was trained before on the same inputs; "
            "--again repeats it"
        )
    if len(result.summary.seeds) < len(asked["seeds"]):
        note("the method does not depend on the seed: fitted once, for the first")
    if json:
        json_object(result.summary.to_dict())
        return
    show_summary(result.summary)
    say(f"run: {result.path}")


def epoch_line(record: dict[str, Any]) -> str:
    """Return what is shown of an epoch while it trains."""
    phase = "pilot, " if record["phase"] == "pilot" else ""
    line = f"seed {record['seed']}, {phase}epoch {record['epoch']}, loss {record['loss']:.3f}"
    # The value is of validation classes in the pilot, and of the test classes if asked for: --select test.
    kind = "validation" if record["phase"] == "pilot" else "TEST"
    return line + (f", {kind} {record['monitor']:.1%}" if "monitor" in record else "")


def show_summary(summary: Summary, title: str = "") -> None:
    """Print the table of a run: accuracy on unseen classes against chance, then class by class."""
    from semtool.experiments import marks, rule_named

    preset, zsl = summary.preset or summary.method, summary.zsl
    said = marks(
        simulated=summary.simulated,
        leaky=summary.leaky,
        auxiliary=[preset] if summary.auxiliary else (),
        transductive=() if summary.inductive else [preset],
    )
    head = f"{summary.dataset}, split {summary.split}, preset {preset}"
    chance = f"{zsl.chance:.1%}"
    whole = f"unseen classes, {_part(summary, summary.part)} (n={zsl.n})"
    rows = [
        (whole, per_cent(zsl.accuracy), chance),
        ("mean over unseen classes", per_cent(zsl.class_mean), chance),
    ]
    other: Part = "all" if summary.part == "test" else "test"
    if (result := getattr(summary, other)) is not None:
        rows.append((f"{_part(summary, other)} (n={result.zsl.n})", per_cent(result.zsl.accuracy), chance))
    for rule, values in (summary.gzsl or {}).items():
        three = " / ".join(per_cent(v) for v in (values.seen, values.unseen, values.harmonic))
        rows.append((f"all classes, {rule_named(rule)}: seen / unseen / harmonic", three, ""))
    seeds = f"seed{'s' if len(summary.seeds) > 1 else ''} {', '.join(map(str, summary.seeds))}"
    table(f"{title or head}{said}", (seeds, "%", "chance"), rows)
    classes = [(c, entry.name, entry.n, per_cent(entry.accuracy)) for c, entry in zsl.per_class.items()]
    table(f"unseen classes{said}", ("class", "name", "samples", "% right"), classes)
    train, pilot = (summary.timing[key].mean for key in ("train_seconds", "pilot_seconds"))
    if pilot:
        say(
            f"training took {train:.1f} s a seed, {pilot:.1f} s of it on a pilot without some seen classes, "
            "which calibrates; --no-calibrate does without"
        )
    say(f"text: {summary.embeddings.reference}, features: {summary.features.reference}")


def per_cent(value: Spread | None) -> str:
    """Return mean and deviation of a number as per cent."""
    from semtool.experiments import per_cent as shown

    return shown(value.values.values() if value else ())


def _part(summary: Summary, part: Part) -> str:
    return "all samples" if part == "all" else f"{summary.protocol} test part"

"""``semtool train``."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from semtool.cli.console import Json, Root, json_object, note, progress, say, store, table
from semtool.errors import UsageError

if TYPE_CHECKING:
    from skeleton.methods.config import TrainConfig

__all__ = ["numbers", "per_cent", "register", "show_summary", "words"]


class Select(StrEnum):
    """Which epoch is the result."""

    last = "last"
    validation = "validation"
    test = "test"


class Loss(StrEnum):
    """Training loss."""

    sampling = "sampling"
    cross_entropy = "cross-entropy"


class Estimator(StrEnum):
    """How a head compares motion and text."""

    mlp = "mlp"
    bilinear = "bilinear"
    cosine = "cosine"


class Alignment(StrEnum):
    """What the heads see and read."""

    whole = "whole"
    granularity = "granularity"


class Kernel(StrEnum):
    """Kernel of the preset best."""

    blocks = "blocks"
    whole = "whole"


class Auxiliary(StrEnum):
    """Classes beside the seen ones."""

    none = "none"
    simulated = "simulated"


class FeatureNorm(StrEnum):
    """Normalisation of visual features."""

    none = "none"
    l2 = "l2"
    standard = "standard"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(train)


def train(
    embeddings: Annotated[
        str | None, typer.Option(help="Embedding file.", show_default="the one made last")
    ] = None,
    features: Annotated[
        str | None, typer.Option(help="Features.", show_default="the newest of the split; made if missing")
    ] = None,
    dataset: Annotated[
        str | None, typer.Option("--dataset", "-d", show_default="that of the embedding file")
    ] = None,
    split: Annotated[
        str | None, typer.Option("--split", "-s", help="Class split.", show_default="the data set's")
    ] = None,
    preset: Annotated[str, typer.Option(help="paper, ridge, eszsl or best.")] = "paper",
    seeds: Annotated[str, typer.Option(help="Seeds: 0,1,2 or 0-4.")] = "0",
    lr: Annotated[
        float | None, typer.Option(help="Learning rate; 1e-4 for small data.", show_default="1e-5")
    ] = None,
    epochs: Annotated[int | None, typer.Option(show_default="100")] = None,
    batch: Annotated[int | None, typer.Option(show_default="128")] = None,
    warmup: Annotated[int | None, typer.Option(help="Epochs of warm-up.", show_default="15")] = None,
    codebook: Annotated[
        str | None,
        typer.Option(help="Granularities of the codebook, as label,part.", show_default="all but motion"),
    ] = None,
    motion: Annotated[
        str | None,
        typer.Option(
            help="Granularity of the motion slot, or none.", show_default="motion, else global, else label"
        ),
    ] = None,
    max_k: Annotated[
        int | None,
        typer.Option(help="End of the heads' series 1,5,10...", show_default="60 ntu60, 15 pku-mmd, else 25"),
    ] = None,
    heads: Annotated[str | None, typer.Option(help="The heads' granularities themselves: 1,5,10.")] = None,
    attention_inverse: Annotated[
        int | None, typer.Option(help="Epochs of inverted attention; 0 for none.", show_default="15")
    ] = None,
    loss: Annotated[Loss | None, typer.Option(show_default="sampling")] = None,
    negatives: Annotated[
        int | None, typer.Option(help="Negatives a sample (loss sampling).", show_default="8")
    ] = None,
    estimator: Annotated[Estimator | None, typer.Option(show_default="mlp")] = None,
    feature_norm: Annotated[
        FeatureNorm | None, typer.Option(help="Normalise visual features.", show_default="the preset's")
    ] = None,
    visual_layernorm: Annotated[
        bool, typer.Option("--visual-layernorm", help="LayerNorm before the heads' projections.")
    ] = False,
    alignment: Annotated[
        Alignment | None,
        typer.Option(
            help="granularity: text about a body part or phase has heads that see only that; "
            "needs kinematic features.",
            show_default="whole",
        ),
    ] = None,
    weight_decay: Annotated[float | None, typer.Option(show_default="0")] = None,
    kernel: Annotated[
        Kernel | None,
        typer.Option(help="best: one kernel a feature block, or one for all.", show_default="blocks"),
    ] = None,
    auxiliary: Annotated[
        Auxiliary | None,
        typer.Option(help="best: learn from simulated classes too.", show_default="the preset's"),
    ] = None,
    hub_correction: Annotated[
        bool | None,
        typer.Option(help="Closed forms: standardise each class over seen samples.", show_default="yes"),
    ] = None,
    decorrelate: Annotated[
        bool | None,
        typer.Option(help="best: compare text with its dimensions decorrelated.", show_default="yes"),
    ] = None,
    select: Annotated[
        Select | None,
        typer.Option(help="Epoch that is the result; test is leaky, and marked so.", show_default="last"),
    ] = None,
    calibrate: Annotated[
        bool,
        typer.Option(
            "--calibrate", help="Fit constant and gate of the generalised task on held-out classes."
        ),
    ] = False,
    validation_classes: Annotated[
        int | None, typer.Option(help="Seen classes held out.", show_default="a fifth")
    ] = None,
    validation_seed: Annotated[int | None, typer.Option(show_default="0")] = None,
    name: Annotated[
        str | None, typer.Option(help="Name of the run.", show_default="from inputs and switches")
    ] = None,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")] = "auto",
    jobs: Annotated[
        int | None, typer.Option(min=1, help="Seeds at the same time.", show_default="cores")
    ] = None,
    track: Annotated[str | None, typer.Option(help="tensorboard, wandb, or both with a comma.")] = None,
    again: Annotated[bool, typer.Option("--again", help="Train although this run is finished.")] = False,
    root: Root = None,
    json: Json = False,
) -> None:
    """Train on seen classes, measure on unseen ones.

    With everything left out: the newest embedding file, its data set's default split, the published method.
    The presets ridge, eszsl and best need no training and take seconds; best wants attribute codes
    (generate --prompts attributes, embed --encoder attributes) and takes kinematic features. A killed run
    goes on where it stopped.

    Example: semtool train --split purls-22-5 --seeds 0,1,2 --lr 1e-4

    Example: semtool train --preset ridge --codebook label,part
    """
    from skeleton.methods.config import preset as choose
    from skeleton.runs.training import train as run

    changes: dict[str, Any] = {
        "lr": lr,
        "epochs": epochs,
        "batch": batch,
        "warmup": warmup,
        "codebook": words(codebook),
        "motion": motion,
        "max_k": max_k,
        "heads": numbers(heads, "--heads"),
        "attention_inverse": attention_inverse,
        "loss": loss and loss.value,
        "negatives": negatives,
        "estimator": estimator and estimator.value,
        "feature_norm": feature_norm and feature_norm.value,
        "visual_layernorm": visual_layernorm or None,
        "alignment": alignment and alignment.value,
        "weight_decay": weight_decay,
        "kernel": kernel and kernel.value,
        "auxiliary": auxiliary and auxiliary.value,
        "hub_correction": hub_correction,
        "decorrelate": decorrelate,
        "select": select and select.value,
        "calibrate": calibrate or None,
        "validation_classes": validation_classes,
        "validation_seed": validation_seed,
    }
    config: TrainConfig = choose(preset, **changes)
    said = ""

    def hear(record: dict[str, Any]) -> None:
        nonlocal said
        said = epoch_line(record)

    with progress("training") as report:
        result = run(
            embeddings,
            features,
            store=store(root),
            dataset=dataset,
            split=split,
            config=config,
            seeds=numbers(seeds, "--seeds") or (),
            name=name,
            device=device,
            jobs=jobs,
            trackers=words(track) or (),
            again=again,
            progress=lambda done, total: report(done, total, said),
            on_epoch=hear,
            note=note,
        )
    if result.reused:
        note(
            f"seed {', '.join(map(str, result.reused))} was trained before on the same inputs; "
            "--again repeats it"
        )
    if json:
        json_object(result.summary)
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


def show_summary(summary: dict[str, Any], title: str = "") -> None:
    """Print the table of a run: accuracy on unseen classes against chance, then class by class."""
    said = (("simulated", "SIMULATED skeletons"), ("leaky", "LEAKY: epoch chosen on test"))
    marks = [mark for key, mark in said if summary[key]]
    if extra := summary.get("auxiliary"):
        marks.append(f"learned also from {len(extra['classes'])} simulated classes of {extra['source']}")
    head = f"{summary['dataset']}, split {summary['split']}, preset {summary['preset']}"
    table_title = " - ".join([title or head, *marks])
    zsl, gzsl = summary["zsl"], summary["gzsl"]
    rows: list[tuple[object, ...]] = [
        (f"unseen classes, all samples (n={zsl['n']})", per_cent(zsl["accuracy"]), f"{zsl['chance']:.1%}"),
        ("mean over unseen classes", per_cent(zsl["class_mean"]), f"{zsl['chance']:.1%}"),
    ]
    part = zsl["protocol"]
    if part["accuracy"] is not None:
        rows.append(
            (f"{part['name']} test part (n={part['n']})", per_cent(part["accuracy"]), f"{zsl['chance']:.1%}")
        )
    if gzsl is not None:
        kinds = {gzsl["calibration"]: gzsl, **gzsl["variants"]}
        for kind, found in kinds.items():
            values = " / ".join(per_cent(found[key]) for key in ("seen", "unseen", "harmonic"))
            label = "uncalibrated" if kind == "none" else kind
            rows.append((f"all classes, {label}: seen / unseen / harmonic", values, ""))
    seeds = summary["seeds"]
    table(
        table_title,
        (f"seed{'s' if len(seeds) > 1 else ''} {', '.join(map(str, seeds))}", "%", "chance"),
        rows,
    )
    table(
        " - ".join(["unseen classes", *marks]),
        ("class", "name", "samples", "% right"),
        [
            (c, entry["name"], entry["n"], per_cent(entry["accuracy"]))
            for c, entry in zsl["per_class"].items()
        ],
    )
    say(f"text: {summary['embeddings']['reference']}, features: {summary['features']['reference']}")


def per_cent(value: dict[str, Any] | None) -> str:
    """Return mean and deviation of a number as per cent."""
    if value is None:
        return "-"
    if len(value["values"]) == 1:
        return f"{100 * value['mean']:.1f}"
    return f"{100 * value['mean']:.1f} ± {100 * value['std']:.1f}"


def words(text: str | None) -> tuple[str, ...] | None:
    """Return the parts of a comma-separated option."""
    return None if text is None else tuple(part.strip() for part in text.split(",") if part.strip())


def numbers(text: str | None, option: str) -> tuple[int, ...] | None:
    """Return the numbers of an option: ``0,1,2`` or ``0-4``."""
    if text is None:
        return None
    found: list[int] = []
    for part in words(text) or ():
        first, dash, last = part.partition("-")
        try:
            found += range(int(first), int(last) + 1) if dash else [int(first)]
        except ValueError:
            raise UsageError(f"{option} takes numbers, as 0,1,2 or 0-4, not {text!r}") from None
    return tuple(found)

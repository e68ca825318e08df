"""``semtool features``."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from semtool.cli.console import Json, Root, app, json_object, note, progress, say, store
from semtool.cli.estimates import DryRun, show_estimates
from semtool.cli.options import Device, Split
from semtool.cli.switches import assignments

__all__ = ["group"]

group = typer.Typer(invoke_without_command=True)
app.add_typer(group, name="features")


class Part(StrEnum):
    """Which samples of unseen classes imported features hold."""

    test = "test"
    all = "all"


@group.callback()
def features(
    context: typer.Context,
    dataset: Annotated[
        str | None,
        typer.Option("--dataset", "-d", help="Data set.", show_default="the one whose skeletons came last"),
    ] = None,
    split: Split = None,
    visual: Annotated[
        str,
        typer.Option("--visual", help="stgcn, stgcn-paper, shiftgcn, ctrgcn, kinematics; or a plug-in."),
    ] = "stgcn",
    protocol: Annotated[
        str | None, typer.Option("--protocol", help="Sample protocol.", show_default="the data set's default")
    ] = None,
    arrays: Annotated[
        str | None,
        typer.Option("--arrays", help="Skeletons.", show_default="the newest real, else simulated"),
    ] = None,
    epochs: Annotated[
        int | None,
        typer.Option("--epochs", min=1, help="Training epochs.", show_default="by size of the data"),
    ] = None,
    setting: Annotated[
        list[str] | None,
        typer.Option("--set", help="A setting of the visual encoder: lr=0.001. May be repeated."),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="Seed of weights, order and augmentation.")] = 0,
    device: Device = "auto",
    dry_run: DryRun = False,
    root: Root = None,
    as_json: Json = False,
) -> None:
    """Train a visual encoder on the seen classes of a split and write the features of all samples.

    Unseen classes and test samples never touch the training.

    Example: semtool features --dataset utd-mhad --split purls-22-5
    """
    if context.invoked_subcommand:
        return
    from semtool.catalogue import load_dataset
    from semtool.errors import NotMadeError

    artifacts = store(root)
    if dataset is None:
        newest = artifacts.newest("arrays")
        if newest is None:
            raise NotMadeError(
                "there are no skeletons yet: semtool prepare, or semtool simulate --dataset ntu60",
                see="no-skeletons",
            )
        dataset = artifacts.dataset_file(newest.dataset)
    named = load_dataset(artifacts.dataset_file(dataset)).name
    before = {a.reference for a in artifacts.artifacts("features", named)}
    from skeleton.visual import features as run
    from skeleton.visual import plugin_problems

    for problem in plugin_problems():
        note(f"warning: {problem}")

    asked: dict[str, Any] = {
        "store": artifacts,
        "visual": visual,
        "protocol": protocol,
        "arrays": arrays,
        "settings": _settings(setting) | ({"epochs": epochs} if epochs else {}),
    }
    if dry_run:
        from skeleton.device import resolve_device
        from skeleton.runs import estimate_features, estimate_start

        start = estimate_start()
        found, _ = estimate_features(dataset, split, device=str(resolve_device(device)), **asked)
        show_estimates([found], start, as_json, artifacts, 1)
        return
    with progress(f"training {visual}") as report:
        done = run(dataset, split, seed=seed, device=device, progress=report, **asked)
    counts, details = done.manifest.counts, done.manifest.details
    created = done.reference not in before
    if as_json:
        json_object(
            {
                "features": done.reference,
                "path": str(done.path),
                "created": created,
                "simulated": done.manifest.simulated,
                "counts": counts,
                **details,
            }
        )
        return
    flag = " (simulated skeletons)" if done.manifest.simulated else ""
    if not created:
        note(f"nothing to do: {done.reference} was made from the same skeletons and settings")
    say(
        f"{done.reference}{flag}: {counts['dim']}-d features of {counts['seen-train']} seen-train, "
        f"{counts['seen-test']} seen-test and {counts['unseen-test']} unseen-test samples"
    )
    if details["divided_by"] == "part":
        note("these arrays do not say who or where a sample is from; the files' own parts train and test")
    if details["seen_test_accuracy"] is not None:
        say(f"seen-class accuracy on seen-test samples{flag}: {details['seen_test_accuracy']:.1%}")


def _settings(given: list[str] | None) -> dict[str, object]:
    import yaml

    return {name: yaml.safe_load(value) for name, value in assignments(given or ()).items()}


@group.command("import")
def import_(
    path: Annotated[Path, typer.Argument(help="Folder of ready-made features, or Flora's .npz file.")],
    dataset: Annotated[str, typer.Option("--dataset", "-d", help="Data set whose class ids the labels are.")],
    split: Annotated[
        str | None,
        typer.Option("--split", "-s", help="Class split.", show_default="the one that the files hold"),
    ] = None,
    visual: Annotated[
        str | None, typer.Option("--visual", help="Name of the visual encoder.", show_default="the project's")
    ] = None,
    layout: Annotated[
        str | None,
        typer.Option("--layout", help="synse, smie, purls or flora.", show_default="all are tried in turn"),
    ] = None,
    part: Annotated[
        Part | None,
        typer.Option(
            help="Samples of unseen classes that the files hold: the protocol's test part, or all.",
            show_default="test where the data set has a published test part",
        ),
    ] = None,
    root: Root = None,
    as_json: Json = False,
) -> None:
    """Import features that another project made: SynSE, SA-DVAE, TDSM, SMIE, PURLS, Flora.

    Example: semtool features import resources/ntu60_results/shift_5_r --dataset ntu60 --split synse-55-5
    """
    from skeleton.visual import import_features

    done = import_features(
        path,
        dataset,
        split,
        store=store(root),
        visual=visual,
        layout=layout,
        part=part.value if part else None,
    )
    counts = done.manifest.counts
    for sentence in done.manifest.details.get("notes", ()):
        note(sentence)
    if as_json:
        json_object(
            {"features": done.reference, "path": str(done.path), "counts": counts, **done.manifest.details}
        )
        return
    listed = ", ".join(f"{count} {name}" for name, count in counts.items() if name != "dim")
    say(f"{done.reference}: {counts['dim']}-d features of {listed} samples")
    held = "the protocol's test part" if done.manifest.details["part"] == "test" else "all samples"
    say(f"of unseen classes they hold {held}; --part says otherwise")

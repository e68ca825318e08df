"""``semtool features``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from semtool.cli import console
from semtool.cli.console import Json, Root, app, argument, option
from semtool.cli.estimates import DryRun, show_estimates
from semtool.cli.options import Device, Split
from semtool.cli.switches import assignments

__all__ = ["group"]

group = typer.Typer(invoke_without_command=True)
app.add_typer(group, name="features")


@group.callback()
def features(
    context: typer.Context,
    dataset: Annotated[
        str | None, option("Data set.", "--dataset", "-d", unset="the one whose skeletons came last")
    ] = None,
    split: Split = None,
    visual: Annotated[
        str, option("stgcn, stgcn-paper, shiftgcn, ctrgcn, kinematics; or a plug-in.")
    ] = "stgcn",
    protocol: Annotated[str | None, option("Sample protocol.", unset="the data set's default")] = None,
    arrays: Annotated[str | None, option("Skeletons.", unset="the newest real, else simulated")] = None,
    epochs: Annotated[int | None, option("Training epochs.", min=1, unset="by size of the data")] = None,
    setting: Annotated[
        list[str] | None, option("A setting of the visual encoder: lr=0.001. May be repeated.", "--set")
    ] = None,
    seed: Annotated[int, option("Seed of weights, order and augmentation.")] = 0,
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
    import yaml

    from semtool.catalogue import load_dataset
    from semtool.errors import NotMadeError

    artifacts = console.store(root)
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
        console.note(f"warning: {problem}")

    asked: dict[str, Any] = {
        "store": artifacts,
        "visual": visual,
        "protocol": protocol,
        "arrays": arrays,
        "settings": {k: yaml.safe_load(v) for k, v in assignments(setting or ()).items()}
        | ({"epochs": epochs} if epochs else {}),
    }
    if dry_run:
        from skeleton.device import resolve_device
        from skeleton.runs import estimate_features, estimate_start

        start = estimate_start()
        found, _ = estimate_features(dataset, split, device=str(resolve_device(device)), **asked)
        show_estimates([found], start, as_json, artifacts, 1)
        return
    with console.progress(f"training {visual}") as report:
        done = run(dataset, split, seed=seed, device=device, progress=report, **asked)
    counts, details = done.manifest.counts, done.manifest.details
    created = done.reference not in before
    said = {"features": done.reference, "path": done.path, "created": created}
    if as_json:
        console.json_object(said | {"simulated": done.manifest.simulated, "counts": counts, **details})
        return
    flag = " (simulated skeletons)" if done.manifest.simulated else ""
    if not created:
        console.note(f"nothing to do: {done.reference} was made from the same skeletons and settings")
    console.say(
        f"{done.reference}{flag}: {counts['dim']}-d features of {counts['seen-train']} seen-train, "
        f"{counts['seen-test']} seen-test and {counts['unseen-test']} unseen-test samples"
    )
    if details["divided_by"] == "part":
        console.note(
            "these arrays do not say who or where a sample is from; the files' own parts train and test"
        )
    if details["seen_test_accuracy"] is not None:
        console.say(f"seen-class accuracy on seen-test samples{flag}: {details['seen_test_accuracy']:.1%}")


@group.command("import")
def import_(
    path: Annotated[Path, argument("Folder of ready-made features, or Flora's .npz file.")],
    dataset: Annotated[str, option("Data set whose class ids the labels are.", "--dataset", "-d")],
    split: Annotated[
        str | None, option("Class split.", "--split", "-s", unset="the one that the files hold")
    ] = None,
    visual: Annotated[str | None, option("Name of the visual encoder.", unset="the project's")] = None,
    layout: Annotated[
        str | None, option("synse, smie, purls or flora.", unset="all are tried in turn")
    ] = None,
    part: Annotated[
        Literal["test", "all"] | None,
        option(
            "Samples of unseen classes that the files hold: the protocol's test part, or all.",
            unset="test where the data set has a published test part",
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
        path, dataset, split, store=console.store(root), visual=visual, layout=layout, part=part
    )
    counts = done.manifest.counts
    for sentence in done.manifest.details.get("notes", ()):
        console.note(sentence)
    listed = ", ".join(f"{count} {name}" for name, count in counts.items() if name != "dim")
    held = "the protocol's test part" if done.manifest.details["part"] == "test" else "all samples"
    console.answer(
        as_json,
        {"features": done.reference, "path": done.path, "counts": counts, **done.manifest.details},
        f"{done.reference}: {counts['dim']}-d features of {listed} samples",
        f"of unseen classes they hold {held}; --part says otherwise",
    )

"""``semtool evaluate`` and ``semtool ablate``."""

from __future__ import annotations

from typing import Annotated

import typer

from semtool.cli.console import Json, Root, app, argument, json_object, note, option, progress, store, table
from semtool.cli.options import Dataset, Device, Embeddings, Features, Seeds, Split, words
from semtool.cli.switches import SwitchCommand, chosen_preset
from semtool.cli.train import per_cent, show_summary

__all__ = ["ablate", "evaluate"]


@app.command()
def evaluate(
    run: Annotated[
        str | None, argument("Run: its name, its folder, or `newest`.", unset="the newest")
    ] = None,
    embeddings: Annotated[str | None, option("Recognise by this text.", unset="the run's own")] = None,
    features: Annotated[str | None, option("Recognise these samples.", unset="the run's own")] = None,
    split: Annotated[str | None, option("Class split.", "--split", "-s", unset="the run's own")] = None,
    codebook: Annotated[str | None, option("Granularities of the codebook.", unset="as trained")] = None,
    motion: Annotated[str | None, option("Granularity of the motion slot.", unset="as trained")] = None,
    root: Root = None,
    json: Json = False,
) -> None:
    """Measure a run again, also by other text, on other features or another split. Nothing is trained.

    Example: semtool evaluate utd-mhad-purls-22-5-paper-1a2b3c4d --embeddings utd-mhad/label/minilm
    """
    from skeleton.runs import evaluate as measure

    summary = measure(
        run,
        store=store(root),
        embeddings=embeddings,
        features=features,
        split=split,
        codebook=words(codebook),
        motion=motion,
    )
    assert summary.evaluated is not None
    if not summary.evaluated.same_features:
        note(
            "the features are not those the run was trained on: unless the same visual encoder made them, "
            "the accuracy means nothing"
        )
    if json:
        json_object(summary.to_dict())
    else:
        show_summary(summary, f"{summary.evaluated.run} on {summary.embeddings.reference}")


@app.command(cls=SwitchCommand)
def ablate(
    context: typer.Context,
    embeddings: Embeddings = None,
    features: Features = None,
    dataset: Dataset = None,
    split: Split = None,
    seeds: Seeds = "1",
    only: Annotated[str | None, option("Some variants, as full,no-motion.", unset="all")] = None,
    device: Device = "auto",
    root: Root = None,
    json: Json = False,
) -> None:
    """Train the method with each component off in turn, and compare.

    Example: semtool ablate --split purls-22-5 --seeds 3 --lr 1e-4
    """
    from skeleton.runs import ablate as run
    from skeleton.runs import parse_seeds

    with progress("variants") as report:
        rows = run(
            embeddings,
            features,
            store=store(root),
            settings=chosen_preset(context, "paper"),
            only=words(only),
            progress=report,
            dataset=dataset,
            split=split,
            seeds=parse_seeds(seeds),
            device=device,
            note=note,
        )
    if json:
        variants = [{"name": r.name, "meaning": r.meaning, "summary": r.summary.to_dict()} for r in rows]
        json_object({"variants": variants})
        return
    first = rows[0].summary
    simulated = " - SIMULATED skeletons" if first.simulated else ""
    table(
        f"{first.dataset}, split {first.split}{simulated}",
        ("variant", "what", "% right", "mean over classes", "chance"),
        [
            (r.name, r.meaning, per_cent(zsl.accuracy), per_cent(zsl.class_mean), f"{zsl.chance:.1%}")
            for r in rows
            for zsl in [r.summary.zsl]
        ],
    )

"""``semtool classify``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from semtool.cli.console import Json, Root, json_object, note, store, table
from semtool.errors import UsageError

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(classify)


def classify(
    files: Annotated[list[Path], typer.Argument(help="Raw skeleton files, in any known format.")],
    labels: Annotated[
        str | None, typer.Option("--labels", "-l", help="What it may be, separated by commas.")
    ] = None,
    descriptions: Annotated[
        str | None, typer.Option("--descriptions", help="Description set to take all classes from instead.")
    ] = None,
    run: Annotated[str | None, typer.Option("--run", help="Run.", show_default="the one made last")] = None,
    prompts: Annotated[
        str | None,
        typer.Option("--prompts", help="Prompt set for the labels.", show_default="the one of the run"),
    ] = None,
    seed: Annotated[
        int | None, typer.Option("--seed", help="Seed of the run.", show_default="its first")
    ] = None,
    device: Annotated[str, typer.Option("--device", help="auto, cpu, cuda or mps.")] = "auto",
    root: Root = None,
    as_json: Json = False,
) -> None:
    """Say which of your labels a skeleton sequence shows, whether or not the run was trained on such a class.

    A label that the catalogue knows by any of its names is described by its facts there; any other label by
    its name, if the prompt set needs no more (--prompts label).

    Example: semtool classify S001C001P001R001A023.skeleton --labels "hand waving, kicking, sitting down"
    """
    if (labels is None) == (descriptions is None):
        raise UsageError("say what it may be: either --labels or --descriptions")
    missing = [str(path) for path in files if not path.exists()]
    if missing:
        raise UsageError(f"there is no file {missing[0]}")
    from skeleton.data.loading import load_sequence
    from skeleton.runs.classification import ZeroShotClassifier

    where = store(root)
    model = ZeroShotClassifier.from_run(run, store=where, seed=seed, device=device)
    sequences = [load_sequence(file, dataset=model.dataset)[0] for file in files]
    if labels is not None:
        names = [label.strip() for label in labels.split(",")]
        text = model.describe(names, prompts=prompts)
    else:
        names, text = model.describe_all(str(descriptions))
    answers = model.predict(sequences, names, text=text)
    if as_json:
        json_object(
            {
                "simulated": model.simulated,
                "predictions": [
                    {"name": a.name, "label": a.label, "scores": dict(zip(a.labels, a.scores, strict=True))}
                    for a in answers
                ],
            }
        )
        return
    if model.simulated:
        note("the run was trained on SIMULATED skeletons")
    table(
        "best labels, by score (higher is better; compare within a row)",
        ("sequence", "label", "score", "then"),
        [
            (
                a.name,
                a.label,
                f"{a.scores[0]:.4f}",
                ", ".join(f"{n} {s:.4f}" for n, s in _rest(a.labels, a.scores)),
            )
            for a in answers
        ],
    )


def _rest(labels: tuple[str, ...], scores: tuple[float, ...]) -> list[tuple[str, float]]:
    return list(zip(labels[1:4], scores[1:4], strict=True))

"""``semtool simulate``: labelled skeletons without the licensed data."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from semtool.cli.console import Json, Root, answer, app, note, option, progress
from semtool.cli.console import store as open_store
from semtool.cli.options import words

__all__ = ["simulate"]


@app.command()
def simulate(
    dataset: Annotated[str, option("Data set; ntu60 is the one that can be simulated.")] = "ntu60",
    subjects: Annotated[int, option("People, 1 to 40; half of them train under cross-subject.")] = 20,
    reps: Annotated[int, option("Performances of each class by each of them.")] = 2,
    seed: Annotated[int, option("Other seeds give other people and other performances.")] = 0,
    classes: Annotated[
        str | None, option("Ids, codes or names, comma-separated: 'A001, pick up, 9'.", unset="all 60")
    ] = None,
    format: Annotated[
        Literal["arrays", "ntu"], option("arrays, or ntu for .skeleton text files.")
    ] = "arrays",
    out: Annotated[Path | None, option("New folder for the .skeleton files.")] = None,
    root: Root = None,
    json: Json = False,
) -> None:
    """Make labelled skeletons without the licensed data: plausible motion for all 60 NTU-60 classes.

    The result is simulated and says so everywhere: it stands in for the data set to try a pipeline, and no
    result on it is a result on the data set.

    Example: semtool simulate --subjects 20 --reps 2

    Example: semtool simulate --format ntu --out simulated-ntu --classes "drink water, hand waving"
    """
    from skeleton.simulation import simulate as run

    with progress("simulated samples") as report:
        made = run(
            dataset,
            subjects=subjects,
            reps=reps,
            seed=seed,
            classes=words(classes),
            store=open_store(root),
            output=format,
            folder=out,
            progress=report,
        )
    where = made.artifact.reference if made.artifact else str(made.folder)
    said = {
        "simulated": True,
        "dataset": dataset,
        "format": format,
        "arrays": made.artifact.reference if made.artifact else None,
        "folder": made.folder,
        **{key: getattr(made, key) for key in ("samples", "classes", "subjects", "reused")},
        "seed": seed,
    }
    if made.reused:
        note(f"{where} was simulated before with the same settings; nothing to do")
    answer(
        json,
        said,
        f"simulated {made.samples} samples of {made.classes} classes by {made.subjects} people "
        f"(simulated, no recordings): {where}",
    )

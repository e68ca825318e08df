"""``semtool prepare``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from semtool.cli.console import Json, Root, app, json_object, note, option, progress, say, store
from semtool.cli.options import DataFile, Format, grouped
from semtool.cli.recordings import Hints, told_once

if TYPE_CHECKING:
    from skeleton.data import Prepared

__all__ = ["prepare"]

_SHOWN = 10
_LOUD = (
    *("pose", "list-unused", "list-unmatched", "other-format"),
    *("assumed", "turned", "mirrored", "joints-unplaced", "unlabelled"),
)
"""What is said of many samples at once."""


@app.command()
@grouped
def prepare(
    hints: Hints,
    dataset: DataFile,
    raw: Annotated[
        Path | None, option("Folder or file of raw skeletons.", unset="$SEMTOOL_DATA/<data set>")
    ] = None,
    name: Annotated[str | None, option("Name of the arrays.", unset="raw, or simulated")] = None,
    format: Format = None,
    unusable: Annotated[
        Path | None,
        option(
            "List of samples to leave out.", unset="lists called missing, bad or unusable in the raw folder"
        ),
    ] = None,
    first_label: Annotated[
        int | None, option("Labels count from 0 or 1.", min=0, max=1, unset="they tell")
    ] = None,
    strict: Annotated[bool, option("Fail if any sample is rejected.", "--strict")] = False,
    workers: Annotated[int, option("Processes; 0 decides by the amount of data.", min=0)] = 0,
    root: Root = None,
    as_json: Json = False,
) -> None:
    """Turn raw skeletons into arrays, and report what was left out and why.

    Nothing is done if the files are unchanged; after adding files only those are read. Bad files are named,
    counted, and do not stop the rest.

    Example: semtool prepare --dataset ntu60 --raw downloads/nturgb+d_skeletons
    """
    from skeleton.data import prepare as run

    with progress(f"reading {dataset}") as report:
        done = run(
            dataset,
            raw,
            store=store(root),
            name=name,
            format=format,
            unusable=unusable,
            first_label=first_label,
            hints=hints.said(),
            strict=strict,
            workers=workers,
            progress=report,
        )
    if as_json:
        json_object(_as_json(done))
        return
    _describe(done)


def _as_json(done: Prepared) -> dict[str, object]:
    manifest = done.artifact.manifest
    counted = ("created", "format", "sources", "read", "samples", "outcomes")
    return {
        "arrays": done.artifact.reference,
        "path": done.artifact.path,
        "simulated": manifest.simulated,
        **{key: getattr(done, key) for key in counted},
        **{key: manifest.details[key] for key in ("layout", "frames")},
        "rejected": [
            {"source": source, "sample": f.sample, "outcome": f.outcome, "message": f.message}
            for source, f in done.findings
            if f.severity == "rejected"
        ],
    }


def _describe(done: Prepared) -> None:
    if done.created:
        reused = done.sources - done.read
        again = f", {reused} taken from the version before" if reused else ""
        files = f"{done.sources} files ({done.read} read{again})"
        layout = done.artifact.manifest.details["layout"]
        say(f"{done.artifact.reference}: {done.samples} samples from {files}, format {done.format}, {layout}")
    else:
        say(f"{done.artifact.reference}: nothing to do, its {done.sources} files are unchanged")
    if done.artifact.manifest.simulated:
        note("these skeletons are simulated; no result on them is a result on the data set")
    for _, message in told_once(f for _, f in done.findings if f.outcome in _LOUD):
        note(f"warning: {message}")
    rejected = [(source, f) for source, f in done.findings if f.severity == "rejected"]
    for source, finding in rejected[:_SHOWN]:
        note(f"rejected {source} ({finding.outcome}): {finding.message}")
    if len(rejected) > _SHOWN:
        note(f"... and {len(rejected) - _SHOWN} more")
    if done.findings:
        counts = ", ".join(f"{outcome} {count}" for outcome, count in done.outcomes.items())
        note(f"left out or changed: {counts}; every case is in {done.artifact.path / 'findings.csv'}")

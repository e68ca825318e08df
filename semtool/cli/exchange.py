"""``semtool artifacts import`` and ``export``: the files of other people's code."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from semtool.cli.artifacts import GROUP, REFERENCE, entry, holds
from semtool.cli.console import Json, Root, json_object, note, say, store
from semtool.errors import UsageError, unknown_name

__all__: list[str] = []

_VECTORS = (".npy", ".pt", ".pth", ".tar", ".ckpt", ".bin", ".pkl", ".pickle")


@GROUP.command("import")
def _import(
    source: Annotated[Path, typer.Argument(help="A file of descriptions or of vectors.")],
    dataset: Annotated[str, typer.Option(help="Data set, or the path of its YAML file.")],
    name: Annotated[
        str | None, typer.Option(help="Name of the artifact.", show_default="the file's name")
    ] = None,
    granularity: Annotated[
        str | None,
        typer.Option(
            help="What the texts are, if the file does not say it.", show_default="from the content"
        ),
    ] = None,
    sheet: Annotated[
        str | None, typer.Option(help="Sheet of a spreadsheet.", show_default="by data set")
    ] = None,
    by: Annotated[
        str | None,
        typer.Option(
            help="How rows find their class: order (or number) or label.", show_default="by the file"
        ),
    ] = None,
    encoder: Annotated[str, typer.Option(help="Of vectors: what made them.")] = "unknown",
    key: Annotated[str | None, typer.Option(help="Of a checkpoint: name of the tensor.")] = None,
    root: Root = None,
    json: Json = False,
) -> None:
    """Import descriptions (.txt .csv .tsv .json .jsonl .xlsx) or vectors (.npy, torch checkpoints).

    Example: semtool artifacts import ntu60_des.txt --dataset ntu60 --name smie
    """
    from semtool.exchange import import_descriptions, import_embeddings

    if by not in (None, "order", "label"):
        raise UsageError(f"--by is order or label, not {by!r}")
    here = store(root)
    if source.suffix.lower() in _VECTORS:
        found = import_embeddings(
            source, dataset, name, store=here, encoder=encoder, granularity=granularity, key=key
        )
    else:
        found = import_descriptions(
            source, dataset, name, store=here, granularity=granularity, sheet=sheet, by=by
        )
    for sentence in found.notes:
        note(sentence)
    if json:
        json_object(entry(found.artifact) | {"notes": list(found.notes)})
        return
    say(f"{found.artifact.kind} {found.artifact.reference}: {holds(entry(found.artifact))}")


@GROUP.command("export")
def _export(
    reference: REFERENCE,
    layout: Annotated[
        str,
        typer.Option(
            "--as",
            help="Of vectors: mean, codebook, granularities or neuron; of texts: lines, csv or purls; of "
            "features: synse; of skeletons: smie.",
        ),
    ],
    out: Annotated[Path, typer.Option(help="Folder to write into.")] = Path(),
    granularity: Annotated[str | None, typer.Option(help="Use texts of this granularity only.")] = None,
    split: Annotated[
        str | None, typer.Option("--split", "-s", help="Of skeletons: class split.", show_default="default")
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace files that are there.")] = False,
    root: Root = None,
    json: Json = False,
) -> None:
    """Write the files that other people's code reads, classes in the order of their ids.

    Example: semtool artifacts export ntu60/multi/minilm --as codebook --out data/language
    """
    from semtool.exchange import LAYOUTS, export

    here = store(root)
    artifact = here.locate(reference)
    if layout in ("synse", "smie"):
        from skeleton.visual import export_visual

        paths, notes = export_visual(artifact, layout, out, split=split, overwrite=overwrite)
    elif layout in LAYOUTS:
        done = export(artifact, layout, out, store=here, granularity=granularity, overwrite=overwrite)
        paths, notes = list(done.paths), list(done.notes)
    else:
        raise unknown_name("export layout", layout, (*LAYOUTS, "synse", "smie"))
    for sentence in notes:
        note(sentence)
    if json:
        json_object({"files": [str(path) for path in paths], "notes": notes})
        return
    for path in paths:
        say(str(path))

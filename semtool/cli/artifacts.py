"""``semtool artifacts``: what is in the store, whether it is whole, what changed, what can go."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from textwrap import shorten
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from semtool.cli import console
from semtool.cli.console import Json, Root, app, argument, option
from semtool.errors import SemtoolError, UsageError, unknown_name

if TYPE_CHECKING:
    from semtool.artifacts import Artifact, Difference, Store

__all__ = ["entry"]

REFERENCE = Annotated[str, argument("<data set>/<name>[@vN]; without a version the newest.")]
_SHOWN = 20


GROUP = typer.Typer(no_args_is_help=True, help="List, check, compare, clean up, import and export artifacts.")
"""The command group."""
app.add_typer(GROUP, name="artifacts")


@GROUP.command("list")
def _list(
    kind: Annotated[str | None, option("Only this kind: descriptions, embeddings, arrays, features.")] = None,
    dataset: Annotated[str | None, option("Only this data set.")] = None,
    root: Root = None,
    json: Json = False,
) -> None:
    """List all artifacts.

    Example: semtool artifacts list --kind embeddings --dataset ntu60
    """
    from semtool.artifacts import KINDS
    from semtool.errors import unknown_name

    if kind is not None and kind not in KINDS:
        raise unknown_name("kind of artifact", kind, KINDS)
    here = console.store(root)
    entries: list[dict[str, Any]] = []
    rows = []
    for each, reference, found in _every(here, [kind] if kind else KINDS, dataset):
        if isinstance(found, SemtoolError):
            console.note(f"warning: {found}")
            entries.append({"kind": each, "reference": reference, "problem": str(found)})
            rows.append((each, reference, "unreadable", "", ""))
        else:
            e = entry(found)
            entries.append(e)
            created = e["created"][:16].replace("T", " ")
            rows.append((each, reference, created, e["bytes"], holds(e)))
    if json:
        console.json_object({"root": here.root, "artifacts": entries})
    elif not entries:
        console.note(f"there are no artifacts under {here.root} yet; make some with semtool generate")
    else:
        console.table("Artifacts", ("kind", "reference", "created (UTC)", "bytes", "holds"), rows)


@GROUP.command("show")
def _show(reference: REFERENCE, root: Root = None, json: Json = False) -> None:
    """Show what an artifact says of itself: inputs, parameters, files; exit with 1 if it is damaged.

    Example: semtool artifacts show ntu60/multi
    """
    artifact = console.store(root).locate(reference, check=False)
    manifest = artifact.manifest.model_dump(mode="json", by_alias=True)
    problems = artifact.problems()
    if json:
        console.json_object({"path": str(artifact.path), "manifest": manifest, "problems": problems})
    else:
        _show_manifest(artifact, manifest)
    if problems:
        raise SemtoolError(f"{artifact.reference} is damaged: {'; '.join(problems)}")


def _show_manifest(artifact: Artifact, manifest: dict[str, Any]) -> None:
    console.say(f"{artifact.reference} ({artifact.kind}), made {manifest['created']}, in {artifact.path}")
    if artifact.manifest.simulated:
        console.say("made from simulated motion")
    for title in ("inputs", "parameters", "counts", "details", "files", "versions"):
        if manifest[title]:
            console.say(f"{title}:")
            for key, value in manifest[title].items():
                console.say(f"  {key}: {shorten(str(value), 160, placeholder='...')}")


@GROUP.command("verify")
def _verify(
    references: Annotated[list[str] | None, argument("What to check; everything if left out.")] = None,
    root: Root = None,
    json: Json = False,
) -> None:
    """Compare every file with its checksum; name what does not fit and exit with 1.

    Example: semtool artifacts verify ntu60/multi/minilm
    """
    from semtool.artifacts import KINDS

    here = console.store(root)
    checked, problems = 0, []
    named = (("", r, here.locate(r, check=False)) for r in references or ())
    for _, reference, found in named if references else _every(here, KINDS):
        checked += 1
        if isinstance(found, SemtoolError):
            problems.append(f"{reference}: {found}")
        else:
            problems += found.problems() or found.content_problems()
    console.answer(json, {"checked": checked, "problems": problems}, *problems)
    console.note(f"checked {checked}: {f'{len(problems)} problems' if problems else 'all whole'}")
    if problems:
        raise typer.Exit(1)


def _every(
    here: Store, kinds: Iterable[str], dataset: str | None = None
) -> Iterator[tuple[str, str, Artifact | SemtoolError]]:
    """Yield kind and reference of every artifact, and the artifact or why it cannot be opened."""
    for kind in kinds:
        for reference in here.references(kind, dataset):
            try:
                yield kind, reference, here.resolve(kind, reference, check=False)
            except SemtoolError as error:
                yield kind, reference, error


@GROUP.command("diff")
def _diff(
    before: Annotated[str, argument("The older one, or a name alone: its last two versions are compared.")],
    after: Annotated[str | None, argument("The newer one; left out: the newest version.")] = None,
    full: Annotated[bool, option("Show every text and class.", "--full")] = False,
    root: Root = None,
    json: Json = False,
) -> None:
    """Say what changed between two description sets, or between two embedding files.

    Example: semtool artifacts diff ntu60/multi@v1 ntu60/multi@v2
    """
    from semtool.artifacts import difference

    here = console.store(root)
    found = difference(here, *_pair(here, before, after))
    if json:
        changes = None if found.changes is None else [asdict(c) | {"kind": c.kind} for c in found.changes]
        console.json_object(asdict(found) | {"counts": found.counts(), "changes": changes})
        return
    _print_difference(found, None if full else _SHOWN)


def _pair(here: Store, before: str, after: str | None) -> tuple[Artifact, Artifact]:
    """Return what is compared; without AFTER the newest version, or the last two if BEFORE is the newest."""
    old = here.locate(before)
    if after is not None:
        return old, here.locate(after)
    name = old.place.full_name
    newest = here.resolve(old.kind, name)
    if newest.version > old.version:
        return old, newest
    earlier = [r for r in here.references(old.kind, old.dataset) if r.partition("@")[0] == name][:-1]
    if not earlier:
        raise UsageError(f"{old.reference} is the only version; name another artifact to compare it with")
    return here.resolve(old.kind, earlier[-1]), newest


def _print_difference(found: Difference, limit: int | None) -> None:
    console.say(f"{found.before} -> {found.after}")
    for sentence in found.notes:
        console.say(sentence)
    if found.changes is not None:
        if not found.changes:
            console.say("the texts are the same")
        for granularity, counts in found.counts().items():
            console.say(f"{granularity}: " + ", ".join(f"{n} {kind}" for kind, n in counts.items() if n))
        heading = None
        for change in found.changes[:limit]:
            place = (
                f"class {change.class_id} ({change.class_name}), {change.granularity} {change.slot}".rstrip()
            )
            if place != heading:
                console.say(place)
                heading = place
            if change.before is not None:
                console.say(f"  - {change.before}")
            if change.after is not None:
                console.say(f"  + {change.after}")
        _more(len(found.changes), limit, "texts")
    if found.moves is not None:
        moved = [m for m in found.moves if m.distance or m.worst]
        if not moved:
            console.say("no class moved")
        else:
            rows = [(m.class_id, f"{m.distance:.4f}", f"{m.worst:.4f}") for m in moved[:limit]]
            title = f"{len(moved)} of {len(found.moves)} classes moved (1 - cosine)"
            console.table(title, ("class", "mean", "worst text"), rows)
            _more(len(moved), limit, "classes")


def _more(count: int, limit: int | None, what: str) -> None:
    if limit is not None and count > limit:
        console.note(f"{count - limit} more {what}; show them with --full")


@GROUP.command("gc")
def _gc(
    old: Annotated[bool, option("Also old versions that no artifact and no run refers to.", "--old")] = False,
    dry_run: Annotated[bool, option("Only say what would go.", "--dry-run")] = False,
    root: Root = None,
    json: Json = False,
) -> None:
    """Remove what killed commands left behind; with --old also old versions that nothing refers to.

    Example: semtool artifacts gc --old --dry-run
    """
    from semtool.artifacts import collect

    here = console.store(root)
    found = collect(here, old=old, dry_run=dry_run)
    total = sum(garbage.bytes for garbage in found)
    said = {"dry_run": dry_run, "bytes": total, "removed": found}
    console.answer(json, said, *(f"{g.path}: {g.reason}, {g.bytes} bytes" for g in found))
    console.note(f"{'would free' if dry_run else 'freed'} {total} bytes in {len(found)} folders")


def entry(artifact: Artifact) -> dict[str, Any]:
    """Return what lists and results say of an artifact."""
    manifest = artifact.manifest
    return {
        "kind": artifact.kind,
        "reference": artifact.reference,
        "created": manifest.created.isoformat(),
        "bytes": sum(record.bytes for record in manifest.files.values()),
        "sha256": manifest.content_sha256,
        "simulated": manifest.simulated,
        "counts": manifest.counts,
    }


def holds(listed: dict[str, Any]) -> str:
    """Return an entry's counts in words."""
    return ", ".join(f"{count} {name}" for name, count in listed.get("counts", {}).items())


_VECTORS = (".npy", ".pt", ".pth", ".tar", ".ckpt", ".bin", ".pkl", ".pickle")


@GROUP.command("import")
def _import(
    source: Annotated[Path, argument("A file of descriptions or of vectors.")],
    dataset: Annotated[str, option("Data set, or the path of its YAML file.")],
    name: Annotated[str | None, option("Name of the artifact.", unset="the file's name")] = None,
    granularity: Annotated[
        str | None, option("What the texts are, if the file does not say it.", unset="from the content")
    ] = None,
    sheet: Annotated[str | None, option("Sheet of a spreadsheet.", unset="by data set")] = None,
    by: Annotated[
        Literal["order", "label"] | None,
        option("How rows find their class: order (or number) or label.", unset="by the file"),
    ] = None,
    encoder: Annotated[str, option("Of vectors: what made them.")] = "unknown",
    key: Annotated[str | None, option("Of a checkpoint: name of the tensor.")] = None,
    root: Root = None,
    json: Json = False,
) -> None:
    """Import descriptions (.txt .csv .tsv .json .jsonl .xlsx) or vectors (.npy, torch checkpoints).

    Example: semtool artifacts import ntu60_des.txt --dataset ntu60 --name smie
    """
    from semtool.exchange import import_descriptions, import_embeddings

    here = console.store(root)
    if source.suffix.lower() in _VECTORS:
        found = import_embeddings(
            source, dataset, name, store=here, encoder=encoder, granularity=granularity, key=key
        )
    else:
        found = import_descriptions(
            source, dataset, name, store=here, granularity=granularity, sheet=sheet, by=by
        )
    for sentence in found.notes:
        console.note(sentence)
    said = entry(found.artifact)
    line = f"{found.artifact.kind} {found.artifact.reference}: {holds(said)}"
    console.answer(json, said | {"notes": found.notes}, line)


@GROUP.command("export")
def _export(
    reference: REFERENCE,
    layout: Annotated[
        str,
        option(
            "Of vectors: mean, codebook, granularities or neuron; of texts: lines, csv or purls; of "
            "features: synse; of skeletons: smie.",
            "--as",
        ),
    ],
    out: Annotated[Path, option("Folder to write into.")] = Path(),
    granularity: Annotated[str | None, option("Use texts of this granularity only.")] = None,
    split: Annotated[
        str | None, option("Of skeletons: class split.", "--split", "-s", unset="default")
    ] = None,
    overwrite: Annotated[bool, option("Replace files that are there.", "--overwrite")] = False,
    root: Root = None,
    json: Json = False,
) -> None:
    """Write the files that other people's code reads, classes in the order of their ids.

    Example: semtool artifacts export ntu60/multi/minilm --as codebook --out data/language
    """
    from semtool.exchange import LAYOUTS, export

    here = console.store(root)
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
        console.note(sentence)
    files = [str(path) for path in paths]
    console.answer(json, {"files": files, "notes": notes}, *files)

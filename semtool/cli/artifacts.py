"""``semtool artifacts``: what is in the store, whether it is whole, what changed, what can go."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from semtool.cli.console import Json, Root, app, json_object, note, say, store, table
from semtool.errors import SemtoolError, UsageError

if TYPE_CHECKING:
    from semtool.artifacts import Artifact, Difference, Store

__all__ = ["GROUP", "REFERENCE", "entry", "holds"]

REFERENCE = Annotated[str, typer.Argument(help="<data set>/<name>[@vN]; without a version the newest.")]
_SHOWN = 20


GROUP = typer.Typer(no_args_is_help=True, help="List, check, compare, clean up, import and export artifacts.")
"""The command group; `semtool.cli.exchange` adds import and export."""
app.add_typer(GROUP, name="artifacts")


@GROUP.command("list")
def _list(
    kind: Annotated[
        str | None, typer.Option(help="Only this kind: descriptions, embeddings, arrays, features.")
    ] = None,
    dataset: Annotated[str | None, typer.Option(help="Only this data set.")] = None,
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
    here = store(root)
    entries = [
        {"kind": each, "reference": reference, "problem": str(found)}
        if isinstance(found, SemtoolError)
        else entry(found)
        for each, reference, found in _every(here, [kind] if kind else KINDS, dataset)
    ]
    if json:
        json_object({"root": str(here.root), "artifacts": entries})
        return
    for e in entries:
        if "problem" in e:
            note(f"warning: {e['problem']}")
    if not entries:
        note(f"there are no artifacts under {here.root} yet; make some with semtool generate")
        return
    rows = [
        (
            e["kind"],
            e["reference"],
            e.get("created", "unreadable")[:16].replace("T", " "),
            e.get("bytes", ""),
            holds(e),
        )
        for e in entries
    ]
    table("Artifacts", ("kind", "reference", "created (UTC)", "bytes", "holds"), rows)


@GROUP.command("show")
def _show(reference: REFERENCE, root: Root = None, json: Json = False) -> None:
    """Show what an artifact says of itself: inputs, parameters, files; exit with 1 if it is damaged.

    Example: semtool artifacts show ntu60/multi
    """
    artifact = store(root).locate(reference, check=False)
    manifest = artifact.manifest.model_dump(mode="json", by_alias=True)
    problems = artifact.problems()
    if json:
        json_object({"path": str(artifact.path), "manifest": manifest, "problems": problems})
    else:
        _show_manifest(artifact, manifest)
    if problems:
        raise SemtoolError(f"{artifact.reference} is damaged: {'; '.join(problems)}")


def _show_manifest(artifact: Artifact, manifest: dict[str, Any]) -> None:
    say(f"{artifact.reference} ({artifact.kind}), made {manifest['created']}, in {artifact.path}")
    if artifact.manifest.simulated:
        say("made from simulated motion")
    for title in ("inputs", "parameters", "counts", "details", "files", "versions"):
        if manifest[title]:
            say(f"{title}:")
            for key, value in manifest[title].items():
                say(f"  {key}: {_short(value)}")


@GROUP.command("verify")
def _verify(
    references: Annotated[
        list[str] | None, typer.Argument(help="What to check; everything if left out.")
    ] = None,
    root: Root = None,
    json: Json = False,
) -> None:
    """Compare every file with its checksum; name what does not fit and exit with 1.

    Example: semtool artifacts verify ntu60/multi/minilm
    """
    from semtool.artifacts import KINDS

    here = store(root)
    checked, problems = 0, []
    named = (("", r, here.locate(r, check=False)) for r in references or ())
    for _, reference, found in named if references else _every(here, KINDS):
        checked += 1
        if isinstance(found, SemtoolError):
            problems.append(f"{reference}: {found}")
        else:
            problems += found.problems() or found.content_problems()
    if json:
        json_object({"checked": checked, "problems": problems})
    else:
        for problem in problems:
            say(problem)
        note(f"checked {checked}: {f'{len(problems)} problems' if problems else 'all whole'}")
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
    before: Annotated[
        str, typer.Argument(help="The older one, or a name alone: its last two versions are compared.")
    ],
    after: Annotated[str | None, typer.Argument(help="The newer one; left out: the newest version.")] = None,
    full: Annotated[bool, typer.Option("--full", help="Show every text and class.")] = False,
    root: Root = None,
    json: Json = False,
) -> None:
    """Say what changed between two description sets, or between two embedding files.

    Example: semtool artifacts diff ntu60/multi@v1 ntu60/multi@v2
    """
    from dataclasses import asdict

    from semtool.artifacts import difference

    here = store(root)
    found = difference(*_pair(here, before, after))
    if json:
        changes = None if found.changes is None else [asdict(c) | {"kind": c.kind} for c in found.changes]
        moves = None if found.moves is None else [asdict(m) for m in found.moves]
        object_ = {"before": found.before, "after": found.after, "counts": found.counts(), "changes": changes}
        json_object(object_ | {"moves": moves, "notes": list(found.notes)})
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
    say(f"{found.before} -> {found.after}")
    for sentence in found.notes:
        say(sentence)
    if found.changes is not None:
        if not found.changes:
            say("the texts are the same")
        for granularity, counts in found.counts().items():
            say(f"{granularity}: " + ", ".join(f"{n} {kind}" for kind, n in counts.items() if n))
        heading = None
        for change in found.changes[:limit]:
            place = (
                f"class {change.class_id} ({change.class_name}), {change.granularity} {change.slot}".rstrip()
            )
            if place != heading:
                say(place)
                heading = place
            if change.before is not None:
                say(f"  - {change.before}")
            if change.after is not None:
                say(f"  + {change.after}")
        _more(len(found.changes), limit, "texts")
    if found.moves is not None:
        moved = [m for m in found.moves if m.distance or m.worst]
        if not moved:
            say("no class moved")
        else:
            rows = [(m.class_id, f"{m.distance:.4f}", f"{m.worst:.4f}") for m in moved[:limit]]
            table(
                f"{len(moved)} of {len(found.moves)} classes moved (1 - cosine)",
                ("class", "mean", "worst text"),
                rows,
            )
            _more(len(moved), limit, "classes")


def _more(count: int, limit: int | None, what: str) -> None:
    if limit is not None and count > limit:
        note(f"{count - limit} more {what}; show them with --full")


@GROUP.command("gc")
def _gc(
    old: Annotated[
        bool, typer.Option("--old", help="Also old versions that no artifact and no run refers to.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
    root: Root = None,
    json: Json = False,
) -> None:
    """Remove what killed commands left behind; with --old also old versions that nothing refers to.

    Example: semtool artifacts gc --old --dry-run
    """
    from semtool.artifacts import collect

    here = store(root)
    found = collect(here, old=old, dry_run=dry_run)
    total = sum(garbage.bytes for garbage in found)
    if json:
        removed = [{"path": str(g.path), "reason": g.reason, "bytes": g.bytes} for g in found]
        json_object({"dry_run": dry_run, "bytes": total, "removed": removed})
        return
    for garbage in found:
        say(f"{garbage.path}: {garbage.reason}, {garbage.bytes} bytes")
    note(f"{'would free' if dry_run else 'freed'} {total} bytes in {len(found)} folders")


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


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= 160 else text[:157] + "..."

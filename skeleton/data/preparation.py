"""``semtool prepare``: raw skeletons of a data set -> arrays, with a report of everything left out.

    from skeleton.data.preparation import prepare
    prepare("utd-mhad", raw="downloads/utd_mhad")

Beside the arrays, the artifact holds ``sources.csv`` (every file with its checksum and number of samples)
and ``findings.csv`` (what was rejected, dropped or changed, and why). On unchanged files nothing is done;
otherwise only new and changed files are read, and the rows of the others come from the version before.
"""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from semtool.artifacts import Artifact, Store
from semtool.artifacts.manifest import digest
from semtool.catalogue import Dataset, load_dataset
from semtool.errors import SemtoolError, UsageError
from skeleton.data.arrays import ArrayWriter
from skeleton.data.collecting import Collector
from skeleton.data.formats import Finding, Format, Source, find_format, recognise
from skeleton.data.prepared_sources import Earlier, read_findings, write_tables
from skeleton.data.reading import Reading, Task, read_sources
from skeleton.data.stat_cache import StatCache
from skeleton.simulation import NOTICE

__all__ = ["Prepared", "prepare"]

_LIST_PATTERN = "*missing_skeleton*.txt"


@dataclass(frozen=True)
class Prepared:
    """What `prepare` did.

    Attributes:
        artifact: the arrays.
        created: False if these files were prepared before, so that there was nothing to do.
        format: the reader that was used.
        sources: files in all.
        read: files read now; the rows of all others came from the version before.
        samples: sequences in the arrays.
        findings: pairs (source, finding) of everything that is not in the arrays as it is in the files.
    """

    artifact: Artifact
    created: bool
    format: str
    sources: int
    read: int
    samples: int
    findings: tuple[tuple[str, Finding], ...]

    @property
    def outcomes(self) -> dict[str, int]:
        """How often each named outcome occurred."""
        return dict(sorted(Counter(f.outcome for _, f in self.findings).items()))


def prepare(
    dataset: str | Path | Dataset,
    raw: str | Path | None = None,
    *,
    store: Store | None = None,
    name: str | None = None,
    format: str | None = None,
    unusable: str | Path | None = None,
    strict: bool = False,
    workers: int = 0,
    progress: Callable[[int, int], None] = lambda *_: None,
) -> Prepared:
    """Read the raw skeletons of a data set into the arrays ``<dataset>/<name>``.

    Args:
        dataset: a data set of the catalogue, or the path of a user's own.
        raw: its raw folder or file; without it ``$SEMTOOL_DATA/<the catalogue's folder>``.
        store: where artifacts are kept.
        name: name of the arrays; without it ``raw``, or ``simulated`` if `semtool simulate` made the files.
        format: name of the reader; without it the format is recognised.
        unusable: text file with names of samples to leave out; without it ``*missing_skeleton*.txt`` is
            looked for in the raw folder.
        strict: fail if any sample is rejected.
        workers: processes; 0 decides by the amount of data.
        progress: called with sources done and in all.

    Raises:
        UsageError: if there is no raw data, or its format is not known.
        SemtoolError: if nothing can be read, or ``strict`` and something is rejected.
    """
    dataset = dataset if isinstance(dataset, Dataset) else load_dataset(dataset)
    store = store or Store()
    folder = _raw_folder(dataset, raw)
    reader, sources = _reader(folder, dataset, format)
    listed, list_digest = _unusable(folder, unusable)
    recipe: dict[str, Any] = {
        "dataset": dataset.name,
        "classes": digest([[c.id, c.code, c.name, *c.aliases] for c in dataset.classes]),
        "reader": f"{reader.name}/{reader.version}",
        "unusable": list_digest,
        "simulated": _simulated(folder, sources),
    }
    name = name or ("simulated" if recipe["simulated"] else "raw")
    if simulated := (folder / NOTICE).is_file():
        recipe["simulated"] = "yes"
    target = f"{dataset.name}/{name}"
    cache = StatCache.open(store.root, folder)
    stats = {source.name: source.stat() for source in sources}
    tasks = [
        Task(s, stats[s.name][0], cache.sha256(s.name, stats[s.name]), listed=s.stem in listed)
        for s in sources
    ]
    earlier = None
    if versions := [a for a in store.artifacts("arrays", dataset.name) if a.name == name]:
        tasks = _hashed(tasks)
        cache.save((t.source.name, stats[t.source.name], t.sha256) for t in tasks)
        identity = store.identity("arrays", {}, _parameters(recipe, [t.content for t in tasks]))
        if found := store.find("arrays", target, identity):
            return _checked(_report(found, reader, read=0, created=False), strict)
        earlier = _earlier(versions, recipe)

    with store.work_folder() as work:
        with ArrayWriter(work, dataset.name, bodies=dataset.bodies) as writer:
            collector = Collector(writer)
            for reading, fresh in _readings(reader, dataset, tasks, earlier, workers):
                collector.add(reading, fresh)
                progress(len(collector.records), len(tasks))
            cache.save((r.name, stats[r.name], r.sha256) for r in collector.records)
            if strict:
                _refuse_rejected(collector.findings)
            if not len(writer):
                first = collector.findings[0][1].message if collector.findings else "it holds no samples"
                raise SemtoolError(
                    f"none of the {len(tasks)} files in {folder} can be used; the first: {first}"
                )
        write_tables(work, collector.records, collector.findings)
        parameters = _parameters(recipe, [r.content for r in collector.records])
        with store.create("arrays", target, parameters=parameters, libraries=("numpy",)) as draft:
            for path in sorted(work.iterdir()):
                path.rename(draft.folder / path.name)
            draft.simulated = simulated
            draft.details |= writer.details | {"findings": collector.outcomes}
            draft.counts |= writer.counts | {"sources": len(tasks)}
            draft.simulated = recipe["simulated"]
    return _report(draft.result, reader, read=collector.fresh, created=True)


def _raw_folder(dataset: Dataset, raw: str | Path | None) -> Path:
    if raw is not None:
        return Path(raw)
    data = os.environ.get("SEMTOOL_DATA")
    if not data or not dataset.raw:
        raise UsageError(
            f"say where the raw data of {dataset.name} is: --raw FOLDER"
            + (f", or set SEMTOOL_DATA to the folder that holds {dataset.raw}/" if dataset.raw else "")
            + (f". {dataset.obtain}" if dataset.obtain else "")
        )
    return Path(data) / dataset.raw


def _reader(folder: Path, dataset: Dataset, name: str | None) -> tuple[Format, list[Source]]:
    if name is None:
        return recognise(folder, dataset.format)
    reader = find_format(name)
    sources = reader.find(folder) if folder.exists() else []
    if not sources:
        raise UsageError(f"{folder} holds nothing for the format {name}: no {reader.looks_like}")
    return reader, sources


def _simulated(folder: Path, sources: Sequence[Source]) -> bool:
    """Tell whether any of the files lies in a folder that the simulator marked."""
    from skeleton.simulation import NOTICE

    folders = {folder, *(source.path.parent for source in sources)}
    return any((place / NOTICE).is_file() for place in folders)


def _unusable(folder: Path, path: str | Path | None) -> tuple[frozenset[str], str]:
    """Return the sample names to leave out and a checksum of them; lines that are no name are passed over."""
    if path is not None:
        lists = [Path(path)]
    else:
        lists = sorted(folder.glob(_LIST_PATTERN)) if folder.is_dir() else []
    names: set[str] = set()
    for found in lists:
        try:
            lines = found.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError as error:
            raise UsageError(f"cannot read the list of unusable samples {found}: {error.strerror}") from error
        names |= {line.strip().removesuffix(".skeleton") for line in lines if len(line.split()) == 1}
    return frozenset(names), digest(sorted(names)) if names else ""


def _parameters(recipe: dict[str, Any], contents: Sequence[tuple[str, int, str]]) -> dict[str, Any]:
    """Return what identifies the arrays; the files by one checksum, as there may be a hundred thousand."""
    listing = hashlib.sha256(
        "".join(f"{n}\0{b}\0{c}\n" for n, b, c in contents).encode("utf-8", "surrogateescape")
    )
    return dict(recipe) | {"sources": listing.hexdigest()}


def _hashed(tasks: Sequence[Task]) -> list[Task]:
    """Compute the checksums that are not known; threads suffice, as hashing releases the interpreter."""
    unknown = [task for task in tasks if not task.sha256]
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        found = iter(list(pool.map(Task.hashed, unknown)))
    return [task if task.sha256 else next(found) for task in tasks]


def _earlier(versions: Sequence[Artifact], recipe: dict[str, Any]) -> Earlier | None:
    """Return the newest version that was read in the same way."""
    for artifact in sorted(versions, key=lambda a: a.version, reverse=True):
        if all(artifact.manifest.parameters.get(key) == value for key, value in recipe.items()):
            return Earlier(artifact.path)
    return None


def _readings(
    reader: Format, dataset: Dataset, tasks: Sequence[Task], earlier: Earlier | None, workers: int
) -> Iterator[tuple[Reading, bool]]:
    """Yield every source's reading in order, and whether it was read now and not taken from ``earlier``."""
    old = {t.source.name for t in tasks if earlier and earlier.has(t.content)}
    new = read_sources(reader, dataset, [t for t in tasks if t.source.name not in old], workers)
    for task in tasks:
        if earlier and task.source.name in old:
            yield Reading(task, earlier.outcomes(task.content)), False
        else:
            yield next(new), True


def _report(artifact: Artifact, reader: Format, *, read: int, created: bool) -> Prepared:
    counts = artifact.manifest.counts
    findings = tuple(read_findings(artifact.path))
    return Prepared(artifact, created, reader.name, counts["sources"], read, counts["samples"], findings)


def _checked(report: Prepared, strict: bool) -> Prepared:
    if strict:
        _refuse_rejected(report.findings)
    return report


def _refuse_rejected(findings: Sequence[tuple[str, Finding]]) -> None:
    rejected = [(source, f) for source, f in findings if f.severity == "rejected"]
    if rejected:
        source, first = rejected[0]
        raise SemtoolError(
            f"{len(rejected)} samples are rejected, the first in {source}: {first.message}; "
            "without --strict they are left out and listed"
        )

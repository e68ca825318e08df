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
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from semtool.artifacts import Artifact, Store
from semtool.catalogue import Dataset, load_dataset
from semtool.disk import digest, refuse_full, size_of
from semtool.errors import SemtoolError, UsageError
from skeleton.data.arrays import SCHEMA, SIMULATED, ArrayWriter
from skeleton.data.collecting import Collector
from skeleton.data.formats import RawFile, RawSample, ReadContext, Reader, SampleFinding, recognise
from skeleton.data.prepared_files import EarlierArrays, read_findings, totals, write_tables
from skeleton.data.reading import FileRequest, read_files
from skeleton.data.unusable import UnusableSamples

__all__ = ["Prepared", "prepare"]

PROBED = 64
"""Files after which the size of all of them is known well enough to see whether they fit on the disk."""


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
    findings: tuple[tuple[str, SampleFinding], ...]

    @property
    def outcomes(self) -> dict[str, int]:
        """How often each named outcome occurred."""
        return totals(self.findings)


def prepare(
    dataset: str | Path | Dataset,
    raw: str | Path | None = None,
    *,
    store: Store | None = None,
    name: str | None = None,
    format: str | None = None,
    unusable: str | Path | None = None,
    first_label: int | None = None,
    hints: Mapping[str, Any] | None = None,
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
        unusable: text file with names of samples to leave out; without it lists are looked for in the raw
            folder (`skeleton.data.unusable`).
        first_label: 0 or 1, from where numeric labels count; without it the labels tell, or are refused.
        hints: what is known of recordings (`skeleton.data.formats.hints.Hints`), by field.
        strict: fail if any sample is rejected.
        workers: processes; 0 decides by the amount of data.
        progress: called with files done and in all, first of those checked, then of those read.

    Returns:
        The arrays, and everything that is not in them as it is in the files.

    Raises:
        UsageError: if there is no raw data, or its format is not known.
        SemtoolError: if nothing can be read, ``strict`` and something is rejected, or the disk is too small.
    """
    store, named = store or Store(), dataset
    dataset = dataset if isinstance(dataset, Dataset) else load_dataset(store.dataset_file(dataset))
    store.keep_dataset_file(dataset.name, named)
    folder = _raw_folder(dataset, raw)
    reader, files, others = _reader(folder, dataset, format)
    out = UnusableSamples.named(Path(unusable)) if unusable else UnusableSamples.beside(folder, files)
    simulated = _simulated(folder, files)
    recipe: dict[str, Any] = {
        "schema": SCHEMA,
        "dataset": dataset.name,
        "bodies": dataset.bodies,
        "layout": dataset.layout,
        "classes": digest([[c.id, c.code, c.name, *c.aliases] for c in dataset.classes]),
        "reader": f"{reader.name}/{reader.version}",
        "first_label": first_label,
        "hints": dict(hints or {}),
        "unusable": digest(sorted(out.names)) if out.names else "",
        "said": digest([f.message for f in (*out.findings, *others)]),
        "simulated": simulated,
    }
    name = name or ("simulated" if simulated else "raw")
    target = f"{dataset.name}/{name}"
    requests = _requests(files, out.names, progress)
    parameters = recipe | {"sources": _listing(requests)}
    if existing := store.find("arrays", target, store.identity("arrays", {}, parameters)):
        return _report(existing, reader, read=0, created=False, strict=strict)
    versions = [a for a in store.artifacts("arrays", dataset.name) if a.name == name]
    earlier = _earlier(versions, recipe)
    context = ReadContext(dataset, first_label, hints=hints or {})
    with store.work_folder() as work:
        with ArrayWriter(work, dataset.name, bodies=dataset.bodies) as writer:
            collector = Collector(writer, reader, out.names)
            for request, (samples, fresh) in zip(
                requests, _readings(reader, context, requests, earlier, workers), strict=True
            ):
                collector.add(request, samples, fresh)
                progress(len(collector.records), len(requests))
                if len(collector.records) == PROBED:
                    each = size_of(work) / PROBED
                    refuse_full(f"preparing {dataset.name}", each * (len(requests) - PROBED), store.root)
            collector.finish([file.stem for file in files])
            collector.findings += [("", finding) for finding in (*out.findings, *others)]
            if strict:
                _refuse_rejected(collector.findings)
            if not len(writer):
                raise SemtoolError(_nothing(folder, len(requests), collector.findings, others))
        write_tables(work, collector.records, collector.findings)
        with store.create("arrays", target, parameters=parameters, libraries=("numpy",)) as draft:
            for path in sorted(work.iterdir()):
                path.rename(draft.folder / path.name)
            draft.details |= writer.details | {"findings": collector.outcomes}
            draft.counts |= writer.counts | {"sources": len(requests)}
            draft.simulated = simulated
    return _report(draft.result, reader, read=collector.fresh, created=True)


def _raw_folder(dataset: Dataset, raw: str | Path | None) -> Path:
    if raw is not None:
        return Path(raw)
    data = os.environ.get("SEMTOOL_DATA")
    if not data or not dataset.raw:
        raise UsageError(
            f"say where the raw data of {dataset.name} is: --raw FOLDER"
            + (f", or set SEMTOOL_DATA to the folder that holds {dataset.raw}/" if dataset.raw else "")
            + (f". {dataset.obtain}" if dataset.obtain else ""),
            see="no-raw-data",
        )
    return Path(data) / dataset.raw


def _reader(
    folder: Path, dataset: Dataset, name: str | None
) -> tuple[Reader, list[RawFile], list[SampleFinding]]:
    """Return the reader, its files, and a finding for every other format that has files here too."""
    (reader, files), *rest = recognise(folder, dataset.format, name)
    own = {path for file in files for path in file.paths}
    others = []
    for other, found in rest:
        if count := sum(file.path not in own for file in found):
            text = f"{count} files of the format {other.name} were not read; for them: --format {other.name}"
            others.append(SampleFinding("other-format", text, count=count))
    return reader, files, others


def _nothing(
    folder: Path,
    files: int,
    findings: Sequence[tuple[str, SampleFinding]],
    others: Sequence[SampleFinding],
) -> str:
    first = next((f.message for _, f in findings), "it holds no samples")
    text = f"none of the {files} files in {folder} can be used; the first: {first}"
    return "; ".join([text, *(f.message for f in others)])


def _simulated(folder: Path, files: Sequence[RawFile]) -> bool:
    """Tell whether any of the files lies in a folder that the simulator marked."""
    return any((place / SIMULATED).is_file() for place in {folder, *(file.path.parent for file in files)})


def _requests(
    files: Sequence[RawFile], listed: Collection[str], progress: Callable[[int, int], None]
) -> list[FileRequest]:
    """Return what to read, with checksums; threads suffice, as hashing releases the interpreter."""
    requests = []
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        for file, checksum in zip(files, pool.map(RawFile.sha256, files), strict=True):
            requests.append(FileRequest(file, file.size(), checksum, file.stem in listed))
            progress(len(requests), len(files))
    return requests


def _listing(requests: Sequence[FileRequest]) -> str:
    """Return one checksum of all files, of which there may be a hundred thousand."""
    lines = "".join(f"{name}\0{size}\0{checksum}\n" for name, size, checksum in (r.content for r in requests))
    return hashlib.sha256(lines.encode("utf-8", "surrogateescape")).hexdigest()


def _earlier(versions: Sequence[Artifact], recipe: dict[str, Any]) -> EarlierArrays | None:
    """Return the newest version that was read in the same way."""
    for artifact in sorted(versions, key=lambda a: a.version, reverse=True):
        if all(artifact.manifest.parameters.get(key) == value for key, value in recipe.items()):
            return EarlierArrays(artifact.path)
    return None


def _readings(
    reader: Reader,
    context: ReadContext,
    requests: Sequence[FileRequest],
    earlier: EarlierArrays | None,
    workers: int,
) -> Iterator[tuple[Iterable[RawSample], bool]]:
    """Yield what every file gives in order, and whether it was read now and not taken from ``earlier``."""
    old = {r.file.name for r in requests if earlier and earlier.has(r.content)}
    new = read_files(reader, context, [r for r in requests if r.file.name not in old], workers)
    for request in requests:
        if earlier and request.file.name in old:
            yield earlier.samples(request.content), False
        else:
            yield next(new), True


def _report(
    artifact: Artifact, reader: Reader, *, read: int, created: bool, strict: bool = False
) -> Prepared:
    counts = artifact.manifest.counts
    findings = tuple(read_findings(artifact.path))
    if strict:
        _refuse_rejected(findings)
    return Prepared(artifact, created, reader.name, counts["sources"], read, counts["samples"], findings)


def _refuse_rejected(findings: Sequence[tuple[str, SampleFinding]]) -> None:
    rejected = [(source, f) for source, f in findings if f.severity == "rejected"]
    if rejected:
        source, first = rejected[0]
        raise SemtoolError(
            f"{len(rejected)} samples are rejected, the first in {source}: {first.message}; "
            "without --strict they are left out and listed"
        )

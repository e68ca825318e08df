"""Sequences straight from a raw file or a folder of arrays, whether or not they are of a known data set."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from semtool.catalogue import Dataset, dataset_names, load_dataset
from semtool.errors import UsageError, unknown_name
from skeleton.data.arrays import SAMPLES, ArraySet
from skeleton.data.formats import ReadContext, Reader, SampleFinding, recognise
from skeleton.data.sequence import SkeletonSequence

__all__ = ["load_sequence", "load_sequences", "read_raw"]

_NONE = Dataset.model_validate(
    {"schema": 1, "name": "unknown", "bodies": 8, "classes": ["unknown", "also unknown"]}
)
"""The data set of files that are of none."""


def load_sequence(
    file: str | Path, *, sample: str | None = None, **options: Any
) -> tuple[SkeletonSequence, Dataset]:
    """Return one sequence of a raw file or of a folder of arrays, and its data set.

    Args:
        file: a raw skeleton file of any known format, or a folder of arrays.
        sample: name of the sample, where there are several; without it the first.
        options: as of `load_sequences`.

    Raises:
        UsageError: if the sample or the format is not known, or nothing can be read; then it says why.
    """
    found, dataset = _sequences(Path(file), sample=sample, **options)
    return next(found), dataset


def load_sequences(
    file: str | Path,
    *,
    dataset: str | None = None,
    format: str | None = None,
    hints: Mapping[str, Any] | None = None,
    findings: list[SampleFinding] | None = None,
) -> list[SkeletonSequence]:
    """Return every sequence of a raw file or of a folder.

    Args:
        file: a raw skeleton file of any known format, or a folder of arrays.
        dataset: its data set; without it one that has the file's format, if there is one.
        format: name of the reader; without it the format is recognised.
        hints: what is known of a recording (`skeleton.data.formats.hints.Hints`), by field.
        findings: takes what was said of the sequences: what was assumed, turned, left out.

    Raises:
        UsageError: if the format is not known, or nothing can be read; then it says why.
    """
    found, _ = _sequences(Path(file), dataset=dataset, format=format, hints=hints, findings=findings)
    return list(found)


def _sequences(
    path: Path, *, sample: str | None = None, findings: list[SampleFinding] | None = None, **options: Any
) -> tuple[Iterator[SkeletonSequence], Dataset]:
    """Return the sequences, at least one, and their data set."""
    if (path / SAMPLES).is_file():
        arrays = ArraySet.open(path)
        if sample is not None and sample not in arrays.names:
            raise unknown_name(f"sample of {path.name}", sample, arrays.names)
        rows = range(len(arrays)) if sample is None else [arrays.names.index(sample)]
        return map(arrays.sequence, rows), load_dataset(arrays.dataset)
    dataset, raw = read_raw(path, sample=sample, **options)

    def found() -> Iterator[SkeletonSequence]:
        said = [] if findings is None else findings
        any_found = False
        for read in raw:
            if isinstance(read, SampleFinding):
                said.append(read)
            elif sample in (None, read.name):
                any_found = True
                yield read
        if not any_found:
            problems = [f"; {f.message}" for f in said if f.severity == "rejected"]
            wanted = f"sample {sample!r}" if sample else "sample that can be read"
            raise UsageError(f"{path} has no {wanted}" + "".join(problems[:1]))

    return found(), dataset


def read_raw(
    path: Path,
    *,
    dataset: str | None = None,
    sample: str | None = None,
    format: str | None = None,
    hints: Mapping[str, Any] | None = None,
) -> tuple[Dataset, Iterator[SkeletonSequence | SampleFinding]]:
    """Return the data set and everything that a raw file or folder gives; arguments as `load_sequences`."""
    chosen = load_dataset(dataset) if dataset else None
    reader, files = recognise(path, chosen.format if chosen else "", format)[0]
    data = chosen or _dataset_of(reader)
    # A clip to look at or to classify may be of any class, so that its label decides nothing.
    labelled = reader.needs_classes or (chosen is not None and chosen.format == reader.name)
    context = ReadContext(data, labelled=labelled, hints=hints or {})
    wanted = [
        f for f in files if not sample or reader.container or len(files) == 1 or sample.startswith(f.stem)
    ]
    return data, (read for file in wanted for read in reader.samples(file, context))


def _dataset_of(reader: Reader) -> Dataset:
    """Return the data set with the most classes whose raw files have this format."""
    known = [d for name in dataset_names() if (d := load_dataset(name)).format == reader.name]
    if known:
        return max(known, key=lambda d: len(d.classes))
    if not reader.needs_classes:
        return _NONE
    raise UsageError(
        f"files of the format {reader.name} do not say which data set they are of; name it: --dataset"
    )

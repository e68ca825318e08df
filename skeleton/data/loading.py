"""Sequences straight from a raw file or a folder of arrays, whether or not they are of a known data set."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from semtool.catalogue import Dataset, dataset_names, load_dataset
from semtool.errors import UsageError, unknown_name
from skeleton.data.arrays import SAMPLES, ArraySet
from skeleton.data.formats import ReadContext, Reader, SampleFinding, find_reader, recognise
from skeleton.data.sequence import SkeletonSequence

__all__ = ["load_sequence", "load_sequences", "read_raw"]

_NONE = Dataset.model_validate(
    {"schema": 1, "name": "unknown", "bodies": 8, "classes": ["unknown", "also unknown"]}
)
"""The data set of files that are of none."""


def load_sequence(
    file: str | Path,
    *,
    dataset: str | None = None,
    sample: str | None = None,
    format: str | None = None,
    hints: Mapping[str, Any] | None = None,
    findings: list[SampleFinding] | None = None,
) -> tuple[SkeletonSequence, Dataset]:
    """Return one sequence of a raw file or of a folder of arrays, and its data set.

    Args:
        file: a raw skeleton file of any known format, or a folder of arrays.
        dataset: its data set; without it one that has the file's format, if there is one.
        sample: name of the sample, where there are several; without it the first.
        format: name of the reader; without it the format is recognised.
        hints: what is known of a recording (`skeleton.data.formats.hints.Hints`), by field.
        findings: takes what was said before the sequence: what was assumed, turned, left out.

    Raises:
        UsageError: if the sample or the format is not known, or nothing can be read; then it says why.
    """
    path = Path(file)
    if (path / SAMPLES).is_file():
        arrays = ArraySet.open(path)
        if sample is not None and sample not in arrays.names:
            raise unknown_name(f"sample of {path.name}", sample, arrays.names)
        return arrays.sequence(arrays.names.index(sample) if sample else 0), load_dataset(arrays.dataset)
    said = [] if findings is None else findings
    chosen, found = read_raw(path, dataset=dataset, sample=sample, format=format, hints=hints)
    for read in found:
        if isinstance(read, SampleFinding):
            said.append(read)
        elif sample in (None, read.name):
            return read, chosen
    raise _nothing(path, f"no sample {sample!r}" if sample else "no sample that can be shown", said)


def load_sequences(
    file: str | Path,
    *,
    dataset: str | None = None,
    hints: Mapping[str, Any] | None = None,
    findings: list[SampleFinding] | None = None,
) -> list[SkeletonSequence]:
    """Return every sequence of a raw file or of a folder; arguments and errors as `load_sequence`."""
    path = Path(file)
    if (path / SAMPLES).is_file():
        arrays = ArraySet.open(path)
        return [arrays.sequence(index) for index in range(len(arrays.names))]
    said = [] if findings is None else findings
    found = []
    for read in read_raw(path, dataset=dataset, hints=hints)[1]:
        if isinstance(read, SampleFinding):
            said.append(read)
        else:
            found.append(read)
    if not found:
        raise _nothing(path, "no sample that can be read", said)
    return found


def _nothing(path: Path, wanted: str, said: list[SampleFinding]) -> UsageError:
    problems = [f.message for f in said if f.severity == "rejected"]
    return UsageError(f"{path} has {wanted}" + (f"; {problems[0]}" if problems else ""))


def read_raw(
    path: Path,
    *,
    dataset: str | None = None,
    sample: str | None = None,
    format: str | None = None,
    hints: Mapping[str, Any] | None = None,
) -> tuple[Dataset, Iterator[SkeletonSequence | SampleFinding]]:
    """Return the data set and everything that a raw file or folder gives; arguments as `load_sequence`."""
    chosen = load_dataset(dataset) if dataset else None
    if format:
        reader = find_reader(format)
        files = reader.find(path)
        if not files:
            raise UsageError(f"{path} holds nothing for the format {format}: no {reader.looks_like}")
    else:
        reader, files = recognise(path, chosen.format if chosen else "")[0]
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

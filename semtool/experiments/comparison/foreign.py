"""Predictions made elsewhere, checked against a split and compared with a run, sample by sample."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from semtool.artifacts import Store
from semtool.errors import SemtoolError, UsageError
from semtool.experiments.comparison.differences import verdict
from semtool.experiments.comparison.outcomes import persons
from semtool.experiments.comparison.statistics import LEVEL, RESAMPLES, PairedOutcomes, estimate
from semtool.experiments.measured import part_named, read_seed

if TYPE_CHECKING:
    from semtool.catalogue import Dataset
    from skeleton.runs import Predictions, Run

__all__ = ["ForeignComparison", "compare_predictions"]


@dataclass(frozen=True)
class ForeignComparison:
    """How somebody else's predictions compare with a run's: accuracies, paired difference, verdict, words."""

    file: str
    run: str
    dataset: str
    split: str
    part: str
    n: int
    theirs: float
    ours: float
    difference: float
    low: float
    high: float
    p: float
    verdict: str
    words: str


def compare_predictions(path: str | Path, *, store: Store, run: str | None = None) -> ForeignComparison:
    """Compare a CSV of predictions with a run, paired over samples and the run's seeds.

    Args:
        path: CSV with a column ``sample`` and one column of scores for each unseen class, headed by the
            class's name, code or id; the class with the highest score is the answer.
        store: where the run is.
        run: name or folder; the newest if None. Its split is what the file is checked against.

    Raises:
        UsageError: if samples of the part that decides are missing, or a sample or class is another's.
        SemtoolError: if the file cannot be read.
    """
    from semtool.catalogue import load_dataset
    from skeleton.runs import open_run

    chosen: Run = open_run(store, run)
    read = {seed: read_seed(store, chosen.name, seed) for seed in chosen.seeds}
    metrics, first = next(iter(read.values()))
    dataset = load_dataset(store.dataset_file(metrics.dataset))
    where = f"{metrics.dataset} {metrics.split}"
    answers = _answers(Path(path), dataset, first, where)
    theirs = (answers == first.truth).astype(np.float64)
    ours = np.stack([(p.predicted == p.truth).astype(np.float64) for _, p in read.values()])
    features = store.resolve("features", chosen.summary.features.reference)
    pairs = PairedOutcomes(
        differences=theirs - ours,
        class_id=first.truth,
        person=persons(features, first.names),
        sample=first.names,
        seeded=chosen.settings(chosen.seeds[0]).depends_on_seed,
    )
    found = estimate([pairs], level=LEVEL, resamples=RESAMPLES)
    one_seed = pairs.seeded and len(ours) == 1
    said = verdict(found, found.p, identical=not pairs.differences.any(), one_seed=one_seed, level=LEVEL)
    name, part = Path(path).name, part_named(metrics.part)
    return ForeignComparison(
        file=name, run=chosen.name, dataset=metrics.dataset, split=metrics.split, part=metrics.part,
        n=len(theirs), theirs=float(theirs.mean()), ours=float(ours.mean()), difference=found.mean,
        low=found.low, high=found.high, p=found.p, verdict=said,
        words=(
            f"{name} is right for {theirs.mean():.1%}, {chosen.name} for {ours.mean():.1%} of {len(theirs)} "
            f"samples of {where} ({part}): {100 * found.mean:+.1f} points, 95% interval "
            f"{100 * found.low:+.1f} to {100 * found.high:+.1f}, p = {found.p:.3f}: {said}."
        ),
    )  # fmt: skip


def _answers(path: Path, dataset: Dataset, wanted: Predictions, where: str) -> NDArray[np.int64]:
    """Return the answer for each wanted sample, in their order."""
    import pandas as pd

    try:
        table = pd.read_csv(path, dtype={"sample": str})
    except (OSError, ValueError) as error:
        raise SemtoolError(f"cannot read the predictions {path}: {' '.join(str(error).split())}") from error
    if "sample" not in table:
        raise UsageError(f"{path.name} has no column sample; it needs that and a column of scores a class")
    known: dict[str, Any] = {}
    for c in dataset.classes:
        known |= {str(c.id): c.id, c.code: c.id, c.name: c.id}
    columns = {name: known.get(str(name)) for name in table.columns if name != "sample"}
    names = ", ".join(dataset.classes[c].name for c in wanted.columns)
    ids = np.array([-1 if c is None else c for c in columns.values()], dtype=np.int64)
    if sorted(ids.tolist()) != sorted(wanted.columns):
        raise UsageError(
            f"{path.name} has scores for {', '.join(map(str, columns)) or 'no class'}; the unseen classes of "
            f"{where} are {names}: one column each, headed by name, code or id"
        )
    if (twice := table["sample"].duplicated()).any():
        raise UsageError(f"{path.name} has the sample {table['sample'][twice].iloc[0]} twice")
    own = table.set_index("sample")
    missing = [name for name in wanted.names if name not in own.index]
    if missing:
        raise UsageError(
            f"{path.name} lacks {len(missing)} of the {len(wanted.names)} samples that decide on {where}, "
            f"the first is {missing[0]}"
        )
    scores = own.loc[list(wanted.names)].to_numpy()
    if scores.dtype.kind not in "fiu" or not np.isfinite(scores).all():
        raise UsageError(f"{path.name} holds a score that is no finite number")
    return np.asarray(ids[scores.argmax(axis=1)])

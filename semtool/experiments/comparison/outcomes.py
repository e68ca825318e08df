"""What runs got right: the unseen test samples of a cell over its seeds, from the runs' own tables."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from semtool.artifacts import Artifact, Store
from semtool.errors import SemtoolError
from semtool.experiments.comparison.statistics import PairedOutcomes
from semtool.experiments.grid.cells import CellRuns
from semtool.experiments.measured import Predictions, read_seed

if TYPE_CHECKING:
    from skeleton.runs.records import Metrics

__all__ = ["Outcomes", "pair", "read_outcomes"]


@dataclass(frozen=True)
class Outcomes:
    """A cell's predictions.

    Attributes:
        predicted: (S, n) class ids, a row a seed, a column an unseen test sample.
        class_id: (n,) the true ones.
        names: of the samples.
        person: who moves, "" where unknown.
        metrics: by seed, ``metrics.json``.
        seeded: whether the seed changes anything.
    """

    predicted: NDArray[np.int64]
    class_id: NDArray[np.int64]
    names: tuple[str, ...]
    person: tuple[str, ...]
    metrics: dict[int, Metrics]
    seeded: bool

    @cached_property
    def fingerprint(self) -> bytes:
        """Equal for cells that predict the same class for every sample and seed."""
        return self.predicted.tobytes()

    @cached_property
    def right(self) -> NDArray[np.float64]:
        """(S, n), 1 where right."""
        right: NDArray[np.float64] = (self.predicted == self.class_id).astype(np.float64)
        return right


def read_outcomes(found: CellRuns, store: Store, *, features_per_seed: bool) -> Outcomes:
    """Read the runs of a cell.

    Raises:
        SemtoolError: if a run is damaged; says which folder to remove so that it is trained again.
    """
    read = {seed: read_seed(store, run, seed) for seed, run in found.runs.items()}
    predictions = [p for _, p in read.values()]
    first = predictions[0]
    names = _unseen_names(first)
    if any(_unseen_names(p) != names for p in predictions):
        raise SemtoolError(
            f"the seeds of {found.cell.text.label} on {found.cell.dataset} {found.cell.split} were measured "
            "on different samples; make the features of all seeds from the same skeletons"
        )
    return Outcomes(
        predicted=np.stack([p.predicted[p.unseen] for p in predictions]),
        class_id=first.truth[first.unseen],
        names=names,
        person=_persons(found.features[found.seeds[0]], names),
        metrics={seed: metrics for seed, (metrics, _) in read.items()},
        seeded=found.cell.setting.seeded or features_per_seed,
    )


def pair(
    first: Outcomes, second: Outcomes, dataset: str, pooled: tuple[float, int] | None = None
) -> PairedOutcomes:
    """Return the paired differences of two cells on the same split, over the seeds that both have.

    Args:
        pooled: see `semtool.experiments.comparison.statistics.PairedOutcomes`.
    """
    if first.names != second.names:
        raise SemtoolError(f"two runs on {dataset} were measured on different samples and cannot be paired")
    seeds = [s for s in first.metrics if s in second.metrics]
    one, two = ([list(o.metrics).index(s) for s in seeds] for o in (first, second))
    distinct = len(set(first.names)) == len(first.names)
    return PairedOutcomes(
        differences=first.right[one] - second.right[two],
        class_id=first.class_id,
        person=[f"{dataset}/{p}" if p else "" for p in first.person],
        sample=[f"{dataset}/{n if distinct else i}" for i, n in enumerate(first.names)],
        seeded=first.seeded,
        pooled=pooled,
    )


def _unseen_names(found: Predictions) -> tuple[str, ...]:
    return tuple(name for name, unseen in zip(found.names, found.unseen, strict=True) if unseen)


def _persons(features: Artifact, names: tuple[str, ...]) -> tuple[str, ...]:
    from semtool.feature_file import FeatureFile

    file = FeatureFile.read(features.path)
    rows = file.rows("unseen-test")
    if tuple(file.names[i] for i in rows) != names:
        return ("",) * len(names)  # re-read from elsewhere; persons are a refinement, not a need
    return tuple(str(s) if s >= 0 else "" for s in file.subject[rows].tolist())

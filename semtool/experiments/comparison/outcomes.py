"""What runs got right: the unseen test samples of a cell over its seeds, from the runs' own tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from semtool.artifacts import Artifact, Store
from semtool.errors import SemtoolError
from semtool.experiments.comparison.statistics import PairedOutcomes
from semtool.experiments.grid import CellRuns
from semtool.experiments.measured import read_seed

if TYPE_CHECKING:
    from skeleton.runs import Metrics

__all__ = ["Outcomes", "pair", "persons", "read_outcomes"]


@dataclass(frozen=True)
class Outcomes:
    """What a cell got right, or what the draws of a text got right on average.

    Attributes:
        right: (S, n), 1 where right; a row a seed, a column an unseen test sample.
        fingerprint: equal for cells that predict the same class for every sample and seed.
        class_id: (n,) the true ones.
        names: of the samples.
        person: who moves, "" where unknown.
        metrics: by seed, ``metrics.json``.
        seeded: whether the seed changes anything.
        draws: accuracy of each draw of the text (one, if it is not drawn).
    """

    right: NDArray[np.float64]
    fingerprint: bytes
    class_id: NDArray[np.int64]
    names: tuple[str, ...]
    person: tuple[str, ...]
    metrics: dict[int, Metrics]
    seeded: bool
    draws: NDArray[np.float64]

    @classmethod
    def average(cls, drawn: Sequence[Outcomes]) -> Outcomes:
        """Return the outcomes of a text from those of its draws, over the seeds that all have.

        ``metrics`` are those of the first draw.
        """
        if len(drawn) == 1:
            return drawn[0]
        seeds = [s for s in drawn[0].metrics if all(s in o.metrics for o in drawn)]
        right = np.stack([o.right[[list(o.metrics).index(s) for s in seeds]] for o in drawn])
        return replace(
            drawn[0],
            right=right.mean(axis=0),
            fingerprint=b"".join(o.fingerprint for o in drawn),
            metrics={s: drawn[0].metrics[s] for s in seeds},
            draws=right.mean(axis=(1, 2)),
        )


def read_outcomes(found: CellRuns, store: Store, *, features_per_seed: bool) -> Outcomes:
    """Read the runs of a cell.

    Raises:
        SemtoolError: if a run is damaged; says which folder to remove so that it is trained again.
    """
    read = {seed: read_seed(store, run, seed) for seed, run in found.runs.items()}
    predictions = [p for _, p in read.values()]
    first = predictions[0]
    names = first.names
    if any(p.names != names for p in predictions):
        raise SemtoolError(
            f"the seeds of {found.cell.text.label} on {found.cell.dataset} {found.cell.split} were measured "
            "on different samples; make the features of all seeds from the same skeletons"
        )
    predicted = np.stack([p.predicted for p in predictions])
    right = (predicted == first.truth).astype(np.float64)
    return Outcomes(
        right=right,
        fingerprint=predicted.tobytes(),
        class_id=first.truth,
        names=names,
        person=persons(next(iter(found.features.values())), names),
        metrics={seed: metrics for seed, (metrics, _) in read.items()},
        seeded=found.cell.setting.seeded or features_per_seed,
        draws=right.mean(keepdims=True).ravel(),
    )


def pair(
    first: Outcomes,
    second: Outcomes,
    dataset: str,
    pooled: tuple[float, int] | None = None,
    *,
    control: bool = False,
) -> PairedOutcomes:
    """Return the paired differences of two cells on the same split, over the seeds that both have.

    Args:
        pooled, control: see `semtool.experiments.comparison.statistics.PairedOutcomes`.
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
        draws=(first.draws, second.draws),
        control=control,
    )


def persons(features: Artifact, names: tuple[str, ...]) -> tuple[str, ...]:
    """Return who moves in each sample, "" where nobody knows."""
    from semtool.feature_file import FeatureFile

    file = FeatureFile.read(features.path)
    rows = file.rows("unseen-test")
    subjects = dict(zip((file.names[i] for i in rows), file.subject[rows].tolist(), strict=True))
    if len(subjects) < len(rows) or not set(names) <= set(subjects):
        return ("",) * len(names)  # re-read from elsewhere; persons are a refinement, not a need
    return tuple(str(subjects[name]) if subjects[name] >= 0 else "" for name in names)

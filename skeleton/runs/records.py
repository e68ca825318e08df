"""What ``metrics.json`` and ``summary.json`` hold, as types.

All numbers are fractions in [0, 1]. The same shapes serve one seed (a number is a float) and a summary over
seeds (a number is a `Spread`). ``part`` says which of the unseen classes' samples decide: those of the
protocol's test part (`test`), or `all`; ``zsl`` and ``gzsl`` are over these, and the other part stands under
its own name (null where the protocol's test part is unknown).
"""

from __future__ import annotations

from typing import Any, Generic, Literal, TypeVar

from pydantic import Field

from semtool.artifacts import Input
from semtool.record import Record

__all__ = [
    "SCHEMA",
    "Auxiliary",
    "Calibration",
    "ClassResult",
    "Confusion",
    "Evaluated",
    "Generalised",
    "Metrics",
    "Part",
    "PartResult",
    "Spread",
    "Summary",
    "Validation",
    "ZeroShot",
]

SCHEMA = 2
Part = Literal["test", "all"]
Rule = Literal["none", "stacking", "gate"]
"""How seen and unseen scores are made comparable; see `skeleton.runs.calibration`."""


class _Record(Record):
    def to_dict(self) -> dict[str, Any]:
        """Return the record as JSON holds it."""
        return self.model_dump(mode="json", by_alias=True)


class Spread(_Record):
    """A number over seeds: mean, sample deviation, 95 % interval of the mean (Student's t), values a seed."""

    mean: float
    std: float
    ci95: tuple[float, float] | None
    values: dict[str, float]


N = TypeVar("N", float, Spread)


class ClassResult(_Record, Generic[N]):
    """One unseen class; the accuracy is unknown where there are no samples."""

    name: str
    n: int
    accuracy: N | None


class Confusion(_Record):
    """``counts[i][j]``: samples of ``classes[i]`` that were taken for ``classes[j]``."""

    classes: tuple[int, ...]
    counts: tuple[tuple[int, ...], ...]


class ZeroShot(_Record, Generic[N]):
    """Recognition among the unseen classes: over samples, mean over classes, chance, and class by class."""

    accuracy: N
    class_mean: N
    n: int
    chance: float
    per_class: dict[str, ClassResult[N]]
    confusion: Confusion | None = None


class Generalised(_Record, Generic[N]):
    """Recognition among all classes: of samples of seen and of unseen classes, and the harmonic mean."""

    seen: N
    unseen: N
    harmonic: N


class PartResult(_Record, Generic[N]):
    """What is measured over one part of the samples; ``gzsl`` by rule, the one that is shown first."""

    zsl: ZeroShot[N]
    gzsl: dict[Rule, Generalised[N]] | None


# Made here by name, so that pickle finds them; a class made inside another's fields has no address.
ClassResult[float], Generalised[float], ZeroShot[float], PartResult[float]
ClassResult[Spread], Generalised[Spread], ZeroShot[Spread], PartResult[Spread]


class Auxiliary(_Record):
    """What a method learned from besides the seen classes."""

    source: str
    simulated: bool
    classes: tuple[int, ...]
    samples: int


class Validation(_Record):
    """The pilot: which seen classes were held out, by which seed, and how well they were recognised."""

    classes: tuple[int, ...]
    seed: int
    accuracy: float
    n: int


class Calibration(_Record):
    """What a pilot fitted for the generalised task.

    Attributes:
        constant: subtracted from seen scores (calibrated stacking).
        gate: weights over the standardised `calibration.gate_features`, bias last; positive means unseen.
        gate_mean, gate_scale: how the gate's features are standardised.
        chosen_on: the held-out seen classes.
    """

    constant: float
    gate: tuple[float, ...]
    gate_mean: tuple[float, ...]
    gate_scale: tuple[float, ...]
    chosen_on: tuple[int, ...]


class _Shared(_Record):
    """What all seeds of a run have in common.

    Attributes:
        selection: which epoch is the result; ``leaky`` if it was chosen on test samples.
        inductive: false for a method that looks at the unlabelled test samples.
        simulated: whether the skeletons are simulated.
    """

    schema_version: Literal[2] = Field(2, alias="schema")
    name: str
    dataset: str
    split: str
    protocol: str
    method: str
    preset: str
    embeddings: Input
    features: Input
    simulated: bool
    codebook: tuple[str, ...]
    motion: str
    selection: Literal["last", "validation", "test"]
    leaky: bool
    inductive: bool
    auxiliary: Auxiliary | None
    part: Part


class Metrics(_Shared):
    """``metrics.json`` of one seed.

    Attributes:
        trained_on: the seen classes.
        epoch: the epoch that is the result, of a method that has any.
        fitted: what else the method says of itself.
        timing: seconds; ``pilot_seconds`` is the share of ``train_seconds`` that calibration and the choice
            of an epoch on held-out seen classes took.
    """

    seed: int
    trained_on: tuple[int, ...]
    epoch: int | None = None
    fitted: dict[str, Any] = Field(default_factory=dict)
    validation: Validation | None = None
    calibration: Calibration | None = None
    zsl: ZeroShot[float]
    gzsl: dict[Rule, Generalised[float]] | None
    test: PartResult[float] | None = None
    all: PartResult[float] | None = None
    timing: dict[str, float]
    versions: dict[str, str]


class Evaluated(_Record):
    """That a summary is of a finished run measured on other inputs, and what it was trained with."""

    run: str
    split: str
    embeddings: Input
    features: Input
    same_features: bool


class Summary(_Shared):
    """``summary.json``: each number over the seeds of a run."""

    seeds: tuple[int, ...]
    zsl: ZeroShot[Spread]
    gzsl: dict[Rule, Generalised[Spread]] | None
    test: PartResult[Spread] | None = None
    all: PartResult[Spread] | None = None
    validation: Spread | None
    runs: tuple[str, ...]
    timing: dict[str, Spread]
    versions: dict[str, str]
    evaluated: Evaluated | None = None

    def headline(self) -> str:
        """Return preset, data set, split and accuracy in one line."""
        spread, many = self.zsl.accuracy, len(self.seeds) > 1
        simulated = ", SIMULATED" if self.simulated else ""
        return (
            f"{self.preset} on {self.dataset} {self.split}: {spread.mean:.1%}"
            f"{f' ± {spread.std:.1%}' if many else ''} of unseen samples ({self.part}, "
            f"{len(self.seeds)} seed{'s' if many else ''}, chance {self.zsl.chance:.1%}{simulated})"
        )

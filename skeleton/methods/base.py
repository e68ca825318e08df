"""What a method is: settings in the constructor, `fit`, a scorer, and how that comes back from disk.

A method is one class and its settings, in one file or folder, found by its entry point in the group
``semtool.methods``. Nothing heavy is imported here, nor may a method's own module at its top: listing methods
and ``--help`` read the settings only.
"""

from __future__ import annotations

import types
import typing
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator

from semtool.errors import UsageError, unknown_name

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from skeleton.methods.text import TextBank

__all__ = ["Context", "EpochSettings", "Examples", "FeatureNorm", "Method", "MethodSettings", "Scorer"]

FeatureNorm = Literal["none", "l2", "standard"]
"""What is done to visual features first; `standard` uses seen training samples only."""


class MethodSettings(BaseModel):
    """The switches of a method; those of every method are here, its own in a subclass with its tag.

    Attributes:
        method: tag of the method; a subclass narrows it to its own name.
        preset: name of the preset this started from.
        codebook: granularities that feed the codebook.
        motion: granularity that feeds the motion slot.
        calibrate: whether the generalised task is calibrated on held-out seen classes; None: where there
            are at least four seen classes.
        validation_classes: how many seen classes are held out for that.
        validation_seed: the seed that chooses them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    method: str
    preset: str = ""
    codebook: tuple[str, ...] | None = Field(
        None, description="Granularities of the codebook, as label,part (default: all but motion)."
    )
    motion: str | None = Field(
        None,
        description="Granularity of the motion slot, or none (default: motion, else global, else label).",
    )
    calibrate: bool | None = Field(
        None, description="Calibrate all classes' task on held-out classes; auto: if four are seen."
    )
    validation_classes: int | None = Field(
        None, ge=2, description="Seen classes held out (default: a fifth, at least two)."
    )
    validation_seed: int = Field(0, ge=0, description="Seed that chooses the held-out classes.")

    @field_validator("*", mode="before")
    @classmethod
    def _from_text(cls, value: Any, info: ValidationInfo) -> Any:
        """Read what the command line and YAML leave as text: lists with commas, and ``none``."""
        kinds = _kinds(cls.model_fields[str(info.field_name)].annotation)
        if value == "none" and type(None) in kinds and str not in kinds and not _words(kinds):
            return None
        if any(typing.get_origin(k) is tuple for k in kinds):
            if isinstance(value, str):
                return [part.strip() for part in value.split(",") if part.strip()]
            return value if isinstance(value, list | tuple) or value is None else [value]
        if isinstance(value, bool) and bool not in kinds:
            raise ValueError("it takes no true or false")
        return value

    @classmethod
    def switches(cls) -> tuple[str, ...]:
        """Return the names of all switches."""
        return tuple(name for name in cls.model_fields if name not in ("method", "preset"))

    @classmethod
    def read(cls, raw: Mapping[str, Any]) -> Self:
        """Return validated settings.

        Raises:
            UsageError: in one sentence, for a switch that the method does not have or a value that does not
                fit.
        """
        try:
            return cls.model_validate(dict(raw))
        except ValidationError as error:
            raise cls._said(error) from error

    def change(self, **switches: Any) -> Self:
        """Return the settings with some switches set to other values; see `read`."""
        return self.read({**self.model_dump(), **switches})

    def to_dict(self) -> dict[str, Any]:
        """Return the settings as JSON and YAML hold them; they are part of a run's identity."""
        return self.model_dump(mode="json")

    @property
    def depends_on_seed(self) -> bool:
        """Whether two seeds on the same inputs may differ; a closed form says no and is fitted once."""
        return True

    @property
    def visual(self) -> str | None:
        """The visual encoder whose features this is meant for; None: any."""
        return None

    @property
    def inductive(self) -> bool:
        """Whether nothing is learned from the unlabelled test samples."""
        return True

    @property
    def pilots(self) -> bool:
        """Whether a pilot is trained without some seen classes, which then play the unseen ones."""
        return self.calibrate is not False

    @property
    def steps(self) -> int:
        """How much work a seed is, in the unit of progress."""
        return 1

    @classmethod
    def _said(cls, error: ValidationError) -> UsageError:
        first = error.errors()[0]
        name = str(first["loc"][0]) if first["loc"] else ""
        if first["type"] == "extra_forbidden":
            method, own = cls.model_fields["method"].default, ", ".join(cls.switches())
            return UsageError(f"the method {method} has no switch {name!r}; its own are {own}")
        choices = _words(_kinds(cls.model_fields[name].annotation)) if name in cls.model_fields else ()
        if first["type"] == "literal_error" and choices:
            return unknown_name(name.replace("_", " "), str(first["input"]), choices)
        said = first["msg"].removeprefix("Value error, ").removeprefix("Input ")
        return UsageError(f"{name.replace('_', '-')}: {said}, not {first['input']!r}")


class EpochSettings(MethodSettings):
    """The settings of a method that trains by epochs.

    Attributes:
        epochs: how many.
        select: which epoch is the result; `test` looks at the test samples and marks the run as leaky.
    """

    epochs: int = Field(100, ge=1, description="Epochs.")
    select: Literal["last", "validation", "test"] = Field(
        "last", description="Epoch that is the result; test is leaky, and marked so."
    )

    @property
    def pilots(self) -> bool:
        """Whether there is a pilot: to choose the epoch, or to calibrate."""
        return self.select == "validation" or super().pilots

    @property
    def steps(self) -> int:
        """Epochs, the pilot's included."""
        return self.epochs * (2 if self.pilots else 1)


@dataclass(frozen=True)
class Examples:
    """Labelled features: (n, Dv), row of each sample's class in ``bank`` (n,), and the classes' text."""

    features: NDArray[np.float32]
    rows: NDArray[np.int64]
    bank: TextBank


def _silent(record: dict[str, Any]) -> None:
    del record


@dataclass(frozen=True)
class Context:
    """What a method may use besides its examples.

    Attributes:
        dataset: canonical name.
        seed: of everything that is drawn.
        device: of torch.
        widths: widths of the features' blocks, in order; none: one block.
        epochs: stop after so many epochs, without changing the schedule.
        monitor: value of a scorer after an epoch; the (first) epoch with the highest is the result.
        on_epoch: told the record of each epoch (``epoch``, ``loss``, ``monitor`` ...).
        state: file in which a training keeps its state, so that a killed one goes on; None: nowhere.
        identity: what the training is of; a state of another identity is not used.
        auxiliary: makes examples of classes beside the seen ones, and says of which source they are.
    """

    dataset: str = ""
    seed: int = 0
    device: str = "cpu"
    widths: tuple[int, ...] = ()
    epochs: int | None = None
    monitor: Callable[[Scorer], float] | None = None
    on_epoch: Callable[[dict[str, Any]], None] = _silent
    state: Path | None = None
    identity: str = ""
    auxiliary: Callable[[], tuple[Examples, dict[str, Any]]] | None = None


class Scorer(ABC):
    """A fitted method: scores visual features against class texts, also of classes it has never met.

    Attributes:
        inductive: whether a sample's scores are its own; false where they depend on those scored with it.
    """

    inductive: ClassVar[bool] = True

    def together(self, bank: TextBank, *features: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        """Return the scores of several sets of samples; if not inductive, of all as one set.

        What a set is called (seen, unseen) must not tell a transductive scorer anything.

        Args:
            bank: text of C classes.
            features: the sets, each float32 (n, Dv).

        Returns:
            float32 (n, C) for each set, in order.
        """
        if self.inductive:
            return [self.scores(own, bank) for own in features]
        import numpy as np

        ends = np.cumsum([len(own) for own in features])[:-1]
        return np.split(self.scores(np.concatenate(features), bank), ends)

    @abstractmethod
    def scores(self, features: NDArray[np.float32], bank: TextBank) -> NDArray[np.float32]:
        """Return (n, C): features (n, Dv) against the classes of ``bank``, higher is better.

        Args:
            features: float32 (n, Dv), visual.
            bank: text of C classes, met in training or not.

        Returns:
            float32 (n, C), columns in the order of ``bank.classes``.
        """

    @abstractmethod
    def checkpoint(self) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
        """Return the tensors, and the facts (JSON) that `Method.restore` needs besides the settings."""

    def place(
        self, features: NDArray[np.float32], bank: TextBank
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
        """Return where samples (n, d) and classes (C, d) lie in a space that both share; None without one.

        Args:
            features: float32 (n, Dv), visual.
            bank: text of C classes.

        Returns:
            Two float64 arrays, (n, d) and (C, d), or None.
        """
        del features, bank
        return None


class Method(ABC):
    """A method with its settings.

    Attributes:
        name: the tag of its settings.
        Settings: their class; its field ``method`` is ``Literal[name]`` with that default.
        presets: by name, the switches in which a preset differs from the defaults.
        record_: after `fit`, what there is to say about it: ``epoch`` and ``auxiliary``, where there are
            any, and whatever else metrics should hold.
    """

    name: ClassVar[str]
    Settings: ClassVar[type[MethodSettings]]
    presets: ClassVar[Mapping[str, Mapping[str, Any]]]

    def __init__(self, settings: Any) -> None:
        self.settings = settings
        self.record_: dict[str, Any] = {}

    @abstractmethod
    def fit(self, examples: Examples, context: Context) -> Scorer:
        """Learn from training samples of some seen classes; two calls alike give the same scorer.

        Args:
            examples: features (n, Dv), rows (n,) and the text of the seen classes.
            context: seed, device and what else may be used.

        Returns:
            The fitted scorer.
        """

    @abstractmethod
    def restore(self, tensors: Mapping[str, NDArray[Any]], facts: Mapping[str, Any]) -> Scorer:
        """Return the scorer of a checkpoint.

        Args:
            tensors: by name, as `Scorer.checkpoint` returned them.
            facts: likewise, after JSON.

        Raises:
            KeyError: if a tensor or fact is lacking.
        """


def _kinds(annotation: Any) -> tuple[Any, ...]:
    """Return the parts of a union, or the annotation itself."""
    union = typing.get_origin(annotation) in (types.UnionType, typing.Union)
    return typing.get_args(annotation) if union else (annotation,)


def _words(kinds: tuple[Any, ...]) -> tuple[str, ...]:
    """Return the words that a field takes, if it takes one of a few."""
    return tuple(w for k in kinds if typing.get_origin(k) is Literal for w in typing.get_args(k))

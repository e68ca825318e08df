"""Options that several commands take, each once; those that belong together are a group."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass, is_dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

from semtool.cli.console import option
from semtool.errors import UsageError

if TYPE_CHECKING:
    from skeleton.runs import Executor

__all__ = [
    "DataFile", "Dataset", "Device", "Embeddings", "Features", "Format", "Jobs", "SayOnly", "Seeds", "Split",
    "Visual", "Workers", "grouped", "words",
]  # fmt: skip


DataFile = Annotated[str, option("Data set, or the path of your own YAML file.", "--dataset", "-d")]
Dataset = Annotated[str | None, option("Data set.", "--dataset", "-d", unset="that of the texts")]
Device = Annotated[str, option("auto, cpu, cuda or mps.", "--device")]
Embeddings = Annotated[str | None, option("Embedding file.", unset="the one made last")]
Features = Annotated[
    str | None, option("Features.", unset="the newest of the split; train makes them if missing")
]
Format = Annotated[str | None, option("Name of the reader.", "--format", unset="recognised")]
Jobs = Annotated[int | None, option("Trainings at the same time.", min=1, unset="cores")]
SayOnly = Annotated[bool, option("Say what would be done, and do nothing.", "--dry-run")]
Seeds = Annotated[str, option("How many (3), or which (0,1,2 or 0-4).")]
Split = Annotated[str | None, option("Class split.", "--split", "-s", unset="the data set's")]
Visual = Annotated[
    str | None,
    option("Visual encoder, or name of imported features.", unset="newest features; best: kinematics"),
]


@dataclass(frozen=True)
class Workers:
    """Who does the work, and how much of it at the same time."""

    executor: Annotated[Literal["processes", "ray"], option("Who does the work.")] = "processes"
    address: Annotated[
        str | None, option("Ray cluster: host:port, ray://host:port or auto.", unset="this machine")
    ] = None
    jobs: Jobs = None

    def choose(self) -> Executor:
        """Return the executor that was asked for."""
        from skeleton.runs import choose_executor

        return choose_executor(self.executor, jobs=self.jobs, address=self.address)


def grouped(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of its groups: a parameter whose type is a dataclass is filled with them."""
    own = inspect.signature(command, eval_str=True).parameters
    groups: dict[str, Any] = {n: p.annotation for n, p in own.items() if is_dataclass(p.annotation)}
    fields = {n: inspect.signature(kind, eval_str=True).parameters for n, kind in groups.items()}

    @functools.wraps(command)
    def run(**given: Any) -> None:
        for name, kind in groups.items():
            given[name] = kind(**{field: given.pop(field) for field in fields[name]})
        command(**given)

    options = [p for n, p in own.items() if n not in groups] + [
        p for f in fields.values() for p in f.values()
    ]
    parameters = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in options]
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {p.name: p.annotation for p in parameters}
    return run


def words(text: str | None) -> tuple[str, ...] | None:
    """Return the parts of a comma-separated option; one that names nothing is refused."""
    parts = tuple(part.strip() for part in (text or "").split(",") if part.strip())
    if text is not None and not parts:
        raise UsageError(f"{text!r} names nothing: give names with commas, or leave the option out")
    return parts or None

"""Options that several commands take, each once; those that belong together are a group."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass, is_dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from skeleton.runs import Executor

__all__ = [
    "Dataset", "Device", "Embeddings", "Format", "Jobs", "SayOnly", "Seeds", "Split", "Workers", "grouped",
    "words",
]  # fmt: skip


class ExecutorName(StrEnum):
    """Who does the work."""

    processes = "processes"
    ray = "ray"


Dataset = Annotated[
    str | None,
    typer.Option("--dataset", "-d", help="Data set.", show_default="that of the texts"),
]
Device = Annotated[str, typer.Option("--device", help="auto, cpu, cuda or mps.")]
Embeddings = Annotated[str | None, typer.Option(help="Embedding file.", show_default="the one made last")]
Format = Annotated[
    str | None, typer.Option("--format", help="Name of the reader.", show_default="recognised")
]
Jobs = Annotated[int | None, typer.Option(min=1, help="Trainings at the same time.", show_default="cores")]
SayOnly = Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")]
Seeds = Annotated[str, typer.Option(help="How many (3), or which (0,1,2 or 0-4).")]
Split = Annotated[
    str | None, typer.Option("--split", "-s", help="Class split.", show_default="the data set's")
]


@dataclass(frozen=True)
class Workers:
    """Who does the work, and how much of it at the same time."""

    executor: Annotated[ExecutorName, typer.Option(help="Who does the work.")] = ExecutorName.processes
    address: Annotated[
        str | None,
        typer.Option(help="Ray cluster: host:port, ray://host:port or auto.", show_default="this machine"),
    ] = None
    jobs: Jobs = None

    def choose(self) -> Executor:
        """Return the executor that was asked for."""
        from skeleton.runs import choose_executor

        return choose_executor(self.executor.value, jobs=self.jobs, address=self.address)


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
    """Return the parts of a comma-separated option."""
    return None if text is None else tuple(part.strip() for part in text.split(",") if part.strip())

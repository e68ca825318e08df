"""Options that several commands take, each once."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

__all__ = [
    "Address", "Dataset", "Device", "Embeddings", "Executor", "ExecutorName", "Format", "Jobs", "SayOnly",
    "Seeds", "Split",
]  # fmt: skip


class ExecutorName(StrEnum):
    """Who does the work."""

    processes = "processes"
    ray = "ray"


Address = Annotated[
    str | None,
    typer.Option(help="Ray cluster: host:port, ray://host:port or auto.", show_default="this machine"),
]
Dataset = Annotated[
    str | None,
    typer.Option("--dataset", "-d", help="Data set.", show_default="that of the texts"),
]
Device = Annotated[str, typer.Option("--device", help="auto, cpu, cuda or mps.")]
Embeddings = Annotated[str | None, typer.Option(help="Embedding file.", show_default="the one made last")]
Executor = Annotated[ExecutorName, typer.Option(help="Who does the work.")]
Format = Annotated[
    str | None, typer.Option("--format", help="Name of the reader.", show_default="recognised")
]
Jobs = Annotated[int | None, typer.Option(min=1, help="Trainings at the same time.", show_default="cores")]
SayOnly = Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")]
Seeds = Annotated[str, typer.Option(help="How many (3), or which (0,1,2 or 0-4).")]
Split = Annotated[
    str | None, typer.Option("--split", "-s", help="Class split.", show_default="the data set's")
]

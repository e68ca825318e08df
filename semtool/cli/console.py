"""What every command shares: the application, where output goes, common options, progress."""

from __future__ import annotations

import json as _json
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from semtool.errors import printable

if TYPE_CHECKING:
    from collections.abc import Callable

    from semtool.artifacts import Store

__all__ = [
    "Json", "Root", "answer", "app", "argument", "json_object", "note", "option", "progress", "say", "store",
    "table",
]  # fmt: skip

app = typer.Typer(
    name="semtool",
    help="Text about actions in, versioned embedding files out, measured by zero-shot skeleton recognition.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "auto_envvar_prefix": "SEMTOOL"},
)
"""The application; every module of commands adds its own."""


def option(help: str, *flags: str, unset: str | bool = True, **more: Any) -> Any:
    """Return an option for `typing.Annotated`: what it says, its flags if they are not its name, what holds
    without it, and more of `typer.Option`."""
    return typer.Option(*flags, help=help, show_default=unset, **more)


def argument(help: str, *, unset: str | bool = True, **more: Any) -> Any:
    """Return an argument, as `option` does; more of `typer.Argument`."""
    return typer.Argument(help=help, show_default=unset, **more)


Root = Annotated[
    Path | None, option("Folder of all artifacts.", "--root", envvar="SEMTOOL_ROOT", unset="./artifacts")
]
Json = Annotated[bool, option("Print one JSON object and nothing else on stdout.", "--json")]


def store(root: Path | None) -> Store:
    """Return the store below ``root``."""
    from semtool.artifacts import Store

    return Store(root)


def say(text: str) -> None:
    """Print a result on stdout."""
    sys.stdout.write(printable(text) + "\n")


def note(text: str) -> None:
    """Print a note on stderr: progress, warnings, what was reused."""
    sys.stderr.write(printable(text) + "\n")


def json_object(value: Any) -> None:
    """Print one JSON object on stdout; a data class as its fields."""
    say(_json.dumps(value, indent=2, ensure_ascii=False, default=_fields))


def _fields(value: Any) -> Any:
    return asdict(value) if is_dataclass(value) and not isinstance(value, type) else str(value)


def answer(json: bool, value: Any, *lines: str) -> None:
    """Print a result on stdout: ``value`` as one JSON object, or lines of text."""
    if json:
        json_object(value)
    for line in () if json else lines:
        say(line)


_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?(e[+-]?\d+)?%?([ ±]|$)")
"""How a cell begins that is right-aligned."""


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print a table on stdout; numbers are right-aligned."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    view = Table(title=Text(printable(title)), title_justify="left", title_style="bold")
    for index, column in enumerate(columns):
        numeric = bool(rows) and all(_NUMBER.match(str(row[index])) for row in rows)
        view.add_column(column, justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        view.add_row(*(Text(printable(str(cell))) for cell in row))
    width = None if sys.stdout.isatty() else 120
    Console(file=sys.stdout, width=width).print(view)


@contextmanager
def progress(label: str) -> Iterator[Callable[..., None]]:
    """Show a bar on stderr if that is a terminal; yields a function of (done, total, said).

    ``said``, if there is any, stands in for the label.
    """
    if not sys.stderr.isatty():
        yield lambda _done, _total, _said="": None
        return
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(label, total=None)
        yield lambda done, total, said="": bar.update(
            task, completed=done, total=total, description=escape(printable(said or label))
        )

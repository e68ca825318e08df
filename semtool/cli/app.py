"""The application: settings, error handling, and the command groups in the order of the flow."""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from semtool.cli.console import app, note, option
from semtool.cli.failures import Interrupted, sentence, stop_on_signals
from semtool.cli.settings import check_server, read_env, read_settings
from semtool.errors import SemtoolError

__all__ = ["app", "main"]

GROUPS = (
    "datasets", "prompts", "facts", "generate", "encoders", "embed", "prepare", "simulate", "show_skeleton",
    "features", "train", "evaluate", "compare", "sweep", "table", "board", "report", "diagnose",
    "optimise", "classify", "artifacts", "hub", "demo",
)  # fmt: skip
"""Modules of this package; importing one adds its commands. They import nothing heavy at the top."""


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version as installed

        typer.echo(installed("semtool"))
        raise typer.Exit


@app.callback()
def _root(
    context: typer.Context,
    debug: Annotated[
        bool, option("Show a traceback when something fails.", "--debug", allow_from_autoenv=False)
    ] = False,
    config: Annotated[
        Path | None, option("Settings file.", allow_from_autoenv=False, unset="semtool.toml, if there is one")
    ] = None,
    version: Annotated[
        bool,
        option("Print the version.", "--version", callback=_version, is_eager=True, allow_from_autoenv=False),
    ] = False,
) -> None:
    del debug, version  # main() reads the first before anything runs, _version() has read the second
    added = read_env(Path(".env"), os.environ)
    context.default_map = read_settings(config, context.command)
    chosen = context.default_map.get(context.invoked_subcommand or "", {})
    if said := check_server(chosen, added, context.obj or []):
        note(said)


for _name in GROUPS:
    importlib.import_module(f"semtool.cli.{_name}")


def main(arguments: list[str] | None = None) -> None:
    """Run the command line: exit 0 done, 1 failed with one sentence, 2 wrong usage."""
    arguments = sys.argv[1:] if arguments is None else arguments
    # What asks for help or completion is typed; a variable of that name would end every command.
    for name in [n for n in os.environ if n.startswith("SEMTOOL_") and n.endswith(("_HELP", "_COMPLETION"))]:
        del os.environ[name]
    debug = "--debug" in arguments or bool(os.environ.get("SEMTOOL_DEBUG"))
    try:
        with stop_on_signals():
            app(args=[a for a in arguments if a != "--debug"], obj=arguments)
    except Interrupted as stop:
        sys.stderr.write(f"{stop.message}\n")
        sys.exit(stop.exit_code)
    except BrokenPipeError:
        sys.exit(141)
    except Exception as error:
        if debug:
            raise
        sys.stderr.write(f"error: {sentence(error)}\n")
        sys.exit(error.exit_code if isinstance(error, SemtoolError) else 1)

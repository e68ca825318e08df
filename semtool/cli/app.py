"""The application: settings, error handling, and the command groups in the order of the flow."""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
import tomllib
from pathlib import Path
from typing import Annotated, Any

import typer

from semtool.errors import SemtoolError, UsageError

__all__ = ["app", "main"]

GROUPS = (
    "datasets", "prompts", "generate", "encoders", "embed", "prepare", "simulate", "show_skeleton",
    "features", "train", "evaluate", "compare", "sweep", "report", "diagnose", "suggest", "classify",
    "artifacts", "exchange", "hub", "demo",
)  # fmt: skip
"""Modules of this package; each has ``register(app)``. They import nothing heavy at the top."""

app = typer.Typer(
    name="semtool",
    help="Text about actions in, versioned embedding files out, measured by zero-shot skeleton recognition.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "auto_envvar_prefix": "SEMTOOL"},
)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version as installed

        typer.echo(installed("semtool"))
        raise typer.Exit


@app.callback()
def _root(
    context: typer.Context,
    debug: Annotated[bool, typer.Option("--debug", help="Show a traceback when something fails.")] = False,
    config: Annotated[
        Path | None, typer.Option(help="Settings file.", show_default="semtool.toml, if there is one")
    ] = None,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    del debug, version  # main() reads the first before anything runs, _version() has read the second
    if Path(".env").is_file():
        from dotenv import load_dotenv

        load_dotenv(".env")
    context.default_map = settings(config)


def settings(path: Path | None) -> dict[str, Any]:
    """Return the defaults of ``semtool.toml``: a table a command, option names with underscores."""
    source = path or Path("semtool.toml")
    if path is None and not source.is_file():
        return {}
    try:
        found = tomllib.loads(source.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"cannot read the settings {source}: {error}") from error
    secrets = [k for table in found.values() if isinstance(table, dict) for k in table if "key" in k.lower()]
    if secrets:
        raise UsageError(
            f"{source} must not hold keys ({', '.join(secrets)}); put them into the environment or .env"
        )
    return found


for _name in GROUPS:
    if importlib.util.find_spec(f"semtool.cli.{_name}"):
        importlib.import_module(f"semtool.cli.{_name}").register(app)


def main(arguments: list[str] | None = None) -> None:
    """Run the command line: exit 0 done, 1 failed with one sentence, 2 wrong usage."""
    arguments = sys.argv[1:] if arguments is None else arguments
    debug = "--debug" in arguments or bool(os.environ.get("SEMTOOL_DEBUG"))
    try:
        app(args=[a for a in arguments if a != "--debug"])
    except KeyboardInterrupt:
        sys.stderr.write("interrupted; nothing half-written was kept\n")
        sys.exit(130)
    except BrokenPipeError:
        sys.exit(141)
    except Exception as error:
        if debug:
            raise
        if isinstance(error, SemtoolError):
            sys.stderr.write(f"error: {error}\n")
            sys.exit(error.exit_code)
        text = " ".join(str(error).split())
        sys.stderr.write(f"error: {type(error).__name__}: {text}; run again with --debug for the traceback\n")
        sys.exit(1)

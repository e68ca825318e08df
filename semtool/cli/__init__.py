"""The command line: thin Typer commands, one file a command group. Nobody imports this package."""

from semtool.cli.app import app, main

__all__ = ["app", "main"]

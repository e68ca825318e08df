"""Settings that a folder brings along: ``.env`` for keys, ``semtool.toml`` for the defaults of options.

A folder may be somebody else's. Its files may therefore set nothing but semtool's own names, and may not send
a key that is not theirs to a server of their choice.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping, MutableMapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from semtool.errors import UsageError, unknown_name

__all__ = ["KEY", "URL", "check_server", "read_env", "read_settings"]

KEY, URL = "OPENAI_API_KEY", "OPENAI_BASE_URL"
OURS = (KEY, URL, "HF_TOKEN")
"""What a ``.env`` may set besides ``SEMTOOL_*``; everything else in it is left alone."""
FILE = "semtool.toml"


def read_env(path: Path, environ: MutableMapping[str, str]) -> dict[str, str]:
    """Add semtool's own names in a ``.env`` to ``environ`` where they are not set yet; return those added."""
    if not path.is_file():
        return {}
    from dotenv import dotenv_values

    try:
        values = dotenv_values(path)
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read {path}: it is no text file of lines NAME=value") from error
    added = {
        name: value
        for name, value in values.items()
        if value is not None and name not in environ and (name in OURS or name.startswith("SEMTOOL_"))
    }
    environ.update(added)
    return added


def read_settings(path: Path | None, command: Any) -> dict[str, Any]:
    """Return the defaults that a settings file gives: a table a command, option names with underscores.

    Args:
        path: the file; None: ``semtool.toml``, if there is one.
        command: the application, which says which commands and options there are.

    Raises:
        UsageError: for a file that cannot be read, a key in it, or a command or option that does not exist.
    """
    source = path or Path(FILE)
    if path is None and not source.is_file():
        return {}
    try:
        values = tomllib.loads(source.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        reason = (
            "it is nested too deeply" if isinstance(error, RecursionError) else " ".join(str(error).split())
        )
        raise UsageError(f"cannot read the settings {source}: {reason}") from error
    _check(values, command, str(source))
    return values


def _check(values: Mapping[str, Any], command: Any, where: str) -> None:
    commands: dict[str, Any] = getattr(command, "commands", {})
    options = {option.name for option in command.params}
    for name, value in values.items():
        if "key" in name.lower() or "token" in name.lower().split("_"):
            raise UsageError(f"{where} must not hold keys ({name}); put them into the environment or .env")
        if name in commands:
            if not isinstance(value, dict):
                raise UsageError(f"{where}: {name} is a command and needs a table: [{name}]")
            _check(value, commands[name], f"{where}, [{name}]")
        elif name not in options:
            raise UsageError(f"{where}: {unknown_name('command or option', name, {*commands, *options})}")
        elif isinstance(value, dict):
            raise UsageError(f"{where}: {name} is an option and takes a value, not a table")


def check_server(defaults: Mapping[str, Any], added: Mapping[str, str], arguments: list[str]) -> str | None:
    """Say which server a file of this folder chose; refuse to send it a key that the file did not bring.

    Args:
        defaults: what the settings file says of the command that is run.
        added: what ``.env`` added to the environment.
        arguments: of the command line, which comes first.

    Raises:
        UsageError: if the server is not on this machine and the key was exported by the user.
    """
    if any(a == "--base-url" or a.startswith("--base-url=") for a in arguments):
        return None
    from_env = next((value for name, value in added.items() if name.endswith("BASE_URL")), "")
    source, url = (".env", from_env) if from_env else (FILE, str(defaults.get("base_url") or ""))
    asks = any("--llm" in a or "openai" in a for a in (*arguments, str(defaults.get("encoder"))))
    if not url or not (asks or defaults.get("llm")):
        return None
    server = urlsplit(url).hostname or url
    local = server in ("localhost", "::1") or server.startswith("127.")
    if os.environ.get(KEY) and KEY not in added and not local:
        raise UsageError(
            f"the {source} of this folder sends requests to {server}, but {KEY} is yours; if you mean that, "
            f"say --base-url {url}, or put the key of that server into .env beside it"
        )
    return f"requests go to {server}, as the {source} of this folder says"

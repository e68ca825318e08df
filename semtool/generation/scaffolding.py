"""A new prompt set to start from."""

from __future__ import annotations

import re
from pathlib import Path

from semtool.errors import SemtoolError, UsageError
from semtool.generation.prompt_set import FILE, find_prompt_set, load_prompt_set

__all__ = ["scaffold"]

COMMENTED = Path(__file__).parent / "new_set"
"""A small set whose comments say what a set may hold."""


def scaffold(folder: Path, source: str | None = None) -> list[str]:
    """Make ``folder`` a prompt set: a copy of the set ``source``, or a small commented one.

    Args:
        folder: a new folder; its name becomes the set's.
        source: name or folder of the set to copy; None: the commented one.

    Returns:
        The names of the files.

    Raises:
        UsageError: if the folder exists or its name cannot be a prompt set's name.
        SemtoolError: if the folder cannot be written.
    """
    name = folder.name
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", name):
        raise UsageError(
            f"{name!r} cannot be the name of a prompt set: use letters, digits, '.', '_' and '-'"
        )
    if folder.exists():
        raise UsageError(f"{folder} is there already; choose another folder or remove it")
    origin = COMMENTED if source is None else find_prompt_set(source)
    templates = load_prompt_set(origin).files
    manifest = re.sub(r"(?m)^name:.*$", f"name: {name}", (origin / FILE).read_text(encoding="utf-8"), count=1)
    try:
        folder.mkdir(parents=True)
        for file, text in {FILE: manifest, **templates}.items():
            (folder / file).write_text(text, encoding="utf-8")
    except OSError as error:
        raise SemtoolError(f"cannot make {folder}: {error.strerror}") from error
    return [FILE, *templates]

"""Doors whose contents are imported when they are first used, so that opening one costs nothing."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

__all__ = ["door"]


def door(package: str, file: str) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Return ``__getattr__`` and ``__dir__`` of a package: they give what it imports for type checkers.

    What stands under ``if TYPE_CHECKING`` is what other rooms may use; ``__all__`` is the part for users.

    Args:
        package: its ``__name__``.
        file: its ``__file__``.
    """
    where = {
        alias.asname or alias.name: (str(line.module), alias.name)
        for block in ast.parse(Path(file).read_bytes()).body
        if isinstance(block, ast.If)
        for line in block.body
        if isinstance(line, ast.ImportFrom)
        for alias in line.names
    }

    def get(name: str) -> Any:
        if name not in where:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        module, original = where[name]
        found = getattr(import_module(module), original)
        setattr(sys.modules[package], name, found)
        return found

    return get, lambda: sorted(where)

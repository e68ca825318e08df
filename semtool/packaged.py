"""Texts that the package carries, filled in: cards, citations, pages."""

from __future__ import annotations

from importlib import resources
from typing import Any

__all__ = ["rendered"]


def rendered(package: str, template: str, **values: Any) -> str:
    """Return a Jinja template of a package with ``values`` in it; those of ``.html.j2`` are escaped."""
    from jinja2 import Environment, StrictUndefined

    source = resources.files(package).joinpath(template).read_text(encoding="utf-8")
    environment = Environment(
        autoescape=template.endswith(".html.j2"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.from_string(source).render(**values)

"""Models that are known without their files, from ``models.yaml``: their aliases and their cards."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from semtool.encoders.base import Card

__all__ = ["aliases_of", "card_of", "default_model", "repository_of"]


@cache
def _models() -> dict[str, dict[str, dict[str, Any]]]:
    import yaml

    found: dict[str, dict[str, dict[str, Any]]] = yaml.safe_load(
        Path(__file__).with_name("models.yaml").read_text(encoding="utf-8")
    )
    return found


def aliases_of(family: str) -> dict[str, str]:
    """Return the aliases of a family's models."""
    return {alias: m for m, known in _models().get(family, {}).items() for alias in known.get("aliases", ())}


def default_model(family: str) -> str:
    """Return the model that a family's name alone means."""
    return next(iter(_models()[family]))


def repository_of(family: str, model: str) -> str:
    """Return the hub repository of a known model; empty if it is not known, or called like the model."""
    return str(_models().get(family, {}).get(model, {}).get("repository", ""))


def card_of(family: str, model: str) -> Card:
    """Return the card of a model, as far as it is known without its files."""
    known = _models().get(family, {}).get(model, {})
    facts = {name: value for name, value in known.items() if name not in ("aliases", "repository")}
    return Card(name=f"{family}:{model}", family=family, model=model, **facts)

"""How cells are trained: presets with switches, as typed on the command line or written in a file."""

from __future__ import annotations

import dataclasses
import itertools
import types
import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from semtool.errors import UsageError, unknown_name

if TYPE_CHECKING:
    from skeleton.methods.config import TrainConfig

__all__ = ["Setting", "settings", "switch"]

CLOSED_FORM = (
    "codebook", "motion", "feature_norm", "calibrate", "validation_classes", "validation_seed", "kernel",
    "auxiliary", "hub_correction", "decorrelate",
)  # fmt: skip
"""The switches that mean anything to a preset without training."""


@dataclass(frozen=True)
class Setting:
    """A preset with its switches, under the label that tables give it."""

    label: str
    config: TrainConfig
    switches: tuple[tuple[str, Any], ...] = ()

    @property
    def seeded(self) -> bool:
        """Whether the seed changes the result."""
        return self.config.depends_on_seed


def settings(presets: Sequence[str], switches: Mapping[str, Sequence[Any]] | None = None) -> list[Setting]:
    """Return every preset with every combination of the values of ``switches``.

    Switches that a preset without training does not read are left out of it. Labels name those switches that
    take several values.

    Raises:
        UsageError: for an unknown preset or switch, or a value that does not fit.
    """
    from skeleton.methods.config import preset

    axes = {name: [switch(name, v) for v in values] for name, values in (switches or {}).items()}
    found: dict[TrainConfig, Setting] = {}
    for name in presets:
        closed = preset(name).method != "mla"
        used = {k: v for k, v in axes.items() if not closed or k in CLOSED_FORM}
        for values in itertools.product(*used.values()):
            chosen = dict(zip(used, values, strict=True))
            config = dataclasses.replace(preset(name), **chosen)
            said = ", ".join(f"{k}={_said(v)}" for k, v in chosen.items() if len(used[k]) > 1)
            found.setdefault(
                config, Setting(f"{name} ({said})" if said else name, config, tuple(chosen.items()))
            )
    return list(found.values())


def switch(name: str, value: Any) -> Any:
    """Return the value of a switch of `skeleton.methods.config.TrainConfig` in its own type.

    Text is read: ``1e-4`` (which YAML takes for text), ``label,part``, ``1,5,10``, ``true``, ``none``.

    Raises:
        UsageError: if there is no such switch or the value does not fit.
    """
    from skeleton.methods.config import TrainConfig

    known = typing.get_type_hints(TrainConfig)
    name = name.replace("-", "_")
    if name not in known or name in ("preset", "method"):
        raise unknown_name("switch", name, set(known) - {"preset", "method"})
    kinds = typing.get_args(known[name]) if isinstance(known[name], types.UnionType) else (known[name],)
    if value is None or (value == "none" and type(None) in kinds and str not in kinds):
        if type(None) in kinds:
            return None
        raise UsageError(f"the switch {name} needs a value")
    kind = next(k for k in kinds if k is not type(None))
    try:
        return _read(kind, value)
    except (TypeError, ValueError) as error:
        raise UsageError(f"the switch {name} takes {_kind_name(kind)}, not {value!r}") from error


def _read(kind: Any, value: Any) -> Any:
    if typing.get_origin(kind) is tuple:
        inner = typing.get_args(kind)[0]
        parts = (
            value.split(",")
            if isinstance(value, str)
            else value
            if isinstance(value, list | tuple)
            else [value]
        )
        return tuple(_read(inner, p.strip() if isinstance(p, str) else p) for p in parts)
    if kind is bool:
        if isinstance(value, str) and value.lower() in ("true", "false"):
            return value.lower() == "true"
        if not isinstance(value, bool):
            raise ValueError
        return value
    if isinstance(value, bool) or (kind is int and isinstance(value, float) and value != int(value)):
        raise ValueError
    if kind is str and not isinstance(value, str):
        raise ValueError
    return kind(value)


def _kind_name(kind: Any) -> str:
    if typing.get_origin(kind) is tuple:
        return f"a list of {'words' if typing.get_args(kind)[0] is str else 'numbers'}"
    return {int: "a whole number", float: "a number", bool: "true or false", str: "a word"}[kind]


def _said(value: Any) -> str:
    if isinstance(value, tuple):
        return "+".join(map(str, value))
    return f"{value:g}" if isinstance(value, float) else str(value)

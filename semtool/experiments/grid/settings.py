"""How cells are trained: presets with switches, as typed on the command line or written in a file."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from semtool.errors import unknown_name

if TYPE_CHECKING:
    from skeleton.methods import MethodSettings

__all__ = ["Setting", "ways_to_train"]


@dataclass(frozen=True)
class Setting:
    """A preset with its switches, under the label that tables give it.

    Attributes:
        label: the preset, and those switches that take several values.
        method: the settings of the method.
        switches: what was set, by name, in the settings' own types.
    """

    label: str
    method: MethodSettings
    switches: tuple[tuple[str, Any], ...] = ()

    @property
    def seeded(self) -> bool:
        """Whether the seed changes the result."""
        return self.method.depends_on_seed


def ways_to_train(
    presets: Sequence[str], switches: Mapping[str, Sequence[Any]] | None = None
) -> list[Setting]:
    """Return every preset with every combination of the values of ``switches``.

    A switch that a preset's method does not have is left out of that preset; at least one of them must have
    it. Combinations that come to the same settings are one.

    Args:
        presets: names.
        switches: values of each, also as text (``1e-4``, ``label,part``, ``none``).

    Raises:
        UsageError: for an unknown preset, a switch that none of them has, or a value that does not fit.
    """
    from skeleton.methods import preset

    axes = {name.replace("-", "_"): list(values) for name, values in (switches or {}).items()}
    methods = {name: preset(name) for name in presets}
    for switch in axes:
        own = {s for method in methods.values() for s in method.switches()}
        if switch not in own:
            raise unknown_name(f"switch of {', '.join(methods)}", switch, own)
    grid: dict[tuple[str, str], Setting] = {}
    for name, method in methods.items():
        used = {k: v for k, v in axes.items() if k in method.switches()}
        for values in itertools.product(*used.values()):
            changed = method.change(**dict(zip(used, values, strict=True)))
            chosen = {k: getattr(changed, k) for k in used}
            said = ", ".join(f"{k}={_said(v)}" for k, v in chosen.items() if len(used[k]) > 1)
            setting = Setting(f"{name} ({said})" if said else name, changed, tuple(chosen.items()))
            grid.setdefault((name, changed.model_dump_json()), setting)
    return list(grid.values())


def _said(value: Any) -> str:
    if isinstance(value, tuple):
        return "+".join(map(str, value))
    return f"{value:g}" if isinstance(value, float) else str(value)

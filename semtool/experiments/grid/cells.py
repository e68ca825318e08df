"""A grid of trainings: which text, encoder, class split and setting (a preset with switches), which seeds."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from semtool.errors import unknown_name
from semtool.experiments.grid.texts import Target, Text

if TYPE_CHECKING:
    from semtool.artifacts import Artifact
    from skeleton.methods import MethodSettings

__all__ = ["Cell", "CellRuns", "Grid", "Setting", "ways_to_train"]


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


@dataclass(frozen=True)
class Cell:
    """One combination; it is trained once a seed."""

    text: Text
    encoder: str
    target: Target
    split: str
    setting: Setting

    @property
    def dataset(self) -> str:
        """The data set's name."""
        return self.target.dataset.name

    @property
    def descriptions(self) -> Artifact:
        """The description set."""
        return self.text.descriptions[self.dataset]


@dataclass(frozen=True)
class CellRuns:
    """A cell that is trained: its inputs, and the run of each seed."""

    cell: Cell
    embeddings: Artifact
    features: dict[int, Artifact]
    runs: dict[int, str]


@dataclass(frozen=True)
class Grid:
    """All cells, and what they have in common.

    Attributes:
        features_per_seed: whether each seed trains its own visual encoder; if not, all seeds of a class split
            share its newest features.
        visual: the visual encoder; None: what the presets want, see `skeleton.visual.newest_features`.
        left_out: pairs of text label and encoder that are not trained.
    """

    texts: Sequence[Text]
    encoders: Sequence[str]
    targets: Sequence[Target]
    settings: Sequence[Setting]
    seeds: tuple[int, ...]
    features_per_seed: bool = False
    visual: str | None = None
    left_out: frozenset[tuple[str, str]] = frozenset()

    @property
    def wanted_visual(self) -> str | None:
        """The visual encoder that was asked for, or that every setting wants; None if any will do."""
        wants = {s.method.visual for s in self.settings}
        return self.visual or (wants.pop() if len(wants) == 1 else None)

    def cells(self) -> list[Cell]:
        """Return every cell, by data set, split, setting, encoder and text."""
        return [
            Cell(text, encoder, target, split, setting)
            for target in self.targets
            for split in target.splits
            for setting in self.settings
            for encoder in self.encoders
            for text in self.texts
            if (text.label, encoder) not in self.left_out
        ]

    def seeds_of(self, cell: Cell) -> tuple[int, ...]:
        """Return the seeds that a cell is trained with: one, where the seed changes nothing."""
        return self.seeds if cell.setting.seeded or self.features_per_seed else self.seeds[:1]

"""A grid of trainings: which text, encoder, class split and setting, and with which seeds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from semtool.experiments.grid.settings import Setting
from semtool.experiments.grid.texts import Target, Text

if TYPE_CHECKING:
    from semtool.artifacts import Artifact

__all__ = ["Cell", "CellRuns", "Grid"]


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

    @property
    def seeds(self) -> tuple[int, ...]:
        """The seeds, in order."""
        return tuple(self.runs)


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

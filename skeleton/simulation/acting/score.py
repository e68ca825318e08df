"""What the parts of a body add to an action: channels of each pose, and swings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from skeleton.simulation.motion import Ease, Goal, Swing

__all__ = ["RATE", "Attributes", "Draw", "Score"]

Attributes = Mapping[str, str]
Draw = np.random.Generator

RATE = {"slow": 0.8, "moderate": 1.5, "fast": 2.2, "explosive": 2.8}
"""Cycles a second of what is repeated."""


@dataclass
class Score:
    """Channels of each pose, and the swings during the stroke."""

    start: dict[str, Goal] = field(default_factory=dict)
    ready: dict[str, Goal] = field(default_factory=dict)
    stroke: dict[str, Goal] = field(default_factory=dict)
    end: dict[str, Goal] = field(default_factory=dict)
    swings: list[Swing] = field(default_factory=list)
    ease: Ease = "smooth"
    seconds: float = 0.0
    """Least length of the stroke: a way takes its time."""

"""The kinematic body: bone lengths of one person, drawn for each subject."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np

__all__ = ["Body", "draw_body"]


@dataclass(frozen=True)
class Body:
    """Lengths in metres; the defaults are a body of 1.70 m as a Kinect v2 reports it."""

    lower_spine: float = 0.29
    upper_spine: float = 0.21
    neck: float = 0.07
    head: float = 0.13
    shoulder_width: float = 0.165
    shoulder_drop: float = 0.045
    upper_arm: float = 0.265
    forearm: float = 0.235
    hand: float = 0.07
    fingers: float = 0.065
    thumb: float = 0.05
    hip_width: float = 0.085
    hip_drop: float = 0.01
    thigh: float = 0.375
    shank: float = 0.365
    ankle: float = 0.08
    foot: float = 0.12
    scale: float = 1.0

    @property
    def hip_height(self) -> float:
        """Height of the pelvis above the floor in quiet standing."""
        return self.hip_drop + 0.995 * (self.thigh + self.shank) + self.ankle

    @property
    def arm(self) -> float:
        """Length of the stretched arm from the shoulder to the middle of the hand."""
        return self.upper_arm + self.forearm + self.hand


def draw_body(random: np.random.Generator) -> Body:
    """Draw a person: stature, and proportions that differ from it a little."""
    standard = Body()
    scale = float(np.clip(random.normal(1.0, 0.06), 0.85, 1.15))
    lengths = {
        f.name: float(getattr(standard, f.name) * scale * np.clip(random.normal(1.0, 0.04), 0.88, 1.12))
        for f in fields(Body)
        if f.name != "scale"
    }
    return replace(standard, **lengths, scale=scale)

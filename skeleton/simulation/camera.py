"""The three cameras of NTU RGB+D and where they see the performers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from skeleton.simulation.rotation import Array, turn_left

__all__ = ["CAMERAS", "SETUPS", "Setup", "draw_setup", "view"]

CAMERAS = {1: 0.0, 2: -45.0, 3: 45.0}
"""Camera number -> degrees by which it sees the performer turned to the left."""
SETUPS = 17
"""Number of setups of NTU RGB+D 60."""


@dataclass(frozen=True)
class Setup:
    """How the cameras hang: metres above the floor, degrees looking down, metres from the performer."""

    height: float
    pitch: float
    distance: float


def draw_setup(random: np.random.Generator) -> Setup:
    """Draw the mounting of one setup; looking down at the belly of a standing person."""
    distance = float(random.uniform(2.9, 3.9))
    height = float(random.uniform(1.5, 2.0))
    return Setup(height, float(np.degrees(np.arctan2(height - 0.9, distance))), distance)


def view(figures: Array, setup: Setup, camera: int, random: np.random.Generator) -> Array:
    """Return figures (M, T, 25, 3) as a camera sees them: x to the right of who faces it, y up, z away."""
    paired = len(figures) == 2
    # Pairs are seen from the side, either of them on the left; a single person faces the camera.
    heading = CAMERAS[camera] * (0.5 if paired else 1.0) + random.normal(0.0, 13.0)
    heading += 180.0 if paired and random.random() < 0.5 else 0.0
    turned = figures @ turn_left(np.array(heading)).T
    place = np.array([random.normal(0.0, 0.15), -setup.height, setup.distance + random.normal(0.0, 0.12)])
    seen = turned + place
    pitch = np.radians(setup.pitch)
    # Looking down: what is higher is nearer.
    y = seen[..., 1] * np.cos(pitch) + seen[..., 2] * np.sin(pitch)
    z = seen[..., 2] * np.cos(pitch) - seen[..., 1] * np.sin(pitch)
    return np.stack([seen[..., 0], y, z], axis=-1)

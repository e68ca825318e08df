"""Named places on a figure, on its partner and on the floor, to which hands and feet go."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from skeleton.simulation.body import Body
from skeleton.simulation.rotation import Array, offset
from skeleton.simulation.tracks import Place
from skeleton.simulation.trunk import Trunk

__all__ = ["ANCHORS", "Scene", "resolve"]

_HEAD = {
    "mouth": (0.0, -0.07, 0.12), "eye": (0.05, 0.02, 0.12), "forehead": (0.0, 0.07, 0.12),
    "temple": (0.09, 0.04, 0.06), "ear": (0.11, -0.01, 0.02), "cheek": (0.07, -0.05, 0.10),
    "crown": (0.03, 0.14, 0.0), "nape": (0.05, -0.10, -0.07),
}  # fmt: skip
_UPPER = {
    "chest": (0.0, -0.12, 0.15), "heart": (-0.06, -0.10, 0.13), "collar": (0.09, 0.03, 0.08),
    "neck_side": (0.08, 0.06, 0.0), "other_shoulder": (-0.17, 0.0, 0.07), "back": (0.05, -0.12, -0.16),
    "work": (0.09, -0.22, 0.30),
}  # fmt: skip
_MIDDLE = {"belly": (0.0, -0.05, 0.15), "lower_back": (0.07, -0.14, -0.14), "waist": (0.12, -0.04, 0.28)}
_PELVIS = {"pocket": (0.17, -0.06, 0.07), "lap": (0.10, 0.02, 0.30), "seat_side": (0.22, -0.03, 0.0)}
_OWN = ("shoulder", "hang", "stance", "floor", "knee", "ankle", "other_ankle")
_HANDS = ("other_hand", "other_elbow")
_PARTNER = ("chest", "back", "mouth", "cheek", "pocket", "belly", "shoulder", "knee")

ANCHORS = frozenset(
    {*_HEAD, *_UPPER, *_MIDDLE, *_PELVIS, *_OWN, *_HANDS, "meeting"}
    | {f"partner.{name}" for name in _PARTNER}
)
"""Every name that `at` accepts."""

_OTHER = {"right": "left", "left": "right"}


@dataclass
class Scene:
    """One figure while it is built: legs need the trunk, arms need legs and the other figure's trunk.

    ``points`` holds joints by name, (T, 3), as they become known.
    """

    body: Body
    trunk: Trunk
    feet: dict[str, tuple[Array, Array]]
    partner: Scene | None = None
    points: dict[str, Array] = field(default_factory=dict)

    def anchor(self, name: str, side: str) -> tuple[Array, Array]:
        """Return an anchor's point (T, 3) and frame (T, 3, 3) for a hand or foot of ``side``."""
        trunk, sign = self.trunk, 1 if side == "right" else -1
        if name.startswith("partner."):
            return self._on_partner(name.removeprefix("partner."), side)
        for places, origin, frame in (
            (_UPPER, trunk.shoulders, trunk.upper_frame),
            (_HEAD, trunk.head, trunk.head_frame),
            (_MIDDLE, trunk.middle, trunk.middle_frame),
            (_PELVIS, trunk.pelvis, trunk.pelvis_frame),
        ):
            if name in places:
                out, up, forward = places[name]
                return origin + self.body.scale * (frame @ offset(sign * out, up, forward)), frame
        if name == "shoulder":
            return trunk.shoulder[side], trunk.upper_frame
        if name == "hang":
            return self._hanging(side)
        if name == "stance":
            return self.feet[side]
        if name == "floor":
            return trunk.root, trunk.upright
        if name == "meeting":
            assert self.partner is not None
            return 0.5 * (trunk.middle + self.partner.trunk.middle), trunk.upright
        part = name.removeprefix("other_")
        owner = _OTHER[side] if name.startswith("other_") else side
        return self.points[f"{owner}_{part}"], trunk.upright

    def _hanging(self, side: str) -> tuple[Array, Array]:
        """Return where an arm that hangs has its hand: it swings against the leg of its side."""
        trunk, other = self.trunk, _OTHER[side]
        ahead = ((self.feet[other][0] - self.feet[side][0]) * -trunk.upright[:, :, 2]).sum(-1)
        ahead = np.clip(0.45 * ahead, -0.28, 0.28)
        drop = np.sqrt(np.maximum((0.965 * self.body.arm) ** 2 - ahead**2, 0.01))
        sign = 1 if side == "right" else -1
        local = np.stack([np.full_like(ahead, sign * 0.06 * self.body.scale), -drop, -ahead - 0.03], axis=-1)
        return trunk.shoulder[side] + np.matmul(trunk.upright, local[..., None])[..., 0], trunk.upright

    def _on_partner(self, name: str, side: str) -> tuple[Array, Array]:
        """Return an anchor on the partner; offsets from it are as this figure sees them."""
        assert self.partner is not None
        # Whoever faces me has the right shoulder on my left.
        point, _ = self.partner.anchor(name, _OTHER[side])
        return point, self.trunk.upright


def resolve(scene: Scene, place: Place, side: str, *, arc: bool = False) -> Array:
    """Return the course (T, 3) of a hand or foot through its spots, swings included.

    With ``arc`` it rises and sinks in front of the body, as hands do, and not along the trunk.
    """
    sign = 1 if side == "right" else -1
    size = scene.body.scale

    def where(anchor: str, out: float, up: float, forward: float) -> tuple[Array, Array]:
        point, frame = scene.anchor(anchor, side)
        return point + size * (frame @ offset(sign * out, up, forward)), frame

    spot = place.first
    course, frame = where(spot.anchor, spot.out, spot.up, spot.forward)
    start, frames = course, frame
    for spot, weight in place.moves:
        point, frame = where(spot.anchor, spot.out, spot.up, spot.forward)
        way = point - start
        course = course + weight[:, None] * way
        if arc:
            bulge = 4.0 * weight * (1.0 - weight) * np.abs(way[:, 1])
            course = course + bulge[:, None] * (scene.trunk.upright @ offset(0.08 * sign, 0.0, 0.2))
        frames = frame
        start = point
    if place.swing.any():
        local = place.swing * np.array([sign, 1.0, -1.0]) * size
        course = course + np.matmul(frames, local[..., None])[..., 0]
    return course

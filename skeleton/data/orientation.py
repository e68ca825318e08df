"""Which way is up, who is mirrored, how long is a metre: what a recording says by its people.

A recording is judged as a whole: all its frames together, so that one person who lies or bends decides
nothing. Coordinates come out as everywhere here: x to the right of a person who faces the sensor, y up, z
away from the sensor, a right-handed system. Without depth x is as in the image.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from semtool.errors import unknown_name
from semtool.numeric import unit
from skeleton.data.body import BODY, as_body
from skeleton.data.layouts import Layout

__all__ = ["UNITS", "UPS", "Seen", "metres", "mirrored", "towards", "turned", "upright"]

Matrix = NDArray[np.float64]

UPS: Mapping[str, Matrix] = MappingProxyType(
    {
        "+y": np.eye(3),
        "-y": np.diag([-1.0, -1.0, 1.0]),  # an image: down the picture, away from the camera
        "+z": np.array([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]]),
        "-z": np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]]),
        "+x": np.array([[0.0, -1, 0], [1, 0, 0], [0, 0, 1]]),
        "-x": np.array([[0.0, 1, 0], [-1, 0, 0], [0, 0, 1]]),
    }
)
"""Axis that points up -> the rotation that makes it y."""
UNITS: Mapping[str, float] = MappingProxyType({"m": 1.0, "cm": 0.01, "mm": 0.001, "inch": 0.0254})
"""Unit -> metres."""
_TRUNK = 0.5
"""Metres from hips to shoulders of a grown person; of depth sensors, whose hips are high, 0.35 to 0.5."""
_STRAIGHT = np.deg2rad(150.0)
_FEW, _MANY = 5, 4000  # frames that it takes to decide, frames that are enough


@dataclass(frozen=True)
class Seen:
    """People over the frames of a recording, for a judgement: each point (F, 3), in any coordinates."""

    points: Mapping[str, Matrix]
    flat: bool

    @classmethod
    def of(cls, frames: NDArray[np.float32], joints: Layout) -> Seen:
        """Take main actors from (F, V, D) of all frames in which there is one."""
        shown = frames[frames.any(axis=(1, 2))]
        shown = shown[:: max(1, len(shown) // _MANY)]
        body = as_body(shown.transpose(2, 0, 1)[None, ..., None], joints)
        there = body.positions[0, :, :, :, 0].transpose(2, 1, 0).astype(np.float64)
        points = {name: there[i] for i, name in enumerate(BODY.joints) if not body.missing[0, i, 0]}
        for name in ("nose", "left_ear", "right_ear", "left_foot", "right_foot"):
            if name in joints.joints and shown.shape[2] == 3:
                points[f"its_{name}"] = shown[:, joints.index(name)].astype(np.float64)
        return cls(points, bool(body.flat[0]))

    def way(self, *pair: str) -> Matrix | None:
        """Return the vectors from one point to another, None if either is missing."""
        here, there = (self.points.get(name) for name in pair)
        return None if here is None or there is None else there - here


def towards(up: str) -> Matrix:
    """Return the rotation that makes ``up`` (``+y``, ``z``, ``-y``, ...) the y axis."""
    name = up if up[:1] in "+-" else f"+{up}"
    if name not in UPS:
        raise unknown_name("axis that points up", up, UPS)
    return UPS[name]


def upright(seen: Seen) -> tuple[str, Matrix]:
    """Return the axis nearest to up and the rotation that makes up y, as feet and hips tell.

    Up is the mean way from the ankles to the hips of people who stand on straight legs, or if nobody does
    from hips to shoulders, of which only the nearest axis is taken. A camera that looks down by more than
    ten degrees is turned level, if those who stand agree.
    """
    trunk = unit(seen.points["shoulder_centre"] - seen.points["hip_centre"])
    legs = _standing(seen, trunk)
    mean = (legs if len(legs) >= _FEW else trunk).mean(axis=0)
    if seen.flat:
        return ("+y", UPS["+y"]) if mean[1] >= 0 else ("-y", np.diag([1.0, -1.0, 1.0]))
    axis = int(np.abs(mean).argmax())
    name = ("+" if mean[axis] > 0 else "-") + "xyz"[axis]
    level = UPS[name] @ (mean / max(float(np.linalg.norm(mean)), 1e-9))
    tilt = np.rad2deg(np.arccos(np.clip(level[1], -1, 1)))
    if len(legs) >= _FEW and np.linalg.norm(mean) > 0.97 and 10 < tilt < 45:
        return f"{name}, tilted by {tilt:.0f} degrees", _onto_y(level) @ UPS[name]
    return name, UPS[name]


def mirrored(seen: Seen) -> float:
    """Return how far people's fronts agree with their left and right: 1 wholly, -1 if they are mirrored.

    Where toes, nose and forearms point is the front; up and the line from left to right say where it
    should be. Coordinates are upright. Zero if nothing can be told. (Measured on six real data sets: toes
    agree by 0.5 to 0.8, forearms by 0.2 to 0.8, bent knees by 0.0 to 0.7.)
    """
    if seen.flat:
        return 0.0
    across = [seen.points[f"right_{j}"] - seen.points[f"left_{j}"] for j in ("shoulder", "hip")]
    side = across[0] + across[1]
    front = unit(np.stack([side[:, 2], -side[:, 0]], axis=1))
    trunk = seen.points["shoulder_centre"] - seen.points["hip_centre"]
    size = float(np.median(np.linalg.norm(trunk, axis=1)))
    agreed, total = 0.0, 1e-9
    for ways, weight in _fronts(seen, size):
        flat = ways[:, [0, 2]]
        agreed += weight * float((flat * front).sum())
        total += weight * float(np.linalg.norm(flat, axis=1).sum())
    return agreed / total


def metres(seen: Seen, unit: str = "") -> tuple[float, str]:
    """Return by what to multiply to get metres, and which unit that is; a unit not given is recognised.

    If the trunk has no human length in any unit, it is made one.
    """
    if unit in UNITS:
        return UNITS[unit], unit
    trunk = float(
        np.median(np.linalg.norm(seen.points["shoulder_centre"] - seen.points["hip_centre"], axis=1))
    )
    if not seen.flat:
        for name in ("m", "cm", "mm"):
            if 0.2 < trunk * UNITS[name] < 0.9:
                return UNITS[name], name
    return _TRUNK / max(trunk, 1e-9), "trunk"


def turned(frames: NDArray[np.float32], rotation: Matrix, scale: float = 1.0) -> NDArray[np.float32]:
    """Return points (..., D) turned and in metres, (..., 3); what is zero stays zero."""
    size = frames.shape[-1]
    matrix = (scale * rotation[:, :size]).T.astype(np.float32)
    made: NDArray[np.float32] = (frames @ matrix).astype(np.float32)
    return made


def _standing(seen: Seen, trunk: Matrix) -> Matrix:
    """Return the ways from ankles to hips, of length one, of the frames with two straight legs."""
    sides = []
    straight = np.ones(len(trunk), dtype=bool)
    for side in ("left", "right"):
        thigh, shin = seen.way(f"{side}_knee", f"{side}_hip"), seen.way(f"{side}_ankle", f"{side}_knee")
        if thigh is None or shin is None:
            return np.zeros((0, 3))
        straight &= (unit(thigh) * unit(shin)).sum(axis=1) > -np.cos(_STRAIGHT)
        sides.append(thigh + shin)
    legs = unit(sides[0] + sides[1])
    return np.asarray(legs[straight & ((legs * trunk).sum(axis=1) > np.cos(np.deg2rad(35)))])


def _fronts(seen: Seen, size: float) -> list[tuple[Matrix, float]]:
    """Return what points to the front, (F, 3), and how much it is trusted."""
    found: list[tuple[Matrix, float]] = []
    ears = [seen.points[f"its_{s}_ear"] for s in ("left", "right") if f"its_{s}_ear" in seen.points]
    if "its_nose" in seen.points and len(ears) == 2:
        found.append((seen.points["its_nose"] - (ears[0] + ears[1]) / 2, 4.0))
    for side in ("left", "right"):
        toes, ankle = seen.points.get(f"its_{side}_foot"), seen.points.get(f"{side}_ankle")
        if toes is not None and ankle is not None:
            found.append((toes - ankle, 4.0))
        forearm = seen.way(f"{side}_elbow", f"{side}_hand")
        if forearm is not None:
            found.append((_beyond(forearm, 0.3 * size), 1.0))
    return found


def _beyond(ways: Matrix, least: float) -> Matrix:
    """Return the ways whose horizontal part is longer than ``least``, the others as zero."""
    return np.where(np.linalg.norm(ways[:, [0, 2]], axis=1, keepdims=True) > least, ways, 0.0)


def _onto_y(direction: Matrix) -> Matrix:
    """Return the smallest rotation that brings a direction of length one onto y (Rodrigues)."""
    axis = np.cross(direction, [0.0, 1.0, 0.0])
    skew = np.array([[0, -axis[2], axis[1]], [axis[2], 0, -axis[0]], [-axis[1], axis[0], 0]])
    return np.asarray(np.eye(3) + skew + skew @ skew / (1 + direction[1]))

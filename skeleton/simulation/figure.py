"""The whole figure: 25 joints of a Kinect v2 from bodies, tracks and where they stand."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from skeleton.data import layout
from skeleton.simulation.anchors import Scene, resolve
from skeleton.simulation.body import Body
from skeleton.simulation.gait import footing
from skeleton.simulation.limbs import two_bones
from skeleton.simulation.rotation import Array, apply, backward, offset, unit
from skeleton.simulation.tracks import Tracks
from skeleton.simulation.trunk import Stage, Trunk, build_trunk, stance

__all__ = ["JOINTS", "MIRRORED", "Actor", "build_figures"]

JOINTS = layout("kinect-v2").joints
"""Joint names in the order of the output."""
MIRRORED = np.arange(len(JOINTS))
"""For each joint the one that takes its place in a mirror."""
for _left, _right in layout("kinect-v2").swaps:
    MIRRORED[[_left, _right]] = MIRRORED[[_right, _left]]
_SIDES = (("left", -1), ("right", 1))
_SOLE = 0.02
"""Metres above the floor below which no foot goes."""
_HAND_GROUND = 0.07
"""Metres above the floor below which no hand goes: fingers reach further."""


@dataclass(frozen=True)
class Actor:
    """One person of a performance: body, channels, place, and how far the fingers are bent (radians)."""

    body: Body
    tracks: Tracks
    stage: Stage
    grip: float = 0.3


def build_figures(actors: list[Actor]) -> Array:
    """Return the joints (M, T, 25, 3) of one or two actors, in metres, y up, z backward."""
    scenes = [_begin(actor) for actor in actors]
    if len(scenes) == 2:
        scenes[0].partner, scenes[1].partner = scenes[1], scenes[0]
    for scene, actor in zip(scenes, actors, strict=True):
        for side, sign in _SIDES:
            _leg(scene, actor, side, sign)
    # The right hand may go to the left one, so the left one is known first.
    for side, sign in _SIDES:
        for scene, actor in zip(scenes, actors, strict=True):
            _arm(scene, actor, side, sign)
    return np.stack([np.stack([scene.points[name] for name in JOINTS], axis=1) for scene in scenes])


def _begin(actor: Actor) -> Scene:
    """Build the trunk of an actor over feet that stand."""
    numbers = actor.tracks.numbers
    start = np.array([numbers[name][0] for name in ("travel", "aside", "turn")])
    feet = footing(actor.tracks.strides, actor.tracks.frames, start)
    places = {side: stance(actor.body, actor.stage, feet[side], sign) for side, sign in _SIDES}
    trunk = build_trunk(actor.body, actor.stage, numbers, places)
    scene = Scene(actor.body, trunk, places)
    scene.points |= {
        "hip_centre": trunk.pelvis, "spine": trunk.middle, "shoulder_centre": trunk.shoulders,
        "neck": trunk.neck, "head": trunk.head,
    }  # fmt: skip
    for side, _ in _SIDES:
        scene.points |= {f"{side}_hip": trunk.hips[side], f"{side}_shoulder": trunk.shoulder[side]}
    return scene


def _leg(scene: Scene, actor: Actor, side: str, sign: int) -> None:
    body, trunk = scene.body, scene.trunk
    target = resolve(scene, actor.tracks.places[f"{side}_foot"], side)
    target[:, 1] = np.maximum(target[:, 1], body.ankle)
    forward = _knee_side(trunk, side, sign)
    knee, ankle = two_bones(trunk.hips[side], target, body.thigh, body.shank, forward)
    shank = unit(ankle - knee)
    heading = scene.feet[side][1]
    # A foot on the floor is flat; in the air or of somebody who lies it stands off the shank.
    flat = heading @ offset(0.15 * sign, -0.45, 0.9)
    hanging = unit(forward - (forward * shank).sum(-1, keepdims=True) * shank) * 0.8 + shank * 0.6
    free = np.clip((ankle[:, 1] - body.ankle) / 0.25, 0.0, 1.0) * 0.7
    free = np.maximum(free, np.clip(1.0 + 2.0 * shank[:, 1], 0.0, 1.0))[:, None]
    pointing = unit((1.0 - free) * flat + free * hanging)
    rise = np.maximum(pointing[:, 1], (_SOLE - ankle[:, 1]) / body.foot)
    pointing[:, [0, 2]] *= np.sqrt((1.0 - rise**2) / (1.0 - pointing[:, 1] ** 2 + 1e-9))[:, None]
    pointing[:, 1] = rise
    toe = ankle + body.foot * pointing
    scene.points |= {f"{side}_knee": knee, f"{side}_ankle": ankle, f"{side}_foot": toe}


def _arm(scene: Scene, actor: Actor, side: str, sign: int) -> None:
    body, trunk = scene.body, scene.trunk
    target = _outside(scene, resolve(scene, actor.tracks.places[side], side, arc=True))
    target[:, 1] = np.maximum(target[:, 1], _HAND_GROUND)
    shoulder = trunk.shoulder[side]
    pole = _elbow_side(scene, target - shoulder, actor.tracks.numbers[f"{side}_elbow"], sign)
    pole[:, 1] += _near_floor(shoulder) * (np.maximum(pole[:, 1], 0.3) - pole[:, 1])
    elbow, hand = two_bones(shoulder, target, body.upper_arm, body.forearm + body.hand, pole)
    along = unit(hand - elbow)
    wrist = elbow + body.forearm * along
    front = trunk.upper_frame @ offset(-0.2 * sign, 0.55, 0.8)
    thumbwards = unit(front - (front * along).sum(-1, keepdims=True) * along)
    palmwards = sign * np.cross(thumbwards, along)
    tip = hand + body.fingers * (np.cos(actor.grip) * along + np.sin(actor.grip) * palmwards)
    thumb = hand + body.thumb * (0.75 * thumbwards + 0.66 * along)
    scene.points |= {
        f"{side}_elbow": elbow, f"{side}_wrist": wrist, f"{side}_hand": hand,
        f"{side}_hand_tip": tip, f"{side}_thumb": thumb,
    }  # fmt: skip


def _elbow_side(scene: Scene, reach: Array, raised: Array, sign: int) -> Array:
    """Return where the elbow points, (T, 3): back while the hand is low, forward once it is high."""
    frame, raised = scene.trunk.upper_frame, np.radians(raised)[:, None]
    height = backward(frame, reach)[:, 1:2] / scene.body.arm
    above = np.clip((height + 0.7) / 0.9, 0.0, 1.0)
    above = above * above * (3.0 - 2.0 * above)
    hanging = (1.0 - above) * offset(sign * 0.2, -0.85, -0.5) + above * offset(sign * 0.35, -0.85, 0.3)
    level = offset(sign * 1.0, 0.15, -0.1)
    return apply(frame, np.cos(raised) * hanging + np.sin(raised) * level)


def _knee_side(trunk: Trunk, side: str, sign: int) -> Array:
    """Return where the knee points, (T, 3): ahead; sideways where that would be into the floor."""
    towards = trunk.pelvis_frame @ offset(0.12 * sign, 0.0, 1.0)
    down = _near_floor(trunk.hips[side]) * np.maximum(-towards[:, 1], 0.0)
    towards[:, 1] += down
    return np.asarray(towards + down[:, None] * (trunk.pelvis_frame @ offset(sign, 0.0, 0.0)))


def _near_floor(points: Array) -> Array:
    """Return 0 for points (T, 3) well above the floor and 1 for points near it."""
    return np.asarray(np.clip((0.45 - points[:, 1]) / 0.3, 0.0, 1.0))


def _outside(scene: Scene, target: Array) -> Array:
    """Move hand targets that lie inside the trunk to its surface, an ellipse around the spine."""
    trunk, size = scene.trunk, scene.body.scale
    local = backward(trunk.middle_frame, target - trunk.middle)
    flat = local[:, [0, 2]] / (np.array([0.17, 0.12]) * size)
    depth = np.clip(np.sqrt((flat**2).sum(-1)), 0.05, 1.0)
    height = local[:, 1] / size
    # Fades out above the shoulders and below the hips, so that no hand jumps.
    within = np.clip((height + 0.42) / 0.08, 0.0, 1.0) * np.clip((0.29 - height) / 0.08, 0.0, 1.0)
    local[:, [0, 2]] *= (1.0 + within * (1.0 / depth - 1.0))[:, None]
    return trunk.middle + apply(trunk.middle_frame, local)

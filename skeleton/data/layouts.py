"""Joint layouts: names, tree, body parts and mirror pairs of the skeletons that the field records.

A joint has the same name in every layout that has it, so that names connect layouts. "Left" is the side that
the source calls left; some recordings are mirrored.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType

from semtool.errors import unknown_name

__all__ = ["LAYOUTS", "Layout", "layout"]


@dataclass(frozen=True)
class Layout:
    """A joint layout.

    Attributes:
        name: how data sets, files and options call it.
        joints: joint names in the order of the data.
        parents: for each joint the index of the one that it hangs from; -1 for the root.
        centre: the joint that the spatial graph partition measures distance from (ST-GCN, section 3.3).
        origin: the joints whose mean is where centring puts zero.
        dimensions: coordinates that the sensor or detector gives, 2 (image plane) or 3.
    """

    name: str
    joints: tuple[str, ...]
    parents: tuple[int, ...]
    centre: int
    origin: tuple[int, ...]
    dimensions: int = 3

    def __len__(self) -> int:
        return len(self.joints)

    def index(self, joint: str) -> int:
        """Return the index of a joint; raise `UsageError` if the layout lacks it."""
        try:
            return self.joints.index(joint)
        except ValueError:
            raise unknown_name(f"joint of {self.name}", joint, self.joints) from None

    @property
    def bones(self) -> tuple[tuple[int, int], ...]:
        """Pairs (joint, parent) of every joint that has a parent."""
        return tuple((j, p) for j, p in enumerate(self.parents) if p >= 0)

    @cached_property
    def parts(self) -> Mapping[str, tuple[int, ...]]:
        """Joints of ``head``, ``arms``, ``torso`` and ``legs``.

        Shoulders belong to arms and torso, hips to legs and torso: 2D layouts give the torso nothing else.
        """
        found = {part: tuple(self._named(stems)) for part, stems in _PARTS.items()}
        return MappingProxyType(found)

    @cached_property
    def swaps(self) -> tuple[tuple[int, int], ...]:
        """Pairs (left joint, right joint) that mirroring exchanges."""
        return tuple(
            (j, self.index("right_" + name.removeprefix("left_")))
            for j, name in enumerate(self.joints)
            if name.startswith("left_")
        )

    def _named(self, stems: Iterable[str]) -> Iterable[int]:
        wanted = set(stems)
        return (
            j for j, n in enumerate(self.joints) if n.removeprefix("left_").removeprefix("right_") in wanted
        )


_PARTS = {
    "head": ("head", "neck", "nose", "eye", "ear"),
    "arms": ("shoulder", "elbow", "wrist", "hand", "hand_tip", "thumb"),
    "torso": ("hip_centre", "spine", "shoulder_centre", "shoulder", "hip"),
    "legs": ("hip", "knee", "ankle", "foot"),
}


def _build(
    name: str, tree: Mapping[str, str], centre: str, origin: tuple[str, ...], dimensions: int = 3
) -> Layout:
    """Return a layout from an ordered mapping joint -> parent ("" for the root)."""
    joints = tuple(tree)
    place = {joint: index for index, joint in enumerate(joints)}
    parents = tuple(place[p] if p else -1 for p in tree.values())
    return Layout(name, joints, parents, place[centre], tuple(place[j] for j in origin), dimensions)


def _limb(side: str, root: str, *joints: str) -> dict[str, str]:
    """Return a chain of joints of one side, the first hanging from ``root``."""
    names = [f"{side}_{joint}" for joint in joints]
    return dict(zip(names, [root, *names], strict=False))


_ARM = ("shoulder", "elbow", "wrist", "hand")
_LEG = ("hip", "knee", "ankle", "foot")

_KINECT_V1 = _build(
    "kinect-v1",
    {"hip_centre": "", "spine": "hip_centre", "shoulder_centre": "spine", "head": "shoulder_centre"}
    | _limb("left", "shoulder_centre", *_ARM)
    | _limb("right", "shoulder_centre", *_ARM)
    | _limb("left", "hip_centre", *_LEG)
    | _limb("right", "hip_centre", *_LEG),
    centre="shoulder_centre",
    origin=("spine",),
)

# The hand tip hangs from the thumb, as in the graphs and bone streams that the field publishes for NTU; in
# the sensor's own tree both hang from the hand.
_KINECT_V2 = _build(
    "kinect-v2",
    {"hip_centre": "", "spine": "hip_centre", "neck": "shoulder_centre", "head": "neck"}
    | _limb("left", "shoulder_centre", *_ARM)
    | _limb("right", "shoulder_centre", *_ARM)
    | _limb("left", "hip_centre", *_LEG)
    | _limb("right", "hip_centre", *_LEG)
    | {"shoulder_centre": "spine"}
    | {"left_hand_tip": "left_thumb", "left_thumb": "left_hand"}
    | {"right_hand_tip": "right_thumb", "right_thumb": "right_hand"},
    centre="shoulder_centre",
    origin=("spine",),
)

_COCO = _build(
    "coco",
    {"nose": "", "left_eye": "nose", "right_eye": "nose", "left_ear": "left_eye", "right_ear": "right_eye"}
    | {"left_shoulder": "nose", "right_shoulder": "nose"}
    | {"left_elbow": "left_shoulder", "right_elbow": "right_shoulder"}
    | {"left_wrist": "left_elbow", "right_wrist": "right_elbow"}
    | {"left_hip": "left_shoulder", "right_hip": "right_shoulder"}
    | {"left_knee": "left_hip", "right_knee": "right_hip"}
    | {"left_ankle": "left_knee", "right_ankle": "right_knee"},
    centre="nose",
    origin=("left_hip", "right_hip"),
    dimensions=2,
)

_OPENPOSE = _build(
    "openpose",
    {"nose": "neck", "neck": ""}
    | _limb("right", "neck", "shoulder", "elbow", "wrist")
    | _limb("left", "neck", "shoulder", "elbow", "wrist")
    | _limb("right", "right_shoulder", "hip", "knee", "ankle")
    | _limb("left", "left_shoulder", "hip", "knee", "ankle")
    | {"right_eye": "nose", "left_eye": "nose", "right_ear": "right_eye", "left_ear": "left_eye"},
    centre="neck",
    origin=("left_hip", "right_hip"),
    dimensions=2,
)

LAYOUTS: Mapping[str, Layout] = MappingProxyType(
    {x.name: x for x in (_KINECT_V1, _KINECT_V2, _COCO, _OPENPOSE)}
)
"""Every known layout by name."""


def layout(name: str) -> Layout:
    """Return a layout by name; raise `UsageError` with the nearest names if there is none."""
    if name not in LAYOUTS:
        raise unknown_name("joint layout", name, LAYOUTS)
    return LAYOUTS[name]

"""Joint layouts: names, tree and mirror pairs of the skeletons that the field records.

A joint has the same name in every layout that has it, so that names connect layouts. "Left" is the person's
own left. The layouts are data (``layouts.yaml``); joints that fit none of them make one of their own:
``layout("joints:head,neck,left_shoulder,...")``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import resources
from types import MappingProxyType

import yaml

from semtool.errors import UsageError, unknown_name

__all__ = ["LAYOUTS", "OWN", "Layout", "layout", "layout_of_joints"]

OWN = "joints:"
"""How the name of a layout begins that a file's own joints make."""


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
        fps: frames a second that it usually comes with.
    """

    name: str
    joints: tuple[str, ...]
    parents: tuple[int, ...]
    centre: int
    origin: tuple[int, ...]
    dimensions: int = 3
    fps: float = 30.0

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
    def swaps(self) -> tuple[tuple[int, int], ...]:
        """Pairs (left joint, right joint) that mirroring exchanges."""
        return tuple(
            (j, self.index("right_" + name.removeprefix("left_")))
            for j, name in enumerate(self.joints)
            if name.startswith("left_")
        )


# Where a joint of a file's own layout hangs: at the first of these that the file has.
_TREE: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "spine_low": ("hip_centre",),
        "spine": ("spine_low", "hip_centre"),
        "chest": ("spine", "spine_low", "hip_centre"),
        "shoulder_centre": ("chest", "spine", "spine_low", "hip_centre"),
        "neck": ("shoulder_centre", "chest", "spine", "hip_centre"),
        "head": ("neck", "shoulder_centre", "chest"),
        "nose": ("head", "neck", "shoulder_centre"),
        "head_top": ("head", "nose", "neck", "shoulder_centre"),
        "eye": ("nose", "head"),
        "eye_inner": ("nose", "head"),
        "eye_outer": ("eye", "nose", "head"),
        "ear": ("eye", "nose", "head"),
        "mouth": ("nose", "head"),
        "collar": ("neck", "shoulder_centre", "chest"),
        "shoulder": ("collar", "shoulder_centre", "neck", "chest", "spine", "head", "nose"),
        "elbow": ("shoulder",),
        "wrist": ("elbow", "shoulder"),
        "hand": ("wrist", "elbow"),
        "hand_tip": ("hand", "wrist"),
        "thumb": ("hand", "wrist"),
        "index": ("hand", "wrist"),
        "pinky": ("hand", "wrist"),
        "hip": ("hip_centre", "spine_low", "spine", "shoulder"),
        "knee": ("hip",),
        "ankle": ("knee", "hip"),
        "heel": ("ankle",),
        "foot": ("ankle", "knee"),
        "small_toe": ("foot", "ankle"),
    }
)
_ROOTS = ("hip_centre", "spine", "shoulder_centre", "neck", "head", "nose", "left_shoulder", "left_hip")


def _read() -> dict[str, Layout]:
    text = resources.files("skeleton.data").joinpath("layouts.yaml").read_text(encoding="utf-8")
    return {
        name: _layout(name, x["joints"], x["centre"], x["origin"], x.get("dimensions", 3), x.get("fps", 30.0))
        for name, x in yaml.safe_load(text).items()
    }


def _layout(
    name: str,
    tree: Mapping[str, str | None],
    centre: str,
    origin: Sequence[str],
    dimensions: int = 3,
    fps: float = 30.0,
) -> Layout:
    """Return a layout from an ordered mapping joint -> parent (None for the root)."""
    place = {joint: index for index, joint in enumerate(tree)}
    parents = tuple(place[p] if p else -1 for p in tree.values())
    return Layout(name, tuple(tree), parents, place[centre], tuple(place[j] for j in origin), dimensions, fps)


LAYOUTS: Mapping[str, Layout] = MappingProxyType(_read())
"""Every known layout by name."""


@cache
def layout(name: str) -> Layout:
    """Return a layout by name; raise `UsageError` with the nearest names if there is none."""
    if name.startswith(OWN):
        return _own(name)
    if name not in LAYOUTS:
        raise unknown_name("joint layout", name, LAYOUTS)
    return LAYOUTS[name]


def layout_of_joints(joints: Iterable[str]) -> Layout:
    """Return the known layout that has just these joints, in whatever order; else one of their own."""
    names = set(joints)
    for known in LAYOUTS.values():
        if set(known.joints) == names and known.name != "body":
            return known
    return layout(OWN + ",".join(sorted(names)))


def _own(name: str) -> Layout:
    """Build the layout of a file's own joints: each hangs from the nearest joint towards the trunk."""
    joints = tuple(name.removeprefix(OWN).split(","))
    root = next((j for j in _ROOTS if j in joints), "")
    if not root or len(set(joints)) != len(joints):
        raise UsageError(f"{name} is no layout: a joint is there twice, or none of the trunk")
    tree: dict[str, str | None] = {}
    for joint in joints:
        side = next((s for s in ("left_", "right_") if joint.startswith(s)), "")
        options = _TREE.get(joint.removeprefix(side), ())
        fitting = (o for option in options for o in (side + option, option) if o in joints)
        tree[joint] = None if joint == root else next(fitting, root)
    hips = [j for j in ("left_hip", "right_hip") if j in joints]
    return _layout(name, tree, root, hips or [root])

from __future__ import annotations

import pytest

from semtool.errors import UsageError
from skeleton.data.layouts import LAYOUTS, layout


@pytest.mark.parametrize(
    ("name", "joints"), [("kinect-v1", 20), ("kinect-v2", 25), ("coco", 17), ("openpose", 18)]
)
def test_number_of_joints(name, joints):
    assert len(layout(name)) == len(set(layout(name).joints)) == joints


@pytest.mark.parametrize("name", LAYOUTS)
def test_the_tree_has_one_root_and_no_cycle(name):
    found = layout(name)
    assert found.parents.count(-1) == 1
    assert len(found.bones) == len(found) - 1
    for joint in range(len(found)):
        steps = 0
        while joint >= 0:
            joint, steps = found.parents[joint], steps + 1
            assert steps <= len(found)


@pytest.mark.parametrize("name", LAYOUTS)
def test_swaps_pair_left_with_right(name):
    found = layout(name)
    for left, right in found.swaps:
        assert found.joints[left].replace("left", "right") == found.joints[right]
    sided = [j for j in found.joints if j.startswith(("left_", "right_"))]
    assert 2 * len(found.swaps) == len(sided)


def test_kinect_orders():
    one, two = layout("kinect-v1"), layout("kinect-v2")
    assert one.joints[:5] == ("hip_centre", "spine", "shoulder_centre", "head", "left_shoulder")
    assert one.joints[11] == "right_hand"
    assert one.joints[19] == "right_foot"
    # The NTU numbering is 1-based: 21 is the spine at the shoulders, 24 and 25 the right hand tip and thumb.
    assert two.joints[20] == "shoulder_centre"
    assert two.joints[23:] == ("right_hand_tip", "right_thumb")
    assert two.centre == 20
    assert set(one.joints) < set(two.joints)


def test_unknown_names_are_answered_with_the_nearest():
    with pytest.raises(UsageError, match="kinect-v2"):
        layout("kinect_v2")
    with pytest.raises(UsageError, match="left_elbow"):
        layout("coco").index("left_elbo")

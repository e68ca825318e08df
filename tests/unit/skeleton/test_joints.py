"""Joint names as people and tools write them."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from semtool.errors import UsageError
from skeleton.data.joints import LANDMARKS, place_joints
from skeleton.data.layouts import LAYOUTS, layout, layout_of_joints

WRITTEN = {
    "left_wrist": "left_wrist LEFT_WRIST LeftWrist WristLeft LWrist wrist_l l_wri wrist.L lwrist left-wrist",
    "right_ankle": "right_ankle RAnkle r_ank AnkleRight ankle_r RIGHT_ANKLE rankle",
    "hip_centre": "MidHip mid_hip HipCenter hip_center SpineBase pelvis Pelvis root Hips Hip",
    "shoulder_centre": "ShoulderCenter SpineShoulder thorax",
    "spine": "spine SpineMid torso TORSO",
    "left_foot": "LBigToe FootLeft left_foot_index LEFT_FOOT_INDEX l_foot left_toe",
    "head_top": "HeadTop_End head_top",
    "left_mouth": "MOUTH_LEFT mouth_left",
}


@pytest.mark.parametrize(("wanted", "name"), [(w, n) for w, names in WRITTEN.items() for n in names.split()])
def test_the_ways_in_which_people_write_a_joint(wanted, name):
    assert place_joints([name]).landmarks == (wanted,)


@pytest.mark.parametrize(
    ("prefix", "form"),
    [("mixamorig:", str.title), ("Bip01 ", str.title), ("Character1_", str.title), ("SKEL_", str.upper)],
)
def test_prefixes_that_all_share_do_not_matter(prefix, form):
    names = [form(j).replace("_", "") if form is str.title else form(j) for j in layout("kinect-v2").joints]
    assert place_joints([prefix + n for n in names]).landmarks == layout("kinect-v2").joints


def test_the_bones_of_a_rig_begin_at_joints():
    names = ["Hips", "Spine", "Spine1", "Spine2", "Neck", "Head", "LeftShoulder", "LeftArm", "LeftForeArm",
             "LeftHand", "LeftUpLeg", "LeftLeg", "LeftFoot", "LeftToeBase"]  # fmt: skip
    assert place_joints([f"mixamorig:{n}" for n in names]).landmarks == (
        "hip_centre", "spine_low", "spine", "chest", "neck", "head", "left_collar", "left_shoulder",
        "left_elbow", "left_wrist", "left_hip", "left_knee", "left_ankle", "left_foot",
    )  # fmt: skip
    unreal = [
        "pelvis",
        "spine_01",
        "clavicle_l",
        "upperarm_l",
        "lowerarm_l",
        "hand_l",
        "thigh_l",
        "calf_l",
        "ball_l",
    ]
    assert place_joints(unreal).landmarks[2:] == (
        "left_collar", "left_shoulder", "left_elbow", "left_wrist", "left_hip", "left_knee", "left_foot",
    )  # fmt: skip


def test_a_hand_of_no_rig_is_a_hand():
    assert place_joints(["LeftHand", "LeftElbow", "LeftFoot"]).landmarks == (
        "left_hand",
        "left_elbow",
        "left_foot",
    )


def test_what_is_not_understood_is_named_and_a_mapping_settles_it():
    names = ["Marker7", "left_elbow", "sword"]
    assert place_joints(names).unplaced == ("Marker7", "sword")
    settled = place_joints(names, {"Marker7": "left_wrist", "sword": "none"})
    assert settled.landmarks == ("left_wrist", "left_elbow", None)
    assert not settled.unplaced
    with pytest.raises(UsageError, match="left_wrist"):
        place_joints(names, {"Marker7": "left_wrst"})
    with pytest.raises(UsageError, match="did you mean 'Marker7'"):
        place_joints(names, {"Marker": "left_wrist"})


def test_two_joints_are_never_the_same_landmark():
    placement = place_joints(["left_wrist", "LWrist"])
    assert placement.landmarks == ("left_wrist", None)
    assert placement.unplaced == ("LWrist",)


@pytest.mark.parametrize("name", sorted(LAYOUTS))
def test_every_layout_is_understood_by_its_own_names(name):
    assert place_joints(layout(name).joints).landmarks == layout(name).joints


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 2**32 - 1), st.integers(1, 12))
def test_joints_of_any_choice_and_order_make_a_tree(seed, dropped):
    order = np.random.default_rng(seed).permutation(LANDMARKS).tolist()
    trunk = {"hip_centre", "left_hip", "right_hip", "left_shoulder", "right_shoulder"}
    joints = [j for j in order[dropped:] if j not in trunk] + sorted(trunk)
    joints = [j for j in joints if "_" not in j or twin(j) in joints]
    made = layout_of_joints(joints)
    assert set(made.joints) == set(joints)
    assert made.parents.count(-1) == 1
    for joint in range(len(made)):
        steps = 0
        while joint >= 0:
            joint, steps = made.parents[joint], steps + 1
            assert steps <= len(made)
    assert layout(made.name) == made


def twin(joint):
    side, _, rest = joint.partition("_")
    return {"left": f"right_{rest}", "right": f"left_{rest}"}.get(side, joint)


def test_names_may_be_numpy_strings():
    assert place_joints([str(n) for n in np.array(["LWrist"])]).landmarks == ("left_wrist",)

"""The simulator's motion: what bodies can do, and what the classes look like."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from semtool.catalogue import load_dataset
from skeleton.data.layouts import layout
from skeleton.simulation.anchors import ANCHORS
from skeleton.simulation.figure import JOINTS, MIRRORED
from skeleton.simulation.limbs import two_bones
from skeleton.simulation.motion import Spot
from skeleton.simulation.noise import add_noise
from skeleton.simulation.performance import FRAMES, draw_subject, perform_program
from skeleton.simulation.programs import PROGRAMS, read_program
from skeleton.simulation.simulating import SIMULATOR

KINECT = layout("kinect-v2")
HEAD, HIPS = KINECT.index("head"), KINECT.index("hip_centre")
HANDS = [KINECT.index("left_hand"), KINECT.index("right_hand")]
FEET = [KINECT.index(f"{s}_{j}") for s in ("left", "right") for j in ("ankle", "foot")]
EVERY = [(code, way) for code, programs in PROGRAMS.items() for way in range(len(programs))]


def acted(code, way=0, seed=0):
    """Joints (M, T, 25, 3) of one performance without camera and noise: y up, z backward."""
    subject = draw_subject(np.random.default_rng([seed, 1]))
    partner = draw_subject(np.random.default_rng([seed, 2]))
    return perform_program(PROGRAMS[code][way], subject, partner, np.random.default_rng([seed, 3]))


def nearest_hand(figure, joint):
    """Distance of the nearer hand from a joint, by frame."""
    return np.min([np.linalg.norm(figure[:, h] - figure[:, joint], axis=-1) for h in HANDS], axis=0)


def test_every_class_of_the_catalogue_has_a_program():
    assert list(PROGRAMS) == [c.code for c in load_dataset("ntu60").classes]


def test_only_the_mutual_classes_have_two_people():
    paired = {code for code, programs in PROGRAMS.items() if any(p.partner for p in programs)}
    assert paired == {f"A{n:03d}" for n in range(50, 61)}
    assert all(p.partner for code in paired for p in PROGRAMS[code])


@pytest.mark.parametrize(("code", "way"), EVERY, ids=[f"{c}-{w}" for c, w in EVERY])
def test_bodies_hold_together(code, way):
    figures = acted(code, way)
    assert np.isfinite(figures).all()
    assert FRAMES[0] <= figures.shape[1] <= FRAMES[1]
    for joint, parent in KINECT.bones:
        length = np.linalg.norm(figures[:, :, joint] - figures[:, :, parent], axis=-1)
        assert np.ptp(length, axis=1).max() < 1e-6, f"{JOINTS[joint]} comes off"
    assert figures[..., 1].min() > -0.02, "something is below the floor"
    jumps = np.linalg.norm(np.diff(figures, axis=1), axis=-1)
    assert jumps.max() < 0.6, "faster than 18 metres a second"


@pytest.mark.parametrize("code", ["A001", "A008", "A010", "A023", "A033"])
def test_feet_of_those_who_stay_do_not_slide(code):
    feet = acted(code)[0][:, FEET]
    assert np.ptp(feet[:, [0, 2]][..., [0, 2]], axis=0).max() < 0.03


def test_feet_of_walkers_stand_still_between_steps():
    walker = acted("A059")[0]
    for side in ("left", "right"):
        ankle = walker[:, KINECT.index(f"{side}_ankle")]
        standing = ankle[:, 1] < ankle[:, 1].min() + 0.002
        both = standing[1:] & standing[:-1]
        speed = np.linalg.norm(np.diff(ankle[:, [0, 2]], axis=0), axis=-1)[both] * 30
        assert both.sum() > 10
        assert np.median(speed) < 0.05
    assert np.ptp(walker[:, HIPS, 0]) > 0.7


@pytest.mark.parametrize("seed", range(3))
def test_knees_bend_forward_and_elbows_not_forward(seed):
    seated = acted("A008", seed=seed)[0][-1]
    for side in ("left", "right"):
        hip, knee, ankle = (seated[KINECT.index(f"{side}_{j}")] for j in ("hip", "knee", "ankle"))
        assert knee[2] < min(hip[2], ankle[2]), "forward is -z"
    standing = acted("A036", seed=seed)[0][0]
    for side in ("left", "right"):
        shoulder, elbow, wrist = (
            standing[KINECT.index(f"{side}_{j}")] for j in ("shoulder", "elbow", "wrist")
        )
        straight = shoulder + (wrist - shoulder) * 0.53
        assert elbow[2] > straight[2] - 0.02


@pytest.mark.parametrize("code", ["A001", "A002", "A003", "A028", "A037", "A038", "A041", "A044"])
def test_a_hand_goes_to_the_head(code):
    distance = nearest_hand(acted(code)[0], HEAD)
    assert distance.min() < 0.26
    assert distance[0] > 0.3


@pytest.mark.parametrize("way", [0, 1])
def test_a_hand_goes_to_the_floor_in_picking_up(way):
    hands = acted("A006", way)[0][:, HANDS, 1]
    assert hands.min() < 0.25
    assert hands[0].min() > 0.5
    assert hands[-1].max() > 0.7


def test_hips_sink_in_sitting_down_and_rise_in_standing_up():
    down, up = acted("A008")[0][:, HIPS, 1], acted("A009")[0][:, HIPS, 1]
    assert down[0] - down[-1] > 0.25
    assert up[-1] - up[0] > 0.25


def test_both_feet_leave_the_floor_in_a_jump_and_one_in_a_kick():
    ankles = [KINECT.index("left_ankle"), KINECT.index("right_ankle")]
    jump = acted("A027")[0][:, ankles, 1]
    assert (jump - jump[0]).min(axis=1).max() > 0.08
    kick = acted("A024")[0][:, ankles, 1]
    assert sorted((kick - kick[0]).max(axis=0) > 0.2) == [False, True]


def test_a_fall_ends_near_the_floor():
    for way in range(len(PROGRAMS["A043"])):
        head = acted("A043", way)[0][:, HEAD, 1]
        assert head[0] > 1.3
        assert head[-1] < 0.6


def test_hands_meet_in_clapping_and_in_shaking_hands():
    clap = acted("A010")[0]
    gap = np.linalg.norm(clap[:, HANDS[0]] - clap[:, HANDS[1]], axis=-1)
    assert gap.min() < 0.15
    assert (np.diff(np.sign(np.diff(gap[20:]))) > 0).sum() >= 3, "many times"
    one, other = acted("A058")
    gaps = [np.linalg.norm(one[:, a] - other[:, b], axis=-1).min() for a in HANDS for b in HANDS]
    assert min(gaps) < 0.15


def test_pairs_face_each_other_and_part_or_approach():
    def distance(code):
        one, other = acted(code)
        return np.linalg.norm(one[:, HIPS] - other[:, HIPS], axis=-1)

    assert distance("A059")[0] - distance("A059")[-1] > 1.2
    assert distance("A060")[-1] - distance("A060")[0] > 1.2
    one, other = acted("A058")
    left, right = KINECT.index("left_shoulder"), KINECT.index("right_shoulder")
    for body, partner in ((one, other), (other, one)):
        ahead = np.cross(body[0, left] - body[0, right], [0.0, 1.0, 0.0])
        assert ahead @ (partner[0, HIPS] - body[0, HIPS]) > 0


def test_left_handers_mirror_the_motion_and_stay_people():
    right_handed = 0
    for seed in range(12):
        figure = acted("A023", 0, seed)[0]
        left, right = (figure[:, h, 1].max() for h in HANDS)
        right_handed += right > left
        # The left shoulder is on the left side of whoever faces the sensor: at negative x.
        assert figure[0, KINECT.index("left_shoulder"), 0] < figure[0, KINECT.index("right_shoulder"), 0]
    assert 6 <= right_handed < 12
    assert (MIRRORED[MIRRORED] == np.arange(25)).all()


def test_two_bones_reach_what_they_can():
    root = np.zeros((3, 3))
    target = np.array([[0.0, -0.4, -0.1], [0.0, -2.0, 0.0], [0.0, -0.01, 0.0]])
    towards = np.tile([0.0, 0.0, -1.0], (3, 1))
    middle, end = two_bones(root, target, 0.3, 0.25, towards)
    assert np.allclose(np.linalg.norm(middle, axis=1), 0.3)
    assert np.allclose(np.linalg.norm(end - middle, axis=1), 0.25)
    assert np.allclose(end[0], target[0])
    assert np.linalg.norm(end[1]) == pytest.approx(0.55, abs=0.01)
    assert (middle[:, 2] <= 1e-9).all()


def test_noise_is_small_and_says_which_joints_it_lost():
    still = np.tile(acted("A036")[0][:1], (100, 1, 1))
    lost = []
    for seed in range(20):
        noisy, state = add_noise(still, np.random.default_rng(seed))
        assert np.median(np.linalg.norm(noisy - still, axis=-1)) < 0.02
        assert set(np.unique(state)) <= {1, 2}
        assert (state[:, HEAD] == 2).all()
        lost.append((state == 1).any())
    assert 0 < sum(lost) < 20


def test_programs_name_only_anchors_that_exist():
    for code, programs in PROGRAMS.items():
        for program in [p for q in programs for p in (q, q.partner) if p]:
            goals = [*program.start.values(), *(g for s in program.steps for g in s.goals.values())]
            unknown = {g.anchor for g in goals if isinstance(g, Spot)} - ANCHORS
            assert not unknown, (code, unknown)


@pytest.mark.parametrize(
    "raw",
    [{"steps": [{"to": 1, "wings": 3}]}, {"steps": [], "start": {"wings": 1}}],
    ids=["step", "start"],
)
def test_a_channel_that_does_not_exist_is_refused(raw):
    with pytest.raises(ValueError, match="wings"):
        read_program(raw)


def test_other_programs_are_another_simulator():
    """What was simulated is known by the simulator's version: raise it with the programs, then this."""
    programs = hashlib.sha256(repr(dict(PROGRAMS)).encode()).hexdigest()[:16]
    assert (SIMULATOR, programs) == (1, "d16f67c510d272e3")

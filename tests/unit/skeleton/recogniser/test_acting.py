"""Motion from attributes: what they say is what the joints do."""

import numpy as np
import pytest

from semtool.catalogue import load_vocabulary
from skeleton.data.layouts import layout
from skeleton.recogniser.acted import _underway, act_out, described
from skeleton.recogniser.sensing import sensed
from skeleton.simulation import act, draw_subject, mix, perform_program

JOINTS = layout("kinect-v2").joints


def performed(seed=0, **attributes):
    """Joints by name, (T, 3) each, of one performance."""
    random = np.random.default_rng(seed)
    person = draw_subject(random)
    figures = perform_program(act(attributes, random), person, draw_subject(random), random)
    return [dict(zip(JOINTS, body.transpose(1, 0, 2), strict=True)) for body in figures]


def test_every_value_of_every_field_can_be_acted_out():
    for name, field in load_vocabulary().fields.items():
        for value in field.values:
            for arms in ("one", "both"):
                bodies = performed(**{"arms": arms, "hand_peak": "head", "reach": "half", name: value})
                assert all(np.isfinite(joint).all() for body in bodies for joint in body.values()), (
                    name,
                    value,
                )


@pytest.mark.parametrize("seed", range(4))
def test_a_hand_goes_as_high_as_is_said(seed):
    high, low = (
        performed(seed, arms="one", side="right", hand_peak=peak, hand_end=peak, reach="half")[0]
        for peak in ("overhead", "waist")
    )
    top = [
        max(float((b[h] - b["head"])[:, 1].max()) for h in ("left_hand", "right_hand")) for b in (high, low)
    ]
    assert top[0] > 0.0 > top[1] + 0.2


def test_repetition_goes_to_and_fro_more_often():
    def turns(repetition):
        body = performed(
            arms="one", hand_peak="head", hand_end="head", reach="half", path="to_and_fro",
            stroke_lateral="side_to_side", repetition=repetition,
        )[0]  # fmt: skip
        busy = max(("left_hand", "right_hand"), key=lambda h: float(np.abs(np.diff(body[h][:, 0])).sum()))
        steps = np.diff(np.convolve(body[busy][:, 0], np.ones(5) / 5, "valid"))
        moving = steps[np.abs(steps) > 0.004]
        return int((np.diff(np.sign(moving)) != 0).sum())

    assert turns("many") > turns("few") > 1


@pytest.mark.parametrize(
    ("attributes", "falls"),
    [({"posture_start": "standing", "posture_end": "sitting"}, True), ({"posture_start": "sitting"}, False)],
)
def test_hips_follow_the_posture(attributes, falls):
    hips = performed(legs="both", leg_action="bend", **attributes)[0]["hip_centre"][:, 1]
    assert (hips[0] - hips[-1] > 0.15) == falls
    assert falls or hips[-1] - hips[0] > 0.15


def test_two_people_are_two_bodies_and_come_together():
    one, two = performed(people="two", locomotion="together", travel="way", leg_action="walk", legs="both")
    apart = np.linalg.norm((one["hip_centre"] - two["hip_centre"])[:, [0, 2]], axis=1)
    assert apart[-1] < apart[0] - 0.5


def test_recordings_differ_and_are_the_same_again():
    facts = {"arms": "one", "hand_peak": "head"}
    one, other, again = (act_out(facts, np.random.default_rng(seed)) for seed in (1, 2, 1))
    assert np.array_equal(one, again)
    assert one.shape != other.shape or not np.allclose(one, other)
    assert described([one, other]).features.shape[0] == 2


def test_mixed_attributes_come_from_the_pool_part_by_part():
    fields = load_vocabulary().fields
    pool = [{n: list(f.values)[at % len(f.values)] for n, f in fields.items()} for at in range(3)]
    made = mix(pool, np.random.default_rng(0))
    assert set(made) == set(fields)
    arms = [n for n, f in fields.items() if f.part == "arms"]
    assert {n: made[n] for n in arms} in [{n: p[n] for n in arms} for p in pool]


def test_a_sensor_takes_everybody_to_face_it():
    random = np.random.default_rng(0)
    person = draw_subject(random)
    figures = perform_program(act({"turning": "full"}, random), person, draw_subject(random), random)
    for seed in range(8):
        (body,) = sensed(figures, np.random.default_rng(seed))
        across = body[:, JOINTS.index("right_shoulder")] - body[:, JOINTS.index("left_shoulder")]
        assert np.abs(np.degrees(np.arctan2(across[:, 2], across[:, 0]))).max() < 125


def test_a_way_is_covered_once_however_often_the_legs_move():
    def ways(program):
        return [step for step in program.steps if "travel" in step.goals]

    walking = {"locomotion": "forward", "travel": "way", "repetition": "many"}
    for seed in range(4):
        program = act(walking, np.random.default_rng(seed))
        assert len(ways(program)) > 1
        assert ways(_underway(program)) == ways(program)[:1]

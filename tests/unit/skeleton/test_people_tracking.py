"""Detections become persons, through gaps and crossings."""

import numpy as np

from skeleton.data.tracking import Detection, tracked

POSE = np.array([[0, 0], [0, 100], [-20, 60], [20, 60], [-10, 150], [10, 150]], np.float32)


def at(x, person=""):
    return Detection((POSE + np.array([x, 10])).astype(np.float32), person)


def test_two_people_stay_who_they_are_whatever_the_order():
    frames = [[at(5 * t), at(400 - 5 * t)][:: 1 if t % 2 else -1] for t in range(30)]
    made = tracked(frames)
    assert made.shape == (30, 2, 6, 2)
    steps = np.abs(np.diff(made[:, :, 0, 0], axis=0))
    assert steps.max() == 5


def test_somebody_comes_back_after_a_gap_and_stays_away_after_a_long_one():
    frames = [[at(t)] if not 10 <= t < 20 else [] for t in range(40)]
    made = tracked(frames)
    assert made.shape[1] == 1
    assert not made[10:20].any()
    assert tracked(frames, gap=5).shape[1] == 2


def test_names_of_the_detector_count_more_than_places():
    frames = [[at(0, "a"), at(200, "b")], [at(200, "a"), at(0, "b")]]
    made = tracked(frames)
    assert abs(made[1, :, 0, 0] - made[0, :, 0, 0]).min() == 200


def test_a_flash_of_somebody_is_a_mistake_and_nobody_is_nobody():
    frames = [[at(0), at(900)] if t == 7 else [at(0)] for t in range(30)]
    assert tracked(frames).shape[1] == 1
    assert not tracked([[], []]).any()

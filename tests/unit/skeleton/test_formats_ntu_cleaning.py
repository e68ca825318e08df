from __future__ import annotations

import numpy as np
import pytest

from skeleton.data.formats.ntu_cleaning import clean
from skeleton.data.formats.ntu_text import Recording, Track
from skeleton.data.formats.outcomes import Unreadable


def track(id, start, length, motion=0.1, width=0.4):
    """A body 1.6 m tall whose hand goes up and down by ``motion``."""
    points = np.zeros((length, 25, 3), np.float32)
    points[:, :, 1] = np.linspace(0, 1.6, 25)
    points[:, :, 0] = np.linspace(0, width, 25)
    points[:, 11, 1] += motion * np.arange(length)
    points[:, :, 2] = id  # depth tells the bodies apart
    return Track(id, np.arange(start, start + length), points)


def run(frames, *tracks, people=2):
    positions, findings = clean(Recording(frames, tracks), "s", people)
    return positions, [f.outcome for f in findings]


def bodies(positions, frame):
    return positions[2, frame, 0].tolist()


def test_one_track_is_taken_as_it_is_however_short_or_wide():
    positions, found = run(3, track(1, 0, 3, width=5))
    assert positions.shape == (3, 3, 25, 2)
    assert found == []
    assert not positions[..., 1].any()


def test_short_tracks_are_dropped():
    positions, found = run(30, track(1, 0, 30), track(2, 0, 11))
    assert found == ["body-short"]
    assert not positions[..., 1].any()


def test_twelve_frames_are_enough():
    positions, found = run(30, track(1, 0, 30, motion=0.5), track(2, 0, 12))
    assert found == []
    assert bodies(positions, 0) == [1, 2]


def test_the_longest_stays_if_all_are_short():
    positions, found = run(9, track(1, 0, 3), track(2, 0, 9))
    assert found == ["body-short"]
    assert bodies(positions, 8) == [2, 0]


def test_furniture_is_dropped():
    positions, found = run(30, track(1, 0, 30, motion=0.01), track(2, 0, 30, motion=0.1, width=30))
    assert found == ["body-shape"]
    assert bodies(positions, 0) == [1, 0]


def test_the_main_actor_moves_most():
    positions, found = run(30, track(1, 0, 30, motion=0.01), track(2, 0, 30, motion=0.2))
    assert found == []
    assert bodies(positions, 0) == [2, 1]


def test_a_person_found_again_under_another_id_is_joined():
    positions, found = run(40, track(1, 0, 20, motion=0.2), track(2, 25, 15, motion=0.1))
    assert found == ["body-joined", "frames-missing"]
    assert positions.shape == (3, 35, 25, 2)
    assert bodies(positions, 0) == [1, 0]
    assert bodies(positions, 34) == [2, 0]


def test_a_third_person_is_extra():
    _, found = run(30, track(1, 0, 30, 0.3), track(2, 0, 30, 0.2), track(3, 0, 30, 0.1))
    assert found == ["body-extra"]
    positions, found = run(30, track(1, 0, 30, 0.1), track(2, 0, 30, 0.2), people=1)
    assert found == ["body-extra"]
    assert bodies(positions, 0) == [2]


def test_nobody_but_zeros():
    with pytest.raises(Unreadable) as caught:
        run(5, Track(1, np.arange(5), np.zeros((5, 25, 3), np.float32)))
    assert caught.value.outcome == "bodies"

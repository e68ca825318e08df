"""Everybody gets the bones of one person: directions stay, lengths do not count."""

import numpy as np
import pytest

from skeleton.data.body import BODY, canonical_bodies, standard_proportions
from skeleton.data.layouts import layout
from skeleton.data.loading import load_sequence
from skeleton.recogniser import EXAMPLE


@pytest.fixture(scope="module")
def body():
    clip = load_sequence(EXAMPLE)[0]
    return canonical_bodies(clip.positions[None], layout(clip.layout), 20).positions


def bone(positions, origin, joint):
    return positions[:, :, :, BODY.index(joint)] - positions[:, :, :, BODY.index(origin)]


def test_bones_have_one_length_and_keep_their_direction(body):
    made = standard_proportions(body)
    for origin, joint in (
        ("left_hip", "left_knee"),
        ("right_elbow", "right_wrist"),
        ("shoulder_centre", "head"),
    ):
        before, after = bone(body, origin, joint), bone(made, origin, joint)
        length = np.linalg.norm(after, axis=1)
        assert np.allclose(length, length.flat[0], atol=1e-5)
        cosine = (before * after).sum(1) / (np.linalg.norm(before, axis=1) * length)
        assert np.allclose(cosine, 1, atol=1e-4)


def test_long_arms_make_no_difference(body):
    stretched = body.copy()
    for side in ("left", "right"):
        way = 0.4 * bone(body, f"{side}_shoulder", f"{side}_elbow")
        for joint in ("elbow", "wrist", "hand"):
            stretched[:, :, :, BODY.index(f"{side}_{joint}")] += way
    assert not np.allclose(stretched, body, atol=0.05)
    assert np.allclose(standard_proportions(stretched), standard_proportions(body), atol=1e-4)


def test_once_is_enough_and_absent_people_stay_absent(body):
    made = standard_proportions(body)
    assert np.allclose(standard_proportions(made), made, atol=1e-3)
    pair = np.concatenate([body, np.zeros_like(body)], axis=-1)
    assert not standard_proportions(pair)[..., 1].any()

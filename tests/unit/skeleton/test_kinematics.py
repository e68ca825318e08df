"""Kinematic features: blocks say which part does what, which way; nothing depends on where or how big."""

import numpy as np
import pytest

from semtool.errors import SemtoolError
from skeleton.data.layouts import LAYOUTS, layout
from skeleton.data.sequence import SkeletonSequence
from skeleton.simulation.sampling import generate
from skeleton.visual import load_visual
from skeleton.visual.encoder import FILE, VisualSettings
from skeleton.visual.kinematic_encoder import KinematicEncoder
from skeleton.visual.kinematics import FRAMES, depth_columns, describe, describe_all

V1 = layout("kinect-v1")


def standing(frames=40):
    """A person who stands still, facing the sensor: (3, T, 20, 1)."""
    places = {
        "hip_centre": (0, 0, 0), "spine": (0, 0.2, 0), "shoulder_centre": (0, 0.5, 0), "head": (0, 0.7, 0),
        **{f"{s}_{j}": (x * d, y, 0) for s, x in (("left", -1), ("right", 1)) for j, d, y in (
            ("shoulder", 0.2, 0.5), ("elbow", 0.25, 0.25), ("wrist", 0.25, 0.05), ("hand", 0.25, 0.0),
            ("hip", 0.1, 0.0), ("knee", 0.1, -0.4), ("ankle", 0.1, -0.8), ("foot", 0.1, -0.85))},
    }  # fmt: skip
    pose = np.array([places[j] for j in V1.joints], dtype=np.float32).T
    return np.repeat(pose[:, None, :, None], frames, axis=1)


def described(positions):
    made = describe(positions[None], V1)
    ends = np.cumsum([w for _, w in made.blocks])
    return {n: made.features[0, end - w : end] for (n, w), end in zip(made.blocks, ends, strict=True)}


def moved(joint, path):
    positions = standing(len(path))
    positions[:, :, V1.index(joint), 0] += np.asarray(path, np.float32).T
    return positions


def circle(turns, frames=40):
    angle = np.linspace(0, 2 * np.pi * turns, frames)
    return np.stack([0.3 * np.cos(angle), 0.3 * np.sin(angle), np.zeros(frames)], axis=1)


def test_only_the_arm_that_moves_has_speed():
    found = described(moved("right_hand", circle(1)))
    assert np.abs(found["right_arm.speed"]).max() > 0.5
    assert np.abs(found["left_arm.speed"]).max() < 1e-4
    assert np.abs(found["right_leg.velocity"]).max() < 1e-4


def test_left_and_right_up_and_down_there_and_back_differ():
    way = np.linspace(0, 0.5, 40)[:, None]
    right, up = (described(moved("right_hand", way * np.eye(3)[axis])) for axis in (0, 1))
    left = described(moved("right_hand", -way * np.eye(3)[0]))
    assert right["right_arm.velocity"][0] > 0.1
    assert np.allclose(right["right_arm.velocity"][::3], -left["right_arm.velocity"][::3], atol=1e-3)
    assert up["right_arm.velocity"][1] > 0.1
    assert abs(up["right_arm.velocity"][0]) < 1e-4


def test_clockwise_and_counterclockwise_have_opposite_signed_areas():
    one, other = (described(moved("right_hand", circle(turns)))["right_arm.shape"][0] for turns in (1, -1))
    assert one > 0.05
    assert other == pytest.approx(-one, rel=1e-3)


def test_place_and_size_do_not_matter():
    base = moved("left_foot", circle(1)) + moved("left_ankle", circle(1)) - standing()
    shifted = 1.7 * base + np.array([2.0, 1.0, 3.0], np.float32)[:, None, None, None]
    for name, values in described(base).items():
        assert np.allclose(values, described(shifted)[name], atol=2e-3), name


@pytest.mark.parametrize("name", sorted(LAYOUTS))
def test_every_layout_has_the_same_columns(name):
    joints = layout(name)
    positions = np.random.default_rng(0).normal(size=(3, joints.dimensions, 40, len(joints), 2))
    made = describe(positions.astype(np.float32), joints, np.array([20, 30, 40]))
    assert made.blocks == describe(np.ones((1, 3, 9, 20, 1), np.float32), V1).blocks
    assert made.features.shape == made.unknown.shape == (3, sum(w for _, w in made.blocks))
    assert np.isfinite(made.features).all()


def test_nobody_and_one_frame_are_described_without_nan():
    assert np.isfinite(describe(np.zeros((1, 3, FRAMES, 20, 1), np.float32), V1).features).all()
    assert np.isfinite(describe(standing(1)[None], V1).features).all()


def test_the_columns_that_need_depth_are_those_that_say_nothing_of_a_flat_body():
    rng = np.random.default_rng(0)
    flat = rng.normal(size=(20, 3, FRAMES, 20, 1)).astype(np.float32)
    flat[:, 2] = 0
    made = describe(flat, V1)
    still = np.flatnonzero(np.ptp(made.features, axis=0) < 1e-4)
    mine = [c for c in still if not name_of(made.blocks, c).startswith("partner")]
    depth = set(depth_columns(made.blocks))
    assert set(mine) - depth <= columns_of(made.blocks, "body.duration")
    # Turns are there and there: half circles, by which side is nearer.
    assert depth - set(mine) <= columns_of(made.blocks, "torso.turn")
    assert made.unknown[:, sorted(depth)].all()
    assert not np.delete(made.unknown, sorted(depth), axis=1).any()


def columns_of(blocks, wanted):
    return {c for c in range(sum(w for _, w in blocks)) if name_of(blocks, c) == wanted}


def name_of(blocks, column):
    ends = np.cumsum([w for _, w in blocks])
    return blocks[int(np.searchsorted(ends, column, side="right"))][0]


def test_what_needs_a_missing_joint_is_unknown_and_the_rest_as_ever():
    whole = moved("right_hand", circle(1)) + np.float32(2)
    legless = whole.copy()
    legless[:, :, [V1.index(f"left_{j}") for j in ("knee", "ankle", "foot")]] = 0
    one, other = describe(whole[None], V1), describe(legless[None], V1)
    names = {name_of(other.blocks, c) for c in np.flatnonzero(other.unknown[0])}
    assert {"left_leg.position", "left_leg.bend", "limbs.feet"} <= names
    assert not {n for n in names if n.startswith(("right_", "left_arm", "torso"))}
    known = ~other.unknown[0]
    assert np.allclose(one.features[0, known], other.features[0, known], atol=1e-4)
    assert np.isfinite(other.features).all()


def test_hips_that_are_the_files_zero_tell_nothing_of_the_way():
    walking = standing() + np.linspace(0, 2, 40, dtype=np.float32)[None, :, None, None]
    fixed = walking - walking[:, :, [V1.index("left_hip"), V1.index("right_hip")]].mean(axis=2, keepdims=True)
    one, other = describe(walking[None], V1), describe(fixed[None] + 1e-6, V1)
    assert not one.unknown.any()
    names = {name_of(other.blocks, c) for c in np.flatnonzero(other.unknown[0])}
    assert "body.velocity" in names
    assert all(n.startswith("body.") for n in names)


def test_sequences_of_many_layouts_and_lengths_are_described_as_each_alone():
    rng = np.random.default_rng(0)
    sequences = [
        SkeletonSequence(str(i), name, rng.normal(size=(3, t, len(layout(name)), m)).astype(np.float32))
        for i, (name, t, m) in enumerate([("coco", 9, 1), ("kinect-v1", 30, 2), ("coco", 50, 1)])
    ]
    together = describe_all(sequences)
    for row, sequence in enumerate(sequences):
        alone = describe(sequence.positions[None], layout(sequence.layout))
        assert np.allclose(together.features[row], alone.features[0], atol=1e-4)


def test_a_second_person_shows():
    alone = np.concatenate([standing(), np.zeros_like(standing())], axis=-1)
    pair = np.concatenate([standing(), standing() + np.float32(0.9)], axis=-1)
    assert not described(alone)["partner.distance"].any()
    assert described(pair)["partner.presence"] == 1
    assert described(pair)["partner.distance"][0] > 0.5


def test_the_encoder_comes_back_and_refuses_other_versions(tmp_path, monkeypatch):
    KinematicEncoder(VisualSettings(), V1).save(tmp_path)
    found = load_visual(tmp_path)
    assert (tmp_path / FILE).is_file()
    sequence = moved("right_hand", circle(1))
    expected = np.concatenate(list(described(sequence).values()))
    assert np.array_equal(found.encode_sequence(sequence), expected)
    monkeypatch.setattr(KinematicEncoder, "version", 99)
    with pytest.raises(SemtoolError, match="this is version 99"):
        load_visual(tmp_path)


def test_the_encoder_of_one_layout_describes_another():
    encoder = KinematicEncoder(VisualSettings(), V1)
    rng = np.random.default_rng(0)
    other = rng.normal(size=(3, 20, len(layout("mediapipe")), 1)).astype(np.float32)
    expected = describe(other[None], layout("mediapipe")).features[0]
    assert np.array_equal(encoder.encode_sequence(other, layout("mediapipe")), expected)


def test_simulated_motion_is_told_apart_by_its_nearest_neighbour():
    from semtool.catalogue import load_dataset

    data = load_dataset("ntu60")
    names = ("hand waving", "sitting down", "standing up (from sitting position)", "kicking something")
    wanted = tuple(data.find_class(n).id for n in names)
    samples = list(generate(data, wanted, (1, 2, 3, 4), 1, 0))
    features = describe_all([s.sequence for s in samples]).features
    labels = np.array([s.sequence.class_id for s in samples])
    features = (features - features.mean(0)) / np.maximum(features.std(0), 1e-6)
    distance = ((features[:, None] - features[None]) ** 2).sum(-1)
    np.fill_diagonal(distance, np.inf)
    assert (labels[distance.argmin(1)] == labels).mean() > 0.8  # chance is 0.25

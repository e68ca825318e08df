"""One body inside: names of joints, the way the room lies, units and rates make no difference."""

import importlib.util
import json
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from semtool.artifacts import Store
from semtool.catalogue import Dataset, load_dataset
from semtool.errors import UsageError
from skeleton.data.formats import ReadContext, SampleFinding, Unreadable, recognise
from skeleton.data.formats.bvh import places
from skeleton.data.layouts import layout
from skeleton.data.loading import load_sequence
from skeleton.data.orientation import Seen, upright
from skeleton.data.pose_check import PoseCheck
from skeleton.data.preparation import prepare
from skeleton.simulation.sampling import generate
from skeleton.visual.kinematics import describe

PATH = Path(__file__).parents[2] / "written_skeletons.py"
spec = importlib.util.spec_from_file_location("written_skeletons", PATH)
written = importlib.util.module_from_spec(spec)
spec.loader.exec_module(written)

OPENNI = layout("openni")
SLOW = settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@cache
def person():
    """A simulated person who waves: a sequence of Kinect v2."""
    return acted("hand waving")


@cache
def acted(action):
    data = load_dataset("ntu60")
    return next(generate(data, (data.find_class(action).id,), (1,), 1, 0)).sequence


def read(path, classes=("wave", "kick"), bodies=2, hints=None, labelled=True):
    data = Dataset.model_validate({"schema": 1, "name": "mine", "bodies": bodies, "classes": list(classes)})
    (reader, files), *_ = recognise(path)
    return [x for f in files for x in reader.read(f, ReadContext(data, labelled=labelled, hints=hints or {}))]


def parts(found):
    return ([x for x in found if not isinstance(x, SampleFinding)],
            {x.outcome: x.message for x in found if isinstance(x, SampleFinding)})  # fmt: skip


def save(path, frames, joints=OPENNI.joints, **facts):
    """Write one clip (T, V, D) in the plain format."""
    facts = {"fps": 30, "unit": "m", "up_axis": "+y"} | facts
    np.savez(path, frames=frames[:, None].astype(np.float32), offsets=np.array([0, len(frames)]),
             joint_names=np.array(joints), **{k: v for k, v in facts.items() if v is not None})  # fmt: skip
    return path


def features(found):
    (sequence,), _ = parts(found)
    return describe(sequence.positions[None], layout(sequence.layout)).features[0]


@cache
def points():
    return written.joints_of(person(), "openni")


def spell(joint, style):
    side, _, rest = joint.partition("_") if joint.startswith(("left_", "right_")) else ("", "", joint)
    return {
        "snake": joint, "capitals": joint.upper(), "camel": joint.title().replace("_", ""),
        "letter": f"{side[:1]}_{rest}" if side else rest, "behind": f"{rest.title()}{side.title()}",
        "dotted": f"{rest}.{side[:1].upper()}" if side else rest, "words": joint.replace("_", " ").title(),
    }[style]  # fmt: skip


@SLOW
@given(
    order=st.permutations(range(15)),
    style=st.sampled_from(["snake", "capitals", "camel", "letter", "behind", "dotted", "words"]),
    angle=st.floats(-np.pi, np.pi),
    unit=st.sampled_from([("m", 1.0), ("cm", 100.0), ("mm", 1000.0), ("", 1000.0), (None, 1.0)]),
    up=st.sampled_from(["+y", "+z", "-z", "+x", None]),
    shift=st.tuples(*[st.floats(-3, 3)] * 3),
)
def test_order_names_direction_unit_and_axes_change_nothing(tmp_path, order, style, angle, unit, up, shift):
    expected = features(read(save(tmp_path / "one.npz", points())))
    turn = np.array([[np.cos(angle), 0, np.sin(angle)], [0, 1, 0], [-np.sin(angle), 0, np.cos(angle)]])
    moved = points() @ turn.T + np.array(shift)
    x, y, z = np.moveaxis(moved, -1, 0)
    axes = {"+y": (x, y, z), None: (x, y, z), "+z": (x, -z, y), "-z": (x, z, -y), "+x": (y, -x, z)}[up]
    frames = (np.stack(axes, axis=-1) * unit[1])[:, list(order)]
    names = [spell(OPENNI.joints[i], style) for i in order]
    path = save(tmp_path / "other.npz", frames, names, unit=unit[0], up_axis=up)
    found = features(read(path, hints={"up": "+y"} if up is None else {}))
    assert np.abs(found - expected).max() < 0.02


@SLOW
@given(rate=st.sampled_from([60, 90, 120, 45, 24]))
def test_any_rate_gives_the_same_features(tmp_path, rate):
    time = np.linspace(0, 1, 91)[:, None, None]
    smooth = points()[:1] + 0.2 * np.sin(2 * np.pi * time + np.arange(15)[None, :, None])
    expected = features(read(save(tmp_path / "one.npz", smooth)))
    faster = written.at_rate(smooth, rate)
    found = features(read(save(tmp_path / "other.npz", faster, fps=rate)))
    scale = np.maximum(np.abs(expected), 1)
    assert (np.abs(found - expected) / scale).max() < (0.05 if rate >= 30 else 0.15)


def test_mirrored_people_are_found_out_and_turned_back(tmp_path):
    frames = written.joints_of(person(), "kinect-v1")
    names = layout("kinect-v1").joints
    (one,), said = parts(read(save(tmp_path / "one.npz", frames, names)))
    assert "mirrored" not in said
    (other,), said = parts(read(save(tmp_path / "other.npz", frames * [-1, 1, 1], names)))
    assert "fronts are where their backs" in said["mirrored"]
    np.testing.assert_allclose(one.positions, other.positions, atol=1e-5)
    (kept,), said = parts(read(tmp_path / "other.npz", hints={"mirrored": False}))
    assert not said
    np.testing.assert_allclose(kept.positions[0], -one.positions[0], atol=1e-5)


@pytest.mark.parametrize("tilt", [-10, -20])
def test_a_camera_that_looks_down_is_turned_level(tilt):
    frames = written.joints_of(acted("clapping"), "kinect-v1")  # seen from 14 degrees above
    a = np.deg2rad(tilt)
    tilted = frames @ np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]]).T
    straight = upright(Seen.of(frames.astype(np.float32), layout("kinect-v1")))[1]
    name, turn = upright(Seen.of(tilted.astype(np.float32), layout("kinect-v1")))
    assert name == f"+y, tilted by {14 - tilt} degrees"
    np.testing.assert_allclose((tilted @ turn.T)[..., 1], (frames @ straight.T)[..., 1], atol=0.01)


@pytest.mark.parametrize("writer", written.THREE.values(), ids=written.THREE)
def test_what_is_written_as_another_tool_would_is_the_same_motion(writer, tmp_path):
    (found,), _ = parts(read(writer(person(), tmp_path)))
    mine, own = (
        describe(found.positions[None], layout(found.layout)),
        describe(person().positions[None], layout("kinect-v2")),
    )
    gap = np.where(mine.unknown, 0, np.abs(mine.features - own.features))
    assert np.median(gap) < 0.05
    assert abs(found.positions.shape[1] - person().positions.shape[1]) <= 1


@pytest.mark.parametrize("writer", written.TWO.values(), ids=written.TWO)
def test_what_is_seen_in_the_image_is_the_same_motion_without_depth(writer, tmp_path):
    (found,), said = parts(read(writer(person(), tmp_path)))
    assert not found.positions[2].any()
    assert "30 are assumed" in said["assumed"]
    made = describe(found.positions[None], layout(found.layout))
    assert made.unknown.any()
    arm = {n: made.features[0, e - w : e] for (n, w), e in
           zip(made.blocks, np.cumsum([w for _, w in made.blocks]), strict=True)}  # fmt: skip
    own = describe(person().positions[None], layout("kinect-v2"))
    names = {n: own.features[0, e - w : e] for (n, w), e in
             zip(own.blocks, np.cumsum([w for _, w in own.blocks]), strict=True)}  # fmt: skip
    busy = max(("left_arm", "right_arm"), key=lambda a: names[f"{a}.speed"][-2])
    assert busy == max(("left_arm", "right_arm"), key=lambda a: arm[f"{a}.speed"][-2])


def landmarks():
    """The waving person as MediaPipe writes it: in the image with a guessed depth, and in the world."""
    image = written.in_image(written.joints_of(person(), "mediapipe")) / [written.WIDTH, written.HEIGHT]
    world = written.joints_of(person(), "mediapipe") * [-1, -1, 1]
    world = world - world[:, [23, 24]].mean(axis=1, keepdims=True)
    return np.concatenate([image, np.full((*image.shape[:2], 1), 0.01)], axis=-1), world


def csv_of(points, header):
    return "\n".join([",".join(header), *(",".join(f"{v:.4f}" for v in row) for row in points)])


def mappings(frame):
    return [dict(zip("xyz", point, strict=True), visibility=0.9) for point in frame.tolist()]


NAMES = layout("mediapipe").joints
IMAGE, WORLD = landmarks()
SPELLINGS = {
    "image landmarks": ("clip.json", True, lambda: [{"pose_landmarks": mappings(f)} for f in IMAGE]),
    "no world found": (
        "clip.json", True,
        lambda: [{"pose_landmarks": [mappings(f)], "pose_world_landmarks": []} for f in IMAGE],
    ),
    "frames without anybody": (
        "clip.json", False,
        lambda: [None if i % 9 == 4 else {"pose_world_landmarks": mappings(f)} for i, f in enumerate(WORLD)],
    ),
    "rows": ("clip.json", False, lambda: np.concatenate([WORLD, WORLD * 0 + 1], -1)[..., :4].tolist()),
    "rate": ("clip.json", False, lambda: {"fps": 30, "frames": [{"landmarks": mappings(f)} for f in WORLD]}),
    "columns by number": (
        "clip.csv", False,
        lambda: csv_of(WORLD.reshape(len(WORLD), -1), [f"{a}{i}" for i in range(33) for a in "xyz"]),
    ),
    "a spreadsheet that writes commas": (
        "clip.csv", False,
        lambda: csv_of(WORLD.reshape(len(WORLD), -1), [f"{n}_{a}" for n in NAMES for a in "xyz"])
        .replace(",", ";").replace(".", ","),
    ),
    "columns by name, with a visibility": (
        "clip.csv", False,
        lambda: csv_of(np.pad(WORLD, ((0, 0),) * 2 + ((0, 1),), constant_values=0.9).reshape(len(WORLD), -1),
                       [f"{n.upper()}_{a}" for n in NAMES for a in ("x", "y", "z", "visibility")]),
    ),
    "a row a joint": (
        "clip.csv", False,
        lambda: "frame,landmark,x,y,z\n" + "\n".join(
            f"{i},{n},{x:.4f},{y:.4f},{z:.4f}" for i, f in enumerate(WORLD)
            for n, (x, y, z) in zip(NAMES, f, strict=True)),
    ),
    "a row a frame": ("clip.npy", False, lambda: WORLD.reshape(len(WORLD), -1)),
    "pixels with a score": (
        "clip.npy", True,
        lambda: np.concatenate([written.in_image(written.joints_of(person(), "coco")),
                                np.full((len(WORLD), 17, 1), 0.9)], axis=-1),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("name", "flat", "content"), SPELLINGS.values(), ids=SPELLINGS)
def test_the_ways_in_which_people_save_landmarks(tmp_path, name, flat, content):
    made = content()
    if name.endswith(".npy"):
        np.save(tmp_path / name, made)
    else:
        (tmp_path / name).write_text(made if isinstance(made, str) else json.dumps(made))
    (found,), said = parts(read(tmp_path))
    assert found.positions[2].any() != flat
    assert found.positions.shape[1:] == (len(WORLD), 17 if name == "clip.npy" and flat else 33, 1)
    height = found.positions[1, :, :, 0].max(axis=1) - found.positions[1, :, :, 0].min(axis=1)
    assert 1.0 < np.median(height) < 2.2
    assert ("shares of the image" in said.get("assumed", "")) == (name == "clip.json" and flat)


def test_turns_of_bones_place_their_children():
    text = """HIERARCHY
ROOT Hips
{
  OFFSET 0 0 0
  CHANNELS 6 Xposition Yposition Zposition Zrotation Xrotation Yrotation
  JOINT Arm
  {
    OFFSET 1 0 0
    CHANNELS 3 Zrotation Xrotation Yrotation
    End Site
    {
      OFFSET 1 0 0
    }
  }
}
MOTION
Frames: 2
Frame Time: 0.02
5 0 0 0 0 0 0 0 0
0 0 0 90 0 0 0 0 90
"""
    names, found, rate = places(text)
    assert names == ("Hips", "Arm", "Arm_End")
    assert rate == pytest.approx(50)
    np.testing.assert_allclose(found[0], [[5, 0, 0], [6, 0, 0], [7, 0, 0]], atol=1e-9)
    # A quarter turn about z at the hips, then about the arm's own y: its x goes to -z.
    np.testing.assert_allclose(found[1], [[0, 0, 0], [0, 1, 0], [0, 1, -1]], atol=1e-9)


def test_labels_come_from_the_file_or_from_a_table_beside(tmp_path):
    frames = np.concatenate([points(), points()])
    facts = {"label": [1, 0], "subject": ["s07", "s03"], "source": ["x/1.txt", "x/2.txt"]}
    facts |= {"class_names": ["dance", "wave"], "joint_names": OPENNI.joints, "fps": 30}
    offsets = [0, len(frames) // 2, len(frames)]
    np.savez(tmp_path / "a.npz", frames=frames[:, None], offsets=offsets, **facts)
    found, said = parts(read(tmp_path / "a.npz"))
    assert [(s.name, s.class_id, s.subject) for s in found] == [("x-1", 0, 7)]
    assert "dance" in said["label"]
    assert [s.class_id for s in parts(read(tmp_path / "a.npz", labelled=False))[0]] == [-1, -1]
    folder = tmp_path / "clips"
    folder.mkdir()
    written.smpl_npy(person(), folder)
    (folder / "labels.csv").write_text("name,label,subject\nclip,kick,4\n")
    (only,), _ = parts(read(folder))
    assert (only.class_id, only.subject) == (1, 4)


def test_hints_beside_the_file_settle_what_it_does_not_say(tmp_path):
    names = [f"Point{i}" if i in (6, 7) else j for i, j in enumerate(OPENNI.joints)]
    path = save(tmp_path / "one.npz", points(), names, fps=None)
    (_,), said = parts(read(path))
    assert "Point6, Point7" in said["joints-unplaced"]
    (tmp_path / "skeleton.yaml").write_text("fps: 15\njoints: {Point6: left_hand, Point7: right_hand}\n")
    (found,), said = parts(read(path))
    assert not said
    assert found.layout == "openni"
    assert found.positions.shape[1] == 2 * len(points()) - 1


@pytest.mark.parametrize("joint", ["left_hip", "left_shoulder"])
def test_too_few_joints_to_be_a_body_are_named(tmp_path, joint):
    keep = [i for i, j in enumerate(OPENNI.joints) if j != joint]
    path = save(tmp_path / "one.npz", points()[:, keep], [OPENNI.joints[i] for i in keep])
    with pytest.raises(Unreadable, match=f"too few joints to be a body, it lacks.*{joint}"):
        read(path)


BAD = {
    "not JSON": ("clip.json", '{"people": [', "not JSON"),
    "of another tool": ("clip.json", '{"keypoints": {"a": 1}, "people": 3}', "not JSON of a known pose"),
    "nobody": ("clip.json", '[{"people": []}, {"people": []}]', "no frame shows anybody"),
    "two kinds": (
        "clip.json",
        '[{"keypoints": [[1,2,1],[3,4,1]]}, {"keypoints": [[1,2,1]]}]',
        "mixes persons with 1 and 2 joints",
    ),
    "short motion": (
        "clip.bvh",
        "HIERARCHY ROOT a { OFFSET 0 0 0 CHANNELS 1 Xposition } MOTION Frames: 2 Frame Time: 1 1",
        "2 frames of 1 channels announced, 1 numbers found",
    ),
    "no number of joints": ("clip.npy", np.ones((5, 7, 3)), "7 joints without names; known are"),
    "a batch of clips": ("clip.npy", np.ones((3, 40, 17, 3)), "40 people are too many"),
    "JSON of nobody's": ("clip.json", '{"results": [1, 2]}', "holds no skeleton data in a known format"),
    "an archive of nobody's": ("clip.npz", {"poses": np.ones(3)}, "holds no skeleton data in a known format"),
    "frames without numbers": ("clip.csv", "joint,x,y\nnose,1,2\n", "no column that counts the frames"),
}


@pytest.mark.parametrize(("name", "text", "message"), BAD.values(), ids=BAD)
def test_bad_files_are_named_with_the_reason_and_the_rest_goes_on(tmp_path, name, text, message):
    folder = tmp_path / "raw"
    folder.mkdir()
    if isinstance(text, np.ndarray):
        np.save(folder / name, text)
    elif isinstance(text, dict):
        np.savez(folder / name, **text)
    else:
        (folder / name).write_text(text)
    with pytest.raises(UsageError, match=message):
        load_sequence(folder / name)
    if name.endswith(".json"):
        (folder / "b").mkdir()
        written.ultralytics_json(person(), folder / "b")
        (folder / "skip").mkdir()
        sequence, _ = load_sequence(folder)
        assert sequence.layout == "coco"


def test_json_of_another_tool_among_others_is_named(tmp_path):
    written.ultralytics_json(person(), tmp_path)
    (tmp_path / "other.json").write_text('{"results": [1, 2]}')
    data = Dataset.model_validate({"schema": 1, "name": "mine", "classes": ["wave", "kick"]})
    done = prepare(data, tmp_path, store=Store(tmp_path / "store"))
    assert done.samples == 1
    assert [(s, f.outcome) for s, f in done.findings if f.severity == "rejected"] == [
        ("other.json", "damaged")
    ]


def test_joints_and_people_that_vanish_for_a_while_are_bridged(tmp_path):
    frames = points().copy()
    holed = frames.copy()
    holed[10:14, OPENNI.index("left_hand")] = 0
    holed[20:23] = np.nan
    (found,), _ = parts(read(save(tmp_path / "one.npz", holed)))
    (whole,), _ = parts(read(save(tmp_path / "two.npz", frames)))
    assert found.positions.shape == whole.positions.shape
    assert found.positions.any(axis=0).all()
    assert np.abs(found.positions - whole.positions).max() < 0.3


def test_the_one_who_moves_most_comes_first(tmp_path):
    still = np.repeat(points()[:1], len(points()), axis=0) + np.array([1.0, 0, 0])
    path = tmp_path / "pair.npz"
    pair = np.stack([still, points()], axis=1).astype(np.float32)
    np.savez(
        path, frames=pair, fps=30, unit="m", up_axis="+y", offsets=[0, len(pair)], joint_names=OPENNI.joints
    )
    (found,), _ = parts(read(path))
    assert found.positions.shape[3] == 2
    assert found.positions[..., 0].std(axis=1).sum() > 10 * found.positions[..., 1].std(axis=1).sum()


@pytest.mark.parametrize(
    ("change", "message"),
    [([1, 1, 1], ""), ([-1, -1, 1], "people stand along -y"), ([-1, 1, 1], "point backwards")],
)
def test_readers_that_take_coordinates_as_they_are_are_checked_for_people(change, message):
    check = PoseCheck()
    for action in ("hand waving", "clapping"):
        turned = acted(action).positions * np.array(change, np.float32)[:, None, None, None]
        check.look(replace(acted(action), positions=turned))
    assert [message in f.message for f in check.findings()] == [True] * bool(message)

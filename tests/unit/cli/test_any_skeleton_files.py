"""Recordings of one's own from the command line, in an empty folder: joints, labels and settings."""

from __future__ import annotations

import numpy as np
import pytest

from skeleton.data.layouts import layout

JOINTS = layout("openni").joints
DATASET = """
schema: 1
name: mine
classes: [wave, kick, sit down]
protocols: {xsub: {by: subject, train: [1]}}
default_protocol: xsub
"""


@pytest.fixture
def here(tmp_path):
    """An empty folder with a data set of one's own and a person whose joints are called M0 to M14."""
    (tmp_path / "mine.yaml").write_text(DATASET)
    (tmp_path / "map.yaml").write_text(
        "fps: 15\njoints:\n" + "".join(f"  M{i}: {joint}\n" for i, joint in enumerate(JOINTS))
    )
    save(tmp_path / "clip.npz", [f"M{i}" for i in range(15)])
    return tmp_path


def save(path, names):
    at = {
        "head": (0, 0.8),
        "neck": (0, 0.5),
        "spine": (0, 0.25),
        "shoulder": (0.2, 0.5),
        "elbow": (0.25, 0.2),
    }
    at |= {"hand": (0.25, -0.1), "hip": (0.1, 0), "knee": (0.1, -0.45), "foot": (0.1, -0.9)}
    points = np.zeros((8, 1, 15, 3), np.float32)
    for index, joint in enumerate(JOINTS):
        side, _, stem = joint.rpartition("_")
        x, y = at[stem]
        points[:, 0, index] = (x if side == "right" else -x, y, 2.5)
    points[:, 0, JOINTS.index("right_hand"), 1] += np.linspace(0, 1, 8)
    np.savez(path, frames=points, offsets=[0, 8], joint_names=names, unit="m", up_axis="+y")


def test_joints_without_a_place_are_named_and_a_mapping_places_them(here, cli):
    refused = cli("show-skeleton", "clip.npz")
    assert refused.code == 2
    assert "not understood as landmarks: M0, M1" in refused.err
    assert "--mapping FILE" in refused.err
    shown = cli("show-skeleton", "clip.npz", "--mapping", "map.yaml", "--json").json()
    assert (shown["layout"], shown["frames"], shown["findings"]) == ("openni", 15, [])
    prepared = cli("prepare", "-d", "mine.yaml", "--raw", "clip.npz", "--mapping", "map.yaml")
    assert prepared.code == 0
    assert "1 of 1 samples have no class" in prepared.err
    refused = cli("features", "-d", "mine.yaml", "--visual", "kinematics", "--split", "draw-1-0")
    assert "put a labels.csv (name,label,subject) beside the recordings" in refused.err


def test_what_is_said_changes_the_arrays(here, cli):
    said = ["prepare", "-d", "mine.yaml", "--raw", "clip.npz", "--mapping", "map.yaml", "--json"]
    versions = [cli(*said, *more).json()["arrays"] for more in ([], [], ["--fps", "30"])]
    assert versions == ["mine/raw@v1", "mine/raw@v1", "mine/raw@v2"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("joints: {M0: haed}", "unknown landmark 'haed'; did you mean 'head'"),
        ("joint: {M0: head}", "joint: Extra inputs are not permitted; it may say layout, joints"),
        ("joints: {Q0: head}", "unknown joint 'Q0'; did you mean 'M0'"),
        ("up: u", "unknown axis that points up 'u'"),
        ("- M0", "is not YAML with settings"),
    ],
)
def test_a_mapping_that_means_nothing_is_one_sentence(here, cli, text, message):
    (here / "map.yaml").write_text(text)
    refused = cli("show-skeleton", "clip.npz", "--mapping", "map.yaml")
    assert refused.code == 2
    assert message in refused.err
    assert len(refused.err.strip().splitlines()) == 1


def test_labels_come_from_a_table_or_from_the_folders_names(here, cli):
    for place in ("raw/kick", "raw/wave", "raw/other"):
        (here / place).mkdir(parents=True)
        save(here / place / f"{place[-4:]}.npz", JOINTS)
    (here / "raw/labels.csv").write_text("name,label,subject\nother/ther.npz,sit down,4\n")
    made = cli("prepare", "-d", "mine.yaml", "--raw", "raw", "--fps", "30", "--json").json()
    rows = (here / made["path"] / "samples.csv").read_text().splitlines()[1:]
    assert [row.split(",")[1:3] for row in rows] == [["1", "-1"], ["2", "4"], ["0", "-1"]]


@pytest.mark.parametrize(
    "command", [("show-skeleton",), ("recogniser", "describe"), ("classify", "-l", "wave, kick")]
)
def test_the_carried_clip_is_known_by_name_and_a_missing_file_is_named(here, cli, command):
    assert cli(*command, "example").code == 0
    refused = cli(*command, "nope.json")
    assert (refused.code, "there is no file nope.json" in refused.err) == (2, True)


def test_classify_tells_what_it_assumed(here, cli):
    save(here / "named.npz", JOINTS)
    done = cli("classify", "named.npz", "-l", "wave, kick", "--json")
    assert done.json()["predictions"]
    assert "assumed: named.npz: it does not say its frames a second" in done.err


def test_every_clip_of_a_file_is_classified(here, cli):
    save(here / "two.npz", JOINTS)
    held = dict(np.load(here / "two.npz"))
    held |= {"frames": np.tile(held["frames"], (2, 1, 1, 1)), "offsets": [0, 8, 16], "source": ["a", "b"]}
    np.savez(here / "two.npz", **held)
    done = cli("classify", "two.npz", "-l", "wave, kick", "--json").json()
    assert [answer["name"] for answer in done["predictions"]] == ["a", "b"]

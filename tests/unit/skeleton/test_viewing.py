from __future__ import annotations

import json
import re

import numpy as np
import pytest

from semtool.artifacts import Store
from semtool.errors import UsageError
from skeleton.data.arrays import ArrayWriter
from skeleton.data.layouts import layout
from skeleton.data.sequence import SkeletonSequence
from skeleton.data.viewing import show_skeleton


@pytest.fixture
def arrays(tmp_path):
    """Two samples; the second has another person in its last frames."""
    rng = np.random.default_rng(0)
    store = Store(tmp_path / "artifacts")
    with store.create("arrays", "ntu60/raw") as draft:
        with ArrayWriter(draft.folder, "ntu60", "kinect-v2", bodies=2) as writer:
            for name, bodies in (("one", 1), ("two</script>", 2)):
                positions = rng.normal(0, 0.3, (3, 8, 25, bodies)).astype(np.float32)
                positions[2] += 3
                positions[:, :5, :, 1:] = 0
                writer.append(SkeletonSequence(name, "kinect-v2", positions, class_id=57))
        draft.details |= writer.details
    return draft.result.path


def page_data(path):
    text = path.read_text(encoding="utf-8")
    assert "http://" not in text
    assert "https://" not in text
    return json.loads(re.search(r'id="data">(.*?)</script>', text, re.S)[1])


def test_page(arrays, tmp_path):
    shown = show_skeleton(arrays, tmp_path / "x.html")
    data = page_data(shown.path)
    assert "one: handshaking" in shown.path.read_text(encoding="utf-8")
    assert len(data["frames"]) == 8
    assert len(data["bones"]) == 24
    assert data["frames"][0][1] == []
    np.testing.assert_allclose(data["frames"][3][0][7], shown.sequence.positions[:, 3, 7, 0], atol=6e-4)
    names = layout("kinect-v2").joints
    assert [data["sides"][names.index(j)] for j in ("head", "left_hand", "right_knee")] == [0, 1, 2]


def test_names_cannot_break_out_of_the_page(arrays, tmp_path):
    shown = show_skeleton(arrays, tmp_path / "x.html", sample="two</script>")
    data = page_data(shown.path)
    assert [len(body) for body in data["frames"][4]] == [25, 0]
    assert [len(body) for body in data["frames"][5]] == [25, 25]
    assert "<title>two&lt;/script&gt;" in shown.path.read_text(encoding="utf-8")


@pytest.mark.parametrize(("depth", "mirror"), [(2.0, -1), (0.0, 1)])
def test_a_depth_sensor_sees_the_right_hand_of_who_faces_it_on_the_left(tmp_path, depth, mirror):
    from skeleton.data.viewing import timeline_page

    positions = np.zeros((3, 1, 20, 1), np.float32)
    positions[1, 0, :, 0] = np.linspace(0, 1, 20)
    positions[2] = depth
    (tmp_path / "x.html").write_text(timeline_page(SkeletonSequence("x", "kinect-v1", positions), []))
    assert page_data(tmp_path / "x.html")["mirror"] == mirror


def test_what_cannot_be_shown(arrays, tmp_path):
    with pytest.raises(UsageError, match=r"a page, \.html"):
        show_skeleton(arrays, tmp_path / "x.bmp")
    with pytest.raises(UsageError, match="did you mean 'one'"):
        show_skeleton(arrays, sample="onee")
    (tmp_path / "bad.skeleton").write_text("0")
    with pytest.raises(Exception, match="not of the form"):
        show_skeleton(tmp_path / "bad.skeleton")
    (tmp_path / "x.txt").write_text("0")
    with pytest.raises(UsageError, match="known format"):
        show_skeleton(tmp_path / "x.txt")


@pytest.mark.real
def test_the_command_on_real_files(cli, data_folder, tmp_path):
    file = data_folder / "ntu_samples" / "S001C003P008R002A058.skeleton"
    found = cli("show-skeleton", file, "--json").json()
    assert not found.pop("findings")
    assert found == {
        "path": "S001C003P008R002A058.html",
        "sample": "S001C003P008R002A058",
        "class_id": 57,
        "layout": "kinect-v2",
        "frames": 70,
        "bodies": 2,
    }
    shown = cli("show-skeleton", data_folder / "utd_mhad" / "a9_s1_t1_skeleton.mat", "-o", "circle.html")
    assert "draw circle (clockwise)" in shown.out
    assert (tmp_path / "circle.html").is_file()

"""The example reader: motion capture in .trc files becomes a data set's arrays."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from semtool.catalogue import load_dataset
from skeleton.data.formats import ReadContext, SampleFinding, Unreadable

MODULE = Path(__file__).parents[2] / "examples" / "bring_your_own_reader" / "semtool_trc.py"
BODY = {
    "Hips": (0, 1000, 0), "Neck": (0, 1500, 0), "Head": (0, 1700, 0),
    "LShoulder": (-180, 1480, 0), "LElbow": (-250, 1200, 0), "LWrist": (-260, 950, 0),
    "RShoulder": (180, 1480, 0), "RElbow": (250, 1200, 0), "RWrist": (260, 950, 0),
    "LHip": (-90, 1000, 0), "LKnee": (-90, 550, 0), "LAnkle": (-90, 100, 0), "LBigToe": (-90, 30, -180),
    "RHip": (90, 1000, 0), "RKnee": (90, 550, 0), "RAnkle": (90, 100, 0), "RBigToe": (90, 30, -180),
}  # fmt: skip


@pytest.fixture(scope="module")
def reader():
    spec = importlib.util.spec_from_file_location("semtool_trc", MODULE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.READER


def write(path, frames=20, fps="60"):
    """Somebody who raises the right hand, as OpenSim writes it: millimetres, 60 frames a second."""
    axes = "\t".join(f"X{i}\tY{i}\tZ{i}" for i in range(1, len(BODY) + 1))
    lines = [
        f"PathFileType\t4\t(X/Y/Z)\t{path.name}",
        "DataRate\tCameraRate\tNumFrames\tNumMarkers\tUnits",
        f"{fps}\t{fps}\t{frames}\t{len(BODY)}\tmm",
        "Frame#\tTime\t" + "\t\t\t".join(BODY) + "\t\t",
        f"\t\t{axes}",
    ]
    for t in range(frames):
        at = {**BODY, "RWrist": (260, 950 + 40 * t, 0)}
        lines.append(f"{t + 1}\t{t / 60:.4f}\t" + "\t".join(f"{v}" for xyz in at.values() for v in xyz))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n")


def test_a_clip_is_read_with_its_joints_rate_and_unit(reader, tmp_path):
    write(tmp_path / "wave" / "one.trc")
    (file,) = reader.find(tmp_path)
    read = list(reader.read(file, ReadContext(load_dataset("utd-mhad"))))
    (sequence,) = [found for found in read if not isinstance(found, SampleFinding)]
    assert not [found for found in read if isinstance(found, SampleFinding) and found.outcome == "assumed"]
    assert sequence.positions.shape[1] == pytest.approx(10, abs=1)  # of 60 frames a second every second one
    body = sequence.positions[..., 0]
    assert np.ptp(body[1, 0]) == pytest.approx(1.67, abs=0.1)  # metres, upright
    assert sequence.class_id == load_dataset("utd-mhad").find_class("wave").id


def test_what_is_no_table_is_named(reader, tmp_path):
    (tmp_path / "short.trc").write_text("PathFileType\t4\n")
    write(tmp_path / "odd.trc", fps="fast")
    for file in reader.find(tmp_path):
        with pytest.raises(Unreadable, match=file.path.name):
            list(reader.read(file, ReadContext(load_dataset("utd-mhad"))))

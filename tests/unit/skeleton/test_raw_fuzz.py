"""Mutated raw files and feature folders: every sample is right or named, nothing hangs."""

from __future__ import annotations

import io
import json
import pickle
import tempfile
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from semtool.artifacts import Store
from semtool.catalogue import load_dataset
from semtool.errors import SemtoolError
from skeleton.data.formats import OUTCOMES, RawFile, ReadContext, SampleFinding, find_reader
from skeleton.data.reading import ReadingProcess
from skeleton.visual import import_features

RNG = np.random.default_rng(0)
X = RNG.normal(size=(2, 4, 150)).astype(np.float32)


def saved(write, *arguments, **options):
    stream = io.BytesIO()
    write(stream, *arguments, **options)
    return stream.getvalue()


def mat():
    from scipy.io import savemat

    return saved(savemat, {"d_skel": RNG.normal(size=(20, 3, 5))}, do_compression=True)


def ntu():
    joint = "0.1 0.2 3.0 1 1 1 1 0 0 0 0 2"
    body = "\n".join(["1", "72057594037931101 0 1 0 1 0 0 0.1 -0.2 2", "25", *[joint] * 25])
    return "\n".join(["2", body, body, ""]).encode()


def json_text():
    return json.dumps({"skeletons": RNG.normal(size=(4, 20, 3)).tolist()}).encode()


KEYPOINT = RNG.normal(size=(1, 4, 25, 3))
SEEDS = {
    "ntu": ("ntu60", "S001C001P001R001A001.skeleton", ntu()),
    "nw_ucla": ("nw-ucla", "a01_s01_e00_v01.json", json_text()),
    "utd_mhad": ("utd-mhad", "a1_s1_t1_skeleton.mat", mat()),
    "ctr_gcn": ("ntu60", "x.npz", saved(np.savez, x_train=X, y_train=np.array([0, 1]))),
    "aimclr": ("ntu60", "train_data.npy", saved(np.save, RNG.normal(size=(2, 3, 4, 25, 2)))),
    "pyskl": ("ntu60", "x.pkl", pickle.dumps([{"frame_dir": "a", "label": 0, "keypoint": KEYPOINT}])),
    "pku_mmd": ("pku-mmd", "0002-M.txt", saved(np.savetxt, RNG.normal(size=(4, 150)))),
}  # fmt: skip
COMPANIONS = {
    "aimclr": ("train_label.npy", saved(np.save, np.array([0, 1]))),
    "pku_mmd": ("0002-M.label.txt", b"1,0,3,1\n"),
}


@st.composite
def mutation(draw):
    """Return a function that damages bytes in a few places."""
    kinds = st.sampled_from(["cut", "byte", "insert", "remove", "repeat"])
    steps = draw(st.lists(st.tuples(kinds, st.floats(0, 1), st.binary(min_size=1, max_size=9)), max_size=5))

    def run(data):
        data = bytearray(data)
        for kind, where, piece in steps:
            at = int(where * len(data))
            if kind == "cut":
                del data[at:]
            elif kind == "insert":
                data[at:at] = piece
            elif kind == "remove":
                del data[at : at + len(piece)]
            elif kind == "repeat":
                data[at:at] = data[at : at + 40 * len(piece)]
            else:
                data[at : at + len(piece)] = piece
        return bytes(data)

    return run


@pytest.fixture(scope="module")
def processes():
    """One reading process a format, started once."""
    made = {n: ReadingProcess(find_reader(n), ReadContext(load_dataset(d))) for n, (d, *_) in SEEDS.items()}
    yield made
    for process in made.values():
        process.close()


def check(processes, name, damage):
    dataset, file, data = SEEDS[name]
    reader = find_reader(name)
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder, file)]
        paths[0].write_bytes(damage(data))
        if name in COMPANIONS:
            other, content = COMPANIONS[name]
            paths.append(Path(folder, other))
            paths[1].write_bytes(content)
        raw = RawFile(file, tuple(paths))
        if reader.isolated:
            found = list(processes[name].read(raw, len(data)))
        else:
            found = list(reader.samples(raw, ReadContext(load_dataset(dataset))))
    assert found
    for sample in found:
        if isinstance(sample, SampleFinding):
            assert sample.outcome in OUTCOMES
        else:
            assert np.isfinite(sample.positions).all()
            assert -1 <= sample.class_id < len(load_dataset(dataset).classes)
            assert sample.positions.any()


def check_import(damage):
    parts = {"train.npy": X.reshape(2, -1), "ztest.npy": X.reshape(2, -1), "gtest.npy": X.reshape(2, -1)}
    labels = {"train_label.npy": [0, 1], "z_label.npy": [10, 11], "g_label.npy": [0, 10]}
    with tempfile.TemporaryDirectory() as folder:
        for name, content in {**parts, **labels}.items():
            data = saved(np.save, np.asarray(content))
            Path(folder, name).write_bytes(damage(data) if name in ("train.npy", "z_label.npy") else data)
        with suppress(SemtoolError):  # anything else is a failure
            import_features(folder, "ntu60", "synse-55-5", store=Store(Path(folder, "root")))


QUICK = settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
THOROUGH = settings(max_examples=2000, deadline=None, suppress_health_check=list(HealthCheck))
names = st.sampled_from(sorted(SEEDS))


def test_the_seeds_themselves_are_read(processes):
    for name in SEEDS:
        check(processes, name, lambda data: data)


@QUICK
@given(name=names, damage=mutation())
def test_mutated_recordings(processes, name, damage):
    check(processes, name, damage)


@settings(QUICK, max_examples=25)
@given(damage=mutation())
def test_mutated_features(damage):
    check_import(damage)


@pytest.mark.slow
@THOROUGH
@given(name=names, damage=mutation())
def test_many_mutated_recordings(processes, name, damage):
    check(processes, name, damage)


@pytest.mark.slow
@settings(THOROUGH, max_examples=300)
@given(damage=mutation())
def test_many_mutated_features(damage):
    check_import(damage)

"""``simulate``: samples, their names and numbers, determinism, and both outputs."""

from __future__ import annotations

import numpy as np
import pytest

from semtool.artifacts import Store
from semtool.catalogue import load_dataset
from semtool.errors import UsageError
from skeleton.data.arrays import SIMULATED as NOTICE
from skeleton.data.arrays import ArraySet
from skeleton.data.formats.ntu import parse_name
from skeleton.data.formats.ntu_text import parse_recording
from skeleton.simulation import simulate
from skeleton.simulation.ntu_text import skeleton_text
from skeleton.simulation.sampling import generate, spread_subjects

NTU = load_dataset("ntu60")


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "artifacts")


def samples(classes=(0, 49), subjects=(1, 3), reps=1, seed=0):
    return {s.sequence.name: s for s in generate(NTU, classes, subjects, reps, seed)}


def test_every_class_by_every_subject(store):
    made = simulate(subjects=2, reps=1, store=store)
    arrays = ArraySet.open(made.folder)
    assert made.artifact.reference == "ntu60/simulated@v1"
    assert made.artifact.manifest.simulated
    assert arrays.simulated
    assert (made.samples, made.classes, made.subjects) == (120, 60, 2)
    assert len(arrays) == 120
    assert np.bincount(arrays.class_id).tolist() == [2] * 60
    positions = arrays.padded()
    assert positions.shape[1::2] == (3, 25)
    second = np.abs(positions[..., 1]).sum(axis=(1, 2, 3)) > 0
    assert (second == (arrays.class_id >= 49)).all()
    assert set(arrays.view.tolist()) == {1, 2, 3}
    assert arrays.length.min() >= 40
    assert arrays.length.max() <= 100
    assert len(np.unique(arrays.length)) > 10
    depth = positions[:, 2, :40, :, 0]
    assert depth.min() > 0.8
    assert depth.max() < 7


def test_names_say_what_the_columns_say(store):
    arrays = ArraySet.open(
        simulate(subjects=3, reps=2, classes=["drink water", "A050", 9], store=store).folder
    )
    assert len(set(arrays.names)) == len(arrays) == 18
    for index, name in enumerate(arrays.names):
        numbers = parse_name(name)
        assert numbers == {key: getattr(arrays, key)[index] for key in numbers}
        assert name.endswith(NTU.classes[arrays.class_id[index]].code)


def test_the_same_arguments_do_no_work_twice(store):
    first = simulate(subjects=2, reps=1, classes=[0], store=store)
    calls = []
    again = simulate(subjects=2, reps=1, classes=[0], store=store, progress=lambda *_: calls.append(1))
    assert not first.reused
    assert again.reused
    assert again.artifact.reference == first.artifact.reference
    assert not calls
    other = simulate(subjects=2, reps=1, classes=[0], seed=1, store=store)
    assert other.artifact.reference == "ntu60/simulated@v2"


def test_samples_depend_on_their_seed_and_nothing_else():
    once, again = samples(), samples()
    few = samples(classes=(49,), subjects=(3,))
    other = samples(seed=1)
    for name, sample in few.items():
        assert np.array_equal(sample.sequence.positions, once[name].sequence.positions)
    for name, sample in again.items():
        assert np.array_equal(sample.sequence.positions, once[name].sequence.positions)
    assert not any(
        np.array_equal(sample.sequence.positions, other[name].sequence.positions)
        for name, sample in once.items()
        if name in other
    )


def test_subjects_train_and_test():
    train = set(NTU.protocol("cross-subject").train)
    for count in (1, 2, 5, 20, 40):
        chosen = spread_subjects(NTU, count)
        assert len(set(chosen)) == count
        assert abs(2 * len(train & set(chosen)) - count) <= 1
        assert set(chosen) <= set(range(1, 41))


def test_text_reads_back_with_the_strict_reader():
    for sample in samples().values():
        text = skeleton_text(sample)
        recording = parse_recording(text.encode(), "simulated")
        truth = sample.sequence.positions
        assert recording.frames == truth.shape[1]
        assert len(recording.tracks) == truth.shape[3]
        for body, track in enumerate(recording.tracks):
            assert track.id > 2**53
            assert np.array_equal(track.frames, np.arange(truth.shape[1]))
            assert np.allclose(track.points, truth[..., body].transpose(1, 2, 0), atol=2e-6)


def test_text_has_the_numbers_of_the_sensor():
    sample = next(iter(samples(classes=(0,), subjects=(1,)).values()))
    lines = skeleton_text(sample).splitlines()
    frames = sample.sequence.positions.shape[1]
    assert int(lines[0]) == frames
    assert lines[1] == "1"
    assert len(lines[2].split()) == 10
    assert lines[3] == "25"
    joint = [float(x) for x in lines[4].split()]
    assert len(joint) == 12
    assert joint[11] in (1, 2)
    assert 0 < joint[3] < 512
    assert 0 < joint[4] < 424
    assert 0 < joint[5] < 1920
    assert 0 < joint[6] < 1080
    assert len(lines) == 1 + frames * (3 + 25)


def test_a_folder_of_files_says_that_it_is_simulated(tmp_path):
    folder = tmp_path / "files"
    made = simulate(subjects=2, reps=1, classes=[0, 5], output="ntu", folder=folder)
    names = sorted(p.name for p in folder.iterdir())
    assert len(names) == made.samples + 1 == 5
    assert "SIMULATED" in (folder / NOTICE).read_text()
    assert all(parse_name(n.removesuffix(".skeleton")) for n in names if n != NOTICE)
    before = {p: p.stat().st_mtime_ns for p in folder.iterdir()}
    assert simulate(subjects=2, reps=1, classes=[0, 5], output="ntu", folder=folder).reused
    assert {p: p.stat().st_mtime_ns for p in folder.iterdir()} == before


def test_a_killed_run_is_completed(tmp_path):
    folder = tmp_path / "files"
    simulate(subjects=2, reps=1, classes=[0], output="ntu", folder=folder)
    lost = next(folder.glob("*.skeleton"))
    content = lost.read_bytes()
    lost.unlink()
    assert not simulate(subjects=2, reps=1, classes=[0], output="ntu", folder=folder).reused
    assert lost.read_bytes() == content


def test_simulated_files_never_mix_with_others(tmp_path):
    real = tmp_path / "real"
    real.mkdir()
    (real / "S001C001P001R001A001.skeleton").write_text("1\n")
    with pytest.raises(UsageError, match="not empty"):
        simulate(subjects=1, reps=1, classes=[0], output="ntu", folder=real)
    assert len(list(real.iterdir())) == 1
    made = tmp_path / "made"
    simulate(subjects=1, reps=1, classes=[0], output="ntu", folder=made)
    with pytest.raises(UsageError, match="other settings"):
        simulate(subjects=1, reps=1, classes=[1], output="ntu", folder=made)
    with pytest.raises(UsageError, match="not a folder"):
        simulate(subjects=1, reps=1, classes=[0], output="ntu", folder=real / "S001C001P001R001A001.skeleton")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"dataset": "utd-mhad"}, "60 classes of ntu60 only"),
        ({"subjects": 0}, "1 to 40"),
        ({"subjects": 41}, "1 to 40"),
        ({"reps": 0}, "--reps"),
        ({"seed": -1}, "--seed"),
        ({"classes": []}, "no class"),
        ({"classes": ["drink watre"]}, "drink water"),
        ({"output": "ntu"}, "--out"),
        ({"folder": "x"}, "--format ntu"),
    ],
)
def test_requests_that_make_no_sense_are_refused(store, arguments, says):
    with pytest.raises(UsageError, match=says):
        simulate(**{"store": store, **arguments})
    assert not store.root.exists()


def test_classes_can_be_told_apart_but_not_all_of_them_easily(store):
    """Nearest class mean of plain joint positions, trained on one half of the people, tested on the other."""
    arrays = ArraySet.open(simulate(subjects=8, reps=1, store=store).folder)
    features = []
    for index in range(len(arrays)):
        body = arrays.sequence(index).positions[..., 0]
        relative = body - body[:, :, :1]
        frames = np.linspace(0, body.shape[1] - 1, 8).round().astype(int)
        speed = np.abs(np.diff(body, axis=1)).mean(axis=1)
        features.append(np.concatenate([relative[:, frames].ravel(), 10 * speed.ravel()]))
    table = np.array(features)
    train = np.isin(arrays.subject, NTU.protocol("cross-subject").train)
    means = np.stack([table[train & (arrays.class_id == c)].mean(axis=0) for c in range(60)])
    distance = ((table[~train, None] - means[None]) ** 2).sum(-1)
    accuracy = (distance.argmin(1) == arrays.class_id[~train]).mean()
    assert accuracy > 0.25, "chance is 0.017"
    assert accuracy < 0.95, "classes that look alike are confused"

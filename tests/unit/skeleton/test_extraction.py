"""Features: seen classes only, the same again, and what is refused."""

import subprocess
import sys
from shutil import copytree

import numpy as np
import pytest

from semtool.artifacts import Store
from semtool.catalogue import load_dataset
from semtool.errors import SemtoolError, UsageError
from semtool.feature_file import FeatureFile
from skeleton.data.arrays import ArrayWriter
from skeleton.data.layouts import layout
from skeleton.data.sequence import SkeletonSequence
from skeleton.visual.encoder import FILE
from skeleton.visual.extraction import features, newest_features
from skeleton.visual.registry import load_visual

V1 = layout("kinect-v1")


def write_arrays(store, relabel=lambda c: c, drop=(), simulated=False):
    """NW-UCLA in miniature: three samples a class, one a view; class c moves joint c."""
    rng = np.random.default_rng(0)
    base = rng.normal(size=(3, 1, len(V1), 1))
    with store.create("arrays", "nw-ucla/raw", parameters={"drop": list(drop), "map": relabel(1)}) as draft:
        with ArrayWriter(draft.folder, "nw-ucla") as writer:
            for c in range(10):
                for view in (1, 2, 3):
                    if (c, view) in drop:
                        continue
                    wave = np.sin(np.linspace(0, 6, 12 + c))[None, :, None, None]
                    positions = np.repeat(base, 12 + c, axis=1)
                    positions[:, :, c : c + 3] += wave
                    positions += 0.01 * rng.normal(size=positions.shape)
                    writer.append(
                        SkeletonSequence(
                            f"a{c}_v{view}", "kinect-v1", positions.astype(np.float32), relabel(c), 1, view
                        )
                    )
        draft.counts, draft.details, draft.simulated = writer.counts, writer.details, simulated
    return draft.result


def swap_unseen(c):
    """Exchange the two unseen classes of purls-8-2."""
    return {1: 4, 4: 1}.get(c, c)


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "artifacts")


def make(store, **options):
    epochs = None if options.get("visual") == "kinematics" else 2
    return features("nw-ucla", "purls-8-2", store=store, epochs=epochs, device="cpu", **options)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Return the arrays, and the features of an ST-GCN trained on them."""
    store = Store(tmp_path_factory.mktemp("trained") / "artifacts")
    return write_arrays(store), make(store)


def test_without_a_wish_kinematic_features_come_last(store):
    assert newest_features(store, "nw-ucla", "purls-8-2") is None
    write_arrays(store)
    kinematic = make(store, visual="kinematics")

    def newest(**wish):
        return newest_features(store, "nw-ucla", "purls-8-2", **wish)

    assert newest() == newest(visual="kinematics") == kinematic
    assert newest(visual="stgcn") is None
    trained = make(store)
    write_arrays(store, drop=[(0, 1)])
    make(store, visual="kinematics")
    assert newest() == newest(visual="stgcn") == trained
    assert newest(visual="kinematics").reference == "nw-ucla/purls-8-2/kinematics@v2"
    assert newest_features(store, "nw-ucla", "purls-5-5") is None


def test_subsets_follow_split_and_protocol(trained):
    _, made = trained
    file = FeatureFile.read(made.path)
    unseen = load_dataset("nw-ucla").split("purls-8-2").unseen
    assert file.features.shape == (30, 256)
    for row in range(30):
        expected = 2 if file.class_id[row] in unseen else int(file.view[row] == 3)
        assert file.subset[row] == expected
    assert made.manifest.counts["seen-train"] == 16
    assert 0 <= made.manifest.details["seen_test_accuracy"] <= 1


def test_unseen_labels_never_matter(tmp_path):
    one, other = Store(tmp_path / "one"), Store(tmp_path / "other")
    write_arrays(one)
    write_arrays(other, relabel=swap_unseen)
    first, second = make(one), make(other)
    a, b = FeatureFile.read(first.path), FeatureFile.read(second.path)
    assert not np.array_equal(a.class_id, b.class_id)
    assert np.array_equal(a.features, b.features)
    assert (first.path / FILE).read_bytes() == (second.path / FILE).read_bytes()


def test_the_same_inputs_give_the_same_version_back(store):
    write_arrays(store)
    assert make(store).reference == make(store).reference == "nw-ucla/purls-8-2/stgcn@v1"
    assert make(store, seed=1).reference == "nw-ucla/purls-8-2/stgcn@v2"


def test_the_encoder_comes_back_from_its_file(trained):
    arrays, made = trained
    encoder = load_visual(made.path)
    from skeleton.data.arrays import ArraySet

    sequence = ArraySet.open(arrays.path).sequence(3)
    stored = FeatureFile.read(made.path).features[3]
    assert np.allclose(encoder.encode_sequence(sequence.positions), stored, atol=1e-4)


def test_simulated_arrays_make_simulated_features(store):
    write_arrays(store, simulated=True)
    made = make(store, visual="kinematics")
    assert made.manifest.simulated
    assert FeatureFile.read(made.path).simulated


def test_a_seen_class_without_training_samples_is_named(store):
    write_arrays(store, drop={(0, 1), (0, 2)})
    with pytest.raises(SemtoolError, match="pick up with one hand"):
        make(store)


def test_without_skeletons_it_says_how_to_get_them(store):
    with pytest.raises(UsageError, match="semtool prepare --dataset nw-ucla"):
        make(store)


def test_unknown_names_are_refused_with_the_nearest(store):
    write_arrays(store)
    with pytest.raises(UsageError, match="'purls-5-5'"):
        features("nw-ucla", "purls-5-4", store=store)
    with pytest.raises(UsageError, match="'stgcn'"):
        make(store, visual="stgcnn")
    with pytest.raises(UsageError, match="unknown device"):
        features("nw-ucla", "purls-8-2", store=store, device="tpu", epochs=1)


def test_a_damaged_encoder_file_is_named(trained, tmp_path):
    folder = copytree(trained[1].path, tmp_path / "features")
    path = folder / FILE
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(SemtoolError, match="visual encoder"):
        load_visual(folder)


@pytest.mark.slow
@pytest.mark.parametrize("visual", ["kinematics", "stgcn"])
def test_one_very_long_clip_takes_bounded_memory(tmp_path, visual):
    """200,000 frames are 60 MB; taken whole they needed 13 GB."""
    script = f"""
import resource
import numpy as np
import torch
import skeleton.visual.extraction
from semtool.artifacts import Store
from skeleton.data.arrays import ArrayWriter
from skeleton.data.sequence import SkeletonSequence
from skeleton.visual import features, find_visual

find_visual({visual!r})
store = Store("art")
body = np.random.default_rng(0).normal(size=(3, 1, 20, 1))
with store.create("arrays", "nw-ucla/raw", parameters={{}}) as draft:
    with ArrayWriter(draft.folder, "nw-ucla", "kinect-v1") as writer:
        for i in range(30):
            frames = 200_000 if i == 4 else 30
            moved = np.broadcast_to(body, (3, frames, 20, 1)).astype(np.float32)
            writer.append(SkeletonSequence(f"s{{i}}", "kinect-v1", moved, class_id=i % 10, view=1 + i // 10))
    draft.details, draft.counts = writer.details, writer.counts
held = int(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmSize"))) * 1024
resource.setrlimit(resource.RLIMIT_AS, (held + 2**30,) * 2)
settings = {{"epochs": 1}} if {visual!r} == "stgcn" else {{}}
print(features("nw-ucla", store=store, visual={visual!r}, settings=settings, device="cpu").reference)
"""
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert f"/{visual}@v1" in done.stdout

from __future__ import annotations

import json

import numpy as np
import pytest

from semtool.artifacts import Store
from semtool.errors import SemtoolError, UsageError
from semtool.feature_file import FeatureFile
from skeleton.visual import export_visual, import_features

SEEN, UNSEEN = [0, 1, 2], [10, 11, 19, 26, 56]  # of NTU-60, split synse-55-5


def rows(labels, dim=256):
    return np.asarray(labels, np.float32)[:, None] + np.zeros(dim, np.float32)


def synse(folder, train=SEEN, z=UNSEEN, g=None):
    folder.mkdir(exist_ok=True)
    for data, label, values in (
        ("train", "train_label", train),
        ("ztest", "z_label", z),
        ("gtest", "g_label", [*SEEN, *UNSEEN] if g is None else g),
    ):
        np.save(folder / f"{data}.npy", rows(values))
        np.save(folder / f"{label}.npy", np.asarray(values))
    return folder


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "artifacts")


def test_synse_folder_tells_its_split(tmp_path, store):
    artifact = import_features(synse(tmp_path / "x"), "ntu60", store=store)
    assert artifact.reference == "ntu60/synse-55-5/synse@v1"
    assert artifact.manifest.counts == {"seen-train": 3, "seen-test": 3, "unseen-test": 5, "dim": 256}
    found = FeatureFile.read(artifact.path)
    assert found.class_id[found.rows("unseen-test")].tolist() == UNSEEN
    assert found.class_id[found.rows("seen-test")].tolist() == SEEN
    np.testing.assert_array_equal(found.features[:, 0], found.class_id)
    assert found.names[3] == "ztest-000000"
    assert import_features(tmp_path / "x", "ntu60", store=store).reference == artifact.reference


def test_flora_archive(tmp_path, store):
    content = {}
    for part, labels in (("train", SEEN), ("zsl", UNSEEN), ("gzsl", [*SEEN, *UNSEEN])):
        content |= {f"{part}_data": rows(labels), f"{part}_label": np.asarray(labels)}
    np.savez(tmp_path / "f.npz", **content)
    artifact = import_features(tmp_path / "f.npz", "ntu60", store=store, visual="flora-agcn")
    assert artifact.reference == "ntu60/synse-55-5/flora-agcn@v1"
    assert artifact.manifest.counts["seen-test"] == 3


def test_purls_maps_are_averaged(tmp_path, store):
    for part, labels in (("train", [0, 3]), ("test", [1, 11, 2])):
        feature = np.zeros((len(labels), 256, 3, 25), np.float32)
        feature[:] = np.arange(3)[:, None]
        np.save(tmp_path / f"{part}_feature.npy", feature)
        np.save(tmp_path / f"{part}_label.npy", np.stack([np.zeros(len(labels)), labels]))
    with pytest.raises(UsageError, match="do not tell which classes are unseen"):
        import_features(tmp_path, "ntu60", store=store)
    found = FeatureFile.read(import_features(tmp_path, "ntu60", "synse-55-5", store=store).path)
    assert found.features.shape == (5, 256)
    assert (found.features == 1).all()
    assert found.class_id[found.rows("seen-train")].tolist() == [0, 3]
    assert sorted(found.class_id[found.rows("unseen-test")].tolist()) == [11]


def test_smie_features(tmp_path, store):
    for part, labels in (("seen_train", SEEN), ("unseen", UNSEEN)):
        np.save(tmp_path / f"{part}_data.npy", rows(labels))
        np.save(tmp_path / f"{part}_label.npy", np.asarray(labels))
    artifact = import_features(tmp_path, "ntu60", store=store)
    assert artifact.manifest.counts == {"seen-train": 3, "seen-test": 0, "unseen-test": 5, "dim": 256}


def test_skeletons_are_not_features(tmp_path, store):
    for part in ("seen_train", "unseen"):
        np.save(tmp_path / f"{part}_data.npy", np.zeros((2, 3, 5, 25, 2), np.float32))
        np.save(tmp_path / f"{part}_label.npy", np.zeros(2))
    with pytest.raises(UsageError, match="semtool prepare"):
        import_features(tmp_path, "ntu60", store=store)


def test_what_does_not_fit_any_layout_lists_what_was_tried(tmp_path, store):
    np.save(tmp_path / "train.npy", np.zeros((1, 2)))
    with pytest.raises(UsageError) as caught:
        import_features(tmp_path, "ntu60", store=store)
    for part in (
        "synse: no train_label.npy, ztest.npy",
        "smie: no seen_train_data.npy",
        "purls: no",
        "flora: no",
    ):
        assert part in str(caught.value)
    with pytest.raises(UsageError, match="no features at"):
        import_features(tmp_path / "nowhere", "ntu60", store=store)
    with pytest.raises(UsageError, match="did you mean 'synse'"):
        import_features(tmp_path, "ntu60", store=store, layout="synce")


@pytest.mark.parametrize(
    ("options", "split", "message"),
    [
        ({"z": [0, 1]}, None, "numbered anew"),
        ({"z": [4, 5]}, None, "no split of ntu60 has exactly the unseen classes"),
        ({"z": [60]}, None, r"no class of ntu60: \[60\]"),
        ({}, "smie-1", "has as seen"),
        ({"train": [0, 10]}, "synse-55-5", r"train on classes \[10\]"),
    ],
)
def test_labels_that_do_not_fit_the_split(tmp_path, store, options, split, message):
    with pytest.raises(SemtoolError, match=message):
        import_features(synse(tmp_path / "x", **options), "ntu60", split, store=store)


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("train.npy", rows([1, 2]), "do not fit"),
        ("train.npy", rows([np.nan, 0, 0]), "finite"),
        ("train.npy", np.array([{}, {}, {}]), "cannot read train.npy"),
        ("train_label.npy", np.array([0.5, 1, 2]), "whole numbers"),
        ("train.npy", rows(SEEN, dim=8), "different sizes"),
    ],
)
def test_damaged_folders(tmp_path, store, file, content, message):
    folder = synse(tmp_path / "x")
    np.save(folder / file, content)
    with pytest.raises(SemtoolError, match=message):
        import_features(folder, "ntu60", store=store)


def test_label_files_are_found_in_singular_and_plural(tmp_path, store):
    for part, labels in (("train", [0, 3]), ("test", [1, 11])):
        np.save(tmp_path / f"{part}_feature.npy", rows(labels))
        np.save(tmp_path / f"{part}_labels.npy", np.asarray(labels))
    made = import_features(tmp_path, "ntu60", "synse-55-5", store=store)
    assert made.manifest.counts["unseen-test"] == 1


@pytest.mark.parametrize(("part", "held"), [(None, 1), ("test", 1), ("all", None)])
def test_features_say_which_samples_of_unseen_classes_they_hold(tmp_path, store, part, held):
    artifact = import_features(synse(tmp_path / "x"), "ntu60", store=store, part=part)
    assert artifact.manifest.details["part"] == (part or "test")
    found = FeatureFile.read(artifact.path)
    tested = found.test if found.test is None else found.test[found.rows("unseen-test")].min()
    assert tested == held


@pytest.mark.parametrize("simulated", [True, False])
def test_features_leave_as_synse_has_them_and_come_back_with_their_mark(tmp_path, store, simulated):
    classes = np.array([*SEEN, 0, 1, *UNSEEN, *UNSEEN])
    subset = np.array([0, 0, 0, 1, 1, *[2] * 10])
    test = np.array([0, 0, 0, 1, 1, *[1] * 5, *[0] * 5])
    unknown = np.full(15, -1)
    made = FeatureFile(
        "ntu60", "synse-55-5", "cross-subject", "stgcn", simulated, rows(classes), classes, unknown, unknown,
        subset, tuple(map(str, range(15))), test=test,
    )  # fmt: skip
    with store.create("features", "ntu60/synse-55-5/stgcn", parameters={"unseen": UNSEEN}) as draft:
        made.write(draft.folder)
        draft.simulated = simulated
    out = tmp_path / "out"
    export_visual(draft.result, "synse", out)
    assert np.load(out / "ztest.npy").shape == (5, 256)  # the test part alone
    assert np.load(out / "g_label.npy").tolist() == [0, 1, *UNSEEN]
    assert np.load(out / "label_splits/ru5.npy").tolist() == UNSEEN
    assert len(np.load(out / "label_splits/rs55.npy")) == 55
    back = import_features(out, "ntu60", store=store)
    found = FeatureFile.read(back.path)
    assert (back.manifest.simulated, found.simulated) == (simulated, simulated)
    assert back.manifest.counts == {"seen-train": 3, "seen-test": 2, "unseen-test": 5, "dim": 256}
    with pytest.raises(UsageError, match="exists; export elsewhere"):
        export_visual(draft.result, "synse", out)
    with pytest.raises(UsageError, match="is made from arrays, but"):
        export_visual(draft.result, "smie", out)


def test_skeletons_leave_as_fifty_frames_for_smie(tmp_path, store):
    from skeleton.simulation import simulate

    simulate("ntu60", store=store, classes=[0, 1, 10], subjects=4, reps=1)
    arrays = store.resolve("arrays", "ntu60/simulated")
    paths, notes = export_visual(arrays, "smie", tmp_path / "out", split="synse-55-5")
    parts = {n: np.load(tmp_path / f"out/{n}_data.npy") for n in ("seen_train", "seen_test", "unseen")}
    assert {part.shape[1:] for part in parts.values()} == {(3, 50, 25, arrays.manifest.details["bodies"])}
    assert set(np.load(tmp_path / "out/unseen_label.npy")) == {10}
    assert json.loads(paths[-1].read_text())["simulated"] is True
    assert "its test part" in notes[0]


@pytest.mark.parametrize(
    ("shift", "turned", "said"), [(0, False, []), (1, False, ["count from 1"]), (0, True, ["order"])]
)
def test_what_labels_mean_is_said(tmp_path, store, shift, turned, said):
    made = synse(tmp_path / "x")
    for name in ("train_label", "z_label", "g_label"):
        labels = np.load(made / f"{name}.npy") + shift
        np.save(made / f"{name}.npy", labels[::-1] if turned and name == "g_label" else labels)
    notes = import_features(made, "ntu60", store=store).manifest.details["notes"]
    assert len(notes) == len(said)
    assert all(part in note for part, note in zip(said, notes, strict=True))

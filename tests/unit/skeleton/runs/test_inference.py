"""Zero-shot for real: raw sequences and typed labels."""

import numpy as np
import pytest

from semtool.artifacts import Store
from semtool.catalogue import load_bank, typed_dataset
from semtool.embedding import embed
from semtool.errors import SemtoolError, UsageError
from semtool.generation import generate
from skeleton.data.sequence import SkeletonSequence
from skeleton.methods import preset
from skeleton.runs.classification import ZeroShotClassifier
from skeleton.runs.training import train
from skeleton.simulation import simulate
from skeleton.visual.extraction import features


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A closed-form run on simulated skeletons and lexical text: seconds, no weights."""
    store = Store(tmp_path_factory.mktemp("run") / "artifacts")
    simulate("ntu60", subjects=2, reps=1, store=store)
    described = generate("ntu60", "attributes", store=store)
    text = embed(described.artifact, "attributes", store=store)
    visual = features("ntu60", "synse-55-5", store=store, epochs=1, device="cpu")
    data = {"embeddings": text.artifact, "features": visual}
    run = train(**data, store=store, split="synse-55-5", settings=preset("ridge"), device="cpu")
    return store, run


def sequences(store, count=3):
    from skeleton.data.arrays import ArraySet

    arrays = ArraySet.open(store.newest("arrays").path)
    return [arrays.sequence(i) for i in range(count)]


def test_typed_labels_take_facts_from_the_catalogue():
    data = typed_dataset(["waving", "sit down", "levitate"], prefer="ntu60")
    bank = load_bank(data)
    assert [c.name for c in data.classes] == ["waving", "sit down", "levitate"]
    assert bank[0].attribute["path"] == "to_and_fro"
    assert bank[1].attribute["posture_end"] == "sitting"
    assert 2 not in bank
    assert data.name == typed_dataset(["waving", "sit down", "levitate"], prefer="ntu60").name


@pytest.mark.parametrize("labels", [["wave"], ["wave", " "], ["wave", "Wave"]])
def test_labels_that_make_no_choice_are_refused(labels):
    with pytest.raises(UsageError, match="label"):
        typed_dataset(labels)


def test_predicts_over_typed_labels(trained):
    store, run = trained
    model = ZeroShotClassifier.from_run(run.name, store=store, device="cpu")
    labels = ["sitting down", "hand waving", "kick something"]
    answers = model.predict(sequences(store), labels)
    assert len(answers) == 3
    for answer in answers:
        assert sorted(answer.labels) == sorted(labels)
        assert list(answer.scores) == sorted(answer.scores, reverse=True)
    assert model.simulated


def test_a_label_without_facts_is_read_from_its_words(trained):
    store, run = trained
    model = ZeroShotClassifier.from_run(run.name, store=store, device="cpu")
    labels = ["sit down", "climb a ladder"]
    assert model.guessed(labels) == ["climb a ladder"]
    text, plain = model.describe(labels), model.describe(["sit down", "hand waving"])
    np.testing.assert_allclose(text.codebook[0, 0], plain.codebook[0, 0], atol=1e-6)
    assert len(model.predict(sequences(store), labels)) == 3


def test_typed_labels_do_not_become_the_newest_text(trained):
    store, run = trained
    before = store.references("descriptions"), store.references("embeddings")
    ZeroShotClassifier.from_run(run.name, store=store, device="cpu").describe(["hop", "hand waving"])
    assert (store.references("descriptions"), store.references("embeddings")) == before


def test_a_prompt_set_that_needs_facts_says_what_is_missing(trained):
    store, run = trained
    model = ZeroShotClassifier.from_run(run.name, store=store, device="cpu")
    with pytest.raises(UsageError, match="climb a ladder"):
        model.describe(["sit down", "climb a ladder"], prompts="attributes")


def test_another_joint_layout_is_refused(trained):
    store, run = trained
    model = ZeroShotClassifier.from_run(run.name, store=store, device="cpu")
    kinect1 = SkeletonSequence("old", "kinect-v1", np.ones((3, 5, 20, 1), dtype=np.float32))
    with pytest.raises(SemtoolError, match="kinect-v1"):
        model.predict(kinect1, ["sit down", "wave"])


def test_a_seed_that_was_not_trained_is_refused(trained):
    store, run = trained
    with pytest.raises(UsageError, match="seeds"):
        ZeroShotClassifier.from_run(run.name, store=store, seed=7)


def test_the_command_prints_labels(trained, cli, tmp_path):
    store, run = trained
    simulate("ntu60", subjects=1, reps=1, classes=["A008"], output="ntu", folder=tmp_path / "raw")
    file = next((tmp_path / "raw").glob("*.skeleton"))
    root = ("--root", store.root)
    done = cli("classify", file, "--run", run.name, "--labels", "sitting down, hand waving", "--json", *root)
    assert done.code == 0, done.err
    assert set(done.json()["predictions"][0]["scores"]) == {"sitting down", "hand waving"}
    assert done.json()["simulated"] is True
    assert cli("classify", file, "--run", run.name, *root).code == 2

"""The preset best on the command line: from text and skeletons to accuracy, hidden classes out of reach."""

import numpy as np
import pytest

from semtool.artifacts import Store
from semtool.catalogue import load_dataset
from semtool.errors import UsageError
from skeleton.data.arrays import ArraySet, ArrayWriter
from skeleton.runs.auxiliary import ACTED, COMBINATIONS, simulated_classes
from skeleton.simulation import simulate


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """A store of its own."""
    root = tmp_path_factory.mktemp("best")
    return Store(root / "artifacts")


def run(cli, store, *words):
    answer = cli(*words, "--root", store.root, "--json")
    assert answer.code == 0, answer.err
    return answer.json()


def test_from_text_to_accuracy_with_swapped_unseen_labels(cli, world, tmp_path):
    source = simulate("ntu60", subjects=4, reps=1, seed=7, store=world).artifact
    arrays = ArraySet.open(source.path)
    # Simulated people of another draw stand for recordings.
    run(cli, world, "generate", "--dataset", "ntu60", "--prompts", "attributes")
    run(cli, world, "embed", "--encoder", "attributes")
    first = run(cli, world, "train", "--preset", "best", "--split", "synse-55-5", "--seeds", "0")
    assert first["features"]["reference"].startswith("ntu60/synse-55-5/kinematics")
    assert first["simulated"]
    assert first["auxiliary"]["source"] == ACTED
    assert len(first["auxiliary"]["classes"]) < COMBINATIONS  # those near an unseen class are left out
    assert first["zsl"]["accuracy"]["mean"] > 0.5  # chance is 0.2

    # Two unseen classes exchange their labels: the model must be the same to the last bit.
    other = Store(tmp_path / "artifacts")
    swap = {10: 26, 26: 10}
    with other.create("arrays", "ntu60/simulated", parameters={"swapped": True}) as draft:
        with ArrayWriter(draft.folder, "ntu60", arrays.layout, bodies=2) as writer:
            for i in range(len(arrays)):
                sequence = arrays.sequence(i)
                label = swap.get(sequence.class_id, sequence.class_id)
                writer.append(type(sequence)(**{**vars(sequence), "class_id": label}))
        draft.counts, draft.details, draft.simulated = writer.counts, writer.details, True
    run(cli, other, "generate", "--dataset", "ntu60", "--prompts", "attributes")
    run(cli, other, "embed", "--encoder", "attributes")
    second = run(cli, other, "train", "--preset", "best", "--split", "synse-55-5", "--seeds", "0")
    checkpoints = [
        next(s.root.glob("runs/*/seed-0/checkpoint.safetensors")).read_bytes() for s in (world, other)
    ]
    assert checkpoints[0] == checkpoints[1]
    assert second["zsl"]["accuracy"]["mean"] != first["zsl"]["accuracy"]["values"]["0"]


def test_text_that_cannot_be_made_for_other_classes_is_said(cli, world, tmp_path):
    np.save(tmp_path / "v.npy", np.random.default_rng(0).normal(size=(60, 8)).astype(np.float32))
    made = run(cli, world, "artifacts", "import", str(tmp_path / "v.npy"), "--dataset", "ntu60")
    imported = world.resolve("embeddings", made["reference"])
    with pytest.raises(UsageError, match="--auxiliary none"):
        simulated_classes(imported, load_dataset("ntu60"), [], store=world, seed=0)

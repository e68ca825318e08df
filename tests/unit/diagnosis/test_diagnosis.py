"""Diagnosis: what it finds in planted texts, and what it must not look at."""

from __future__ import annotations

import json

import numpy as np
import pytest

from semtool.artifacts import Store
from semtool.catalogue import load_dataset
from semtool.descriptions import Description, DescriptionSet
from semtool.diagnosis import diagnose
from semtool.embedding_file import write_embeddings
from semtool.errors import SemtoolError, UsageError
from semtool.feature_file import FeatureFile

DATASET, SPLIT = "utd-mhad", "purls-22-5"
DIM = 24


def directions(count, seed=5):
    return np.random.default_rng(seed).normal(size=(count, DIM))


def write(store, name="planted", *, dataset=DATASET, classes=None, twins=(), texts=4, seed=0, truncated=None,
          noise=0.3):  # fmt: skip
    """Write descriptions and embeddings in which class c lies near direction c; twins share a direction."""
    data = load_dataset(dataset)
    ids = [c.id for c in data.classes] if classes is None else list(classes)
    base = directions(len(data.classes))
    for a, b in twins:
        base[b] = base[a] + 0.05 * base[b]
    rng = np.random.default_rng(seed)
    rows = [
        Description(dataset, c, data.classes[c].name, g, "", v, f"text {g} {v} of {c}", "test")
        for c in ids
        for g in ("global", "motion")
        for v in range(texts)
    ]
    with store.create("descriptions", f"{dataset}/{name}", parameters={"seed": seed, "ids": ids}) as draft:
        DescriptionSet(rows).write(draft.folder)
    source = draft.result
    vectors = np.stack([base[d.class_id] + noise * rng.normal(size=DIM) for d in rows])
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    with store.create(
        "embeddings", f"{dataset}/{name}/planted", inputs={"descriptions": source.as_input()},
        parameters={"seed": seed},
    ) as draft:  # fmt: skip
        write_embeddings(
            draft.folder,
            vectors=vectors.astype(np.float32),
            class_id=np.array([d.class_id for d in rows]),
            granularity=[d.granularity for d in rows],
            slot=["" for _ in rows],
            variant=[d.variant for d in rows],
            dataset=dataset,
            encoder="planted",
        )
        draft.details["truncated"] = truncated or {}
    return draft.result


def write_features(store, *, dataset=DATASET, split=SPLIT, seed=0, spoil=None, follow=True):
    """Write features that lie as the text's directions do (or as others do); ``spoil`` may change them."""
    data = load_dataset(dataset)
    unseen = data.split(split).unseen
    base = directions(len(data.classes), 5 if follow else 77)
    turn = np.random.default_rng(3).normal(size=(DIM, 16))
    rng = np.random.default_rng(seed)
    labels = np.repeat([c.id for c in data.classes], 6)
    features = base[labels] @ turn + 0.5 * rng.normal(size=(len(labels), 16))
    subset = np.where(np.isin(labels, unseen), 2, np.arange(len(labels)) % 3 == 2).astype(np.int64)
    file = FeatureFile(
        dataset=dataset, split=split, protocol=data.default_protocol, visual="planted", simulated=False,
        features=features.astype(np.float32), class_id=labels, subject=labels * 0 + 1, view=labels * 0 - 1,
        subset=subset, names=[str(i) for i in range(len(labels))],
    )  # fmt: skip
    if spoil:
        spoil(file)
    with store.create("features", f"{dataset}/{split}/planted", parameters={"unseen": list(unseen)}) as draft:
        file.write(draft.folder)
    return draft.result


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "artifacts")


def test_the_planted_pair_is_named_first(store):
    write(store, twins=[(3, 11)])
    (found,) = diagnose(f"{DATASET}/planted/planted", store=store, pairs=3)
    assert (found.pairs[0].a, found.pairs[0].b) == (3, 11)
    assert found.pairs[0].similarity > 0.9 > found.pairs[1].similarity
    assert len(found.pairs) == 3
    assert found.agreement is None


def test_a_pair_says_which_granularity_tells_it_apart(store):
    source = write(store, twins=[(3, 11)])
    # Mend the motion descriptions of class 11 only: now they separate the pair.
    from semtool.embedding_file import EmbeddingFile

    file = EmbeddingFile(source.path)
    vectors = file.vectors()
    rows = file.rows(granularity="motion", class_id=11)
    vectors[rows] = -vectors[rows]
    with store.create(
        "embeddings", f"{DATASET}/planted/planted", inputs=dict(source.manifest.inputs), parameters={"n": 2}
    ) as draft:
        write_embeddings(
            draft.folder, vectors=vectors, class_id=file.class_id, granularity=file.granularity.tolist(),
            slot=file.slot.tolist(), variant=file.variant.tolist(), dataset=DATASET, encoder="planted",
        )  # fmt: skip
    (found,) = diagnose(f"{DATASET}/planted", store=store, pairs=1)
    pair = found.pairs[0]
    assert pair.best == "motion"
    assert pair.separation["motion"] > 1 > 0.2 > pair.separation["global"]


def test_agreement_tells_text_that_follows_motion_from_text_that_does_not(store):
    write(store)
    write_features(store)
    (found,) = diagnose(f"{DATASET}/planted", store=store, features=f"{DATASET}/{SPLIT}/planted")
    assert found.agreement.rho > 0.5
    assert found.agreement.p < 0.01
    assert found.agreement.classes == 22
    assert found.split == SPLIT
    assert found.features == f"{DATASET}/{SPLIT}/planted@v1"
    write_features(store, follow=False)
    (other,) = diagnose(f"{DATASET}/planted", store=store, features=f"{DATASET}/{SPLIT}/planted")
    assert abs(other.agreement.rho) < 0.3
    assert [p.similarity for p in other.pairs] == [p.similarity for p in found.pairs]


def outside(file):
    """Rows that must not matter: everything that is not a seen training sample."""
    return np.flatnonzero(file.subset != 0)


def scramble_features(file):
    file.features[outside(file)] = 1e3 * np.random.default_rng(9).normal(size=(len(outside(file)), 16))


def scramble_labels(file):
    file.class_id[outside(file)] = np.random.default_rng(9).permutation(file.class_id[outside(file)])


def smuggle_unseen_into_training(file):
    file.subset[file.subset == 2] = 0


@pytest.mark.parametrize("spoil", [scramble_features, scramble_labels, smuggle_unseen_into_training])
def test_unseen_samples_and_labels_change_nothing(store, tmp_path, spoil):
    write(store)
    write_features(store)
    other = Store(tmp_path / "other")
    write(other)
    write_features(other, spoil=spoil)
    reference, features = f"{DATASET}/planted", f"{DATASET}/{SPLIT}/planted"
    left = diagnose(reference, store=store, features=features)[0].as_dict()
    right = diagnose(reference, store=other, features=features)[0].as_dict()
    assert left == right


def test_of_samples_only_those_of_seen_training_matter_and_they_do(store, tmp_path):
    write(store)
    write_features(store)
    other = Store(tmp_path / "other")
    write(other)

    def turn_one_class(file):
        rows = np.flatnonzero((file.subset == 0) & (file.class_id == 0))
        file.features[rows] *= -1

    write_features(other, spoil=turn_one_class)
    reference, features = f"{DATASET}/planted", f"{DATASET}/{SPLIT}/planted"
    left = diagnose(reference, store=store, features=features)[0]
    right = diagnose(reference, store=other, features=features)[0]
    assert left.agreement != right.agreement


def test_agreement_does_not_know_the_text_of_unseen_classes(store, tmp_path):
    unseen = load_dataset(DATASET).split(SPLIT).unseen
    write(store)
    write_features(store)
    other = Store(tmp_path / "other")
    write(other, twins=[(0, unseen[0])])
    write_features(other)
    reference, features = f"{DATASET}/planted", f"{DATASET}/{SPLIT}/planted"
    left = diagnose(reference, store=store, features=features)[0]
    right = diagnose(reference, store=other, features=features)[0]
    assert left.agreement == right.agreement
    assert left.pairs[0].similarity != right.pairs[0].similarity


def test_a_split_says_who_is_unseen(store):
    unseen = load_dataset(DATASET).split(SPLIT).unseen
    write(store, twins=[(unseen[0], unseen[1]), (0, 1)])
    (found,) = diagnose(f"{DATASET}/planted", store=store, split=SPLIT, pairs=2)
    assert {pair.unseen for pair in found.pairs} == {0, 2}


def test_truncation_comes_from_the_manifest(store):
    write(store, truncated={"motion": 27})
    (found,) = diagnose(f"{DATASET}/planted", store=store)
    assert any("27 motion" in note for note in found.notes)


def test_a_description_set_stands_for_its_embedding_files(store):
    write(store)
    write(store, "other")
    found = diagnose(f"{DATASET}/planted", f"{DATASET}/other/planted", store=store)
    assert [d.reference for d in found] == [f"{DATASET}/planted/planted@v1", f"{DATASET}/other/planted@v1"]


def test_without_its_descriptions_an_embedding_file_is_still_looked_at(store):
    import shutil

    write(store)
    shutil.rmtree(store.root / "descriptions")
    (found,) = diagnose(f"{DATASET}/planted/planted", store=store)
    assert found.descriptions == ""
    assert found.pairs[0].names[0] in {c.name for c in load_dataset(DATASET).classes}
    assert any("attribute fields were not looked at" in note for note in found.notes)


# ---- bad input


def refused(expected, *references, store, **options):
    with pytest.raises(expected) as caught:
        diagnose(*references, store=store, **options)
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_references_over_different_data_sets_are_refused(store):
    write(store)
    write(store, dataset="nw-ucla")
    message = refused(UsageError, f"{DATASET}/planted", "nw-ucla/planted", store=store)
    assert DATASET in message
    assert "nw-ucla" in message


def test_references_over_different_class_lists_are_refused_and_the_class_is_named(store):
    write(store)
    write(store, "short", classes=range(26))
    message = refused(UsageError, f"{DATASET}/planted", f"{DATASET}/short", store=store)
    assert repr(load_dataset(DATASET).classes[26].name) in message


def test_a_set_that_lacks_a_class_of_the_split_is_refused(store):
    write(store, "short", classes=[c for c in range(27) if c != 4])
    name = load_dataset(DATASET).classes[4].name
    assert repr(name) in refused(UsageError, f"{DATASET}/short", store=store, split=SPLIT)
    write_features(store)
    message = refused(UsageError, f"{DATASET}/short", store=store, features=f"{DATASET}/{SPLIT}/planted")
    assert repr(name) in message
    # Without a split there is nothing that would need it; the gap is noted.
    (found,) = diagnose(f"{DATASET}/short", store=store)
    assert any("1 of 27" in note for note in found.notes)


def test_features_of_another_data_set_or_split_are_refused(store):
    write(store)
    write_features(store)
    write_features(store, dataset="nw-ucla", split="purls-8-2")
    message = refused(UsageError, f"{DATASET}/planted", store=store, features="nw-ucla/purls-8-2/planted")
    assert "nw-ucla" in message
    message = refused(
        UsageError,
        f"{DATASET}/planted",
        store=store,
        features=f"{DATASET}/{SPLIT}/planted",
        split="purls-18-9",
    )
    assert "purls-18-9" in message


def test_unknown_and_unembedded_references_say_what_to_do(store):
    write(store)
    assert "did you mean" in refused(UsageError, f"{DATASET}/plantd", store=store)
    with store.create("descriptions", f"{DATASET}/fresh", parameters={}) as draft:
        DescriptionSet([Description(DATASET, 0, "swipe left", "label", "", 0, "a", "t")]).write(draft.folder)
    assert "semtool embed" in refused(UsageError, f"{DATASET}/fresh", store=store)
    refused(UsageError, store=store)
    write(store, "two", classes=[0, 1])
    assert "at least 3" in refused(SemtoolError, f"{DATASET}/two", store=store)


def test_features_without_seen_training_samples_are_refused(store):
    write(store)

    def no_training(file):
        file.subset[file.subset == 0] = 1

    write_features(store, spoil=no_training)
    message = refused(SemtoolError, f"{DATASET}/planted", store=store, features=f"{DATASET}/{SPLIT}/planted")
    assert "0 seen classes" in message


def test_numbers_that_are_none_are_refused(store):
    source = write(store)
    from semtool.embedding_file import EmbeddingFile

    file = EmbeddingFile(source.path)
    vectors = file.vectors()
    vectors[5] = np.nan
    with store.create("embeddings", f"{DATASET}/planted/planted", parameters={"n": 3}) as draft:
        write_embeddings(
            draft.folder, vectors=vectors, class_id=file.class_id, granularity=file.granularity.tolist(),
            slot=file.slot.tolist(), variant=file.variant.tolist(), dataset=DATASET, encoder="planted",
        )  # fmt: skip
    message = refused(SemtoolError, f"{DATASET}/planted/planted", store=store)
    assert "row 5" in message

    def spoil(file):
        file.features[0, 0] = np.inf

    write(store)
    write_features(store, spoil=spoil)
    refused(SemtoolError, f"{DATASET}/planted", store=store, features=f"{DATASET}/{SPLIT}/planted")


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("classes", [3, 4, 5, 6, 8])
@pytest.mark.parametrize("texts", [1, 2])
def test_few_classes_and_texts_give_numbers_or_none_but_never_nan(store, classes, texts):
    write(store, classes=range(classes), texts=texts)
    (found,) = diagnose(f"{DATASET}/planted", store=store, pairs=100)
    json.dumps(found.as_dict(), allow_nan=False)
    assert len(found.pairs) == classes * (classes - 1) // 2


# ---- the command


def test_the_command_prints_one_object(cli, store):
    write(store)
    write_features(store)
    done = cli(
        "diagnose", f"{DATASET}/planted", "--features", f"{DATASET}/{SPLIT}/planted", "--json",
        "--root", store.root, "--pairs", "2",
    )  # fmt: skip
    assert done.code == 0, done.err
    said = done.json()
    assert len(said["diagnoses"]) == 1
    assert len(said["diagnoses"][0]["pairs"]) == 2
    assert said["diagnoses"][0]["agreement"]["classes"] == 22
    assert json.loads(done.out) == said


def test_the_command_shows_pairs_and_agreement_to_people(cli, store):
    write(store, twins=[(3, 11)])
    write_features(store)
    done = cli(
        "diagnose", f"{DATASET}/planted", "--features", f"{DATASET}/{SPLIT}/planted", "--root", store.root
    )
    assert done.code == 0, done.err
    first = load_dataset(DATASET).classes[3].name
    assert first in done.out
    assert "agrees with motion about which of 22 seen classes are alike: rank correlation +" in done.out
    assert f"next: semtool optimise {DATASET}/planted --split {SPLIT}" in done.err


def test_the_command_fails_with_one_sentence(cli, store):
    write(store)
    done = cli("diagnose", f"{DATASET}/planted", "--split", "purls-99", "--root", store.root)
    assert done.code == 2
    assert done.out == ""
    assert done.err.startswith("error: unknown class split")
    assert done.err.count("\n") == 1

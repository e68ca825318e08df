"""What changed between two versions: texts, encoders, how far classes moved."""

import numpy as np
import pytest

from semtool.artifacts import Store
from semtool.artifacts.differences import difference
from semtool.descriptions import Description, DescriptionSet
from semtool.embedding_file import write_embeddings
from semtool.errors import UsageError


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "artifacts")


def describe(store, texts, name="ntu60/set", **parameters):
    """``texts`` maps (class, granularity, slot) to texts."""
    rows = [
        Description(name.split("/")[0], c, f"class {c}", granularity, slot, variant, text, "template")
        for (c, granularity, slot), entries in texts.items()
        for variant, text in enumerate(entries)
    ]
    with store.create(
        "descriptions", name, parameters=parameters | {"n": len(store.references("descriptions"))}
    ) as d:
        DescriptionSet(rows).write(d.folder)
    return d.result


def embed(store, source, vectors, encoder="minilm"):
    descriptions = DescriptionSet.read(source.path)
    with store.create(
        "embeddings",
        f"ntu60/set/{encoder}",
        inputs={"descriptions": source.as_input()},
        parameters={"encoder": encoder},
    ) as draft:
        write_embeddings(
            draft.folder,
            vectors=np.asarray(vectors, dtype=np.float32),
            class_id=np.array([d.class_id for d in descriptions]),
            granularity=[d.granularity for d in descriptions],
            slot=[d.slot for d in descriptions],
            variant=[d.variant for d in descriptions],
            dataset="ntu60",
            encoder=encoder,
        )
    return draft.result


BASE = {(0, "label", ""): ["wave"], (0, "part", "arms"): ["a", "b", "c"], (1, "label", ""): ["kick"]}


def test_added_removed_changed_by_class_and_granularity(store):
    old = describe(store, BASE, prompts="one")
    changed = BASE | {
        (0, "part", "arms"): ["a", "x", "c"],
        (1, "label", ""): [],
        (1, "motion", ""): ["legs swing"],
    }
    new = describe(store, changed, prompts="two")
    found = difference(store, old, new)
    assert [(c.kind, c.class_id, c.granularity, c.slot, c.before, c.after) for c in found.changes] == [
        ("changed", 0, "part", "arms", "b", "x"),
        ("removed", 1, "label", "", "kick", None),
        ("added", 1, "motion", "", None, "legs swing"),
    ]
    assert found.counts() == {
        "label": {"added": 0, "removed": 1, "changed": 0},
        "motion": {"added": 1, "removed": 0, "changed": 0},
        "part": {"added": 0, "removed": 0, "changed": 1},
    }
    assert "prompts: 'one' became 'two'" in found.notes
    assert found.moves is None


def test_a_text_put_in_between_is_one_addition(store):
    old, new = describe(store, BASE), describe(store, BASE | {(0, "part", "arms"): ["new", "a", "b", "c"]})
    assert [(c.kind, c.after) for c in difference(store, old, new).changes] == [("added", "new")]


def test_another_order_is_no_change(store):
    old, new = describe(store, BASE), describe(store, BASE | {(0, "part", "arms"): ["c", "b", "a"]})
    assert difference(store, old, new).changes == ()


def test_how_far_classes_moved(store):
    old = describe(store, {(0, "global", ""): ["a", "b"], (1, "global", ""): ["c"], (2, "global", ""): ["d"]})
    new = describe(store, {(0, "global", ""): ["a", "x"], (1, "global", ""): ["y"], (2, "global", ""): ["d"]})
    before = embed(store, old, [[1, 0], [1, 0], [1, 0], [0, 1]])
    after = embed(store, new, [[1, 0], [0, 1], [0, 2], [0, 1]])
    found = difference(store, before, after)
    assert [(c.class_id, c.before, c.after) for c in found.changes] == [(0, "b", "x"), (1, "c", "y")]
    assert [(m.class_id, m.distance, m.worst) for m in found.moves] == [
        (1, 1.0, 1.0),
        (0, pytest.approx(1 - 2**-0.5, abs=1e-6), 1.0),
        (2, 0.0, 0.0),
    ]


def test_two_encoders_have_no_distance(store):
    text = describe(store, BASE)
    found = difference(store, embed(store, text, np.eye(5), "tfidf"), embed(store, text, np.eye(5)))
    assert found.moves is None
    assert found.changes == ()
    assert "the encoder 'tfidf' became 'minilm': their vectors have no distance" in found.notes


def test_an_encoder_fitted_on_the_texts_has_no_distance_once_they_change(store):
    old, new = describe(store, BASE), describe(store, BASE | {(1, "label", ""): ["hit"]})
    found = difference(store, embed(store, old, np.eye(5), "tfidf"), embed(store, new, np.eye(5), "tfidf"))
    assert found.moves is None
    assert any("fitted on each set's own texts" in note for note in found.notes)


def test_texts_that_are_gone_are_said_to_be(store):
    import shutil

    text = describe(store, BASE)
    before = embed(store, text, np.eye(5))
    after = embed(store, describe(store, BASE | {(1, "label", ""): ["hit"]}), np.eye(5))
    shutil.rmtree(text.path)
    found = difference(store, before, after)
    assert found.changes is None
    assert any("are not in this store" in note for note in found.notes)


def test_what_cannot_be_compared(store):
    text = describe(store, BASE)
    with pytest.raises(UsageError, match="holds embeddings"):
        difference(store, text, embed(store, text, np.eye(5)))
    with pytest.raises(UsageError, match="different data sets"):
        difference(store, text, describe(store, BASE, "pku-mmd/set"))

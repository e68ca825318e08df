"""Export to the peers' files, and back again."""

import json

import numpy as np
import pytest

from semtool.artifacts import Store
from semtool.descriptions import Description, DescriptionSet
from semtool.embedding_file import EmbeddingFile, write_embeddings
from semtool.errors import SemtoolError, UsageError
from semtool.exchange import export, import_descriptions, import_embeddings

CLASSES = 60


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "artifacts")


@pytest.fixture
def embedded(store):
    """Make an embedding file of random vectors: ``embedded({"global": 3, "motion": 1})``."""

    def make(texts, classes=CLASSES, dataset="ntu60", encoder="sentence-transformers:x/y", d=6):
        kinds = [kind for kind, n in texts.items() for _ in range(n)]
        n = len(kinds) * classes
        with store.create(
            "embeddings", f"{dataset}/set/enc", parameters={"texts": list(texts.items())}
        ) as draft:
            write_embeddings(
                draft.folder,
                vectors=np.random.default_rng(0).normal(size=(n, d)).astype(np.float32),
                class_id=np.repeat(np.arange(classes), len(kinds)),
                granularity=kinds * classes,
                slot=[""] * n,
                variant=list(range(len(kinds))) * classes,
                dataset=dataset,
                encoder=encoder,
                normalized=False,
            )
        return draft.result

    return make


def unit(array):
    return array / np.linalg.norm(array, axis=-1, keepdims=True)


def by_class(artifact, granularity=None):
    file = EmbeddingFile(artifact.path)
    rows = file.rows(granularity=granularity)
    return unit(file.vectors(rows)).reshape(CLASSES, -1, file.dim)


def test_mean_is_normalise_average_normalise(embedded, tmp_path):
    artifact = embedded({"global": 3, "label": 1})
    done = export(artifact, "mean", tmp_path / "out")
    array = np.load(tmp_path / "out" / "ntu60_embeddings.npy")
    assert (array.shape, array.dtype) == ((CLASSES, 6), np.float32)
    assert np.allclose(array, unit(by_class(artifact).mean(axis=1)), atol=1e-6)
    assert [p.name for p in done.paths] == ["ntu60_embeddings.npy", "ntu60_embeddings.json"]


def test_one_granularity_only(embedded, tmp_path):
    artifact = embedded({"global": 3, "label": 1})
    export(artifact, "mean", tmp_path, granularity="label")
    assert np.allclose(
        np.load(tmp_path / "ntu60_embeddings.npy"), by_class(artifact, "label")[:, 0], atol=1e-6
    )


def test_codebook_of_exactly_100_and_one(embedded, tmp_path):
    artifact = embedded({"global": 60, "motion": 1, "part": 40})
    export(artifact, "codebook", tmp_path)
    array = np.load(tmp_path / "ntu60_embeddings.npy")
    assert array.shape == (CLASSES, 101, 6)
    assert np.allclose(array[:, :60], by_class(artifact, "global"), atol=1e-6)
    assert np.allclose(array[:, 60:100], by_class(artifact, "part"), atol=1e-6)
    assert np.allclose(array[:, 100], by_class(artifact, "motion")[:, 0], atol=1e-6)


def test_codebook_with_fewer_repeats_in_order(embedded, tmp_path):
    artifact = embedded({"global": 30, "motion": 2})
    done = export(artifact, "codebook", tmp_path)
    array, own = np.load(tmp_path / "ntu60_embeddings.npy"), by_class(artifact, "global")
    assert np.allclose(array[:, :100], np.concatenate([own, own, own, own[:, :10]], axis=1), atol=1e-6)
    assert np.allclose(array[:, 100], unit(by_class(artifact, "motion").mean(axis=1)), atol=1e-6)
    assert "classes with fewer than 100: repeated in order" in done.notes


def test_codebook_with_more_takes_in_turn(embedded, tmp_path):
    artifact = embedded({"global": 200, "part": 20, "phase": 60})
    done = export(artifact, "codebook", tmp_path)
    array = np.load(tmp_path / "ntu60_embeddings.npy")
    # 20 parts run out; the other 80 places are shared by the two larger ones, all in file order.
    chosen = np.concatenate(
        [
            by_class(artifact, "global")[:, :40],
            by_class(artifact, "part"),
            by_class(artifact, "phase")[:, :40],
        ],
        axis=1,
    )
    assert np.allclose(array[:, :100], chosen, atol=1e-6)
    assert np.allclose(array[:, 100], unit(by_class(artifact, "global").mean(axis=1)), atol=1e-5)
    assert "classes with more than 100: taken in turn from each granularity" in done.notes
    assert any("the last row is the mean of its global texts" in note for note in done.notes)


def test_codebook_of_motion_texts_alone(embedded, tmp_path):
    artifact = embedded({"motion": 2})
    export(artifact, "codebook", tmp_path)
    array = np.load(tmp_path / "ntu60_embeddings.npy")
    assert np.allclose(array[:, :2], by_class(artifact), atol=1e-6)


def test_a_file_a_granularity(embedded, tmp_path):
    artifact = embedded({"label": 1, "global": 4, "motion": 1, "attribute": 2})
    done = export(artifact, "granularities", tmp_path)
    folder = tmp_path / "text_feats" / "sentence-transformers-x-y"
    assert sorted(p.name for p in folder.iterdir()) == [
        "about.json",
        "ad_60.npy",
        "at_60.npy",
        "lb_60.npy",
        "md_60.npy",
    ]
    assert np.allclose(
        np.load(folder / "ad_60.npy"), unit(by_class(artifact, "global").mean(axis=1)), atol=1e-6
    )
    assert "ad is global: the mean of 4 texts a class" in done.notes


def test_vectors_come_back_as_they_went(embedded, store, tmp_path):
    artifact = embedded({"global": 100, "motion": 1})
    export(artifact, "codebook", tmp_path)
    back = import_embeddings(tmp_path / "ntu60_embeddings.npy", "ntu60", "back", store=store).artifact
    again, first = EmbeddingFile(back.path), EmbeddingFile(artifact.path)
    assert again.normalized
    assert again.granularity.tolist() == first.granularity.tolist()
    assert np.allclose(again.vectors(), unit(first.vectors()), atol=1e-6)
    export(back, "codebook", tmp_path / "again")
    assert np.allclose(np.load(tmp_path / "again" / "ntu60_embeddings.npy"), by_class(artifact), atol=1e-6)


def test_what_is_exported_is_said_beside_it(embedded, tmp_path):
    artifact = embedded({"global": 1})
    export(artifact, "mean", tmp_path)
    about = json.loads((tmp_path / "ntu60_embeddings.json").read_text())
    assert about["from"] == "ntu60/set/enc@v1"
    assert about["sha256"] == artifact.manifest.content_sha256
    assert str(tmp_path) not in json.dumps(about)


def test_a_file_that_is_there_is_not_replaced_silently(embedded, tmp_path):
    artifact = embedded({"global": 1})
    (tmp_path / "ntu60_embeddings.npy").write_text("mine")
    with pytest.raises(UsageError, match="--overwrite"):
        export(artifact, "mean", tmp_path)
    assert (tmp_path / "ntu60_embeddings.npy").read_text() == "mine"
    assert not (tmp_path / "ntu60_embeddings.json").exists()
    export(artifact, "mean", tmp_path, overwrite=True)
    export(artifact, "mean", tmp_path)  # the same content is no conflict
    assert np.load(tmp_path / "ntu60_embeddings.npy").shape == (CLASSES, 6)


def test_classes_without_text_are_named(embedded, tmp_path):
    with pytest.raises(SemtoolError, match="no text for the classes 58, 59"):
        export(embedded({"global": 1}, classes=58), "mean", tmp_path)
    with pytest.raises(SemtoolError, match="no motion text for the classes 0, 1"):
        export(embedded({"global": 1, "label": 1}), "mean", tmp_path, granularity="motion")
    assert list(tmp_path.glob("*.npy")) == []


def test_a_data_set_that_is_not_in_the_catalogue(embedded, tmp_path):
    export(embedded({"global": 1}, classes=3, dataset="mine"), "mean", tmp_path)
    assert np.load(tmp_path / "mine_embeddings.npy").shape == (3, 6)


@pytest.fixture
def described(store):
    rows = []
    for c in range(CLASSES):
        rows += [
            ("global", "", 0, f"does “{c}”, slowly"),
            ("global", "", 1, f"second {c}"),
            ("part", "legs", 0, f"legs {c}"),
            ("part", "head", 0, f"head {c}"),
            ("attribute", "codes", 0, "arms=one"),
        ]
    texts = [Description("ntu60", i // 5, f"class {i // 5}", *row, "template") for i, row in enumerate(rows)]
    with store.create("descriptions", "ntu60/set") as draft:
        DescriptionSet(texts).write(draft.folder)
    return draft.result


@pytest.mark.parametrize(("layout", "name"), [("lines", "ntu60_des.txt"), ("csv", "ntu60.csv")])
def test_descriptions_come_back_as_they_went(described, store, tmp_path, layout, name):
    export(described, layout, tmp_path)
    back = import_descriptions(tmp_path / name, "ntu60", "back", store=store)
    found = DescriptionSet.read(back.artifact.path)
    assert [d.text for d in found] == [f"does “{c}”, slowly" for c in range(CLASSES)]


def test_slots_are_joined_in_their_order(described, tmp_path):
    export(described, "lines", tmp_path, granularity="part")
    assert (tmp_path / "ntu60_des.txt").read_text().splitlines()[7] == "head 7 legs 7"


def test_codes_are_no_text(described, tmp_path):
    with pytest.raises(SemtoolError, match="no attribute text"):
        export(described, "lines", tmp_path, granularity="attribute")


def test_the_csv_counts_from_one(described, tmp_path):
    export(described, "csv", tmp_path)
    assert (tmp_path / "ntu60.csv").read_text().splitlines()[:2] == ["idx,label", '1,"does “0”, slowly"']


def test_layouts_need_what_they_are_made_of(described, embedded, tmp_path):
    with pytest.raises(UsageError, match="made from embeddings"):
        export(described, "mean", tmp_path)
    with pytest.raises(UsageError, match="made from descriptions"):
        export(embedded({"global": 1}), "lines", tmp_path)
    with pytest.raises(UsageError, match="did you mean 'codebook'"):
        export(described, "codebok", tmp_path)
    with pytest.raises(UsageError, match="unknown granularity"):
        export(described, "lines", tmp_path, granularity="tone")


@pytest.mark.parametrize("texts", [{"part": 4, "global": 2, "label": 1}, {"label": 2, "phase": 3}])
def test_a_missing_motion_text_is_filled_as_in_training(embedded, tmp_path, texts):
    from skeleton.methods.text import read_text

    artifact = embedded(texts)
    export(artifact, "codebook", tmp_path)
    trained = read_text(EmbeddingFile(artifact.path), range(CLASSES)).motion
    np.testing.assert_allclose(np.load(tmp_path / "ntu60_embeddings.npy")[:, 100], trained, atol=1e-5)


@pytest.mark.parametrize(("texts", "most"), [(9, 11), (30, 3), (60, None)])
def test_few_texts_repeated_are_said_to_be_seen_as_one(embedded, tmp_path, texts, most):
    done = export(embedded({"global": texts, "motion": 1}), "codebook", tmp_path)
    said = [note for note in done.notes if "sees one" in note]
    assert len(said) == (most is not None)
    assert most is None or f"of {texts} texts a head with k up to {most} sees one" in said[0]


def test_the_dimension_and_the_names_that_peers_use(embedded, tmp_path):
    made = embedded({"global": 2, "label": 1}, classes=51, dataset="pku-mmd", d=7)
    done = export(made, "mean", tmp_path)
    assert (tmp_path / "pkummd_embeddings.npy").exists()
    assert any("set language_size (or what the code calls it) to 7" in note for note in done.notes)
    export(made, "mean", tmp_path, granularity="global")
    assert (tmp_path / "pkummd_des_embeddings.npy").exists()


def test_neurons_tensors_come_back_as_they_were(embedded, store, tmp_path):
    artifact = embedded({"phase": 14, "global": 3})
    export(artifact, "neuron", tmp_path, granularity="phase")
    export(artifact, "neuron", tmp_path, granularity="global")
    again = import_embeddings(tmp_path / "ntu60_phase.tar", "ntu60", "back", store=store, granularity="phase")
    assert again.artifact.manifest.counts == {"phase": 600}
    np.testing.assert_allclose(
        EmbeddingFile(again.artifact.path).vectors().reshape(CLASSES, 10, 6),
        by_class(artifact, "phase")[:, :10],
        atol=1e-6,
    )
    back = import_embeddings(tmp_path / "ntu60_global.tar", "ntu60", "few", store=store)
    vectors = EmbeddingFile(back.artifact.path).vectors().reshape(CLASSES, 10, 6)
    np.testing.assert_array_equal(vectors[:, 3:6], vectors[:, :3])


def test_purls_strings_need_all_eight_and_hold_no_pickle(store, tmp_path):
    slots = [("part", s) for s in ("arms", "head", "legs", "torso")]
    slots += [("phase", s) for s in ("start", "middle", "end")] + [("global", "")]

    def described(slots, name):
        texts = [
            Description("ntu60", c, "x", g, s, 0, f"{g} {s} of {c}".replace("  ", " "), "import")
            for c in range(CLASSES)
            for g, s in slots
        ]
        with store.create("descriptions", f"ntu60/{name}", parameters={"n": name}) as draft:
            DescriptionSet(texts).write(draft.folder)
        return draft.result

    export(described(slots, "whole"), "purls", tmp_path)
    table = np.load(tmp_path / "ntu60_bpnames.npy", allow_pickle=False)
    assert table.shape == (60, 8)
    assert table[3].tolist()[:5] == [f"part {s} of 3" for s in ("head", "arms", "torso", "legs")] + [
        "phase start of 3"
    ]
    assert table[3, 7] == "global of 3"
    with pytest.raises(SemtoolError, match="lacks part arms"):
        export(described(slots[1:], "short"), "purls", tmp_path / "b")

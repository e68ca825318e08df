"""Words to attribute codes: the map, the words that decide, confidence, and how it meets written facts."""

import json

import numpy as np
import pytest
import yaml
from typer.testing import CliRunner

from semtool.cli.app import app
from semtool.encoders import FactMap, find_encoder, fit_map, predict_facts
from semtool.encoders.attributes import blocks, choose, probabilities
from semtool.encoders.fact_map import EVERYDAY, SHIPPED, bank_digest, bank_texts
from semtool.encoders.wording import _rules, worded
from semtool.errors import UsageError

LABELS = ["clap hands", "kick with the left leg", "kick with the right leg", "asdf qwer zxcv"]


@pytest.fixture(scope="module")
def facts():
    return predict_facts(LABELS)


def test_rules_name_fields_and_values_of_the_vocabulary():
    from semtool.catalogue import load_vocabulary

    for _, _, values in _rules()[1]:
        assert not load_vocabulary().problems(values)


PAIRS = [
    ("side", "wave the left hand", "wave the right hand", "left", "right"),
    ("arms", "raise one hand", "raise both hands", "one", "both"),
    ("repetition", "push once", "push repeatedly", "once", "many"),
    ("posture_end", "sit down", "stand up", "sitting", "standing"),
    ("stroke_vertical", "move the hand up", "move the hand down", "upward", "downward"),
    ("locomotion", "walk forwards", "walk backwards", "forward", "backward"),
    ("speed", "wave slowly", "wave quickly", "slow", "fast"),
    ("stroke_lateral", "swipe left", "swipe right", "leftward", "rightward"),
    ("legs", "kick the ball", "jump up", "one", "both"),
    ("people", "push another person", "push a door", "two", None),
    ("contact_other", "walk towards each other", "push the other person", "none", "touch"),
    ("object", "knock on the door", "knock over a friend", "surface", None),
    ("arms", "push a door with both hands", "hit somebody with the shoulder", "both", "none"),
    ("object", "bounce the balls", "ball up the paper", "ball", "surface"),
    ("coordination", "open the bottle", "drink from a bottle", "divided", "single"),
    ("stroke_vertical", "toss up a coin", "toss a coin", "rise_and_fall", None),
]


@pytest.mark.parametrize(("field", "one", "other", "value", "opposite"), PAIRS)
def test_a_word_decides_its_field(field, one, other, value, opposite):
    assert worded(one)[field] == value
    assert worded(other).get(field) == opposite


@pytest.mark.parametrize(
    "text", ["leave the room right away", "a leftover meal", "the sitcom", "", "x " * 300]
)
def test_other_words_decide_nothing(text):
    assert not {"side", "posture_end", "stroke_lateral"} & set(worded(text))


def test_the_shipped_map_is_small_and_reads_what_was_learned(facts):
    assert SHIPPED.stat().st_size <= 2 * 2**20
    assert facts.values[0]["contact_self"] == "hand"
    assert facts.values[0]["arms"] == "both"
    assert np.allclose(np.linalg.norm(facts.codes, axis=1), 1, atol=1e-5)


def test_the_shipped_map_was_made_from_the_bank_as_it_is_now(monkeypatch):
    """After a change of the bank's names, texts or facts: python benchmarks/make_kinetic.py."""
    from safetensors import safe_open

    with safe_open(SHIPPED, "numpy") as file:
        made_from = file.metadata()["bank"]
    assert made_from == bank_digest()
    sets, owner, texts, codes = bank_texts()
    for changed in ((sets, owner, [*texts[:-1], texts[-1] + "!"], codes), (sets, owner, texts, codes + 1)):
        monkeypatch.setattr("semtool.encoders.fact_map.bank_texts", lambda changed=changed: changed)
        assert made_from != bank_digest()


def test_everyday_actions_repeat_no_text_of_the_bank():
    sets, owner, texts, _ = bank_texts()
    everyday = [sets[at] == EVERYDAY for at in owner]
    bank = {text.lower() for text, own in zip(texts, everyday, strict=True) if not own}
    said = [text.lower() for text, own in zip(texts, everyday, strict=True) if own]
    assert len(set(said)) == len(said) > 500
    assert not bank & set(said)


def test_one_word_moves_its_field_and_hardly_any_other(facts):
    left, right = facts.codes[1], facts.codes[2]
    moved = {field: float(np.abs(left[axes] - right[axes]).sum()) for field, (axes, _) in blocks().items()}
    assert max(moved, key=moved.get) == "side"
    assert (facts.values[1]["side"], facts.values[2]["side"]) == ("left", "right")


def test_nonsense_is_told_and_weighs_little(facts):
    assert facts.strange.tolist() == [False, False, False, True]
    assert facts.confidence[3].mean() < facts.confidence[0].mean() - 0.2


def test_an_empty_label_is_one_sentence():
    with pytest.raises(UsageError, match="is empty"):
        predict_facts(["wave", " "])


def test_ordered_fields_take_the_median_and_nominal_ones_the_likeliest():
    code = find_encoder("attributes").encode(["arms=both; side=left"])
    for field, value in (("arms", 2), ("side", 2)):
        axes, ordered = blocks()[field]
        p = probabilities(code[:, axes], ordered)
        assert choose(p, ordered).tolist() == [value]
        assert p[0, value] == pytest.approx(1, abs=1e-4)


def test_written_facts_win_and_share_a_file_with_predicted_ones(store, describe):
    from semtool.embedding import embed, load_embeddings

    described = describe(
        {0: {"label": ["wave"], "attribute/codes": ["arms=both; side=both"]}, 1: {"label": ["kick"]}}
    )
    file = load_embeddings(embed(described, "kinetic", store=store).artifact)
    written = embed(["arms=both; side=both"], "attributes")
    assert file.class_id.tolist() == [0, 1]
    assert np.allclose(file.vectors()[0], written[0], atol=1e-6)
    assert file.encoder == "attributes-from:minilm"
    assert abs(file.vectors()[1] @ written[0]) < 0.99


def test_a_map_of_another_encoder_is_fitted_once_and_kept(letters, monkeypatch, tmp_path):
    from semtool.encoders import predicted

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    texts = [f"text {i}" for i in range(12)]
    codes = find_encoder("attributes").encode(["arms=one", "arms=both", "legs=one", "legs=both"])
    bank = (["a", "a", "b", "b"], np.repeat(np.arange(4), 3), texts, codes)
    monkeypatch.setattr("semtool.encoders.fact_map.bank_texts", lambda: bank)
    encoder = letters()
    first = predicted.map_for(encoder)
    asked = len(encoder.asked)
    second = predicted.map_for(encoder)
    assert asked == len(texts) == len(encoder.asked)
    assert np.array_equal(first.dual, second.dual)
    with pytest.raises(UsageError, match="utd"):
        fit_map(encoder, without=("utd",))
    assert len(fit_map(encoder, without=("a",)).support) == 6


def test_a_damaged_map_is_one_sentence(tmp_path):
    from semtool.errors import SemtoolError

    (tmp_path / "map.safetensors").write_bytes(b"no map")
    with pytest.raises(SemtoolError, match="damaged"):
        FactMap.load(tmp_path / "map.safetensors")


@pytest.mark.parametrize("base", ["attributes", "tfidf", "kinetic"])
def test_codes_are_read_from_sentences_only(base):
    with pytest.raises(UsageError, match="sentence encoder"):
        find_encoder(f"attributes-from:{base}")


def test_prompts_facts_shows_every_field():
    done = CliRunner().invoke(app, ["prompts", "facts", "throw a ball with the left hand", "--json"])
    assert done.exit_code == 0, done.output
    fields = json.loads(done.stdout)["texts"][0]["fields"]
    assert set(fields) == set(blocks())
    assert fields["side"] == {"value": "left", "confidence": 0.95, "said": True}


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(
        "schema: 1\nname: mine\n# my comment\nclasses: [kick with the left leg, climb a ladder, glorp]\n"
    )
    return path


def test_a_scaffold_of_facts_can_be_edited_and_used(file, tmp_path):
    from semtool.catalogue import load_bank, load_dataset

    out = tmp_path / "filled.yaml"
    done = CliRunner().invoke(app, ["datasets", "facts", str(file), "--out", str(out)])
    assert done.exit_code == 0, done.output
    text = out.read_text()
    assert "# my comment" in text
    assert "# 0.95 words" in text
    assert "a guess" in text
    assert load_bank(load_dataset(out))[0].attribute["side"] == "left"


def test_a_scaffold_keeps_what_is_written(file):
    from semtool.catalogue import load_bank, load_dataset
    from semtool.fact_scaffold import fill_in

    written = "facts:\n  climb a ladder: {attribute: {arms: both}}\n  c3: {motion: The knees glorp.}\n"
    file.write_text(file.read_text() + written)
    file.write_text(fill_in(file))
    bank = load_bank(load_dataset(file))
    assert {k: v for k, v in bank[1].attribute.items() if k in ("arms", "legs")} == {
        "arms": "both",
        "legs": "none",
    }
    assert bank[2].motion == "The knees glorp."
    assert bank[0].attribute["leg_action"] == "kick"


def test_a_long_value_stays_apart_from_its_comment():
    from semtool.fact_scaffold import _lines

    text = "\n".join(_lines({"stroke_vertical": ("rise_and_fall", 0.9, "map")}))
    assert yaml.safe_load(text) == {"attribute": {"stroke_vertical": "rise_and_fall"}}


def test_a_model_revises_what_the_words_do_not_say(file, monkeypatch, tmp_path):
    from semtool import fact_scaffold
    from semtool.generation.llm import LlmOptions

    answers = {2: {"arms": ("both", 0.99, "model"), "side": ("left", 0.01, "model")}}
    monkeypatch.setattr(fact_scaffold, "_model", lambda *_: answers)
    text = fact_scaffold.fill_in(file, llm=LlmOptions("toy"))
    glorp = text[text.index('"glorp"') :]
    assert "arms: both" in glorp
    assert "# 0.99 model" in glorp
    assert "side: left" not in glorp


def test_labels_that_nobody_described_meet_written_codes_in_one_file(store, file):
    from semtool.catalogue import typed_dataset
    from semtool.embedding import embed, load_embeddings
    from semtool.generation import generate

    data = typed_dataset(["climb a ladder", "hand waving"])
    made = load_embeddings(
        embed(generate(data, "words", store=store).artifact, "kinetic", store=store).artifact
    )
    codes = load_embeddings(
        embed(generate("ntu60", "attributes", store=store).artifact, "attributes", store=store).artifact
    )
    wave = codes.vectors(codes.rows(class_id=22))[0]
    cosine = made.vectors() @ wave
    assert np.allclose(cosine[made.class_id == 1], 1, atol=1e-5)
    assert (cosine[made.class_id == 0] < 0.9).all()


def test_diagnosis_says_how_well_words_and_facts_agree():
    from semtool.descriptions import Description
    from semtool.diagnosis import word_facts

    def said(c, name, granularity, slot, text):
        return Description("mine", c, name, granularity, slot, 0, text, "test")

    found = word_facts([
        said(0, "kick", "label", "", "kicking"),
        said(0, "kick", "motion", "", "The right leg swings forward."),
        said(0, "kick", "attribute", "codes", "legs=one; leg_action=kick; leg_direction=forward; side=right"),
        said(1, "asdf qwer zxcv", "label", "", "asdf qwer zxcv"),
    ])  # fmt: skip
    assert (found.classes, found.described, found.strange) == (2, 1, ("asdf qwer zxcv",))
    assert found.agreement["names, facts"] > 0.75
    assert set(found.agreement) == {"names, facts", "sentences, facts", "names, sentences"}
    assert found.guesses["leg_action"] < found.guesses["hand_peak"] + 1e-9

"""Rules for single texts."""

from __future__ import annotations

import json

import pytest

from semtool.generation.llm.rules import Outcome, RejectedError, fit_length, names_label, near_duplicate
from semtool.generation.llm.schema import answer_rule, enum_schema, read_answer, text_schema


@pytest.mark.parametrize(
    ("text", "label", "named"),
    [
        ("The person waves with one hand.", "wave", True),
        ("Waving goes on.", "wave", True),
        ("The arm wavered.", "wave", False),
        ("Both hands clap together; clapping.", "clap", True),
        ("The person is clapping.", "clap", True),
        ("The hands meet in front of the chest.", "clap", False),
        ("She picks up with one hand.", "pick up with one hand", True),
        ("She picks it up.", "pick up with one hand", False),
        ("A sit-to-stand movement.", "sit to stand", True),
        ("A circle is drawn.", "draw circle (clockwise)", False),
        ("Anything", "???", False),
    ],
)
def test_names_label(text, label, named):
    assert names_label(text, label) is named


def test_near_duplicates():
    text = "The right hand rises to the head and sweeps slowly from one side to the other."
    assert near_duplicate(text, [text.upper()])
    assert near_duplicate(text, ["unlike", text.replace("slowly ", "")])
    assert not near_duplicate(text, [text.replace("right hand", "left foot").replace("head", "hip")])
    assert not near_duplicate(text, [])


def test_fit_length():
    assert fit_length("One two three.", 3) == ("One two three.", False)
    assert fit_length("One two three. Four five six.", 4) == ("One two three.", True)
    with pytest.raises(RejectedError) as caught:
        fit_length("One two three four five.", 4)
    assert caught.value.outcome is Outcome.TOO_LONG
    with pytest.raises(RejectedError) as caught:
        fit_length("One.", 4)
    assert caught.value.outcome is Outcome.TOO_SHORT


def test_read_answer_keeps_the_order_of_the_schema():
    schema = text_schema(["b", "a"])
    assert read_answer('{"a": "1", "b": "2"}', schema) == ({"b": "2", "a": "1"}, False)


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("", "empty"),
        ("<think>I never stop", "invalid-json"),
        ("null", "invalid-json"),
        ("[1, 2]", "invalid-json"),
        ("{" * 5000, "invalid-json"),
        ('{"a": 1}', "missing-slot"),
        ('{"a": {"b": "c"}}', "missing-slot"),
        ("{}", "missing-slot"),
        ('{"x": {"x": {"x": {}}}}', "missing-slot"),
    ],
)
def test_read_answer_names_what_is_wrong(text, outcome):
    with pytest.raises(RejectedError) as caught:
        read_answer(text, text_schema(["a"]))
    assert caught.value.outcome == outcome


def test_enum_values_are_matched_by_letters():
    schema = enum_schema({"side": ["none", "right-hand"]})
    assert read_answer('{"side": "Right Hand"}', schema) == ({"side": "right-hand"}, True)


def test_answer_rule_names_the_keys():
    assert answer_rule(text_schema(["head", "arms"])).endswith('each with a string: "head", "arms".')
    assert "allowed values" in answer_rule(enum_schema({"side": ["left"]}))


def test_every_outcome_is_explained():
    assert all(outcome.meaning for outcome in Outcome)
    assert [o for o in Outcome if o.good] == ["ok", "repaired"]


FINAL = '{"text": "The forearm swings."}'
DRAFT = 'I should answer {"text": "..."} and nothing else. Or {"text": "A draft."}?'


@pytest.mark.parametrize(
    ("opening", "closing"),
    [
        ("<think>", "</think>"), ("", "</think>"), ("<thinking>", "</thinking>"), ("<thought>", "</thought>"),
        ("<Thought>", "</Thought>"), ("<reasoning>", "</reasoning>"), ("<reflection>", "</reflection>"),
        ("[THINK]", "[/THINK]"), ("◁think▷", "◁/think▷"), ("<seed:think>", "</seed:think>"),
        ("<|begin_of_thought|>", "<|end_of_thought|>"), ("<|START_THINKING|>", "<|END_THINKING|>"),
        ("<scratch_pad>", "</scratch_pad>"), ('<details type="reasoning" done="true">', "</details>"),
        ("<think> a <think> b </think>", "</think>"), ("<unused94>thought", "<unused95>"),
        (
            "<|channel|>analysis<|message|>",
            "<|end|><|start|>assistant<|channel|>final <|constrain|>json<|message|>",
        ),
        ("analysis", "assistantfinal"), ("Here is my thought process:", "Here is my response:"),
        ("```thinking\n", "\n```\n```json\n"),
    ],
)  # fmt: skip
def test_what_a_model_thinks_aloud_is_not_its_answer(opening, closing):
    for said in (f"{opening}{DRAFT}{closing}\n\n{FINAL}", f"{opening}{DRAFT}{closing}```json\n{FINAL}\n```"):
        values, _ = read_answer(said, text_schema(["text"]))
        assert values == {"text": "The forearm swings."}


@pytest.mark.parametrize(
    "said",
    [
        f"{FINAL}<think>Was that {DRAFT}</think>",
        f"<think>hm</think><answer>{FINAL}</answer>",
        json.dumps({"reasoning": "so", "answer": {"text": "The forearm swings."}}),
        json.dumps({"draft": {"text": "A draft."}, "final": {"text": "The forearm swings."}}),
        json.dumps(FINAL),
        f"<think>The mark is never closed. {FINAL}",
        json.dumps({"text": "The forearm swings.", "other": {"text": "no"}}),
    ],
)
def test_the_answer_is_found_where_it_is(said):
    assert read_answer(said, text_schema(["text"]))[0] == {"text": "The forearm swings."}


def test_only_thoughts_are_no_answer():
    with pytest.raises(RejectedError) as caught:
        read_answer("<think>I say what</think>", text_schema(["text"]))
    assert caught.value.outcome is Outcome.EMPTY


@pytest.mark.parametrize("dirt", ["\ud83d", "\x00", "\x07", "\x1b[31m", "\x1b]0;pwn\x07", "\u202e", "\x9b"])
def test_characters_that_no_text_holds_are_left_out(dirt):
    values, repaired = read_answer(json.dumps({"text": f"The arm{dirt} rises."}), text_schema(["text"]))
    assert values == {"text": "The arm rises."}
    assert repaired


@pytest.mark.parametrize("said", ["[" * 100_000 + "]" * 100_000, '{"a":' * 100_000, "{" * 100_000])
def test_deep_nesting_is_an_invalid_answer(said):
    with pytest.raises(RejectedError) as caught:
        read_answer(said, text_schema(["text"]))
    assert caught.value.outcome is Outcome.INVALID_JSON

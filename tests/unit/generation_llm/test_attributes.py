"""Attributes filled in several times: votes, agreement, and the rows that come out."""

from __future__ import annotations

import json

import pytest

from semtool.catalogue import load_vocabulary
from semtool.generation import LlmOptions
from semtool.generation.llm.questions import questions
from semtool.generation.llm.record import Agreement, majority

from .conftest import completion, prompt_set, texts

FIELDS = {"attribute": {"slots": ["arms", "people"], "variants": 3}}


def filling(arms, people="one"):
    return completion(json.dumps({"arms": arms, "people": people}))


def test_majority():
    assert majority([{"a": "x", "b": "p"}, {"a": "y", "b": "p"}, {"a": "y", "b": "q"}]) == {
        "a": "y",
        "b": "p",
    }


def test_a_tie_goes_to_the_value_given_first():
    assert majority([{"a": "x"}, {"a": "y"}]) == {"a": "x"}
    assert majority([{"a": "y"}, {"a": "x"}]) == {"a": "y"}


def test_agreement_counts_pairs():
    found = Agreement.of([[{"a": "x"}, {"a": "x"}, {"a": "y"}], [{"a": "z"}, {"a": "z"}, {"a": "z"}]])
    assert found.pairs == 6
    assert found.fields == {"a": pytest.approx(4 / 6, abs=1e-4)}
    assert found.mean == pytest.approx(4 / 6, abs=1e-4)
    assert found.chance == pytest.approx((2 / 6) ** 2 + (1 / 6) ** 2 + (3 / 6) ** 2, abs=1e-4)


def test_one_filling_has_no_agreement():
    assert Agreement.of([[{"a": "x"}]]) is None
    assert Agreement.of([]) is None


def test_fillings_become_codes_and_sentences(ask, server):
    server.script = [filling("both"), filling("one"), filling("both", "two")]
    result = ask(prompt_set(**FIELDS), classes=("hop",))
    rows = {d.slot: d.text for d in texts(result)}
    vocabulary = load_vocabulary()
    assert list(rows) == ["arms", "people", "codes"]
    assert rows["arms"] == vocabulary.fields["arms"].values["both"].says
    assert rows["people"] == vocabulary.fields["people"].values["one"].says
    codes = dict(part.split("=") for part in rows["codes"].split("; "))
    assert list(codes) == list(vocabulary.fields)
    assert (codes["arms"], codes["people"]) == ("both", "one")
    assert codes["legs"] == vocabulary.fields["legs"].default
    summary = result.llm.agreement
    assert summary.pairs == 3
    assert summary.fields == {
        "arms": pytest.approx(1 / 3, abs=1e-4),
        "people": pytest.approx(1 / 3, abs=1e-4),
    }


def test_like_fillings_are_no_duplicates(ask, server):
    server.script = [filling("one")] * 3
    result = ask(prompt_set(**FIELDS), classes=("hop",))
    assert result.llm.outcomes == {"ok": 3}
    assert result.llm.agreement.mean == 1.0


def test_value_outside_the_vocabulary_is_asked_again(ask, server):
    server.script = [filling("seven"), filling("One"), filling("both"), filling("one")]
    result = ask(prompt_set(**FIELDS), classes=("hop",))
    assert result.llm.outcomes == {"repaired": 1, "ok": 2}
    assert {d.slot: d.text for d in texts(result)}["arms"] == "One arm does the work."


def test_schema_lists_the_allowed_values(ask, server):
    server.script = [filling("one")] * 3
    ask(prompt_set(**FIELDS), classes=("hop",))
    properties = server.seen[0]["response_format"]["json_schema"]["schema"]["properties"]
    assert properties["arms"] == {"type": "string", "enum": ["none", "one", "both"]}


def test_shipped_set_asks_for_every_field_and_does_not_give_the_answer_away():
    from semtool.catalogue import load_bank, load_dataset
    from semtool.generation import load_prompt_set

    data = load_dataset("nw-ucla")
    bank = load_bank(data)
    found = list(questions(load_prompt_set("llm-attributes"), data, bank, LlmOptions("m")))
    assert len(found) == len(data.classes)
    vocabulary = load_vocabulary()
    for cell in found:
        assert cell.slots == tuple(vocabulary.fields)
        question = cell.messages[1]["content"]
        assert all(f"{name}: {field.about}" in question for name, field in vocabulary.fields.items())
        assert not any(
            field.says in question for f in vocabulary.fields.values() for field in f.values.values()
        )

"""A model's text drawn several times: sets of their own, with other answers to the same questions."""

from __future__ import annotations

from dataclasses import replace

import pytest

from semtool.descriptions import DescriptionSet
from semtool.errors import UsageError
from semtool.generation import LlmOptions, resample

from .conftest import prompt_set


def test_every_draw_is_a_set_with_other_seeds_and_the_same_again_asks_nothing(dataset, server, store):
    llm = LlmOptions("scripted", base_url=server.url)

    def draw(count):
        return resample(dataset, prompt_set(), llm=llm, draws=count, store=store)

    made = draw(3)
    assert [r.artifact.name for r in made] == ["ask-r1", "ask-r2", "ask-r3"]
    texts = [{d.text for d in DescriptionSet.read(r.artifact.path)} for r in made]
    assert not texts[0] & texts[1]
    asked = len(server.seen)
    assert [r.artifact.reference for r in draw(3)] == [r.artifact.reference for r in made]
    assert len(server.seen) == asked
    assert len({body["seed"] for body in server.seen}) == 3


def test_what_cannot_be_drawn_again_is_refused(dataset):
    llm = LlmOptions("scripted")
    for options, count, said in (
        (None, 3, "name one with --llm"),
        (llm, 1, "at least twice"),
        (replace(llm, temperature=0.0), 3, "temperature 0"),
    ):
        with pytest.raises(UsageError, match=said):
            resample(dataset, prompt_set(), llm=options, draws=count)

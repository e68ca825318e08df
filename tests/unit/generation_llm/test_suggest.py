"""Contrasts asked from a model: what is asked, what is kept, and that nothing is asked twice."""

from __future__ import annotations

import json

import pytest

from semtool.descriptions import Description, DescriptionSet
from semtool.diagnosis import suggest
from semtool.embedding import embed
from semtool.generation import LlmOptions

NAMES = ("hop", "bow", "spin", "crouch")


def answer(body, text=None):
    seed = body["seed"]
    extra = " ".join(f"w{seed}x{i}" for i in range(8))
    said = {
        "role": "assistant",
        "content": json.dumps({"text": text or f"The trunk leans, knees bend {extra}."}),
    }
    return {
        "id": "c", "object": "chat.completion", "created": 1, "model": "scripted-1",
        "choices": [{"index": 0, "finish_reason": "stop", "message": said}],
        "usage": {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18},
    }  # fmt: skip


@pytest.fixture
def base(store):
    """A set of one sentence a class about a data set that no catalogue knows; hop and bow are alike."""
    texts = (
        "the body goes up and down",
        "the body goes up then down",
        "the feet turn round",
        "the hips sink low",
    )
    rows = [
        Description("tiny", i, name, "global", "", 0, text, "mine")
        for i, (name, text) in enumerate(zip(NAMES, texts, strict=True))
    ]
    with store.create("descriptions", "tiny/mine") as draft:
        DescriptionSet(rows).write(draft.folder)
    embed(draft.result, "tfidf", store=store)
    return store


def options(server, **more):
    return LlmOptions(model="scripted", base_url=server.url, concurrency=1, timeout=5.0, retries=0, **more)


def test_a_dry_run_asks_nothing_and_plans_every_class(base, server):
    found = suggest("tiny/mine", store=base, llm=options(server), dry_run=True)
    assert server.seen == []
    assert found.asked.plan.calls == 4 * 3
    assert found.artifact is None


def test_the_answers_are_added_and_their_origin_is_written_down(base, server):
    server.script = [answer] * 40
    found = suggest("tiny/mine", store=base, pairs=1, llm=options(server))
    assert found.artifact.reference == "tiny/mine+contrast@v1"
    new = DescriptionSet.read(found.artifact.path)
    assert len(new) == 4 + 4 * 3
    assert {d.source for d in found.added} == {"llm-contrast:scripted"}
    assert [d.variant for d in new if d.class_id == 0] == [0, 1, 2, 3]
    inputs = found.artifact.manifest.inputs
    assert inputs["answers"].reference == "tiny/llm-contrast@v1"
    assert inputs["descriptions"].reference == "tiny/mine@v1"
    questions = {
        b["messages"][-1]["content"].split("\n")[0]: b["messages"][-1]["content"] for b in server.seen
    }
    assert "confused with: bow" in questions["Action: hop"]
    assert "confused with: hop" in questions["Action: bow"]
    asked = len(server.seen)
    again = suggest("tiny/mine", store=base, pairs=1, llm=options(server))
    assert len(server.seen) == asked
    assert again.artifact.reference == found.artifact.reference
    assert not again.made


def test_a_model_that_names_the_action_leaves_texts_missing(base, server, cli):
    server.script = [lambda body: answer(body, "Somebody hops and bows and spins and crouches about.")] * 400
    found = suggest("tiny/mine", store=base, llm=options(server))
    assert found.artifact is None
    assert found.asked.failed > 0
    done = cli(
        "suggest", "tiny/mine", "--llm", "scripted", "--base-url", server.url, "--root", base.root,
        "--limit", "0",
    )  # fmt: skip
    assert done.code == 1
    assert "texts are missing" in done.err
    assert done.err.splitlines()[-1].startswith("error:")


def test_what_is_missing_may_be_left_out(base, server):
    def only_about_hop(body):
        named = "Action: hop\n" in body["messages"][-1]["content"]
        return answer(body, None if named else "Somebody bows and spins and crouches about.")

    server.script = [only_about_hop] * 400
    found = suggest("tiny/mine", store=base, llm=options(server, allow_missing=True), check=False)
    assert {d.class_name for d in found.added} == {"hop"}
    assert found.artifact is not None


def test_the_facts_in_which_classes_differ_are_part_of_the_question(store, server):
    from semtool.generation import generate

    embed(generate("utd-mhad", "label", store=store).artifact, "tfidf", store=store)
    server.script = [answer] * 400
    suggest("utd-mhad/label", store=store, pairs=1, llm=options(server, variants=1), check=False)
    questions = [b["messages"][-1]["content"] for b in server.seen]
    swipe = next(q for q in questions if q.startswith("Action: swipe left"))
    assert "swipe right" in swipe
    assert "The hand travels to the left." in swipe

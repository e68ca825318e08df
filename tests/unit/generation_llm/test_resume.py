"""Answers are kept when they arrive; a later run asks only for what is missing."""

from __future__ import annotations

import asyncio
import json
import sys

import pytest

from semtool.errors import SemtoolError
from semtool.generation.llm.cache import AnswerCache

from .conftest import completion, prompt_set, reply, texts

VARIANTS = {"global": {"variants": 3}}


def unusable(n):
    return [completion("no JSON here")] * n


def test_second_run_asks_nothing(ask, server):
    first = ask()
    again = ask()
    assert len(server.seen) == 3
    assert again.artifact.reference == first.artifact.reference
    assert not again.created
    assert again.asked == 0


def test_answers_outlive_the_artifact(ask, server, store):
    """A warm cache gives the same bytes without a request."""
    first = ask()
    before = (first.artifact.path / "descriptions.jsonl").read_bytes()
    for path in first.artifact.path.iterdir():
        path.unlink()
    first.artifact.path.rmdir()
    again = ask()
    assert (again.artifact.path / "descriptions.jsonl").read_bytes() == before
    assert len(server.seen) == 3


def test_warm_cache_does_not_import_the_client(ask, server, store, monkeypatch):
    first = ask()
    for path in first.artifact.path.iterdir():
        path.unlink()
    first.artifact.path.rmdir()
    monkeypatch.setitem(sys.modules, "openai", None)
    assert ask().asked == 0


def test_only_missing_is_asked(ask, server):
    server.script = [reply("broken", 400)] * 4  # one class, refused in every form
    assert ask().artifact is None
    asked = len(server.seen)
    result = ask()
    assert len(server.seen) == asked + 1
    assert result.llm.outcomes == {"ok": 3}


def test_stopped_run_goes_on(ask, server, store):
    undisturbed = (ask(prompt_set(**VARIANTS)).artifact.path / "descriptions.jsonl").read_bytes()
    for path in (store.root / "cache" / "llm").glob("*/*.json"):
        path.unlink()
    server.seen.clear()
    server.script = [lambda body: reply(completion(good_for(body)))] * 4 + [reply({}, 401)]
    with pytest.raises(SemtoolError, match="key"):
        ask(prompt_set(**VARIANTS), overwrite="always")
    result = ask(prompt_set(**VARIANTS), overwrite="always")
    assert len(server.seen) == 9 + 1  # nine answers, and the refused one asked twice
    assert (result.artifact.path / "descriptions.jsonl").read_bytes() == undisturbed


def good_for(body):
    from .conftest import good

    return good(body)


def test_exhausted_text_is_asked_again_by_the_next_run(ask, server):
    server.script = unusable(3)
    assert ask(classes=("hop",)).llm.outcomes == {"invalid-json": 1}
    result = ask(classes=("hop",))
    assert result.asked == 1
    assert len({b["seed"] for b in server.seen}) == 4


def test_interrupted_attempts_count(ask, server, store):
    """Two bad answers before the stop leave one attempt after it, as without the stop."""
    server.script = [*unusable(2), reply({}, 401)]
    with pytest.raises(SemtoolError):
        ask(classes=("hop",))
    server.script = unusable(5)
    assert ask(classes=("hop",)).asked == 1


def test_damaged_answer_is_asked_again(ask, server, store):
    ask()
    victim = sorted((store.root / "cache" / "llm").glob("*/*.json"))[0]
    victim.write_text(victim.read_text()[:40])
    ask(overwrite="always")
    assert len(server.seen) == 4


def test_another_temperature_or_seed_is_another_question(ask, server):
    ask()
    ask(temperature=0.2)
    ask(seed=7)
    assert len(server.seen) == 9
    assert [b["temperature"] for b in server.seen] == [0.7] * 3 + [0.2] * 3 + [0.7] * 3


def test_subset_then_all_reuses_the_subset(ask, server):
    part = ask(classes=("1", "spin"))
    assert [d.class_name for d in texts(part)] == ["bow", "spin"]
    whole = ask()
    assert len(server.seen) == 3
    assert whole.artifact.version == 2
    assert whole.reused == 2
    assert whole.new == 1


def test_set_with_gaps_is_completed_later(ask, server):
    server.script = unusable(3)
    gaps = ask(allow_missing=True)
    assert len(gaps.artifact.manifest.details["llm"]["missing"]) == 1
    full = ask(allow_missing=True)
    assert full.artifact.version == 2
    assert full.artifact.manifest.details["llm"]["missing"] == []


def test_nothing_answered_writes_nothing(ask, server, store):
    server.script = unusable(9)
    result = ask(allow_missing=True)
    assert result.artifact is None
    assert store.artifacts("descriptions") == []


def test_a_template_set_asks_no_model(ask):
    from semtool.errors import UsageError

    with pytest.raises(UsageError, match="asks no model"):
        ask("label")


def test_cache_file_is_plain_json(ask, server, store):
    ask(classes=("hop",))
    (path,) = (store.root / "cache" / "llm").glob("*/*.json")
    raw = json.loads(path.read_text())
    assert raw["model"] == "scripted-1"
    assert raw["host"] == "localhost"
    assert AnswerCache(store).get(path.stem).tokens_in == 11


def test_manifest_records_the_origin(ask, server):
    record = ask().artifact.manifest.details["llm"]
    assert record["models"] == {"scripted-1": 3}
    assert record["hosts"] == ["localhost"]
    assert record["tokens"] == {"in": 33, "out": 21}
    assert record["finish_reasons"] == {"stop": 3}
    assert record["formats"] == {"json_schema": 3}
    assert len(record["prompts_sha256"]) == 64
    assert record["answered"]["first"] <= record["answered"]["last"]
    parameters = ask().artifact.manifest.parameters
    assert parameters["temperature"] == 0.7
    assert parameters["model"] == "scripted"


def test_a_notebook_whose_thread_has_a_loop_asks_as_well(ask, server):
    async def cell():
        return ask()

    assert asyncio.run(cell()).artifact is not None
    assert server.seen

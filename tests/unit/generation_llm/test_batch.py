"""The batch interface, against a scripted one: submit, poll, collect, go on after a stop."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

import pytest
from werkzeug import Request

from semtool.errors import SemtoolError
from semtool.generation.llm import Price

from .conftest import completion, good, prompt_set, reply, texts


@dataclass
class Provider:
    """Files and batches of one provider; a batch is done at the third look."""

    files: dict = field(default_factory=dict)
    batches: dict = field(default_factory=dict)
    looks: int = 0
    asked: list = field(default_factory=list)
    answer: object = None
    fail: dict = field(default_factory=dict)

    def __call__(self, request: Request):
        path = request.path.removeprefix("/v1")
        if (where := f"{request.method} {path}") in self.fail:
            return self.fail.pop(where)
        if where == "POST /files":
            assert request.form["purpose"] == "batch"
            return self.file(request.files["file"].read().decode(), reply_with=True)
        if where == "POST /batches":
            return reply(self.create(json.loads(request.get_data())))
        if where == "GET /batches":
            return reply({"object": "list", "data": list(self.batches.values()), "has_more": False})
        kind, name = path.strip("/").split("/")[:2]
        if kind == "batches":
            return reply(self.look(name))
        return reply(self.files[name])

    def file(self, content, reply_with=False):
        name = f"file-{len(self.files)}"
        self.files[name] = content
        found = {
            "id": name,
            "object": "file",
            "bytes": 1,
            "created_at": 1,
            "filename": "r",
            "purpose": "batch",
        }
        return reply(found) if reply_with else name

    def create(self, body):
        assert body["endpoint"] == "/v1/chat/completions"
        name = f"batch-{len(self.batches)}"
        self.batches[name] = {
            "id": name,
            "object": "batch",
            "status": "in_progress",
            "input_file_id": body["input_file_id"],
            "endpoint": body["endpoint"],
            "completion_window": body["completion_window"],
            "created_at": 1,
            "looks": 0,
        }
        return self.batches[name]

    def look(self, name):
        batch = self.batches[name]
        batch["looks"] += 1
        if batch["looks"] == 3:
            lines = [json.loads(line) for line in self.files[batch["input_file_id"]].splitlines()]
            self.asked += lines
            done = [self.answer(n, line) if self.answer else usual(line) for n, line in enumerate(lines)]
            batch["output_file_id"] = self.file("".join(json.dumps(d) + "\n" for d in done if d))
            batch["status"] = "completed"
        return batch


def usual(line, status=200, body=None):
    body = body or completion(good(line["body"]))
    return {"custom_id": line["custom_id"], "response": {"status_code": status, "body": body}, "error": None}


@pytest.fixture
def provider(web, server):
    import re

    found = Provider()
    web.expect_request(re.compile(r"/v1/(files|batches).*")).respond_with_handler(found)
    return found


@pytest.fixture
def batch(ask, provider):
    return lambda *prompts, **options: ask(*prompts, batch=True, poll=0.0, retries=0, **options)


def test_batch_gives_the_same_set(batch, ask, provider, server, store):
    prompts = prompt_set(**{"global": {"variants": 2}, "part": {}})
    result = batch(prompts)
    assert server.seen == []
    assert len(provider.batches) == 1
    assert len(provider.asked) == 9
    assert result.details["llm"]["batched"] == 9
    bytes_of_batch = (result.artifact.path / "descriptions.jsonl").read_bytes()
    for path in (store.root / "cache" / "llm").glob("??/*.json"):
        path.unlink()
    online = ask(prompts, overwrite="always")
    assert (online.artifact.path / "descriptions.jsonl").read_bytes() == bytes_of_batch
    assert not list((store.root / "cache" / "llm" / "batches").iterdir())


def test_bad_answers_go_into_the_next_batch(batch, provider):
    def answer(n, line):
        bad = len(provider.batches) == 1 and n == 1
        return usual(line, body=completion("nothing")) if bad else usual(line)

    provider.answer = answer
    result = batch()
    assert result.details["llm"]["outcomes"] == {"ok": 3}
    assert len(provider.batches) == 2
    assert len(provider.asked) == 4


def test_failed_lines_and_lost_lines(batch, provider):
    def answer(n, line):
        if n == 0:
            return usual(line, 500, {"error": {"message": "broke"}})
        return None if n == 1 else usual(line)

    provider.answer = answer
    result = batch(allow_missing=True)
    assert result.details["llm"]["outcomes"] == {"http-error": 2, "ok": 1}
    assert [d.class_name for d in texts(result)] == ["spin"]
    assert len(provider.batches) == 1


def test_format_falls_back_between_batches(batch, provider):
    def answer(n, line):
        form = line["body"].get("response_format", {}).get("type")
        if form == "json_schema":
            return usual(line, 400, {"error": {"message": "json_schema is not supported"}})
        return usual(line)

    provider.answer = answer
    result = batch()
    assert result.details["llm"]["formats"] == {"json_object": 3}
    assert len(provider.batches) == 2


def test_stopped_while_polling_goes_on_with_the_same_batch(batch, provider):
    provider.fail = {"GET /batches/batch-0": reply({"error": {"message": "down"}}, 500)}
    with pytest.raises(SemtoolError, match="run the same command again"):
        batch()
    result = batch()
    assert result.details["llm"]["outcomes"] == {"ok": 3}
    assert len(provider.batches) == 1
    assert len(provider.asked) == 3


def test_stopped_between_upload_and_submission(batch, provider):
    provider.fail = {"POST /batches": reply({"error": {"message": "down"}}, 500)}
    with pytest.raises(SemtoolError):
        batch()
    assert batch().details["llm"]["outcomes"] == {"ok": 3}
    assert len(provider.batches) == 1


def test_submitted_but_not_recorded_is_found_again(batch, provider, store):
    """Killed right after the provider took the batch, before its id was written down."""
    provider.fail = {"GET /batches/batch-0": reply({}, 500)}
    with pytest.raises(SemtoolError):
        batch()
    (path,) = (store.root / "cache" / "llm" / "batches").iterdir()
    path.write_text(json.dumps(json.loads(path.read_text()) | {"batch": None}))
    assert batch().details["llm"]["outcomes"] == {"ok": 3}
    assert len(provider.batches) == 1


def test_a_batch_may_fail_as_a_whole(batch, provider, monkeypatch):
    def look(name):
        errors = {"object": "list", "data": [{"code": "x", "message": "the file has too many lines"}]}
        return provider.batches[name] | {"status": "failed", "errors": errors}

    monkeypatch.setattr(provider, "look", look)
    result = batch()
    assert result.artifact is None
    assert result.details["why"] == {"http-error": "the file has too many lines"}


def test_server_without_batches(batch, provider):
    provider.fail = {"POST /files": reply({"error": {"message": "not found"}}, 404)}
    with pytest.raises(SemtoolError, match="no batch interface"):
        batch()


def test_strange_custom_ids_are_not_followed(batch, provider, store, tmp_path):
    def answer(n, line):
        return usual(line | {"custom_id": "../../outside"}) if n == 0 else usual(line)

    provider.answer = answer
    result = batch()
    assert result.details["llm"]["outcomes"] == {"http-error": 1, "ok": 2}
    assert not list(tmp_path.rglob("outside*"))


def test_batch_costs_half(batch, provider):
    result = batch(price=Price(1.0, 2.0))
    assert result.details["llm"]["cost_usd"] == pytest.approx((33 + 2 * 21) / 2e6, abs=1e-6)

"""Whatever a server does has a name in the outcome table, and does not end what goes well."""

from __future__ import annotations

import json
import socket
import threading

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Response

from semtool.errors import SemtoolError
from semtool.generation import LlmOptions, generate

from .conftest import KEY, completion, good, prompt_set, reply, texts

PARTS = {"part": {"slots": ["head", "arms"]}}


def outcomes(result):
    return result.llm.outcomes


def busy(**headers):
    return reply({"error": {"message": "slow down"}}, 429, **headers)


def test_everything_answered(ask, server):
    result = ask()
    assert outcomes(result) == {"ok": 3}
    assert len(server.seen) == 3
    assert [d.class_name for d in texts(result)] == ["hop", "bow", "spin"]
    assert [d.slot for d in texts(result)] == ["", "", ""]


@pytest.mark.parametrize("headers", [{"retry_after_ms": "20"}, {"Retry_After": "0.02"}, {}])
def test_busy_server_is_asked_again(ask, server, headers):
    server.script = [busy(**headers)]
    assert outcomes(ask()) == {"ok": 3}
    assert len(server.seen) == 4


def test_failure_then_success(ask, server):
    server.script = [reply({"error": {"message": "oops"}}, 500, retry_after_ms="5")]
    assert outcomes(ask()) == {"ok": 3}
    assert len(server.seen) == 4


def test_failing_for_good_leaves_the_others_alone(ask, server):
    server.script = [reply("broken", 503, retry_after_ms="5")] * 3
    result = ask(allow_missing=True)
    assert outcomes(result) == {"http-error": 1, "ok": 2}
    assert "503" in result.reasons["http-error"]
    assert [d.class_name for d in texts(result)] == ["bow", "spin"]
    assert result.artifact.manifest.details["llm"]["missing"] == [
        {
            "class_id": 0,
            "class_name": "hop",
            "granularity": "global",
            "variant": 0,
            "outcome": "http-error",
        }
    ]


def test_hanging_socket_times_out(ask, server):
    release = threading.Event()

    def hang(body):
        release.wait(10)
        return completion(good(body))

    server.script = [hang]
    try:
        result = ask(timeout=0.3, retries=0, allow_missing=True, concurrency=3)
    finally:
        release.set()
    assert outcomes(result)["timeout"] == 1
    assert outcomes(result)["ok"] == 2


def test_truncated_body(ask, server):
    def cut(body):
        whole = json.dumps(completion(good(body)))
        return Response(whole[: len(whole) // 2], content_type="application/json")

    server.script = [cut]
    result = ask(allow_missing=True)
    assert outcomes(result) == {"http-error": 1, "ok": 2}


def test_body_that_ends_early_is_asked_again(dataset, store, monkeypatch):
    """The server promises more bytes than it sends, and closes."""
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    listener = socket.create_server(("127.0.0.1", 0))
    calls = []

    def serve():
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                connection.recv(65536)
                calls.append(1)
                connection.sendall(
                    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 999\r\n\r\n{"
                )

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    options = LlmOptions(
        model="m",
        base_url=f"http://127.0.0.1:{listener.getsockname()[1]}/v1",
        classes=("hop",),
        retries=1,
        concurrency=1,
    )
    result = generate(dataset, prompt_set(), llm=options, store=store)
    listener.close()
    assert result.artifact is None
    assert outcomes(result) == {"http-error": 1}
    assert len(calls) == 2


def test_cut_off_answer_gets_a_longer_limit(ask, server):
    server.script = [completion('{"text": "The body', finish="length")]
    assert outcomes(ask()) == {"ok": 3}
    assert server.seen[1]["max_tokens"] == 2 * server.seen[0]["max_tokens"]


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (completion('{"head": "The head turns', finish="length"), "length"),
        (completion("I would rather talk about something else."), "invalid-json"),
        (completion('{"head": "The head turns left."}'), "missing-slot"),
        (completion('{"cabeza": "The head turns.", "brazos": "Both arms rise."}'), "missing-slot"),
        (completion(None, refusal="I cannot help with that."), "refusal"),
        (completion("", finish="content_filter"), "refusal"),
        (completion(""), "empty"),
        (completion('{"head": "", "arms": " - "}'), "empty"),
        (completion('{"head": "The head turns left.", "arms": null}'), "missing-slot"),
        (completion('{"head": "word ' + "word " * 80 + '", "arms": "Both arms rise."}'), "too-long"),
        (completion('{"head": "left", "arms": "Both arms rise."}'), "too-short"),
        (completion('{"head": "The head keeps hopping.", "arms": "Both arms rise."}'), "names-label"),
    ],
)
def test_unusable_answer_has_a_name(ask, server, answer, outcome):
    """Asked again with another seed twice, then given up; the other classes come through."""
    server.script = [answer] * 3
    prompts = prompt_set(part={"slots": ["head", "arms"], "forbid_label": True})
    server.script += [
        completion(json.dumps({"head": "The head turns left.", "arms": f"Both arms rise {n} times."}))
        for n in (2, 3)
    ]
    result = ask(prompts, allow_missing=True)
    assert outcomes(result) == {outcome: 1, "ok": 2}
    seeds = [b["seed"] for b in server.seen[:3]]
    assert len(set(seeds)) == 3


@pytest.mark.parametrize(
    "content",
    [
        '```json\n{"head": "The head turns.", "arms": "Both arms rise."}\n```',
        'Here you are: {"head": "The head turns.", "arms": "Both arms rise."} Anything else?',
        '<think>{"head"?}</think>{"head": "The head turns.", "arms": "Both arms rise."}',
        '{"part": {"head": "The head turns.", "arms": "Both arms rise."}}',
        '{"Head": "The head turns.", "ARMS ": "Both arms rise."}',
        '{"head": "The head turns.", "arms": "Both arms rise.", "note": "done"}',
        '{"head": ["The head", "turns."], "arms": "Both arms rise."}',
        '[{"head": "The head turns.", "arms": "Both arms rise."}]',
    ],
)
def test_small_flaws_are_repaired(ask, server, content):
    server.script = [completion(content)]
    result = ask(prompt_set(**PARTS), classes=("hop",))
    assert [d.text for d in texts(result)] == ["The head turns.", "Both arms rise."]
    expected = "ok" if content.startswith("<think>") else "repaired"
    assert outcomes(result) == {expected: 1}


def test_a_long_answer_keeps_its_whole_sentences(ask, server):
    server.script = [completion(json.dumps({"text": "The body jumps up. " + "It goes on and on. " * 20}))]
    result = ask(prompt_set(**{"global": {"max_words": 10}}), classes=("hop",))
    assert [d.text for d in texts(result)] == ["The body jumps up. It goes on and on."]
    assert outcomes(result) == {"repaired": 1}


def test_duplicates_are_asked_again_then_left_out(ask, server):
    same = completion('{"text": "The body springs up from the floor and lands."}')
    almost = completion('{"text": "the body springs up, from the floor, and lands"}')
    server.script = [
        same,
        almost,
        almost,
        completion('{"text": "Both knees bend before the feet take off."}'),
    ]
    result = ask(prompt_set(**{"global": {"variants": 2}}), classes=("hop",))
    assert outcomes(result) == {"ok": 2}
    assert [(d.variant, d.text[:8]) for d in texts(result)] == [(0, "The body"), (1, "Both kne")]
    server.script = [same] * 4
    result = ask(prompt_set(**{"global": {"variants": 2}}), classes=("bow",), allow_missing=True)
    assert outcomes(result) == {"ok": 1, "duplicate": 1}


def test_repeating_the_request_is_no_answer(ask, server):
    prompts = prompt_set(**{"global": {"ask": "For example: Both arms swing forward and up again."}})
    server.script = [completion('{"text": "Both arms swing forward and up again."}')] * 3
    assert outcomes(ask(prompts, classes=("hop",))) == {"copied": 1}


def test_refused_key_stops_at_once(ask, server):
    server.script = [reply({"error": {"message": f"Incorrect API key provided: {KEY}"}}, 401)] * 9
    with pytest.raises(SemtoolError, match="did not accept the key") as caught:
        ask(concurrency=1)
    assert len(server.seen) == 1
    assert KEY not in str(caught.value)


def test_unknown_model_stops_at_once(ask, server):
    server.script = [reply({"error": {"message": "model 'scripted' not found"}}, 404)]
    with pytest.raises(SemtoolError, match="does not know the model 'scripted'"):
        ask()
    assert len(server.seen) == 1


def test_no_quota_stops(ask, server):
    used_up = {"error": {"message": "You exceeded your quota", "code": "insufficient_quota"}}
    server.script = [reply(used_up, 429, retry_after_ms="5")] * 9
    with pytest.raises(SemtoolError, match="no quota left"):
        ask()
    assert len(server.seen) == 3


def test_nobody_there_is_said_once(dataset, store):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    options = LlmOptions(model="m", base_url=f"http://127.0.0.1:{port}/v1", retries=0)
    with pytest.raises(SemtoolError, match=r"no server answers at 127\.0\.0\.1"):
        generate(dataset, prompt_set(), llm=options, store=store)


def test_a_server_that_goes_away_ends_the_run(ask, server):
    """The first class is answered, then nobody listens any more: no waiting for every other class."""

    def last(request):
        threading.Thread(target=web.stop).start()
        return reply(completion(good(json.loads(request.get_data()))))

    with HTTPServer(threaded=True) as web:
        web.expect_request("/v1/chat/completions").respond_with_handler(last)
        server.url = web.url_for("/v1")
        with pytest.raises(SemtoolError, match="What was answered is kept"):
            ask(retries=1)


def test_error_in_a_successful_response(ask, server):
    server.script = [{"error": {"message": f"upstream is down, key {KEY}"}}]
    result = ask(allow_missing=True)
    assert outcomes(result) == {"http-error": 1, "ok": 2}
    assert KEY not in str((result.reasons, result.llm))

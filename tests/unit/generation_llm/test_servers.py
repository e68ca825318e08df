"""Servers as they are: odd completions, bodies that are bombs or never end, addresses with a query."""

from __future__ import annotations

import gzip
import json
import threading
import time
import zlib

import pytest
from werkzeug import Response

from semtool.errors import SemtoolError
from semtool.generation.llm import client as llm_client
from semtool.generation.llm.cache import AnswerCache

from .conftest import KEY, completion, good, prompt_set, reply, texts

TEXT = "The trunk dips and both heels leave the ground."
ANSWER = json.dumps({"text": TEXT})


PART = {"type": "text", "text": ANSWER}
DRAFT = '{"text": "A draft it is."}'


def with_content(content, **message):
    found = completion(None)
    found["choices"][0]["message"] |= {"content": content, **message}
    return found


def changed(**more):
    return completion(ANSWER) | more


def choice(**more):
    found = completion(ANSWER)
    found["choices"][0] |= more
    return found


@pytest.mark.parametrize(
    "body",
    [
        with_content([PART]),
        with_content([{"type": "text", "text": ANSWER[:9]}, {"type": "text", "text": ANSWER[9:]}]),
        with_content([{"type": "output_text", "text": ANSWER, "annotations": []}]),
        with_content([ANSWER]),
        with_content([{"type": "text", "text": {"value": ANSWER, "annotations": []}}]),
        with_content(PART),
        choice(message=ANSWER), {"choices": [{"text": ANSWER}]},
        with_content([{"type": "thinking", "thinking": [{"type": "text", "text": DRAFT}]},
                      PART]),
        with_content([{"type": "reasoning", "text": DRAFT}, PART]),
        with_content([PART, {"type": "reasoning", "text": DRAFT}]),
        with_content([{"type": "text", "thought": True, "text": "x"}, PART]),
        with_content({"text": TEXT}),
        with_content(ANSWER, reasoning_content=DRAFT),
        changed(usage=None), changed(usage="x"), changed(usage=[1]), changed(usage={}),
        changed(usage={"prompt_tokens": None, "completion_tokens": None}),
        changed(usage={"prompt_tokens": "9", "completion_tokens": float("inf")}),
        changed(usage={"prompt_tokens": 10**30, "completion_tokens": -(10**30)}),
        changed(usage={"prompt_tokens": True, "completion_tokens": float("nan")}),
        changed(model=None), changed(model={"a": [1]}), changed(model="evil\n\x1b[31m\ud83d" * 300),
        changed(id=None, object=7, created="now"),
        choice(finish_reason=None), choice(finish_reason={"x": 1}), choice(finish_reason="STOP"),
        choice(index="x"),
        choice(finish_reason="eos"), choice(logprobs="x"),
        {"choices": [{"message": {"content": ANSWER}}]},
        changed(error=None),
    ],
)  # fmt: skip
def test_the_answer_is_used_whatever_is_around_it(ask, server, store, body):
    server.script = [body]
    result = ask(classes=("hop",))
    assert [d.text for d in texts(result)] == [TEXT]
    assert result.llm.tokens["in"] in (0, 11)
    assert ask(classes=("hop",), overwrite="always").asked == 0
    assert result.artifact.verify()


@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        (with_content(None), "empty"),
        (with_content(None, reasoning_content=ANSWER), "empty"),
        (with_content([]), "empty"),
        (with_content([{"type": "image_url"}, None, 7]), "empty"),
        (with_content(7), "empty"),
        (with_content(False), "empty"),
        (with_content("", refusal={"no": 1}), "empty"),
        (with_content(None, refusal="No."), "refusal"),
        (choice(finish_reason="SAFETY"), "refusal"),
        (choice(finish_reason="MAX_TOKENS"), "length"),
        ({}, "http-error"), ({"choices": None}, "http-error"), ({"choices": []}, "http-error"),
        ({"choices": ["x"]}, "http-error"), ({"choices": {"0": 1}}, "http-error"),
        ({"choices": [{}]}, "http-error"),
        ({"choices": [{"message": None}]}, "empty"),
    ],
)  # fmt: skip
def test_what_is_no_answer_is_named_and_the_others_come_through(ask, server, body, outcome):
    server.script = [body] * (1 if outcome == "http-error" else 3)
    result = ask(allow_missing=True)
    assert result.llm.outcomes == {outcome: 1, "ok": 2}


@pytest.mark.parametrize(
    "body",
    [
        "null",
        "[1, 2]",
        '"x"',
        "7",
        "",
        "oops",
        "[" * 100_000,
        "<html><body>hello</body></html>",
        b"\xff\xfe\xc3\x28",
    ],
)
def test_a_body_that_is_no_completion_is_named(ask, server, body):
    server.script = [Response(body, content_type="text/html")]
    result = ask(allow_missing=True)
    assert result.llm.outcomes == {"http-error": 1, "ok": 2}


def test_the_content_type_does_not_matter(ask, server):
    server.script = [lambda body: Response(json.dumps(completion(good(body))), content_type="text/html")]
    assert ask().llm.outcomes == {"ok": 3}


@pytest.mark.parametrize("where", ["answer", "model", "refusal", "completion"])
def test_half_characters_poison_neither_cache_nor_files(ask, server, store, where):
    half = {
        "answer": completion('{"text": "The arm \\ud83d rises high."}'),
        "completion": completion('{"text": "The arm \ud83d rises high."}'),
        "model": completion('{"text": "The arm rises high."}', model="m\ud83d"),
        "refusal": completion('{"text": "The arm rises high."}', refusal="\ud83d"),
    }[where]
    server.script = [half]
    result = ask(classes=("hop",))
    assert result.artifact is not None
    assert ask(classes=("hop",), overwrite="always").artifact is not None
    for d in texts(result):
        d.text.encode()


@pytest.mark.parametrize("damage", ['{"text": 1}', "[]", "null", "\x00", '{"tokens_in": null}'])
def test_a_damaged_record_is_set_aside_and_asked_again(ask, server, store, damage):
    ask(classes=("hop",))
    (path,) = AnswerCache(store).folder.glob("*/*.json")
    path.write_text(damage)
    assert ask(classes=("hop",), overwrite="always").asked == 1


def compressed(body, coding):
    data = json.dumps(completion(good(body))).encode()
    if coding == "deflate-raw":
        packer = zlib.compressobj(wbits=-15)
        data = packer.compress(data) + packer.flush()
    else:
        data = gzip.compress(data) if coding == "gzip" else zlib.compress(data)
    return Response(
        data, headers={"Content-Encoding": coding.removesuffix("-raw")}, content_type="application/json"
    )


@pytest.mark.parametrize("coding", ["gzip", "deflate", "deflate-raw"])
def test_packed_answers_are_unpacked(ask, server, coding):
    server.script = [lambda body: compressed(body, coding)]
    assert ask().llm.outcomes == {"ok": 3}


def bomb(status):
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    data = b"".join(packer.compress(b"a" * (1 << 22)) for _ in range(16)) + packer.flush()
    return Response(data, status, headers={"Content-Encoding": "gzip"}, content_type="application/json")


@pytest.mark.parametrize("status", [200, 400, 500])
def test_a_bomb_is_not_unpacked(ask, server, status):
    """Neither as an answer nor as the body of an error, which the library would read by itself."""
    import tracemalloc

    server.script = [bomb(status)]
    tracemalloc.start()
    result = ask(allow_missing=True)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert result.llm.outcomes == {"http-error": 1, "ok": 2}
    assert "more than 8 MB" in result.reasons["http-error"]
    assert peak < 30e6
    assert len(server.seen) == 3


def test_an_endless_answer_is_given_up_by_its_size(ask, server, monkeypatch):
    monkeypatch.setattr(llm_client, "MAX_BYTES", 1 << 16)

    def endless(_body):
        return Response((b" " * 4096 for _ in range(1000)), content_type="application/json")

    server.script = [endless]
    assert "sent an answer of more than" in ask(allow_missing=True).reasons["http-error"]


@pytest.mark.parametrize("status", [200, 500])
def test_the_time_bounds_a_dripping_server_in_all(ask, server, status):
    """Every byte comes in time; the whole never does. Not asked again, however many retries there are."""
    stop = threading.Event()

    def drip(_body):
        def bytes_():
            for _ in range(200):
                if stop.wait(0.05):
                    return
                yield b" "

        return Response(bytes_(), status, content_type="application/json")

    server.script = [drip]
    began = time.monotonic()
    try:
        result = ask(classes=("hop",), timeout=0.4, retries=5)
    finally:
        stop.set()
    assert time.monotonic() - began < 5
    assert result.llm.outcomes == {"timeout": 1}
    assert "no whole answer within 0.4 s" in result.reasons["timeout"]
    assert len(server.seen) == 1


def test_a_server_that_stays_silent_ends_the_run(ask, server, monkeypatch):
    monkeypatch.setattr(llm_client, "MAX_SILENCE", 2)
    stop = threading.Event()
    server.script = [lambda body: stop.wait(5) and reply({}, 500)] * 9
    try:
        with pytest.raises(SemtoolError, match="2 times in a row; give it longer with --timeout"):
            ask(timeout=0.1)
    finally:
        stop.set()


def test_redirects_are_named_and_not_followed(ask, server):
    server.script = [Response("", 307, headers={"Location": f"http://other.example/v1?k={KEY}"})]
    with pytest.raises(SemtoolError, match=r"sends requests on to http://other\.example") as caught:
        ask()
    assert KEY not in str(caught.value)


@pytest.mark.parametrize(
    ("suffix", "path", "query"),
    [
        ("/v1?api-version=2024-10-21", "/v1/chat/completions", {"api-version": "2024-10-21"}),
        ("/v1/?api-version=1&x=a%20b", "/v1/chat/completions", {"api-version": "1", "x": "a b"}),
        (
            "/openai/deployments/d?api-version=1",
            "/openai/deployments/d/chat/completions",
            {"api-version": "1"},
        ),
        ("/v1/chat/completions", "/v1/chat/completions", {}),
        ("/v1/", "/v1/chat/completions", {}),
    ],
)
def test_addresses_with_a_query_and_whole_addresses(
    httpserver, dataset, store, monkeypatch, suffix, path, query
):
    from semtool.generation import LlmOptions, generate

    seen = []

    def answer(request):
        seen.append((dict(request.args), request.headers.get("api-key"), request.headers["Authorization"]))
        return reply(completion(good(json.loads(request.get_data()))))

    httpserver.expect_request(path, method="POST").respond_with_handler(answer)
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    options = LlmOptions("m", httpserver.url_for(suffix), classes=("hop",), retries=0)
    result = generate(dataset, prompt_set(), llm=options, store=store)
    assert result.llm.outcomes == {"ok": 1}
    assert seen == [(query, KEY if query else None, f"Bearer {KEY}")]
    assert result.llm.hosts == ["localhost"]


@pytest.mark.parametrize("form", [" ".join(KEY), KEY.replace("-", "%2D"), KEY])
def test_no_form_of_the_key_is_quoted(ask, server, form):
    server.script = [reply({"error": {"message": f"bad key {form}"}}, 400)] * 9
    why = ask(classes=("hop",)).reasons["http-error"]
    assert form not in why

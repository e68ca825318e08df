"""Formats and parameters are found out, and remembered for the rest of the run."""

from __future__ import annotations

import json

import pytest

from semtool.generation.llm.dialect import Dialect, read_complaint

from .conftest import completion, good, reply


def refuse(kind, **error):
    """A server that refuses requests of one response format."""

    def answer(body):
        if (body.get("response_format") or {}).get("type") == kind:
            return reply({"error": {"message": f"{kind} is not supported", **error}}, 400)
        return reply(completion(good(body)))

    return answer


def test_structured_outputs_are_used_where_they_are(ask, server):
    ask()
    assert server.formats == {"json_schema": 3}
    form = server.seen[0]["response_format"]["json_schema"]
    assert form["strict"] is True
    assert form["schema"]["required"] == ["text"]


def test_json_mode_is_next(ask, server):
    server.script = [refuse("json_schema")] * 4
    result = ask()
    assert server.formats == {"json_schema": 1, "json_object": 3}
    assert result.llm.formats == {"json_object": 3}


def test_plain_text_is_last(ask, server):
    def answer(body):
        if "response_format" in body:
            return reply({"detail": "response_format is unknown"}, 422)
        return reply(completion("Sure! " + good(body)))

    server.script = [answer] * 9
    result = ask()
    assert server.formats == {"json_schema": 1, "json_object": 1, "text": 3}
    assert result.llm.outcomes == {"repaired": 3}


def test_refusal_in_every_format_is_an_error_of_that_request_only(ask, server):
    server.script = [reply({"error": {"message": "context too long"}}, 400)] * 4
    result = ask(allow_missing=True)
    assert result.llm.outcomes == {"http-error": 1, "ok": 2}
    assert server.formats["json_schema"] == 3  # the other two still got the strictest format


BASE = {"temperature", "seed", "max_tokens", "response_format"}


def detail(**more):
    return {"detail": [{"type": "extra_forbidden", **more}]}


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ({"error": {"message": "Unsupported value", "param": "temperature"}}, "temperature"),
        (
            {"error": {"message": "litellm.UnsupportedParamsError: m don't support temperature=0.7."}},
            "temperature",
        ),
        ({"error": "Unrecognized request argument supplied: seed"}, "seed"),
        ({"error": {"message": "Unsupported parameter: `seed` is not available for this model"}}, "seed"),
        ({"message": 'json: unknown field "seed"'}, "seed"),
        (
            {"object": "error", "message": "[{'loc': ('body', 'seed'), 'msg': 'extra'}]", "param": None},
            "seed",
        ),
        (
            detail(loc=["body", "seed"], msg="Extra inputs are not permitted", input={"temperature": 1}),
            "seed",
        ),
        (detail(loc=["body", "temperature"], msg="not allowed", input=7), "temperature"),
        ({"errors": {"seed": ["is not a parameter"]}}, "seed"),
        ({"errors": [{"title": "Bad Request", "source": {}, "detail": "seed: unknown"}]}, "seed"),
        (
            [{"error": {"code": 400, "message": 'Invalid JSON payload: Unknown name "seed": Cannot find'}}],
            "seed",
        ),
        (
            {"error": {"message": "upstream", "metadata": {"raw": '{"error":{"message":"no seed here"}}'}}},
            "seed",
        ),
        (
            {"error": {"message": "Unknown parameter 'seed'. Supported: model, temperature, max_tokens"}},
            "seed",
        ),
        ("temperature must be 1 for this model", "temperature"),
        ("<html><body><h1>400</h1><p>Parameter <b>seed</b> is unknown</p></body></html>", "seed"),
        ({"error": {"message": "'max_tokens' is not supported. Use 'max_completion_tokens'."}}, "max_tokens"),
        ({"error": {"message": "maxOutputTokens must not be given"}}, "max_tokens"),
        ({"error": {"message": "This model does not support json_schema"}}, "response_format"),
        ({"error": {"message": "responseFormat is not a known field"}}, "response_format"),
        ({"error": {"message": "Structured outputs are not enabled"}}, "response_format"),
        ({"error": {"message": "System role not supported"}}, "system"),
        ({"message": "roles must alternate; role 'system' is unknown"}, "system"),
    ],
)
def test_what_a_refusal_names_is_left_out_and_the_answer_kept(ask, server, body, name):
    """Whatever its wording and the shape of its body; nothing else is left out."""

    def holds(request):
        if name == "system":
            return request["messages"][0]["role"] == "system"
        return name in request

    server.script = [
        lambda request: reply(body, 400) if holds(request) else reply(completion(good(request)))
    ] * 6
    result = ask(classes=("hop",))
    assert result.llm.outcomes.keys() <= {"ok", "repaired"}
    assert not holds(server.seen[-1])
    others = BASE - {name}
    assert others <= server.seen[-1].keys()
    if name in ("temperature", "seed"):
        assert result.llm.dropped == {name: 1}
        assert len(server.seen) == 2


@pytest.mark.parametrize("status", [404, 413, 422, 500, 501])
def test_a_refusal_may_come_under_another_status(ask, server, status):
    said = reply({"error": {"message": "param seed unsupported"}}, status, retry_after_ms="1")
    server.script = [lambda b: said if "seed" in b else reply(completion(good(b)))] * 9
    assert ask(classes=("hop",), retries=3).llm.outcomes == {"ok": 1}
    assert len(server.seen) == (2 if status < 500 else 1 + 3 + 1)  # a failure is asked again first


def test_a_refusal_may_come_with_success(ask, server):
    server.script = [lambda b: {"error": {"message": "no seed"}} if "seed" in b else completion(good(b))] * 9
    assert ask(classes=("hop",)).llm.outcomes == {"ok": 1}


def test_unnamed_refusals_leave_out_the_format_then_the_rest(ask, server):
    def answer(request):
        if {"temperature", "seed", "response_format"} & request.keys():
            return reply("Bad Request", 400)
        return reply(completion(good(request)))

    server.script = [answer] * 9
    result = ask()
    assert result.llm.outcomes == {"ok": 3}
    assert result.llm.dropped == {"seed": 3, "temperature": 3}
    assert len(server.seen) == 3 + 3  # the first request in four ways


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"error": {"message": "reason X"}}, "reason X"),
        ({"error": "reason X"}, "reason X"),
        ({"detail": "reason X"}, "reason X"),
        ({"detail": [{"loc": ["body"], "msg": "reason X"}]}, "reason X"),
        ({"errors": [{"message": "reason X"}]}, "reason X"),
        ([{"error": {"message": "reason X"}}], "reason X"),
        ({"fault": {"faultstring": "reason X"}}, "reason X"),
        ({"statusCode": 400, "statusMessage": "reason X"}, "reason X"),
        ("reason X", "reason X"),
        ("<html><style>p {}</style><p>reason&nbsp;X</p>", "reason X"),
        ("", "Bad Request"),
        ("{", "{"),
        ({"error": {"message": "\x1b[31mreason X\x07"}}, "reason X"),
        ({"error": {"message": "reason \ud83d X"}}, "reason"),
    ],
)
def test_the_reason_is_shown_whatever_the_body(ask, server, body, said):
    server.script = [reply(body, 400)] * 9
    why = ask(classes=("hop",)).reasons["http-error"]
    assert said in why
    assert "status 400" in why
    assert "\x1b" not in why


@pytest.mark.parametrize(
    "body", ["[" * 100_000, json.dumps({"error": {"a": {"b": [1, None, True]}}}), "\ufffd\x00"]
)
def test_odd_bodies_say_nothing_and_do_no_harm(body):
    assert read_complaint(body).named == ()


def test_new_token_limit_name_is_sent(ask, server):
    def answer(body):
        if "max_tokens" in body:
            error = {"message": "Use 'max_completion_tokens' instead.", "param": "max_tokens"}
            return reply({"error": error}, 400)
        return reply(completion(good(body)))

    server.script = [answer] * 4
    assert ask().llm.outcomes == {"ok": 3}
    assert len(server.seen) == 4
    assert server.seen[-1]["max_completion_tokens"] == server.seen[0]["max_tokens"]


def test_nothing_left_to_try():
    dialect = Dialect(format="text")
    assert dialect.without(read_complaint("no")) is not None  # temperature and seed
    bare = Dialect(format="text", dropped=frozenset({"temperature", "seed"}))
    assert bare.without(read_complaint("no")) is None

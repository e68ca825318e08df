"""Formats and parameters are found out, and remembered for the rest of the run."""

from __future__ import annotations

import pytest

from semtool.generation.llm.dialect import Dialect

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
    assert result.details["llm"]["formats"] == {"json_object": 3}


def test_plain_text_is_last(ask, server):
    def answer(body):
        if "response_format" in body:
            return reply({"detail": "response_format is unknown"}, 422)
        return reply(completion("Sure! " + good(body)))

    server.script = [answer] * 9
    result = ask()
    assert server.formats == {"json_schema": 1, "json_object": 1, "text": 3}
    assert result.details["llm"]["outcomes"] == {"repaired": 3}


def test_refusal_in_every_format_is_an_error_of_that_request_only(ask, server):
    server.script = [reply({"error": {"message": "context too long"}}, 400)] * 3
    result = ask(allow_missing=True)
    assert result.details["llm"]["outcomes"] == {"http-error": 1, "ok": 2}
    assert server.formats["json_schema"] == 3  # the other two still got the strictest format


@pytest.mark.parametrize(
    ("complaint", "expected"),
    [
        (
            {"param": "max_tokens", "message": "Use 'max_completion_tokens' instead."},
            Dialect(limit="max_completion_tokens"),
        ),
        (
            {"param": "temperature", "message": "Only 1 is allowed"},
            Dialect(dropped=frozenset({"temperature"})),
        ),
        ({"param": None, "message": 'unknown field "seed"'}, Dialect(dropped=frozenset({"seed"}))),
        ("not understood", Dialect(format="json_object")),
    ],
)
def test_complaints(complaint, expected):
    assert Dialect().without(complaint) == expected


def test_new_token_limit_name_is_sent(ask, server):
    def answer(body):
        if "max_tokens" in body:
            error = {"message": "Use 'max_completion_tokens' instead.", "param": "max_tokens"}
            return reply({"error": error}, 400)
        return reply(completion(good(body)))

    server.script = [answer] * 4
    assert ask().details["llm"]["outcomes"] == {"ok": 3}
    assert len(server.seen) == 4
    assert server.seen[-1]["max_completion_tokens"] == server.seen[0]["max_tokens"]


def test_nothing_left_to_try():
    dialect = Dialect(format="text")
    assert dialect.without("no") is None

"""The options of ``semtool generate`` that ask a model, as a user types them."""

from __future__ import annotations

import json

import pytest
from werkzeug import Request, Response


class Server:
    def __init__(self) -> None:
        self.seen: list[dict] = []
        self.spoil: str | None = None

    def __call__(self, request: Request) -> Response:
        body = json.loads(request.get_data())
        self.seen.append(body)
        question = body["messages"][-1]["content"]
        schema = body["response_format"]["json_schema"]["schema"]
        content = {}
        for key, rule in schema["properties"].items():
            said = f"Somebody shows {key} {len(self.seen)} " + " ".join(
                f"v{len(self.seen)}{c}" for c in "abcdef"
            )
            content[key] = rule["enum"][body["seed"] % 2] if "enum" in rule else said
        text = "no" if self.spoil and self.spoil in question else json.dumps(content)
        found = {
            "model": "scripted-7",
            "choices": [{"finish_reason": "stop", "message": {"role": "assistant", "content": text}}],
            "usage": {"prompt_tokens": 10, "completion_tokens": 5},
        }
        return Response(json.dumps(found), content_type="application/json")


@pytest.fixture
def server(httpserver, monkeypatch):
    found = Server()
    httpserver.expect_request("/v1/chat/completions").respond_with_handler(found)
    monkeypatch.setenv("OPENAI_BASE_URL", httpserver.url_for("/v1"))
    return found


@pytest.fixture
def generate(cli):
    return lambda *more: cli("generate", "--dataset", "nw-ucla", "--llm", "tiny", *more)


def test_every_shipped_set_gives_a_description_set(server, generate):
    for name, granularities in {
        "llm-global": {"global"},
        "llm-parts-phases": {"part", "phase"},
        "llm-multi": {"label", "global", "motion", "part", "phase", "attribute"},
        "llm-attributes": {"attribute"},
    }.items():
        result = generate("--prompts", name, "--classes", "0,1", "--json")
        assert result.code == 0, result.err
        assert set(result.json()["counts"]) == granularities
        assert result.json()["reference"] == f"nw-ucla/{name}@v1"


def test_table_of_outcomes(server, generate):
    result = generate("--prompts", "llm-global", "--variants", "2")
    assert result.code == 0
    assert "20 requests" in result.out
    assert "answered as asked" in result.out
    assert "nw-ucla/llm-global@v1 written" in result.out
    again = generate("--prompts", "llm-global", "--variants", "2")
    assert "is up to date" in again.out
    assert len(server.seen) == 20


def test_missing_texts_exit_with_1(server, generate):
    server.spoil = "donning"
    result = generate("--prompts", "llm-global", "--variants", "1")
    assert result.code == 1
    assert "1 texts are missing, so nothing was written" in result.err
    assert "missing: donning, global, variant 0: invalid-json" in result.err
    assert "invalid-json" in result.out
    allowed = generate("--prompts", "llm-global", "--variants", "1", "--allow-missing")
    assert allowed.code == 0
    assert "9 texts about 9 classes" in allowed.out


def test_dry_run(server, generate):
    result = generate("--prompts", "llm-global", "--dry-run", "--price", "1/2")
    assert result.code == 0
    assert "50" in result.out
    assert "your price" in result.out
    assert "no price given" in generate("--prompts", "llm-global", "--dry-run").out
    listed = generate("--prompts", "llm-global", "--dry-run", "--price", "1/2", "--json").json()
    assert listed["calls"] == 50
    assert listed["cost"] == pytest.approx((listed["tokens_in"] + 2 * listed["tokens_out"]) / 1e6)
    assert server.seen == []


def test_agreement_is_printed(server, generate):
    result = generate("--prompts", "llm-attributes", "--classes", "carry")
    assert result.code == 0, result.err
    assert "agreement between fillings" in result.out
    assert "Mean agreement 0.40" in result.out  # of five fillings three and two are alike: 4 of 10 pairs


def test_options_reach_the_request(server, generate):
    generate("--classes", "carry", "--prompts", "llm-global", "--variants", "1", "--temperature", "0.1",
             "--seed", "9", "--max-tokens", "77")  # fmt: skip
    (body,) = server.seen
    assert (body["model"], body["temperature"], body["seed"], body["max_tokens"]) == ("tiny", 0.1, 9, 77)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--prompts", "multi"), "asks no model"),
        (("--classes", "flying"), "unknown class"),
        (("--price", "cheap"), "IN/OUT"),
        (("--base-url", "nonsense"), "base URL"),
    ],
)
def test_wrong_usage(server, generate, options, said):
    result = generate(*options)
    assert result.code == 2
    assert said in result.err
    assert server.seen == []

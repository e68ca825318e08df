"""The openai family against a server on loopback."""

import hashlib
import json

import numpy as np
import pytest
from werkzeug import Response

from semtool.embedding import embed, plan
from semtool.encoders import Options, find_encoder
from semtool.errors import SemtoolError

KEY = "sk-very-secret"


@pytest.fixture
def service(httpserver, monkeypatch):
    """A server that answers embeddings and remembers requests; fails on texts with 'boom'."""
    asked = []

    def answer(request):
        body = json.loads(request.data)
        asked.append((body, request.headers.get("Authorization")))
        if any("boom" in t for t in body["input"]):
            return Response(
                json.dumps({"error": {"message": f"no quota for {KEY}"}}),
                400,
                content_type="application/json",
            )
        size = body.get("dimensions", 6)
        rows = [
            {
                "object": "embedding",
                "index": i,
                "embedding": [hashlib.sha256(t.encode()).digest()[k] + 1.0 for k in range(size)],
            }
            for i, t in enumerate(body["input"])
        ]
        value = {
            "object": "list",
            "data": rows[::-1],
            "model": body["model"],
            "usage": {"prompt_tokens": 1, "total_tokens": 1},
        }
        return Response(json.dumps(value), content_type="application/json")

    httpserver.expect_request("/v1/embeddings", method="POST").respond_with_handler(answer)
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    return httpserver.url_for("/v1"), asked


def test_texts_are_sent_in_batches_and_come_back_in_order(service):
    url, asked = service
    encoder = find_encoder("openai:some-model", Options(base_url=url, batch_size=2, prefix="action: "))
    vectors = encoder.encode(["wave", "kick", "sit"])
    assert [body["input"] for body, _ in asked] == [["action: wave", "action: kick"], ["action: sit"]]
    assert asked[0][1] == f"Bearer {KEY}"
    assert vectors.shape == (3, 6)
    assert vectors[2, 0] == hashlib.sha256(b"action: sit").digest()[0] + 1.0


def test_dimensions_are_asked_for(service):
    url, asked = service
    encoder = find_encoder("openai:some-model", Options(base_url=url, dimensions=4))
    assert encoder.encode(["wave"]).shape == (1, 4)
    assert asked[0][0]["dimensions"] == 4
    assert encoder.card.dim == 4


def test_a_failed_batch_does_not_lose_what_came_before(service, describe, store):
    url, asked = service
    texts = [f"a much longer text number {i}" for i in range(5)]
    source = describe({0: {"global": [*texts, "boom"]}})
    options = Options(base_url=url, batch_size=2)
    with pytest.raises(SemtoolError, match="what came before is kept") as failure:
        embed(source, "openai:some-model", store=store, options=options)
    assert KEY not in str(failure.value)
    assert len(asked) == 3
    assert plan(source, "openai:some-model", store=store, options=options).reused == 4


def test_the_key_is_written_nowhere(service, describe, store):
    url, _ = service
    source = describe({0: {"label": ["wave"]}})
    embed(
        source,
        "openai:some-model",
        store=store,
        options=Options(base_url=url.replace("http://", "http://me:hidden@")),
    )
    for path in store.root.rglob("*"):
        if path.is_file():
            assert KEY.encode() not in path.read_bytes()
            assert b"hidden" not in path.read_bytes()


def test_without_a_key_nothing_is_sent():
    with pytest.raises(SemtoolError, match="OPENAI_API_KEY"):
        find_encoder("openai").fetch()
    assert not find_encoder("openai").availability().now


def test_another_server_needs_no_key_and_has_its_own_vectors(service, monkeypatch):
    url, asked = service
    monkeypatch.delenv("OPENAI_API_KEY")
    monkeypatch.setenv("OPENAI_BASE_URL", url)
    encoder = find_encoder("openai:some-model")
    encoder.encode(["wave"])
    assert len(asked) == 1
    assert encoder.card.revision == url.removeprefix("http://")


def test_a_server_that_forgets_a_text_is_named(httpserver, monkeypatch):
    httpserver.expect_request("/v1/embeddings").respond_with_json(
        {
            "object": "list",
            "model": "m",
            "data": [{"object": "embedding", "index": 0, "embedding": [1.0]}],
            "usage": {"prompt_tokens": 1, "total_tokens": 1},
        }
    )
    encoder = find_encoder("openai:m", Options(base_url=httpserver.url_for("/v1")))
    with pytest.raises(SemtoolError, match="answered 1 vectors for 2 texts"):
        encoder.encode(["wave", "kick"])


def test_a_request_never_gets_too_long():
    encoder = find_encoder("openai:m", Options(base_url="http://127.0.0.1:9"))
    batches = list(encoder._batches(["x" * 150_000] * 5))
    assert [len(b) for b in batches] == [2, 2, 1]
    assert np.sum([len(b) for b in encoder._batches([str(i) for i in range(1000)])]) == 1000

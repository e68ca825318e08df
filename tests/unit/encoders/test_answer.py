"""Answers of embedding servers: read as they are meant, or refused with the reason."""

import base64
import threading

import numpy as np
import pytest

from semtool.encoders import Options, find_encoder
from semtool.encoders import openai as family
from semtool.encoders.openai import read_vectors
from semtool.errors import SemtoolError


def answer(indices, vector=lambda i: [float(i), 1.0]):
    entries = [{"object": "embedding", "embedding": vector(i)} for i in range(len(indices))]
    for entry, index in zip(entries, indices, strict=True):
        if index is not ...:
            entry["index"] = index
    return {"object": "list", "data": entries}


@pytest.mark.parametrize(
    ("indices", "order"),
    [
        ([0, 1, 2], [0, 1, 2]),
        ([2, 0, 1], [1, 2, 0]),
        ([..., ..., ...], [0, 1, 2]),
        ([None, None, None], [0, 1, 2]),
        ([0, 0, 0], [0, 1, 2]),
        ([7, 7, 7], [0, 1, 2]),
        ([1, 2, 3], [0, 1, 2]),
        ([3, 1, 2], [1, 2, 0]),
        ([..., 1, 2], [0, 1, 2]),
        ([2, 1, ...], [2, 1, 0]),
        ([0, ..., 2], [0, 1, 2]),
        ([..., 2, 3], [0, 1, 2]),
        (["0", "2", "1"], [0, 2, 1]),
        ([0.0, 1.0, 2.0], [0, 1, 2]),
        ([5], [0]),
    ],
    ids=str,
)
def test_indices(indices, order):
    assert read_vectors(answer(indices), len(indices))[:, 0].tolist() == order


@pytest.mark.parametrize(
    "indices", [[0, 0, 1], [0, 2, 3], [1, ..., 0], [-1, 0, 1], [0, 1, "x"], [0, True, 2], [9, 8, 7]], ids=str
)
def test_indices_that_contradict_themselves_are_refused(indices):
    with pytest.raises(ValueError, match="index"):
        read_vectors(answer(indices), 3)


def test_base64_and_nested_vectors():
    wanted = np.array([[0.5, -2.0], [1.5, -2.0]], dtype="<f4")
    coded = answer([0, 1], lambda i: base64.b64encode(wanted[i].tobytes()).decode())
    assert np.array_equal(read_vectors(coded, 2), wanted)
    assert np.array_equal(read_vectors(answer([0, 1], lambda i: [wanted[i].tolist()]), 2), wanted)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("<html>bad gateway</html>", "bad gateway"),
        (None, "no vectors"),
        ({"error": {"message": "out of memory"}}, "out of memory"),
        ({"data": None}, "no vectors"),
        ({"data": []}, "0 vectors for 1 texts"),
        ({"data": [3]}, "no records"),
        ({"data": [{"index": 0}]}, "shape"),
        ({"data": [{"embedding": "!!"}]}, "neither"),
        ({"data": [{"embedding": "AAA="}]}, "neither"),
        ({"data": [{"embedding": ["x"]}]}, "neither"),
        ({"data": [{"embedding": []}]}, "shape"),
        ({"data": [{"embedding": [[1.0], [2.0]]}]}, "shape"),
    ],
)
def test_an_answer_without_vectors_says_what_it_holds(body, says):
    with pytest.raises(ValueError, match=says):
        read_vectors(body, 1)


def test_vectors_of_different_lengths_are_refused():
    with pytest.raises(ValueError, match="different lengths"):
        read_vectors(answer([0, 1], lambda i: [1.0] * (i + 1)), 2)


def test_an_address_with_a_version_keeps_it_and_the_key_goes_where_azure_reads_it(httpserver, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "secret-key")
    httpserver.expect_request(
        "/openai/v1/embeddings", query_string={"api-version": "2024-10-21"}, headers={"api-key": "secret-key"}
    ).respond_with_json(answer([0]))
    url = httpserver.url_for("/openai/v1") + "?api-version=2024-10-21"
    assert find_encoder("openai:m", Options(base_url=url)).encode(["wave"]).tolist() == [[0.0, 1.0]]


def test_an_answer_that_drips_or_never_ends_is_given_up(httpserver, monkeypatch):
    from werkzeug import Response

    httpserver.expect_request("/v1/embeddings").respond_with_handler(
        lambda request: Response(b"x" * 3_000_000)
    )
    encoder = find_encoder("openai:m", Options(base_url=httpserver.url_for("/v1")))
    monkeypatch.setattr(family, "BYTES", 1 << 20)
    with pytest.raises(SemtoolError, match="an answer of more than"):
        encoder.encode(["wave"])

    done = threading.Event()

    def drip(request):
        def never_ending():
            while not done.wait(0.02):
                yield b" "

        return Response(never_ending())

    httpserver.expect_request("/slow/embeddings").respond_with_handler(drip)
    encoder = find_encoder("openai:m", Options(base_url=httpserver.url_for("/slow")))
    monkeypatch.setattr(family, "SECONDS", 0.3)
    try:
        with pytest.raises(SemtoolError, match="no whole answer within"):
            encoder.encode(["wave"])
    finally:
        done.set()


@pytest.mark.parametrize("url", ["localhost:1234", "ftp://x/v1", "http://", "http://x:99999/v1"])
def test_what_is_no_address_is_a_usage_error(url):
    with pytest.raises(SemtoolError, match="the base URL must have the form"):
        find_encoder("openai:m", Options(base_url=url))

"""The key is in no file, log, error or traceback."""

from __future__ import annotations

import logging
import subprocess
import sys
import textwrap

import pytest

from semtool.errors import SemtoolError, UsageError
from semtool.server import Server

from .conftest import KEY, completion, reply, texts


def everything_below(folder):
    return b"".join(p.read_bytes() for p in folder.rglob("*") if p.is_file())


def test_no_file_holds_the_key(ask, server, store, caplog):
    caplog.set_level(logging.DEBUG)
    leaky = completion(f'{{"text": "The key is {KEY} and the body hops."}}', model=f"m-{KEY}")
    server.script = [leaky]
    ask()
    assert server.headers[0]["Authorization"] == f"Bearer {KEY}"
    assert KEY.encode() not in everything_below(store.root)
    assert KEY not in caplog.text


@pytest.mark.parametrize("status", [400, 401, 403, 404, 500])
def test_errors_do_not_quote_the_key(ask, server, status):
    server.script = [reply({"error": {"message": f"bad key {KEY} sent"}}, status, retry_after_ms="1")] * 9
    if status in (401, 403, 404):
        with pytest.raises(SemtoolError) as caught:
            ask()
        said = str(caught.value)
        assert caught.value.__cause__ is None
        assert caught.value.__suppress_context__
    else:
        said = str(ask().reasons)
    assert str(status) in said or status == 404
    assert KEY not in said


def test_debug_traceback_does_not_quote_the_key(server, tmp_path):
    """With --debug the whole chain of exceptions is printed."""
    server.script = [reply({"error": {"message": f"Incorrect API key provided: {KEY}"}}, 401)] * 9
    program = textwrap.dedent(
        f"""
        import os
        os.environ["OPENAI_API_KEY"] = {KEY!r}
        from semtool.cli import main
        main(["generate", "--debug", "-d", "nw-ucla", "--prompts", "llm-global", "--llm", "m",
              "--base-url", {server.url!r}])
        """
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True)
    assert "Traceback" in done.stderr
    assert "did not accept the key" in done.stderr
    # The program's own text, which a traceback may quote, is not meant.
    assert KEY not in done.stderr.replace(program, "")
    assert KEY not in done.stdout


def test_a_stand_in_for_a_key_is_left_in_answers(ask, server, monkeypatch):
    """Servers that need no key get any word, which may be a word of the answer too."""
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    server.script = [completion('{"text": "The arms take none of the weight."}')]
    assert [d.text for d in texts(ask(classes=("hop",)))] == ["The arms take none of the weight."]


def test_key_with_a_line_end(ask, server, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", KEY + "\n")
    assert ask().llm.outcomes == {"ok": 3}


def test_key_that_is_none(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-1 2")
    with pytest.raises(UsageError, match="copy it again") as caught:
        Server()
    assert "sk-1" not in str(caught.value)


def test_openai_needs_a_key(monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(UsageError, match="set OPENAI_API_KEY"):
        Server().connect(timeout=1, retries=0, most=1)
    assert Server("http://localhost:8000/v1").ready


@pytest.mark.parametrize("url", ["localhost:8000", "ftp://host/v1", "http://", "http://[::1"])
def test_base_url_must_be_one(url):
    with pytest.raises(UsageError, match="base URL"):
        Server(url)


def test_only_the_host_is_told():
    server = Server("https://user:s3cret@models.example:8443/v1?token=t0ken")
    assert server.host == "models.example"
    assert server.redact("https://user:s3cret@models.example/?token=t0ken") == (
        "https://user:***@models.example/?***"
    )


def test_absolute_model_path_is_shortened(ask, server):
    server.script = [completion('{"text": "The body hops up."}', model="/srv/models/tiny.gguf")]
    assert ask(classes=("hop",)).llm.models == {"tiny.gguf": 1}

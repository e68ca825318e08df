"""A loopback server that answers as a test tells it, and small data to ask about."""

from __future__ import annotations

import json
import threading
from collections import Counter
from dataclasses import dataclass, field

import pytest
from werkzeug import Request, Response

from semtool.artifacts import Store
from semtool.catalogue import Dataset
from semtool.generation import LlmOptions, generate
from semtool.generation.prompt_set import PromptSet

KEY = "sk-test-0123456789abcdef"


def completion(content, *, finish="stop", refusal=None, model="scripted-1", usage=(11, 7)):
    """A chat completion as servers send it."""
    message = {"role": "assistant", "content": content}
    if refusal:
        message["refusal"] = refusal
    return {
        "id": "c1",
        "object": "chat.completion",
        "created": 1,
        "model": model,
        "choices": [{"index": 0, "finish_reason": finish, "message": message}],
        "usage": {"prompt_tokens": usage[0], "completion_tokens": usage[1], "total_tokens": sum(usage)},
    }


def reply(body, status=200, **headers):
    text = body if isinstance(body, str) else json.dumps(body)
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(text, status, headers, content_type="application/json")


@dataclass
class Scripted:
    """Answers requests: first what was scripted, in order, then a good answer made from the request."""

    url: str
    script: list = field(default_factory=list)
    seen: list = field(default_factory=list)
    headers: list = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, request: Request) -> Response:
        body = json.loads(request.get_data())
        with self.lock:
            self.seen.append(body)
            self.headers.append(dict(request.headers))
            step = self.script.pop(0) if self.script else None
        if step is None:
            return reply(completion(good(body)))
        if not isinstance(step, dict | Response):
            step = step(body)
        return reply(step) if isinstance(step, dict) else step

    @property
    def formats(self) -> Counter:
        return Counter((b.get("response_format") or {}).get("type", "text") for b in self.seen)


def good(body) -> str:
    """An answer that fits the request's keys; another one for each class, key and seed."""
    question = body["messages"][-1]["content"]
    keys = json.loads("[" + question.rsplit(": ", 1)[1].rstrip(".") + "]")
    action = question.split("Action: ")[1].split("\n")[0]
    seed = body.get("seed", 0)
    # Words made from the seed, so that two variants share few of them.
    extra = " ".join(f"w{seed}x{i}" for i in range(8))
    return json.dumps({key: f"The body acts out class {action} with its {key} {extra}." for key in keys})


@pytest.fixture
def server(httpserver, monkeypatch):
    scripted = Scripted(httpserver.url_for("/v1"))
    httpserver.expect_request("/v1/chat/completions", method="POST").respond_with_handler(scripted)
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    return scripted


@pytest.fixture
def dataset():
    return Dataset(name="tiny", classes=("hop", "bow", "spin"))


def prompt_set(**granularities):
    """A prompt set of source ``llm`` with one template."""
    return PromptSet(
        name="ask",
        source="llm",
        title="for tests",
        system="system.j2",
        request="request.j2",
        granularities=granularities or {"global": {"variants": 1}},
        files={"system.j2": "Describe.", "request.j2": "Action: {{ name }}\n{{ ask }}"},
    )


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "artifacts")


@pytest.fixture
def ask(server, dataset, store):
    """Run `generate` against the scripted server, one request at a time."""

    def run(prompts=None, *, data=None, dry_run=False, overwrite="only-missing", **options):
        options = {"concurrency": 1, "timeout": 5.0, "retries": 2} | options
        return generate(
            data or dataset,
            prompts or prompt_set(),
            llm=LlmOptions(model="scripted", base_url=server.url, **options),
            store=store,
            dry_run=dry_run,
            overwrite=overwrite,
        )

    return run


def texts(result):
    from semtool.descriptions import DescriptionSet

    return DescriptionSet.read(result.artifact.path)

"""kill -9 in the middle of a run, then the same command again: nothing answered is asked twice."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading

from werkzeug import Request, Response

CLASSES = 12
AT_ONCE = 4
HANG_AFTER = 20


class Server:
    """Answers at once; after ``hang_after`` requests it answers no more until it is let go."""

    def __init__(self) -> None:
        self.questions: list[str] = []
        self.hang_after: int | None = None
        self.hanging = threading.Semaphore(0)
        self.go = threading.Event()
        self.lock = threading.Lock()

    def __call__(self, request: Request) -> Response:
        body = json.loads(request.get_data())
        question = body["messages"][-1]["content"]
        with self.lock:
            self.questions.append(f"{question} {body['seed']}")
            count = len(self.questions)
        if self.hang_after is not None and count > self.hang_after:
            self.hanging.release()
            self.go.wait(30)
        keys = json.loads("[" + question.rsplit(": ", 1)[1].rstrip(".") + "]")
        name = question.split('"')[1] if '"' in question else question
        answer = {
            key: f"In {key} somebody does {len(question)} things of {name} {body['seed']}." for key in keys
        }
        message = {"role": "assistant", "content": json.dumps(answer)}
        found = {
            "id": "c",
            "object": "chat.completion",
            "created": 1,
            "model": "scripted",
            "choices": [{"index": 0, "finish_reason": "stop", "message": message}],
            "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
        }
        return Response(json.dumps(found), content_type="application/json")


def start(folder, url):
    folder.mkdir(exist_ok=True)
    names = "".join(f"  - deed number {n}\n" for n in range(CLASSES))
    (folder / "data.yaml").write_text(f"schema: 1\nname: many\nclasses:\n{names}")
    prompts = folder / "own"
    prompts.mkdir(exist_ok=True)
    (prompts / "prompt.yaml").write_text(
        "schema: 1\nname: own\nsource: llm\ntitle: own\nsystem: s.j2\nrequest: r.j2\n"
        "granularities:\n  motion: {ask: Its path.}\n  part: {ask: Its parts.}\n  phase: {ask: Its phases.}\n"
    )
    (prompts / "s.j2").write_text("Describe.")
    (prompts / "r.j2").write_text('Action "{{ name }}". {{ ask }}')
    program = "import sys; from semtool.cli import main; main(sys.argv[1:])"
    command = [
        sys.executable, "-c", program, "generate", "--dataset", "data.yaml", "--prompts", "./own",
        "--llm", "scripted", "--base-url", url, "--concurrency", str(AT_ONCE), "--json",
    ]  # fmt: skip
    return subprocess.Popen(
        command,
        cwd=folder,
        env=os.environ | {"OPENAI_API_KEY": "none"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process):
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    return json.loads(out)


def test_kill_and_go_on(httpserver, tmp_path):
    server = Server()
    httpserver.expect_request("/v1/chat/completions").respond_with_handler(server)
    url = httpserver.url_for("/v1")
    finish(start(tmp_path / "whole", url))
    undisturbed = list(server.questions)
    assert len(undisturbed) == 3 * CLASSES

    server.questions.clear()
    server.hang_after = HANG_AFTER
    process = start(tmp_path / "killed", url)
    for _ in range(AT_ONCE):
        assert server.hanging.acquire(timeout=60)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    server.hang_after = None
    server.go.set()
    assert not list((tmp_path / "killed" / "artifacts").glob("descriptions/*/*/v*"))

    finish(start(tmp_path / "killed", url))
    assert set(server.questions) == set(undisturbed)
    assert len(server.questions) == len(undisturbed) + AT_ONCE
    where = "artifacts/descriptions/many/own/v1/descriptions.jsonl"
    assert (tmp_path / "killed" / where).read_bytes() == (tmp_path / "whole" / where).read_bytes()

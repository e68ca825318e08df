"""A loopback server that answers chat completions after a fixed latency, and counts them.

Run it alone (it prints its base URL): python benchmarks/scripted_llm.py --latency 0.2
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Mapping
from typing import Any

__all__ = ["answer", "serve"]


def answer(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return a completion that fits the request's schema; each request has its own text."""
    question = body["messages"][-1]["content"]
    schema = body["response_format"]["json_schema"]["schema"]
    action = question.split("ction", 1)[1].splitlines()[0]
    extra = " ".join(f"w{body['seed']}x{i}" for i in range(8))
    content = {}
    for key, rule in schema["properties"].items():
        content[key] = (
            rule["enum"][0] if "enum" in rule else f"What {key} does for {abs(hash_of(action))}: {extra}."
        )
    return {
        "id": "c",
        "object": "chat.completion",
        "created": 1,
        "model": "scripted-1",
        "choices": [
            {
                "index": 0,
                "finish_reason": "stop",
                "message": {"role": "assistant", "content": json.dumps(content)},
            }
        ],
        "usage": {"prompt_tokens": 100, "completion_tokens": 50, "total_tokens": 150},
    }


def hash_of(text: str) -> int:
    """Return a number that is the same in every process."""
    return sum((n + 1) * ord(c) for n, c in enumerate(text))


async def _connection(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, latency: float, log: Any
) -> None:
    try:
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            length = next(
                int(line[15:]) for line in head.splitlines() if line.lower().startswith("content-length:")
            )
            body = json.loads(await reader.readexactly(length))
            log.write(json.dumps([body["messages"][-1]["content"][:200], body["seed"]]) + "\n")
            log.flush()
            await asyncio.sleep(latency)
            content = json.dumps(answer(body)).encode()
            head = (
                f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
            )
            writer.write(head.encode() + content)
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


async def serve(latency: float, log_path: str) -> None:
    """Serve until killed; the first line on stdout is the base URL, every request is a line of the log."""
    with open(log_path, "a", encoding="utf-8") as log:  # noqa: PTH123
        server = await asyncio.start_server(lambda r, w: _connection(r, w, latency, log), "127.0.0.1", 0)
        print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1", flush=True)
        async with server:
            await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--latency", type=float, default=0.2)
    parser.add_argument("--log", default="/dev/null")
    arguments = parser.parse_args()
    try:
        asyncio.run(serve(arguments.latency, arguments.log))
    except KeyboardInterrupt:
        sys.exit(0)

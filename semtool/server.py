"""An OpenAI-compatible server: where it is, its key, and a client bounded in time and size."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from collections.abc import Coroutine
from contextlib import suppress
from threading import Thread
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import parse_qsl, unquote, urlsplit, urlunsplit

from semtool.errors import UsageError

if TYPE_CHECKING:
    from openai import AsyncOpenAI

__all__ = ["LONG_KEY", "OPENAI", "STOPPED", "Server", "finish"]

OPENAI = "https://api.openai.com/v1"
STOPPED = "x-semtool-stopped"
"""Header of the response that stands in for one that was given up."""
LONG_KEY = 12
"""Shorter ones are stand-ins for servers that need none (``none``, ``EMPTY``) and may be words of answers."""
_ENDPOINT = "/chat/completions"
_PACKED = ("content-encoding", "content-length", "transfer-encoding")
T = TypeVar("T")


class Server:
    """An OpenAI-compatible server: base URL and key, from the arguments, else the environment.

    A query in the base URL (``?api-version=...``, as Azure wants it) goes with every request.

    Attributes:
        host: its name; ``place``: with port and path, without name, password and query.
        key: of ``$OPENAI_API_KEY``; empty if there is none.
        ready: whether there is a key, or another server than OpenAI's, which may need none.

    Raises:
        UsageError: if the base URL is not one.
    """

    def __init__(self, base_url: str | None = None) -> None:
        address = (base_url or os.environ.get("OPENAI_BASE_URL") or OPENAI).strip()
        # A key pasted with a line end would otherwise turn up in the HTTP library's error message.
        self.key = os.environ.get("OPENAI_API_KEY", "").strip()
        try:
            parts = urlsplit(address)
            port = f":{parts.port}" if parts.port else ""
        except ValueError:
            parts, port = urlsplit(""), ""
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise UsageError("the base URL must have the form http(s)://host[:port]/v1")
        if not self.key.isascii() or any(c.isspace() for c in self.key):
            raise UsageError("OPENAI_API_KEY holds characters that no key has; copy it again")
        path = parts.path.rstrip("/").removesuffix(_ENDPOINT)
        self.host = parts.hostname
        self.place = f"{self.host}{port}{path}"
        self.ready = bool(self.key) or not address.startswith(OPENAI)
        self._address = urlunsplit((parts.scheme, parts.netloc, path, "", ""))
        self._query = dict(parse_qsl(parts.query))
        self._secrets = [s for s in (self.key, parts.password, parts.query) if s]

    def connect(self, *, timeout: float, retries: int, most: int) -> AsyncOpenAI:
        """Return the library's client.

        Args:
            timeout: seconds from sending to the last byte of an answer; a try that takes longer is the last.
            retries: tries after the first, for 408, 409, 429, 5xx and lost connections.
            most: bytes of the longest answer that is read, unpacked.

        Raises:
            UsageError: if OpenAI itself is to be asked and there is no key.
        """
        from openai import AsyncOpenAI

        if not self.ready:
            raise UsageError(
                "no key for api.openai.com: set OPENAI_API_KEY in the environment or in .env, "
                "or name another server with --base-url",
                see="no-key",
            )
        return AsyncOpenAI(
            base_url=self._address,
            api_key=self.key or "none",
            timeout=None,
            max_retries=retries,
            default_query=self._query,
            # Azure's name for the same key.
            default_headers={"api-key": self.key} if self.key and "api-version" in self._query else None,
            http_client=_bounded_client(timeout, most),
        )

    def redact(self, text: str) -> str:
        """Return ``text`` on one line, short, without key, credentials or control characters."""
        for secret in self._secrets:
            text = text.replace(secret, "***")
            if len(secret) >= LONG_KEY and secret in "".join(unquote(text).split()):
                return "*** (it quotes the key)"
        text = re.sub(r"\b(sk|key)-[\w*-]{6,}", "***", text)
        text = re.sub(r"[\x00-\x1f\x7f-\x9f\s]+", " ", text).strip().encode(errors="replace").decode()
        return text if len(text) <= 300 else text[:297] + "..."


def _bounded_client(seconds: float, most: int) -> Any:
    """Return an HTTP client that reads every response whole, within a time and a size.

    The time counts to the last byte, so a server that drips is given up as well. Redirects are not followed:
    they would take the key's place.
    """
    from openai import DefaultAsyncHttpxClient

    class Bounded(DefaultAsyncHttpxClient):
        async def send(self, request: Any, **options: Any) -> Any:
            content = bytearray()
            try:
                async with asyncio.timeout(seconds):
                    response = await super().send(request, **(options | {"stream": True}))
                    try:
                        async for piece in response.aiter_bytes():
                            content += piece
                            if len(content) > most:
                                return _stopped(request, 413, f"an answer of more than {most >> 20} MB")
                    finally:
                        await response.aclose()
            except TimeoutError:
                return _stopped(request, 408, f"no whole answer within {seconds:g} s")
            return type(response)(
                response.status_code,
                headers={name: value for name, value in response.headers.items() if name not in _PACKED},
                content=bytes(content),
                request=request,
            )

    return Bounded(follow_redirects=False)


def _stopped(request: Any, status: int, why: str) -> Any:
    """Return a response that stands in for one that was given up; the library does not try again."""
    library = sys.modules[type(request).__module__.partition(".")[0]]
    headers = {STOPPED: "yes", "x-should-retry": "false"}
    return library.Response(status, headers=headers, json={"error": {"message": why}}, request=request)


def finish(work: Coroutine[Any, Any, T]) -> T:
    """Run ``work`` to its end; in a notebook, whose thread has a loop of its own, beside that."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(work)
    loop = asyncio.new_event_loop()
    task = loop.create_task(work)

    def run() -> None:
        with suppress(BaseException):  # it is the task's, and raised below
            loop.run_until_complete(task)
        loop.close()

    thread = Thread(target=run)
    thread.start()
    try:
        thread.join()
    except KeyboardInterrupt:
        loop.call_soon_threadsafe(task.cancel)
        thread.join()
        raise
    return task.result()

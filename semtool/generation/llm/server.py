"""Where requests go: base URL, key, and the library's client with bounds on time and size."""

from __future__ import annotations

import asyncio
import os
import re
import sys
import zlib
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlsplit, urlunsplit

from semtool.errors import UsageError
from semtool.generation.llm.cache import Answer
from semtool.generation.llm.dialect import read_complaint

if TYPE_CHECKING:
    from openai import AsyncOpenAI

__all__ = ["OPENAI", "STOPPED", "Server"]

OPENAI = "https://api.openai.com/v1"
MAX_BYTES = 8 << 20
"""Longest answer that is read, unpacked."""
STOPPED = "x-semtool-stopped"
"""Header of the response that stands in for one that was given up."""
_SHORTEST_KEY = 12
"""Shorter ones are stand-ins for servers that need none (``none``, ``EMPTY``) and may be words of answers."""
_ENDPOINT = "/chat/completions"


class Server:
    """An OpenAI-compatible server: base URL and key, from the arguments, else the environment.

    A query in the base URL (``?api-version=...``, as Azure wants it) goes with every request.

    Raises:
        UsageError: if the base URL is not one.
    """

    def __init__(self, base_url: str | None = None) -> None:
        self.base_url = (base_url or os.environ.get("OPENAI_BASE_URL") or OPENAI).strip()
        # A key pasted with a line end would otherwise turn up in the HTTP library's error message.
        self._key = os.environ.get("OPENAI_API_KEY", "").strip()
        try:
            parts = urlsplit(self.base_url)
            self.host, _ = parts.hostname or "", parts.port
            fits = parts.scheme in ("http", "https") and bool(self.host)
            self._query = dict(parse_qsl(parts.query))
            self._secrets = [s for s in (self._key, parts.password, parts.query) if s]
        except ValueError:
            fits = False
        if not fits:
            raise UsageError("the base URL must have the form http(s)://host[:port]/v1")
        path = parts.path.rstrip("/").removesuffix(_ENDPOINT)
        self._address = urlunsplit((parts.scheme, parts.netloc, path, "", ""))
        if not self._key.isascii() or any(c.isspace() for c in self._key):
            raise UsageError("OPENAI_API_KEY holds characters that no key has; copy it again")

    def check_key(self) -> None:
        """Raise `UsageError` if OpenAI itself is to be asked and there is no key."""
        if not self._key and self.base_url.startswith(OPENAI):
            raise UsageError(
                "no key for api.openai.com: set OPENAI_API_KEY in the environment or in .env, "
                "or name another server with --base-url",
                see="no-key",
            )

    def connect(self, *, timeout: float, retries: int) -> AsyncOpenAI:
        """Return the library's client; a try that takes longer than ``timeout`` seconds is its last."""
        from openai import AsyncOpenAI

        self.check_key()
        return AsyncOpenAI(
            base_url=self._address,
            api_key=self._key or "none",
            timeout=None,
            max_retries=retries,
            default_query=self._query,
            # Azure's name for the same key.
            default_headers={"api-key": self._key} if self._key and "api-version" in self._query else None,
            http_client=_bounded_client(timeout),
        )

    def clean(self, answer: Answer) -> Answer:
        """Return ``answer`` without the key, should a server have put it there."""
        if len(self._key) < _SHORTEST_KEY:
            return answer
        shown = {name: getattr(answer, name) for name in ("text", "refusal", "model", "finish")}
        return answer.model_copy(update={name: t.replace(self._key, "***") for name, t in shown.items()})

    def redact(self, text: str) -> str:
        """Return ``text`` on one line, short, without key or credentials."""
        for secret in self._secrets:
            text = text.replace(secret, "***")
            if len(secret) >= _SHORTEST_KEY and secret in "".join(unquote(text).split()):
                return "*** (it quotes the key)"
        text = re.sub(r"\b(sk|key)-[\w*-]{6,}", "***", text)
        text = " ".join(text.split()).encode(errors="replace").decode()
        return text if len(text) <= 300 else text[:297] + "..."


def _bounded_client(seconds: float) -> Any:
    """Return an HTTP client that reads every response whole, within a time and a size.

    The time counts from sending to the last byte, so a server that drips is given up as well. Compressed
    bodies are unpacked here, up to the limit. Redirects are not followed: they would take the key's place.
    """
    from openai import DefaultAsyncHttpxClient

    class Bounded(DefaultAsyncHttpxClient):
        async def send(self, request: Any, **options: Any) -> Any:
            try:
                async with asyncio.timeout(seconds):
                    response = await super().send(request, **(options | {"stream": True}))
                    try:
                        content, problem = await _content(response)
                    finally:
                        await response.aclose()
            except TimeoutError:
                return _stopped(request, 408, f"no whole answer within {seconds:g} s")
            if problem:
                return _stopped(request, 413, problem)
            packed = ("content-encoding", "content-length", "transfer-encoding")
            headers = {name: value for name, value in response.headers.items() if name not in packed}
            if response.status_code >= 500 and read_complaint(_text(content)).named:
                headers["x-should-retry"] = "false"  # a refusal in a failure's clothes
            return type(response)(
                response.status_code, headers=headers, content=content, request=request,
                extensions={"reason_phrase": response.extensions.get("reason_phrase", b"")},
            )  # fmt: skip

    return Bounded(follow_redirects=False)


async def _content(response: Any) -> tuple[bytes, str]:
    """Return the body, unpacked, or what keeps it from being read."""
    raw = bytearray()
    async for chunk in response.aiter_raw():
        raw += chunk
        if len(raw) > MAX_BYTES:
            return b"", f"an answer of more than {MAX_BYTES >> 20} MB"
    coding = response.headers.get("content-encoding", "").strip().lower()
    if coding in ("", "identity"):
        return bytes(raw), ""
    if coding not in ("gzip", "x-gzip", "deflate"):
        return b"", f"an answer packed as {coding[:20]!r}, which was not asked for"
    for window in (47, -15):  # gzip or zlib; some servers mean the bare stream by "deflate"
        try:
            content = zlib.decompressobj(window).decompress(bytes(raw), MAX_BYTES + 1)
        except zlib.error:
            continue
        return (
            (content, "") if len(content) <= MAX_BYTES else (b"", f"more than {MAX_BYTES >> 20} MB, unpacked")
        )
    return b"", "an answer whose packing is damaged"


def _stopped(request: Any, status: int, why: str) -> Any:
    """Return a response that stands in for one that was given up; the library does not try again."""
    library = sys.modules[type(request).__module__.partition(".")[0]]
    headers = {STOPPED: "yes", "x-should-retry": "false"}
    return library.Response(status, headers=headers, json={"error": {"message": why}}, request=request)


def _text(content: bytes) -> str:
    return content[:100_000].decode("utf-8", "replace")

"""One request to an OpenAI-compatible server; every way to fail has a name, and no key ever shows."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from semtool.artifacts import now
from semtool.errors import SemtoolError
from semtool.generation.llm.cache import Answer
from semtool.generation.llm.dialect import Complaint, Dialect, read_complaint
from semtool.generation.llm.questions import Request
from semtool.generation.llm.rules import Outcome, without_control
from semtool.server import LONG_KEY, STOPPED, Server

__all__ = ["AskError", "LlmClient", "read_completion"]

MAX_BYTES = 8 << 20
"""Longest answer that is read, unpacked."""
MAX_SILENCE = 8
"""How many requests in a row may stay without answer in time before the run ends."""
_ABSOLUTE = re.compile(r"^(/|[A-Za-z]:[\\/])")


class AskError(Exception):
    """A request that stays without answer; the others go on. Never leaves this package."""

    def __init__(self, outcome: Outcome, why: str) -> None:
        self.outcome, self.why = outcome, why
        super().__init__(why)


class _RefusedError(Exception):
    """The server does not take the request as it is written."""

    def __init__(self, complaint: Complaint, failure: AskError | SemtoolError) -> None:
        self.complaint, self.failure = complaint, failure
        super().__init__(complaint.said)


class LlmClient:
    """Asks one server. Retries, and waiting as the server says (``Retry-After``), are the library's own.

    Args:
        timeout: seconds from sending a request to the last byte of its answer.
        retries: tries after the first, for 408, 409, 429, 5xx and lost connections.
    """

    def __init__(self, server: Server, *, timeout: float = 120.0, retries: int = 5) -> None:
        self.server = server
        self.dialect = Dialect()
        self.timeout = timeout
        self._library = server.connect(timeout=timeout, retries=retries, most=MAX_BYTES)
        self._silence = 0

    async def ask(self, request: Request) -> Answer:
        """Return the answer to one request, put into words that the server takes.

        Raises:
            AskError: if there is none.
            SemtoolError: if asking on is useless: key refused, model unknown, nobody there, no quota left.
        """
        dialect = started = self.dialect
        while True:
            try:
                answer = await self._try(dialect, request)
            except _RefusedError as refused:
                following = dialect.without(refused.complaint)
                if following is None:
                    raise refused.failure from None
                dialect = following
                continue
            if dialect is not started:
                self.dialect = dialect
            return self._clean(answer)

    async def close(self) -> None:
        """Close all connections."""
        await self._library.close()

    async def _try(self, dialect: Dialect, request: Request) -> Answer:
        import openai

        try:
            response = await self._library.chat.completions.with_raw_response.create(**dialect.body(request))
            text = response.content.decode("utf-8")
        except openai.APIStatusError as error:
            raise self._refused(error, request.model) from None
        except Exception as error:
            # Whatever it was, its text may quote a header: it goes on redacted and without its cause.
            raise self._failed(error) from None
        self._silence = 0
        try:
            return read_completion(json.loads(text), self.server.host, dialect, request.model)
        except (ValueError, RecursionError):
            complaint = read_complaint(text)
            said = self.server.redact(complaint.said)
            why = f"{self.server.host} answered without a message{': ' if said else ''}{said}"
            failure = AskError(Outcome.HTTP_ERROR, why)
            raise (_RefusedError(complaint, failure) if complaint.named else failure) from None

    def _refused(self, error: Any, model: str) -> Exception:
        """Return what a status that is no success means for this request, or for the run."""
        host, status = self.server.host, error.status_code
        complaint = read_complaint(error.response.text)
        said = self.server.redact(complaint.said) or error.response.reason_phrase or "no reason given"
        if STOPPED in error.response.headers:
            return self._silent() if status == 408 else AskError(Outcome.HTTP_ERROR, f"{host} sent {said}")
        self._silence = 0
        if status in (401, 403):
            return SemtoolError(
                f"{host} did not accept the key ({Outcome.UNAUTHORISED}, status {status}: {said}); "
                "check OPENAI_API_KEY, then run again: what was answered is kept"
            )
        if "insufficient_quota" in error.response.text:
            return SemtoolError(
                f"the account at {host} has no quota left ({said}); what was answered is kept"
            )
        if 300 <= status < 400:
            place = self.server.redact(error.response.headers.get("location", "elsewhere"))
            return SemtoolError(f"{host} sends requests on to {place}; name that address with --base-url")
        failure: AskError | SemtoolError = AskError(
            Outcome.HTTP_ERROR, f"{host} answered with status {status}: {said}"
        )
        if status == 404:
            failure = SemtoolError(
                f"{host} does not know the model {model!r} or has no such address ({said})"
            )
        about_words = status in (400, 422) or (status not in (408, 429) and complaint.named)
        return _RefusedError(complaint, failure) if about_words else failure

    def _silent(self) -> AskError | SemtoolError:
        self._silence += 1
        why = f"{self.server.host} gave no whole answer within {self.timeout:g} s"
        if self._silence < MAX_SILENCE:
            return AskError(Outcome.TIMEOUT, why)
        return SemtoolError(
            f"{why}, {self._silence} times in a row; give it longer with --timeout or less at once with "
            "--concurrency. What was answered is kept"
        )

    def _failed(self, error: Exception) -> AskError | SemtoolError:
        host = self.server.host
        if type(error.__cause__).__name__ in ("ConnectError", "UnsupportedProtocol"):
            # Also after the library's retries: the other requests would only wait as long and fail as well.
            return SemtoolError(
                f"no server answers at {host}; is it running, and is --base-url right? "
                "What was answered is kept"
            )
        said = self.server.redact(f"{type(error).__name__}: {error.__cause__ or error}")
        return AskError(Outcome.HTTP_ERROR, f"the answer of {host} could not be read ({said})")

    def _clean(self, answer: Answer) -> Answer:
        """Return ``answer`` without the key, should a server have put it there."""
        key = self.server.key
        if len(key) < LONG_KEY:
            return answer
        shown = {name: getattr(answer, name) for name in ("text", "refusal", "model", "finish")}
        return answer.model_copy(update={name: t.replace(key, "***") for name, t in shown.items()})


def read_completion(raw: Any, host: str, dialect: Dialect, model: str) -> Answer:
    """Return the answer that a chat completion holds, as servers write it.

    Content may be a string, parts of which those of type ``text`` count, an object, or null; usage and finish
    reasons may be anything. What has no meaning here counts as not reported.

    Raises:
        ValueError: if it holds no message (some gateways report errors with status 200).
    """
    choices = raw.get("choices") if isinstance(raw, Mapping) else None
    choice = choices[0] if isinstance(choices, list) and choices else None
    if not isinstance(choice, Mapping) or not {"message", "text"} & choice.keys():
        raise ValueError("no message")
    message = choice.get("message", choice.get("text"))
    if not isinstance(message, Mapping):
        message = {"content": message}
    content, refusal, finish = message.get("content"), message.get("refusal"), choice.get("finish_reason")
    usage = raw.get("usage")
    usage = usage if isinstance(usage, Mapping) else {}
    reported = _line(raw.get("model"), 200) or model
    if _ABSOLUTE.match(reported):
        reported = re.split(r"[\\/]", reported)[-1]
    return Answer(
        text=_content(content).encode("utf-8", "ignore").decode(),  # half characters fit into no file
        refusal=_line(refusal, 1000),
        finish=_line(finish, 100).lower(),
        model=reported,
        host=host,
        tokens_in=_count(usage.get("prompt_tokens")),
        tokens_out=_count(usage.get("completion_tokens")),
        format=dialect.format,
        dropped=dialect.omitted,
        answered=now().isoformat(),
    )


def _line(value: Any, most: int) -> str:
    return without_control(value)[:most] if isinstance(value, str) else ""


def _content(content: Any) -> str:
    """Return the text of a message; parts that hold thoughts, pictures or calls are left out."""
    if isinstance(content, list):
        return "".join(_content(part) for part in content if not _thought(part))
    if isinstance(content, Mapping):
        text = content.get("text", content.get("value"))
        # Some servers parse the answer, so that the object itself is the content.
        parsed = not {"type", "annotations"} & content.keys()
        return json.dumps(content, ensure_ascii=False) if parsed else _content(text)
    return content if isinstance(content, str) else ""


def _thought(part: Any) -> bool:
    kind = str(part.get("type")) if isinstance(part, Mapping) else "text"
    return kind not in ("text", "output_text") or (isinstance(part, Mapping) and bool(part.get("thought")))


def _count(value: Any) -> int:
    fits = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 10**12
    return int(value) if fits else -1

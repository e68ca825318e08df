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
from semtool.generation.llm.server import STOPPED, Server

__all__ = ["AskError", "LlmClient", "read_completion"]

MAX_SILENCE = 8
"""How many requests in a row may stay without answer in time before the run ends."""
_ABSOLUTE = re.compile(r"^(/|[A-Za-z]:[\\/])")
_ONE_BY_ONE = ("temperature", "seed")
"""What the same complaint, heard again without it, was not about."""


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
        self._library = server.connect(timeout=timeout, retries=retries)
        self._silence = 0

    async def ask(self, request: Request) -> Answer:
        """Return the answer to one request, put into words that the server takes.

        Raises:
            AskError: if there is none.
            SemtoolError: if asking on is useless: key refused, model unknown, nobody there, no quota left.
        """
        dialect = started = self.dialect
        innocent: set[str] = set()
        before: tuple[Dialect, str, str] | None = None  # what was left out last, and why
        while True:
            try:
                answer = await self._try(dialect, request)
            except _RefusedError as refused:
                said = refused.complaint.said
                if before and before[1] in _ONE_BY_ONE and before[2] == said:
                    dialect = before[0]
                    innocent.add(before[1])
                following = dialect.without(refused.complaint, innocent)
                if following is None:
                    raise refused.failure from None
                before = dialect, following[1], said
                dialect = following[0]
                continue
            if dialect is not started:
                self.dialect = dialect
            return self.server.clean(answer)

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
        said = (
            self.server.redact(without_control(complaint.said))
            or error.response.reason_phrase
            or "no reason given"
        )
        if STOPPED in error.response.headers:
            return self._silent() if status == 408 else AskError(Outcome.HTTP_ERROR, f"{host} sent {said}")
        self._silence = 0
        if status in (401, 403):
            return SemtoolError(
                f"{host} did not accept the key ({Outcome.UNAUTHORISED}, status {status}: {said}); "
                "check OPENAI_API_KEY, then run again: what was answered is kept"
            )
        if error.code == "insufficient_quota" or "insufficient_quota" in error.response.text:
            return SemtoolError(
                f"the account at {host} has no quota left ({said}); what was answered is kept"
            )
        failure: AskError | SemtoolError = AskError(
            Outcome.HTTP_ERROR, f"{host} answered with status {status}: {said}"
        )
        if 300 <= status < 400:
            place = self.server.redact(error.response.headers.get("location", "elsewhere"))
            return SemtoolError(f"{host} sends requests on to {place}; name that address with --base-url")
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
        import openai

        host = self.server.host
        if isinstance(error, openai.APIConnectionError) and _unreachable(error):
            # Also after the library's retries: the other requests would only wait as long and fail as well.
            return SemtoolError(
                f"no server answers at {host}; is it running, and is --base-url right? "
                "What was answered is kept"
            )
        said = self.server.redact(without_control(f"{type(error).__name__}: {error.__cause__ or error}"))
        return AskError(Outcome.HTTP_ERROR, f"the answer of {host} could not be read ({said})")


def read_completion(raw: Any, host: str, dialect: Dialect, model: str) -> Answer:
    """Return the answer that a chat completion holds, as servers write it.

    Content may be a string, parts of which those with text count, an object, or null; usage and finish
    reasons may be anything. What has no meaning here counts as not reported.

    Raises:
        ValueError: if it holds no message (some gateways report errors with status 200).
    """
    choices = _mapping(raw).get("choices")
    choice = _mapping(choices[0]) if isinstance(choices, list) and choices else {}
    if not ({"message", "text"} & choice.keys()):
        raise ValueError("no message")
    message = choice.get("message", {"content": choice.get("text")})
    if not isinstance(message, Mapping):
        message = {"content": message}
    usage = _mapping(_mapping(raw).get("usage"))
    reported = raw.get("model")
    reported = without_control(reported)[:200] if isinstance(reported, str) and reported else model
    if _ABSOLUTE.match(reported):
        reported = re.split(r"[\\/]", reported)[-1]
    refusal, finish = message.get("refusal"), choice.get("finish_reason")
    return Answer(
        text=_without_halves(_content(message.get("content"))),
        refusal=without_control(refusal)[:1000] if isinstance(refusal, str) else "",
        finish=without_control(finish)[:100].lower() if isinstance(finish, str) else "",
        model=reported,
        host=host,
        tokens_in=_count(usage.get("prompt_tokens")),
        tokens_out=_count(usage.get("completion_tokens")),
        format=dialect.format,
        dropped=dialect.omitted,
        answered=now().isoformat(),
    )


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _content(content: Any) -> str:
    """Return the text of a message; parts that hold thoughts, pictures or calls have no ``text``."""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        parts = (
            part
            if isinstance(part, str)
            else part.get("text")
            if isinstance(part, Mapping) and _said(part)
            else None
            for part in content
        )
        return "".join(
            str(p.get("value") or "") if isinstance(p, Mapping) else p
            for p in parts
            if isinstance(p, str | Mapping)
        )
    if isinstance(content, Mapping):
        text = content.get("text")
        # Some servers parse the answer, so that the object itself is the content.
        return (
            text if isinstance(text, str) and "type" in content else json.dumps(content, ensure_ascii=False)
        )
    return ""


def _said(part: Mapping[str, Any]) -> bool:
    kind = str(part.get("type", "text"))
    return not re.search("think|reason|thought|summary|refusal", kind) and not part.get("thought")


def _without_halves(text: str) -> str:
    """Return ``text`` without half characters, which no file can hold."""
    return text.encode("utf-8", "ignore").decode()


def _count(value: Any) -> int:
    fits = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 10**12
    return int(value) if fits else -1


def _unreachable(error: BaseException) -> bool:
    """Return whether no connection was made at all."""
    cause: BaseException | None = error
    while cause is not None:
        if type(cause).__name__ in ("ConnectError", "UnsupportedProtocol"):
            return True
        cause = cause.__cause__
    return False

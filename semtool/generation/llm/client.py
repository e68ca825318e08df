"""One request to an OpenAI-compatible server; every way to fail has a name, and no key ever shows."""

from __future__ import annotations

import os
import re
from collections.abc import Awaitable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from semtool.artifacts.manifest import now
from semtool.errors import SemtoolError, UsageError
from semtool.generation.llm.cache import Answer
from semtool.generation.llm.dialect import Dialect
from semtool.generation.llm.outcomes import Outcome
from semtool.generation.llm.requests import Ask

if TYPE_CHECKING:
    from openai import AsyncOpenAI

__all__ = ["OPENAI", "AskError", "LlmClient", "Server", "read_completion"]

OPENAI = "https://api.openai.com/v1"
_Found = TypeVar("_Found")
_SHORTEST_KEY = 12
"""Shorter ones are stand-ins for servers that need none (``none``, ``EMPTY``) and may be words of answers."""
_ABSOLUTE = re.compile(r"^(/|[A-Za-z]:[\\/])")


class AskError(Exception):
    """A request that stays without answer; the others go on. Never leaves this package."""

    def __init__(self, outcome: Outcome, why: str) -> None:
        self.outcome = outcome
        self.why = why
        super().__init__(why)


class Server:
    """Where requests go: base URL and key, from the arguments, else the environment.

    Raises:
        UsageError: if the base URL is not one, or OpenAI is asked without a key.
    """

    def __init__(self, base_url: str | None = None) -> None:
        self.base_url = (base_url or os.environ.get("OPENAI_BASE_URL") or OPENAI).strip()
        # A key pasted with a line end would otherwise turn up in the HTTP library's error message.
        self._key = os.environ.get("OPENAI_API_KEY", "").strip()
        try:
            parts = urlsplit(self.base_url)
            self.host = parts.hostname or ""
            fits = parts.scheme in ("http", "https") and bool(self.host)
            self._secrets = [s for s in (self._key, parts.password, parts.query) if s]
        except ValueError:
            fits = False
        if not fits:
            raise UsageError("the base URL must have the form http(s)://host[:port]/v1")
        if not self._key.isascii() or any(c.isspace() for c in self._key):
            raise UsageError("OPENAI_API_KEY holds characters that no key has; copy it again")

    def check_key(self) -> None:
        """Raise `UsageError` if OpenAI itself is to be asked and there is no key."""
        if not self._key and self.base_url.startswith(OPENAI):
            raise UsageError(
                "no key for api.openai.com: set OPENAI_API_KEY in the environment or in .env, "
                "or name another server with --base-url"
            )

    def connect(self, *, timeout: float, retries: int) -> AsyncOpenAI:
        """Return the library's client."""
        from openai import AsyncOpenAI

        self.check_key()
        return AsyncOpenAI(
            base_url=self.base_url, api_key=self._key or "none", timeout=timeout, max_retries=retries
        )

    def clean(self, answer: Answer) -> Answer:
        """Return ``answer`` without the key, should a server have put it there."""
        if (
            len(self._key) < _SHORTEST_KEY
            or self._key not in answer.text + answer.refusal + answer.model + answer.finish
        ):
            return answer
        shown = {name: getattr(answer, name) for name in ("text", "refusal", "model", "finish")}
        return replace(answer, **{name: text.replace(self._key, "***") for name, text in shown.items()})

    def redact(self, text: str) -> str:
        """Return ``text`` on one line, short, without key or credentials."""
        for secret in self._secrets:
            text = text.replace(secret, "***")
        text = re.sub(r"\b(sk|key)-[\w*-]{6,}", "***", text)
        text = " ".join(text.split())
        return text if len(text) <= 300 else text[:297] + "..."


class LlmClient:
    """Asks one server. Retries, and waiting as the server says (``Retry-After``), are the library's own.

    Args:
        timeout: seconds that one try may take.
        retries: tries after the first, for 408, 409, 429, 5xx, lost connections and timeouts.
    """

    def __init__(self, server: Server, *, timeout: float = 120.0, retries: int = 5) -> None:
        self.server = server
        self.dialect = Dialect()
        self.library = server.connect(timeout=timeout, retries=retries)

    async def ask(self, ask: Ask) -> Answer:
        """Return the answer to one request.

        Raises:
            AskError: if there is none.
            SemtoolError: if asking on is useless: key refused, model unknown, nobody there, no quota left.
        """
        import openai

        dialect = started = self.dialect
        while True:
            try:
                # As chat.completions.create, without its walk over types: a third less work a request.
                raw: object = await self.library.post(
                    "/chat/completions", body=dialect.body(ask), cast_to=object
                )
                found = raw if isinstance(raw, Mapping) else {}
                answer = read_completion(found, self.server.host, dialect.format, ask.model)
            except (openai.BadRequestError, openai.UnprocessableEntityError) as error:
                following = dialect.without(complaint(error))
                if following is None:
                    raise self._failed(error) from None
                dialect = following
                continue
            except (openai.AuthenticationError, openai.PermissionDeniedError, openai.NotFoundError) as error:
                raise self._stop(error, ask.model) from None
            except AskError as error:
                raise AskError(error.outcome, self.server.redact(error.why)) from None
            except Exception as error:
                # Whatever it was, its text may quote a header: it goes on redacted and without its cause.
                raise self._failed(error) from None
            if dialect is not started:
                self.dialect = dialect
            return self.server.clean(answer)

    async def batch_call(self, call: Awaitable[_Found]) -> _Found:
        """Return what a call of the batch interface gives; a failure ends the run, which can be continued."""
        import openai

        try:
            return await call
        except openai.NotFoundError as error:
            said = self.server.redact(error.message)
            raise SemtoolError(
                f"{self.server.host} has no such batch or no batch interface ({said})"
            ) from None
        except (openai.AuthenticationError, openai.PermissionDeniedError) as error:
            raise self._stop(error, "") from None
        except Exception as error:
            failed = self._failed(error)
            raise SemtoolError(f"{failed}; run the same command again to go on with the batch") from None

    async def close(self) -> None:
        """Close all connections."""
        await self.library.close()

    def _stop(self, error: Any, model: str) -> SemtoolError:
        host, said = self.server.host, self.server.redact(str(error.message))
        if error.status_code == 404:
            return SemtoolError(f"{host} does not know the model {model!r} or has no such address ({said})")
        return SemtoolError(
            f"{host} did not accept the key ({Outcome.UNAUTHORISED}, status {error.status_code}); "
            "check OPENAI_API_KEY, then run again: what was answered is kept"
        )

    def _failed(self, error: Exception) -> AskError | SemtoolError:
        import openai

        host = self.server.host
        if isinstance(error, openai.APITimeoutError):
            return AskError(Outcome.TIMEOUT, f"{host} did not answer in time")
        if isinstance(error, openai.APIStatusError):
            said = self.server.redact(error.message)
            if error.code == "insufficient_quota":
                return SemtoolError(
                    f"the account at {host} has no quota left ({said}); what was answered is kept"
                )
            return AskError(Outcome.HTTP_ERROR, f"{host} answered with status {error.status_code}: {said}")
        if isinstance(error, openai.APIConnectionError) and _unreachable(error):
            # Also after the library's retries: the other requests would only wait as long and fail as well.
            return SemtoolError(
                f"no server answers at {host}; is it running, and is --base-url right? "
                "What was answered is kept"
            )
        said = self.server.redact(f"{type(error).__name__}: {error}")
        return AskError(Outcome.HTTP_ERROR, f"the answer of {host} could not be read ({said})")


def complaint(error: Any) -> Mapping[str, Any] | str:
    """Return what a server says about a request that it refuses."""
    return error.body if isinstance(error.body, Mapping) else str(error.message)


def read_completion(
    raw: Mapping[str, Any], host: str, form: str, model: str, *, batch: bool = False
) -> Answer:
    """Return the answer that a chat completion holds.

    Raises:
        AskError: if it holds none (some gateways report errors with status 200).
    """
    choices = raw.get("choices")
    if not choices or not isinstance(choices, list) or not isinstance(choices[0].get("message"), Mapping):
        said = (
            str((raw.get("error") or {}).get("message", "")) if isinstance(raw.get("error"), Mapping) else ""
        )
        raise AskError(Outcome.HTTP_ERROR, f"{host} answered without a message {said[:200]}".rstrip())
    message, usage = choices[0]["message"], raw.get("usage") or {}
    reported = str(raw.get("model") or model)
    if _ABSOLUTE.match(reported):
        reported = re.split(r"[\\/]", reported)[-1]
    return Answer(
        text=str(message.get("content") or ""),
        refusal=str(message.get("refusal") or ""),
        finish=str(choices[0].get("finish_reason") or ""),
        model=reported,
        host=host,
        tokens_in=int(usage.get("prompt_tokens", -1)),
        tokens_out=int(usage.get("completion_tokens", -1)),
        format=form,
        answered=now().isoformat(),
        batch=batch,
    )


def _unreachable(error: BaseException) -> bool:
    """Return whether no connection was made at all."""
    cause: BaseException | None = error
    while cause is not None:
        if type(cause).__name__ in ("ConnectError", "UnsupportedProtocol"):
            return True
        cause = cause.__cause__
    return False

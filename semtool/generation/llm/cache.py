"""Every answer that ever arrived, one small file each, named by the content of its request.

Layout: ``<root>/cache/llm/<first two digits>/<sha256>.json``. A file is written as soon as its answer is
there, and appears whole or not at all: a killed run loses nothing that was answered. What cannot be read
counts as not answered.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from semtool.artifacts import Store
from semtool.disk import write_atomically

__all__ = ["Answer", "AnswerCache"]


class Answer(BaseModel):
    """What a server sent back for one request.

    Attributes:
        text: the message's content; empty if there was none.
        refusal: what the model said when it refused.
        finish: the finish reason as reported.
        model: the model as the server reports it.
        host: host name of the server, without port, path or credentials.
        tokens_in, tokens_out: usage as reported; -1 where the server reports none.
        format: how the server was held to the schema: ``json_schema``, ``json_object`` or ``text``.
        dropped: parameters that it did not take.
        answered: date and time, UTC, ISO 8601.
    """

    model_config = ConfigDict(frozen=True, strict=True)

    text: str
    refusal: str
    finish: str
    model: str
    host: str
    tokens_in: int
    tokens_out: int
    format: str
    dropped: list[str] = []
    answered: str


class AnswerCache:
    """The answers below one store's root."""

    def __init__(self, store: Store) -> None:
        self.folder = store.root / "cache" / "llm"

    def get(self, key: str) -> Answer | None:
        """Return the answer to the request with this key, if it is there and whole."""
        try:
            return Answer.model_validate_json(self._path(key).read_bytes())
        except (OSError, ValidationError):
            return None

    def put(self, key: str, answer: Answer) -> None:
        """Keep an answer: whole, or not at all."""
        write_atomically(self._path(key), answer.model_dump_json() + "\n", durable=False)

    def _path(self, key: str) -> Path:
        return self.folder / key[:2] / f"{key}.json"

"""Every answer that ever arrived, one small file each, named by the content of its request.

Layout: ``<root>/cache/llm/<first two digits>/<sha256>.json``. A file is written as soon as its answer is
there, and appears whole or not at all: a killed run loses nothing that was answered. What cannot be read
counts as not answered.
"""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from semtool.artifacts import Store

__all__ = ["Answer", "AnswerCache"]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server sent back for one request.

    Attributes:
        text: the message's content; empty if there was none.
        refusal: what the model said when it refused.
        finish: the finish reason as reported.
        model: the model as the server reports it.
        host: host name of the server, without port, path or credentials.
        tokens_in, tokens_out: usage as reported; -1 where the server reports none.
        format: how the server was held to the schema: ``json_schema``, ``json_object`` or ``text``.
        answered: date and time, UTC, ISO 8601.
        batch: whether it came through the batch interface.
    """

    text: str
    refusal: str
    finish: str
    model: str
    host: str
    tokens_in: int
    tokens_out: int
    format: str
    answered: str
    batch: bool = False


class AnswerCache:
    """The answers below one store's root."""

    def __init__(self, store: Store) -> None:
        self.folder = store.root / "cache" / "llm"

    def get(self, key: str) -> Answer | None:
        """Return the answer to the request with this key, if it is there and whole."""
        try:
            raw = json.loads(self._path(key).read_text(encoding="utf-8"))
            return Answer(**{f.name: raw[f.name] for f in fields(Answer)})
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def put(self, key: str, answer: Answer) -> None:
        """Keep an answer: whole, or not at all."""
        path = self._path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, json.dumps({"schema": 1, "key": key} | asdict(answer), ensure_ascii=False))

    def _path(self, key: str) -> Path:
        return self.folder / key[:2] / f"{key}.json"


def write_atomically(path: Path, text: str) -> None:
    """Write ``text`` to a temporary file beside ``path`` and rename it into place."""
    handle, temporary = tempfile.mkstemp(prefix=".tmp-", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text + "\n")
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise

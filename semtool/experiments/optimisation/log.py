"""The log of an optimisation: ``optimisations/<name>/log.jsonl``, a line a try, written when it is made.

The first line says what is optimised; the last, once the unseen classes were looked at, what that gave. A
killed optimisation reads its tries back instead of making them again.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from semtool.descriptions import DescriptionSet
from semtool.errors import SemtoolError, UsageError
from semtool.record import Record

__all__ = ["FILE", "FOLDER", "Log", "Try"]

FOLDER = "optimisations"
FILE = "log.jsonl"


class Try(Record):
    """One move that was tried.

    Attributes:
        number: from 1.
        move: what was done to the text; ``exchange``: texts were put in each other's place.
        digest: of the text that it gave; empty if it gave none.
        held_out: mean accuracy over held-out classes with it.
        gain, low, high: over the text so far, paired by class, with 95 % interval before correction.
        p: of such a gain by chance, one-sided.
        elsewhere: mean gain of the same change on other data sets; None if too few have tried it.
        doubt: probability that it does not help, given the gains here and elsewhere; None likewise.
        alpha: what ``doubt``, or without it ``p``, may be if the try is kept.
        kept: whether it was.
        tokens, seconds: what it took.
    """

    number: int
    move: str
    exchange: bool
    digest: str = ""
    held_out: float | None = None
    gain: float | None = None
    low: float | None = None
    high: float | None = None
    p: float | None = None
    elsewhere: float | None
    doubt: float | None = None
    alpha: float
    kept: bool = False
    tokens: int
    seconds: float


class Log:
    """The lines of one optimisation.

    Args:
        folder: where it lives.
        about: what is optimised, and how.

    Attributes:
        tries: that were made.
        end: what the look at the unseen classes gave; None before.

    Raises:
        UsageError: if the folder holds an optimisation of something else.
        SemtoolError: if a line is damaged.
    """

    def __init__(self, folder: Path, about: dict[str, Any]) -> None:
        self.path = folder / FILE
        self.tries: list[Try] = []
        self.end: dict[str, Any] | None = None
        folder.mkdir(parents=True, exist_ok=True)
        lines = self.path.read_text(encoding="utf-8").split("\n") if self.path.is_file() else []
        if lines and lines[-1]:  # a line that was being written
            lines[-1] = ""
            self.path.write_text("\n".join(lines), encoding="utf-8")
        try:
            records = [json.loads(line) for line in lines if line]
            for record in records[1:]:
                if "end" in record:
                    self.end = record["end"]
                else:
                    self.tries.append(Try.model_validate(record))
        except (ValueError, ValidationError, TypeError) as error:
            raise SemtoolError(f"{self.path} is damaged ({error}); remove it to begin anew") from error
        if not records:
            self._append({"about": about})
        elif records[0] != {"about": about}:
            raise UsageError(f"{folder.name} optimises something else; choose another --name")

    def add(self, made: Try, texts: DescriptionSet | None) -> None:
        """Write a try; its text too, if it is kept."""
        if made.kept and texts is not None:
            self._place(made).mkdir(exist_ok=True)
            texts.write(self._place(made))
        self.tries.append(made)
        self._append(made.model_dump())

    def text(self, made: Try) -> DescriptionSet:
        """Return the text of a try that was kept."""
        return DescriptionSet.read(self._place(made))

    def _place(self, made: Try) -> Path:
        return self.path.parent / f"try-{made.number}"

    def close(self, end: dict[str, Any]) -> None:
        """Write what the look at the unseen classes gave."""
        self.end = end
        self._append({"end": end})

    def _append(self, record: dict[str, Any]) -> None:
        with self.path.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(record, ensure_ascii=False) + "\n")
            stream.flush()
            os.fsync(stream.fileno())

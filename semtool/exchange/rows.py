"""What a foreign description file says, before anything is known of the data set: rows of texts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from semtool.errors import UsageError

__all__ = ["Row", "Text", "read_text", "squeeze"]


@dataclass(frozen=True)
class Text:
    """One text; a granularity of None is whatever the import is told."""

    text: str
    granularity: str | None = None
    slot: str = ""


@dataclass(frozen=True)
class Row:
    """What a file says of one class. ``where`` names the place (``line 3``) for messages.

    ``index`` is the class number as printed in the file, ``label`` the class name as printed, if there are
    any; ``ordered`` is whether the place of the row means something.
    """

    where: str
    texts: tuple[Text, ...]
    index: int | None = None
    label: str | None = None
    ordered: bool = True


def read_text(path: Path) -> str:
    """Return a text file's content: UTF-8 with or without a byte order mark, else Windows-1252.

    Raises:
        UsageError: if the file cannot be read or is no text.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error
    if b"\0" in raw:
        raise UsageError(f"{path.name} is no text file")
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise UsageError(f"{path.name} is neither UTF-8 nor Windows-1252 text; save it as UTF-8")


def squeeze(text: object) -> str:
    """Return a cell as text: runs of white space (line breaks too) one space, no other change."""
    return "" if text is None else " ".join(str(text).split())

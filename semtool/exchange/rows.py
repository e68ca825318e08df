"""What a foreign description file says, before anything is known of the data set: rows of texts."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from pathlib import Path

from semtool.disk import read_plain
from semtool.errors import UsageError

__all__ = ["Row", "Text", "decode", "parts_of", "read_text", "squeeze"]

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


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
    """Return a text file's content, its line ends as ``\\n``; see `decode` for what it may be written in."""
    return decode(read_plain(path), path.name)


def decode(raw: bytes, name: str) -> str:
    """Return ``raw`` as text: UTF-8, or what a byte order mark says.

    Raises:
        UsageError: if it is neither, or no text.
    """
    encoding = next((encoding for mark, encoding in _MARKS if raw.startswith(mark)), "utf-8")
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError as error:
        raise UsageError(f"{name} is not UTF-8; save it as UTF-8") from error
    if "\0" in text:
        raise UsageError(f"{name} is no text file, or UTF-16 without a byte order mark; save it as UTF-8")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def squeeze(text: object) -> str:
    """Return a cell as text: runs of white space (line breaks too) one space, no other change."""
    return "" if text is None else " ".join(str(text).split())


_SLOTS = {
    "head": ("part", "head"), "neck": ("part", "head"),
    "hand": ("part", "arms"), "hands": ("part", "arms"), "arm": ("part", "arms"), "arms": ("part", "arms"),
    "torso": ("part", "torso"), "trunk": ("part", "torso"), "hip": ("part", "torso"),
    "hips": ("part", "torso"),
    "leg": ("part", "legs"), "legs": ("part", "legs"), "foot": ("part", "legs"), "feet": ("part", "legs"),
    "start": ("phase", "start"), "beginning": ("phase", "start"), "middle": ("phase", "middle"),
    "end": ("phase", "end"),
}  # fmt: skip
_HEAD = re.compile(rf"(?:^|[;|.,])\s*({'|'.join(sorted(_SLOTS, key=len, reverse=True))})\s*[:：]\s*", re.I)


def parts_of(text: str) -> tuple[Text, ...]:
    """Return ``text`` itself, or, if it names at least two parts or phases, one text for each.

    Two names of one part (hip and torso) are joined. What stands before the first name is the class name.
    """
    pieces = _HEAD.split(text)
    found: dict[tuple[str, str], list[str]] = {}
    for name, said in zip(pieces[1::2], pieces[2::2], strict=True):
        if cleaned := said.strip(" ;|,"):
            found.setdefault(_SLOTS[name.lower()], []).append(cleaned)
    if len(found) < 2:
        return (Text(text),)
    before = pieces[0].strip(" ;|,.")
    parts = [Text(". ".join(s.rstrip(".") for s in said), *slot) for slot, said in found.items()]
    return ((Text(before, "label"),) if before else ()) + tuple(parts)

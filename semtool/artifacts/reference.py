"""What the name of an artifact says: ``<data set>/<name>[@vN]``."""

from __future__ import annotations

import re
from dataclasses import dataclass

from semtool.errors import UsageError, unknown_name

__all__ = ["KINDS", "PART", "VERSION", "Reference"]

KINDS = {
    "descriptions": ("prompt_set",),
    "embeddings": ("prompt_set", "encoder"),
    "arrays": ("source",),
    "features": ("split", "visual"),
}
"""The kinds of versioned artifact and the parts that their name has after the data set."""
PART = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]*")
VERSION = re.compile(r"v([1-9][0-9]{0,8})")


@dataclass(frozen=True)
class Reference:
    """A reference taken apart; ``version`` is None where it means the newest.

    ``prompt_set``, ``encoder``, ``source``, ``split`` and ``visual``, as references spell them, are empty
    where the kind has no such part.
    """

    kind: str
    dataset: str
    parts: tuple[str, ...]
    version: int | None = None
    prompt_set: str = ""
    encoder: str = ""
    source: str = ""
    split: str = ""
    visual: str = ""

    @classmethod
    def parse(cls, kind: str, text: str) -> Reference:
        """Take ``text`` apart.

        Args:
            kind: ``descriptions``, ``embeddings``, ``features`` or ``arrays``.
            text: ``<data set>/<name>[@vN]``, with as many names as the kind has.

        Returns:
            The reference; its version is None if the text names none.

        Raises:
            UsageError: if it has another form than references of this kind.
        """
        if kind not in KINDS:
            raise unknown_name("kind of artifact", kind, KINDS)
        name, at, version = text.partition("@")
        parts = name.split("/")
        if len(parts) != len(KINDS[kind]) + 1 or not all(PART.fullmatch(part) for part in parts):
            form = "/".join(["<data set>"] + ["<name>"] * len(KINDS[kind]))
            raise UsageError(f"{name!r} does not name {kind}: a reference has the form {form}[@vN]")
        match = VERSION.fullmatch(version)
        if at and version and not match:
            raise UsageError(f"{kind} {name!r} has no version {version!r}; a version is written v1, v2, ...")
        named = dict(zip(KINDS[kind], parts[1:], strict=True))
        return cls(kind, parts[0], tuple(parts[1:]), int(match[1]) if match else None, **named)

    @property
    def full_name(self) -> str:
        """The reference without version: ``<data set>/<name>``."""
        return "/".join((self.dataset, *self.parts))

    def __str__(self) -> str:
        return self.full_name + (f"@v{self.version}" if self.version else "")

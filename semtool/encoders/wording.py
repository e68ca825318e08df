"""Words that decide a field, read from ``wording.yaml``: what a sentence encoder is deaf to."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from semtool.disk import digest

__all__ = ["worded", "wording_digest"]

_FILE = Path(__file__).with_name("wording.yaml")


@cache
def _rules() -> tuple[int, tuple[tuple[re.Pattern[str], re.Pattern[str] | None, dict[str, str]], ...]]:
    import yaml

    raw = yaml.safe_load(_FILE.read_text(encoding="utf-8"))

    def words(pattern: str) -> re.Pattern[str]:
        return re.compile(rf"(?<!\w)(?:{pattern})(?!\w)")

    rules = (
        (words(r["when"]), words(r["unless"]) if "unless" in r else None, r["set"]) for r in raw["rules"]
    )
    return raw["longest"], tuple(rules)


def worded(text: str) -> dict[str, str]:
    """Return the fields that the words of ``text`` decide, with their values; none for a long text."""
    longest, rules = _rules()
    plain = " ".join(re.sub(r"[^\w'-]+", " ", text.lower()).split())
    found: dict[str, str] = {}
    if len(plain.split()) <= longest:
        for when, unless, values in rules:
            if when.search(plain) and not (unless and unless.search(plain)):
                found |= values
    return found


@cache
def wording_digest() -> str:
    """Return a checksum of the rules."""
    return digest(_FILE.read_text(encoding="utf-8"))[:16]

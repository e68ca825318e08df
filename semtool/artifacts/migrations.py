"""Old manifests are read through small numbered steps: step N takes schema N to schema N + 1.

To change the schema: append a function ``m00N_what_changes`` to `STEPS`; never edit one that was released.
Files on disk are not rewritten, because versions are immutable.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from semtool.errors import SemtoolError

__all__ = ["SCHEMA", "STEPS", "upgrade"]

Step = Callable[[dict[str, Any]], dict[str, Any]]

STEPS: tuple[Step, ...] = ()
"""No step yet: schema 1 is the first."""
SCHEMA = 1 + len(STEPS)
"""The schema that this version writes."""


def upgrade(raw: dict[str, Any], where: str, steps: Sequence[Step] = STEPS) -> dict[str, Any]:
    """Return a manifest's JSON object in the newest schema.

    Raises:
        SemtoolError: if it names no schema, or one that is newer than this semtool.
    """
    found, newest = raw.get("schema"), 1 + len(steps)
    if not isinstance(found, int) or isinstance(found, bool) or found < 1:
        raise SemtoolError(f"{where} is damaged: it names no schema")
    if found > newest:
        raise SemtoolError(
            f"{where} has schema {found}, this semtool reads up to {newest}; upgrade semtool to open it"
        )
    for number, step in enumerate(steps[found - 1 :], found + 1):
        raw = step(dict(raw)) | {"schema": number}
    return raw

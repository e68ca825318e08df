"""What somebody says of a recording that its file does not say: ``skeleton.yaml`` beside it, or options.

fps: 25
joints: {Marker7: left_wrist, Prop: none}
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from semtool.errors import UsageError

__all__ = ["HINTS", "LABELS", "Hints", "companions", "labels_of", "read_hints"]

HINTS = "skeleton.yaml"
"""The file beside a recording, or in the raw folder, with `Hints`."""
LABELS = "labels.csv"
"""The file in the raw folder with the columns name, label and, if known, subject and replication."""


class Hints(BaseModel):
    """What is said of a recording.

    Attributes:
        layout: name of the layout, if the order of the joints is that of a known one.
        joints: name in the file -> landmark, or ``none``.
        fps: frames a second.
        unit: ``m``, ``cm`` or ``mm``.
        up: axis that points up: ``+y``, ``-y`` (images), ``+z``, ...
        mirrored: whether x is to be negated.
        confidence: joints that the detector trusts less count as not seen.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    layout: str = ""
    joints: dict[str, str] = {}
    fps: float | None = Field(default=None, gt=0)
    unit: str = ""
    up: str = ""
    mirrored: bool | None = None
    confidence: float = Field(default=0.1, ge=0, le=1)


def companions(folder: Path, path: Path) -> tuple[Path, ...]:
    """Return the files with hints and labels that belong to a raw file below ``folder``."""
    places = [path.parent, folder if folder.is_dir() else folder.parent]
    found = [place / name for name in (HINTS, LABELS) for place in places if (place / name).is_file()]
    return tuple(dict.fromkeys(found))


def read_hints(paths: tuple[Path, ...], options: Mapping[str, Any] | None = None) -> Hints:
    """Return the hints among a file's companions, overruled by ``options``.

    Raises:
        UsageError: if the file is no YAML mapping, or says what is no hint.
    """
    said: dict[str, Any] = {}
    for path in paths:
        if path.name == HINTS:
            try:
                said = (yaml.safe_load(path.read_text(encoding="utf-8")) or {}) | said
            except (yaml.YAMLError, TypeError, UnicodeDecodeError, OSError) as error:
                raise UsageError(f"{path} is not YAML with settings: {error}") from error
    try:
        return Hints(**said | {k: v for k, v in (options or {}).items() if v is not None})
    except (ValidationError, TypeError) as error:
        raise UsageError(f"{HINTS}: {error}; it may say {', '.join(Hints.model_fields)}") from error


def labels_of(paths: tuple[Path, ...], name: str) -> dict[str, str]:
    """Return the row of ``labels.csv`` for a sample; empty without one."""
    for path in paths:
        if path.name == LABELS:
            with path.open(encoding="utf-8-sig", newline="") as stream:
                for row in csv.DictReader(stream):
                    if row.get("name") in (name, f"{name}{paths[0].suffix}"):
                        return {k: v for k, v in row.items() if k and v}
    return {}

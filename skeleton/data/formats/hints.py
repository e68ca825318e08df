"""What somebody says of a recording that its file does not say: ``skeleton.yaml`` beside it, or options.

A mapping of joints is such a file too, wherever it lies (``--mapping``).

fps: 25
joints: {Marker7: left_wrist, Prop: none}
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import yaml
from pydantic import Field, ValidationError, model_validator

from semtool.errors import SemtoolError, UsageError, unknown_name
from semtool.record import Record, faults
from skeleton.data.formats.outcomes import Unreadable
from skeleton.data.formats.reader import RawFile, ReadContext
from skeleton.data.joints import LANDMARKS, NOTHING
from skeleton.data.layouts import layout
from skeleton.data.orientation import UNITS, towards

__all__ = ["HINTS", "LABELS", "Hints", "labels_of", "read_hints", "settled", "with_companions"]

HINTS = "skeleton.yaml"
"""The file beside a recording, or in the raw folder, with `Hints`."""
LABELS = "labels.csv"
"""The file in the raw folder with the columns name, label and, if known, subject and replication."""


class Hints(Record):
    """What is said of a recording.

    Attributes:
        layout: name of the layout, if the order of the joints is that of a known one.
        joints: name in the file -> landmark, or ``none``.
        fps: frames a second.
        unit: ``m``, ``cm`` or ``mm``.
        up: axis that points up: ``+y``, ``-y`` (images), ``+z``, ...
        mirrored: whether x is to be negated.
        confidence: joints that the detector trusts less count as not seen.
        aspect: width of the image by its height, where coordinates are shares of it.
    """

    layout: str = ""
    joints: dict[str, str] = Field(default_factory=dict)
    fps: float | None = Field(default=None, gt=0)
    unit: str = ""
    up: str = ""
    mirrored: bool | None = None
    confidence: float = Field(default=0.1, ge=0, le=1)
    aspect: float | None = Field(default=None, gt=0)

    @model_validator(mode="after")
    def _known(self) -> Hints:
        """Refuse, with the nearest names, what means nothing here (`UsageError`)."""
        if self.layout:
            layout(self.layout)
        if self.up:
            towards(self.up)
        if self.unit and self.unit not in UNITS:
            raise unknown_name("unit", self.unit, UNITS)
        for landmark in self.joints.values():
            if landmark not in (*LANDMARKS, NOTHING):
                raise unknown_name("landmark", landmark, LANDMARKS)
        return self


def with_companions(folder: Path, name: str, *paths: Path) -> RawFile:
    """Return a raw file below ``folder`` with the files of hints and labels that belong to it."""
    places = [paths[0].parent, folder if folder.is_dir() else folder.parent]
    found = [place / said for said in (HINTS, LABELS) for place in places if (place / said).is_file()]
    return RawFile(name, (*paths, *dict.fromkeys(found)))


def read_hints(paths: tuple[Path, ...], options: Mapping[str, Any] | None = None) -> Hints:
    """Return the hints among a file's companions, overruled by ``options``.

    Raises:
        UsageError: if a file is no YAML mapping, or says what is no hint.
    """
    said: dict[str, Any] = {}
    for path in paths:
        if path.name == HINTS:
            said = _settings(path) | said  # the nearest file decides
    return Hints(**said | dict(options or {}))


def settled(mapping: Path | None, **options: Any) -> dict[str, Any]:
    """Return what a file of settings says, overruled by the options that are not None; all of it checked.

    Raises:
        UsageError: if the file cannot be read, or an option or a setting means nothing.
    """
    said = (_settings(mapping) if mapping else {}) | {k: v for k, v in options.items() if v is not None}
    Hints(**said)
    return said


def _settings(path: Path) -> dict[str, Any]:
    """Return the settings in a file, checked."""
    try:
        said = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
        Hints(**said)
    except ValidationError as error:
        text = f"{path}: {faults(error)[0]}; it may say {', '.join(Hints.model_fields)}"
        raise UsageError(text) from error
    except (yaml.YAMLError, TypeError, ValueError, OSError) as error:
        raise UsageError(f"{path} is not YAML with settings: {' '.join(str(error).split())}") from error
    return dict(said)


def labels_of(file: RawFile, name: str, context: ReadContext) -> dict[str, Any]:
    """Return label, subject and replication of a sample that its file does not label.

    They stand in its row of ``labels.csv``; without a row the label is the folder's name, if it is a class.

    Raises:
        Unreadable: if the table cannot be read, or a number in it is none.
    """
    for path in file.paths:
        if path.name != LABELS:
            continue
        try:
            with path.open(encoding="utf-8-sig", newline="") as stream:
                rows = [
                    r for r in csv.DictReader(stream) if r.get("name") in (file.name, file.path.name, name)
                ]
            if rows:
                numbers = {k: int(rows[0].get(k) or -1) for k in ("subject", "replication")}
                return {"label": rows[0].get("label") or "", **numbers}
        except (ValueError, OSError, csv.Error) as error:
            raise Unreadable("label", f"{path.name}: the row of {name} cannot be read: {error}") from error
    folder = file.name.rpartition("/")[0].rpartition("/")[2]
    with suppress(SemtoolError):
        return {"label": context.dataset.find_class(folder).name}
    return {}

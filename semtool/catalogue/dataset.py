"""What a data set is: classes, class splits and sample protocols, checked on construction."""

from __future__ import annotations

import random
import re
import unicodedata
from functools import cached_property
from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from semtool.errors import UsageError, unknown_name
from semtool.record import Record

__all__ = ["ActionClass", "Dataset", "SampleProtocol", "Split", "plain"]

_DRAWN = re.compile(r"draw-(\d+)-(\d+)")
_PARENTHESES = re.compile(r"\s*\(.*?\)")
_CODE = re.compile(r"([a-z]+)0*(\d+)")


def plain(text: str) -> str:
    """Return ``text`` as aliases are compared: letters (of any script) and digits, leading zeros gone.

    A sign at the end stays: ``turn +`` and ``turn -`` are two classes.
    """
    folded = unicodedata.normalize("NFKC", text).casefold().strip()
    squeezed = re.sub(r"[\W_]+", "", folded)
    sign = folded[-1:] if folded[-1:] in "+-−" else ""
    match = _CODE.fullmatch(squeezed)
    return ((match[1] + match[2] if match else squeezed) + sign) or folded


class ActionClass(Record):
    """One action class. ``id`` is 0-based and canonical; ``code`` is how the data set itself names it."""

    id: int = Field(ge=0)
    code: str
    name: str = Field(min_length=1)
    aliases: tuple[str, ...] = ()


class Split(Record):
    """Which classes are unseen. ``family`` is the paper whose split it is.

    ``seen`` may be given too (as some publish it); it must then be exactly the other classes.
    """

    name: str
    family: str
    unseen: tuple[int, ...] = Field(min_length=1)
    seen: tuple[int, ...] | None = Field(default=None, exclude=True, repr=False)

    @field_validator("unseen", "seen")
    @classmethod
    def _sorted_and_distinct(cls, ids: tuple[int, ...] | None) -> tuple[int, ...] | None:
        if ids is None:
            return None
        if len(set(ids)) != len(ids):
            raise ValueError("a class is listed twice")
        return tuple(sorted(ids))


class SampleProtocol(Record):
    """Which samples train: those whose ``by`` number is in ``train``; all others test.

    Attributes:
        decides: which samples of unseen classes a result is of: the published `test` part, or `all` of them,
            as in small data sets whose zero-shot splits know no test part.
    """

    name: str
    by: Literal["subject", "view", "setup"]
    train: tuple[int, ...] = Field(min_length=1)
    decides: Literal["test", "all"] = "test"


class Dataset(Record):
    """A catalogue entry.

    Attributes:
        layout: name of the skeleton layout (`skeleton.data.layouts`).
        bodies: most people in one sample.
        raw: folder below ``$SEMTOOL_DATA`` in which the raw data is looked for.
        format: name of the reader (`skeleton.data.formats`).
    """

    schema_version: Literal[1] = Field(default=1, alias="schema")
    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    title: str = ""
    layout: str = "kinect-v2"
    bodies: int = Field(default=1, ge=1)
    raw: str = ""
    format: str = ""
    licence: str = ""
    obtain: str = ""
    classes: tuple[ActionClass, ...] = Field(min_length=2)
    splits: dict[str, Split] = Field(default_factory=dict)
    protocols: dict[str, SampleProtocol] = Field(default_factory=dict)
    default_split: str = ""
    default_protocol: str = ""
    facts: dict[str, Any] = Field(default_factory=dict, repr=False)

    @model_validator(mode="before")
    @classmethod
    def _short_forms(cls, raw: Any) -> Any:
        """Accept plain class names, and splits and protocols as lists; leave any other form as it is."""
        if not isinstance(raw, dict):
            return raw
        raw = {key: value for key, value in raw.items() if value is not None}
        classes = []
        listed = raw.get("classes")
        entries_given = list(listed) if isinstance(listed, list | tuple) else []
        words = {True: "yes", False: "no"}
        if bare := [
            f"classes.{i}: quote it: '{words[e]}' is read as {e}"
            for i, e in enumerate(entries_given)
            if isinstance(e, bool)
        ]:
            raise ValueError("; ".join(bare))
        for index, entry in enumerate(entries_given):
            filled: Any = {"name": entry} if isinstance(entry, str) else entry
            if isinstance(filled, dict):
                number = filled.get("id", index)
                code = number + 1 if isinstance(number, int) else index + 1
                filled = {"id": number, "code": f"c{code}"} | filled
            classes.append(filled)
        if isinstance(listed, list | tuple):
            raw["classes"] = classes
        for group, key in (("splits", "unseen"), ("protocols", "train")):
            entries = {}
            if not isinstance(raw.get(group) or {}, dict):
                continue
            for key_given, entry in (raw.get(group) or {}).items():
                name = str(key_given)
                filled = {key: entry} if isinstance(entry, list) else entry
                if isinstance(filled, dict):
                    family = {"family": name.split("-")[0]} if group == "splits" else {}
                    filled = {"name": name} | family | filled
                entries[name] = filled
            raw[group] = entries
        if isinstance(raw.get("facts"), dict):
            raw["facts"] = {str(code): entry for code, entry in raw["facts"].items()}
        return raw

    @model_validator(mode="after")
    def _consistent(self) -> Dataset:
        problems = []
        ids = [c.id for c in self.classes]
        if twice := sorted({i for i in ids if ids.count(i) > 1}):
            problems.append(f"class ids are given twice: {twice}")
        elif ids != list(range(len(ids))):
            problems.append("class ids must be 0, 1, 2, ... in order, each once")
        taken: dict[str, int] = {}
        for action in self.classes:
            for label in (action.code, action.name, *action.aliases):
                key = plain(label)
                if taken.setdefault(key, action.id) != action.id:
                    problems.append(f"{label!r} names both class {taken[key]} and class {action.id}")
        known = set(range(len(ids)))
        for split in self.splits.values():
            unseen = set(split.unseen)
            if outside := sorted(unseen - known):
                problems.append(f"split {split.name!r} lists classes that do not exist: {outside}")
            if split.seen is not None:
                seen = set(split.seen)
                if both := sorted(seen & unseen):
                    problems.append(f"split {split.name!r} lists classes as seen and unseen: {both}")
                if neither := sorted(known - seen - unseen):
                    problems.append(f"split {split.name!r} is incomplete, neither seen nor unseen: {neither}")
                if outside := sorted(seen - known):
                    problems.append(f"split {split.name!r} lists seen classes that do not exist: {outside}")
            if unseen >= known:
                problems.append(f"split {split.name!r} leaves no seen class")
        for name, group in ((self.default_split, self.splits), (self.default_protocol, self.protocols)):
            if name and name not in group:
                problems.append(f"default {name!r} is not defined")
        if problems:
            raise ValueError("; ".join(problems))
        return self

    @cached_property
    def _by_label(self) -> dict[str, ActionClass]:
        labels = {plain(label): c for c in self.classes for label in (c.code, c.name, *c.aliases)}
        short: dict[str, set[int]] = {}
        for action in self.classes:
            for label in (action.name, *action.aliases):
                short.setdefault(plain(_PARENTHESES.sub("", label)), set()).add(action.id)
                short.setdefault(plain(_PARENTHESES.sub("", label).split("/")[0]), set()).add(action.id)
        clear = {key: self.classes[min(ids)] for key, ids in short.items() if key and len(ids) == 1}
        return clear | labels

    def find_class(self, label: str | int) -> ActionClass:
        """Return the class with this id, code, name or alias (``5``, ``A006``, ``a6``, ``pick up``).

        What stands in parentheses or after a slash may be left out where no other class reads the same then.
        """
        if isinstance(label, int) or label.isdecimal():
            index = int(label)
            if index >= len(self.classes):
                raise UsageError(f"{self.name} has classes 0 to {len(self.classes) - 1}, not {index}")
            return self.classes[index]
        found = self._by_label.get(plain(label))
        if found is None:
            known = [name.split(" (")[0] for c in self.classes for name in (c.name, *c.aliases)]
            raise unknown_name(f"class of {self.name}", label, known)
        return found

    def split(self, name: str | None = None) -> Split:
        """Return a class split by name; without one the default; ``draw-<unseen>-<seed>`` draws one."""
        name = name or self.default_split
        if not name:
            raise UsageError(f"{self.name} has no default split; name one, or draw one: draw-5-0")
        if name in self.splits:
            return self.splits[name]
        if match := _DRAWN.fullmatch(name):
            count, seed = int(match[1]), int(match[2])
            if not 0 < count < len(self.classes):
                raise UsageError(
                    f"cannot draw {count} unseen classes from the {len(self.classes)} of {self.name}"
                )
            unseen = random.Random(seed).sample(range(len(self.classes)), count)
            return Split(name=name, family="draw", unseen=tuple(unseen))
        raise unknown_name(f"class split of {self.name}", name, self.splits, see="unknown-split")

    def seen(self, split: Split) -> tuple[int, ...]:
        """Return the ids of the classes that are not unseen."""
        return tuple(c.id for c in self.classes if c.id not in split.unseen)

    def protocol(self, name: str | None = None) -> SampleProtocol:
        """Return a sample protocol by name; without one the default."""
        if not self.protocols:
            raise UsageError(
                f"{self.name} has no sample protocol; add to its YAML file, for example: "
                "protocols: {xsub: {by: subject, train: [1, 2, 3]}}, default_protocol: xsub"
            )
        name = name or self.default_protocol
        if not name:
            raise UsageError(f"{self.name} has no default protocol; name one of {', '.join(self.protocols)}")
        if name not in self.protocols:
            raise unknown_name(f"sample protocol of {self.name}", name, self.protocols)
        return self.protocols[name]

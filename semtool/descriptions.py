"""Descriptions and description sets: the text about actions, one JSON line a description."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING

from semtool.errors import SemtoolError, UsageError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["CODES", "FILE", "GRANULARITIES", "SLOTS", "Description", "DescriptionSet"]

FILE = "descriptions.jsonl"
GRANULARITIES = ("label", "global", "motion", "part", "phase", "attribute")
"""How closely a description looks, from coarse to fine."""
SLOTS = {"part": ("head", "arms", "torso", "legs"), "phase": ("start", "middle", "end")}
"""Slots of the granularities that have fixed ones; those of `attribute` are the vocabulary's fields."""
CODES = "codes"
"""The slot of the one `attribute` description that lists all fields as ``field=value; field=value``.

Code encoders (`attributes`) read these rows; text encoders leave them out."""


@dataclass(frozen=True, slots=True)
class Description:
    """One text about one class. ``variant`` counts the texts of the same class, granularity and slot."""

    dataset: str
    class_id: int
    class_name: str
    granularity: str
    slot: str
    variant: int
    text: str
    source: str

    @property
    def is_codes(self) -> bool:
        """Whether this lists attribute codes instead of saying a sentence."""
        return self.granularity == "attribute" and self.slot == CODES


class DescriptionSet:
    """Descriptions of one data set, in canonical order: class id, then as the prompt set gave them.

    Raises:
        SemtoolError: if the descriptions are of several data sets, a text is empty or a key appears twice.
    """

    def __init__(self, descriptions: Iterable[Description]) -> None:
        self.descriptions = tuple(sorted(descriptions, key=lambda d: d.class_id))
        if not self.descriptions:
            raise SemtoolError("a description set needs at least one description")
        datasets = {d.dataset for d in self.descriptions}
        if len(datasets) > 1:
            listed = ", ".join(sorted(datasets))
            raise SemtoolError(f"one description set cannot hold several data sets: {listed}")
        self.dataset = datasets.pop()
        seen = set()
        for d in self.descriptions:
            key = (d.class_id, d.granularity, d.slot, d.variant)
            where = f"{d.class_name!r}, {d.granularity} {d.slot}".rstrip()
            if not d.text.strip():
                raise SemtoolError(f"the description of {where} (variant {d.variant}) is empty")
            if d.granularity not in GRANULARITIES:
                raise SemtoolError(f"the description of {where}: unknown granularity {d.granularity!r}")
            if key in seen:
                raise SemtoolError(f"the description of {where} has variant {d.variant} twice")
            seen.add(key)

    def __iter__(self) -> Iterator[Description]:
        return iter(self.descriptions)

    def __len__(self) -> int:
        return len(self.descriptions)

    @property
    def class_ids(self) -> tuple[int, ...]:
        """The classes that are described, in order."""
        return tuple(dict.fromkeys(d.class_id for d in self))

    def counts(self) -> dict[str, int]:
        """Return how many descriptions there are of each granularity."""
        found = Counter(d.granularity for d in self)
        return {g: found[g] for g in GRANULARITIES if g in found}

    def unsaid(self, candidates: Iterable[Description]) -> Iterator[Description]:
        """Yield those texts that this does not say of the class yet, numbered after its own variants."""
        said = {(d.class_id, d.text.casefold()) for d in self}
        variants: Counter[tuple[int, str, str]] = Counter()
        for d in self:
            key = (d.class_id, d.granularity, d.slot)
            variants[key] = max(variants[key], d.variant + 1)
        for d in candidates:
            if d.is_codes or (d.class_id, d.text.casefold()) in said:
                continue
            said.add((d.class_id, d.text.casefold()))
            key = (d.class_id, d.granularity, d.slot)
            yield replace(d, variant=variants[key])
            variants[key] += 1

    def to_frame(self) -> pd.DataFrame:
        """Return a data frame, a row a description."""
        import pandas as pd

        return pd.DataFrame([asdict(d) for d in self])

    def write(self, folder: Path) -> None:
        """Write ``descriptions.jsonl`` into ``folder``."""
        lines = [json.dumps(asdict(d), ensure_ascii=False) + "\n" for d in self]
        (folder / FILE).write_text("".join(lines), encoding="utf-8")

    @classmethod
    def read(cls, folder: Path) -> DescriptionSet:
        """Read ``folder/descriptions.jsonl``; a line that does not fit is named."""
        path = folder / FILE
        names = {f.name for f in fields(Description)}
        found = []
        try:
            # Not splitlines(): a text may hold line separators of Unicode, which JSON leaves as they are.
            lines = path.read_text(encoding="utf-8").removesuffix("\n").split("\n")
        except OSError as error:
            raise UsageError(f"cannot read {path}: {error.strerror}") from error
        for number, line in enumerate(lines, 1):
            try:
                raw = json.loads(line)
            except ValueError as error:
                raise SemtoolError(f"{path}, line {number}: not JSON ({error})") from error
            if not isinstance(raw, dict) or set(raw) != names:
                wanted = ", ".join(sorted(names))
                raise SemtoolError(f"{path}, line {number}: needs exactly the keys {wanted}")
            found.append(Description(**raw))
        return cls(found)

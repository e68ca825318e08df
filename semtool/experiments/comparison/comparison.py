"""A comparison on disk: ``comparisons/<name>/comparison.json`` below the root of all artifacts.

It holds for each text, encoder, split and preset the accuracy over seeds and which runs it comes from, and
for each pair of texts their difference. The runs stay where they are, under ``runs/``.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field, ValidationError

from semtool.artifacts import Input
from semtool.errors import NotMadeError, SemtoolError, UsageError, unknown_name
from semtool.record import Record, faults
from semtool.showing import Shown
from skeleton.runs import ClassResult, Generalised, Part, PartResult, Spread

if TYPE_CHECKING:
    from pandas import DataFrame

    from semtool.artifacts import Store
    from skeleton.runs import Summary

__all__ = [
    "FILE",
    "FOLDER",
    "SCHEMA",
    "Comparison",
    "Difference",
    "Result",
    "Verdict",
    "checked_name",
    "comparison_names",
    "newest_comparison",
]

FOLDER = "comparisons"
FILE = "comparison.json"
SCHEMA = 3
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")

Verdict = Literal["better", "worse", "not shown", "identical", "one seed"]
"""What a difference (first minus second) says: the first is better or worse beyond chance; it may be noise;
both predict the same class for every sample; one seed only, so that nothing is concluded."""


class ComparedText(Record):
    """A text under its label, as a description set of one data set.

    ``family`` is the text that this is one draw of; ``control`` the kind of control, ``of`` its text.
    """

    label: str
    dataset: str
    descriptions: Input
    family: str = ""
    control: str = ""
    of: str = ""


class OtherPart(Record):
    """The numbers over the samples that do not decide."""

    part: Part
    n: int
    accuracy: Spread
    gzsl: dict[str, Generalised[Spread]] | None


class Result(Record):
    """What one text gave under one encoder, on one split, with one preset: ``n`` samples over ``seeds``.

    Numbers are fractions over ``part``; those of the generalised task are by rule. ``features`` and ``runs``
    are by seed, ``per_class`` by class id.
    """

    text: str
    encoder: str
    dataset: str
    split: str
    preset: str
    switches: dict[str, Any]
    embeddings: Input
    features: dict[int, Input]
    runs: dict[int, str]
    seeds: list[int]
    part: Part
    inductive: bool
    n: int
    chance: float
    accuracy: Spread
    class_mean: Spread | None
    gzsl: dict[str, Generalised[Spread]] | None
    other: OtherPart | None
    per_class: dict[int, ClassResult[Spread]]

    @classmethod
    def of(cls, summary: Summary, **said: Any) -> Result:
        """Return the numbers of a run's seeds; ``said`` is what they are of, where not as the run says."""
        other: Part = "all" if summary.part == "test" else "test"
        rest: PartResult[Spread] | None = getattr(summary, other)
        zsl = summary.zsl
        known = {
            "dataset": summary.dataset,
            "split": summary.split,
            "preset": summary.preset,
            "switches": {},
            "embeddings": summary.embeddings,
            "seeds": summary.seeds,
            "inductive": summary.inductive,
        }
        return cls(
            **known | said,
            part=summary.part,
            n=zsl.n,
            chance=zsl.chance,
            accuracy=zsl.accuracy,
            class_mean=zsl.class_mean,
            per_class=zsl.per_class,
            gzsl=summary.gzsl,
            other=rest and OtherPart(part=other, n=rest.zsl.n, accuracy=rest.zsl.accuracy, gzsl=rest.gzsl),
        )


class ClassDifference(Record):
    """How much more often the first text is right about a class of ``n`` samples."""

    name: str
    n: int
    mean: float


class Difference(Record):
    """Text ``a`` minus text ``b`` under one encoder and preset, on one split or over all (``split`` None).

    Attributes:
        pairs: paired runs.
        mean, low, high: fractions.
        p, p_adjusted: None where nothing is tested.
        covers: how many seeds, persons or samples, and draws of a text the interval allows for.
        sources: the share of the error's variance that each of these has.
        control: the kind of control that ``b`` is of ``a``.
        words: the verdict as a sentence.
        per_class: by class id; None over all splits.
    """

    a: str
    b: str
    encoder: str
    preset: str
    dataset: str
    split: str | None
    pairs: int
    mean: float
    low: float
    high: float
    p: float | None
    p_adjusted: float | None
    covers: dict[str, int]
    verdict: Verdict
    words: str
    per_class: dict[int, ClassDifference] | None
    sources: dict[str, float] = Field(default_factory=dict)
    control: str | None = None


class Comparison(Shown, Record):
    """What was compared with what, and what came out.

    Attributes:
        name: below ``comparisons/``.
        created: UTC, ISO 8601.
        seeds: that were asked for.
        simulated: whether any skeletons are simulated.
        leaky: whether any epoch was chosen on test samples.
        auxiliary: presets that learned from simulated classes, too.
        texts: what was compared.
        cells: one a text, encoder, split and preset.
        differences: one a pair of texts under one encoder and preset, split by split and over all splits.
        method: how intervals and corrections were made.
        notes: sentences that whoever reads the numbers must know.
        versions: of the libraries.
    """

    schema_version: int = SCHEMA
    kind: Literal["comparison"] = "comparison"
    name: str
    created: str
    seeds: list[int]
    simulated: bool
    leaky: bool
    auxiliary: list[str] = Field(default_factory=list)
    texts: list[ComparedText]
    cells: list[Result]
    differences: list[Difference]
    method: dict[str, Any]
    notes: list[str]
    versions: dict[str, str]

    def headline(self) -> str:
        """Return what was compared in one line."""
        named = ", ".join(dict.fromkeys(cell.text for cell in self.cells))
        return f"comparison {self.name}: {named}; {len(self.cells)} cells, seeds {self.seeds}"

    def to_dict(self) -> dict[str, Any]:
        """Return the record as ``comparison.json`` holds it."""
        raw = self.model_dump(mode="json")
        return {"schema": raw.pop("schema_version"), **raw}

    def to_frame(self) -> DataFrame:
        """Return a row for each run's seed: what it is of, and its numbers as fractions."""
        from pandas import DataFrame

        of = ("dataset", "split", "preset", "encoder", "text", "part", "n", "chance")
        rows = []
        for cell in self.cells:
            numbers = {"accuracy": cell.accuracy, "class_mean": cell.class_mean}
            for rule, found in (cell.gzsl or {}).items():
                numbers |= {f"{rule}_{key}": getattr(found, key) for key in ("seen", "unseen", "harmonic")}
            if cell.other:
                numbers[f"{cell.other.part}_accuracy"] = cell.other.accuracy
            rows += [
                {key: getattr(cell, key) for key in of[:5]}
                | {"seed": seed, "run": run}
                | {key: getattr(cell, key) for key in of[5:]}
                | {key: value.values[str(seed)] for key, value in numbers.items() if value}
                for seed, run in cell.runs.items()
            ]
        return DataFrame(rows)

    def differences_to_frame(self) -> DataFrame:
        """Return a row for each difference, without classes."""
        from pandas import DataFrame

        left_out = {"covers", "per_class", "sources"}
        columns = [name for name in Difference.model_fields if name not in left_out]
        return DataFrame([d.model_dump(exclude=left_out) for d in self.differences], columns=columns)

    def write(self, store: Store) -> Path:
        """Write ``comparison.json``: all of it, or nothing. Return its folder."""
        from skeleton.runs import write_json

        folder = store.root / FOLDER / checked_name(self.name)
        folder.mkdir(parents=True, exist_ok=True)
        write_json(folder / FILE, self.to_dict())
        return folder

    @classmethod
    def read(cls, store: Store, name_or_path: str | Path) -> Comparison:
        """Read a comparison by name, by its folder or by its file.

        Args:
            store: where a name is looked up.
            name_or_path: name below ``comparisons/``, or a path.

        Returns:
            The comparison as it was written.

        Raises:
            UsageError: if there is none.
            SemtoolError: if it is damaged or of another schema.
        """
        for place in (store.root / FOLDER / name_or_path, Path(name_or_path)):
            path = place if place.name == FILE else place / FILE
            if path.is_file():
                return cls._read(path)
        raise unknown_name("comparison", str(name_or_path), comparison_names(store), NotMadeError)

    @classmethod
    def _read(cls, path: Path) -> Comparison:
        try:
            raw = json.loads(path.read_text(encoding="utf-8"))
            if not isinstance(raw, dict) or raw.get("kind") != "comparison":
                raise ValueError("it holds no comparison")
            if (schema := raw.pop("schema", None)) != SCHEMA:
                raise ValueError(f"it has schema {schema}, not {SCHEMA}")
            return cls.model_validate(raw)
        except ValidationError as error:
            reason = faults(error)[0]
        except (OSError, ValueError, RecursionError) as error:
            reason = str(error)
        raise SemtoolError(
            f"cannot read the comparison {path}: {reason}; remove it and run semtool compare again, which "
            "reuses its runs"
        )

    def check(self, store: Store) -> None:
        """Raise `SemtoolError` if a run is gone, damaged or no longer the one that was compared."""
        from skeleton.runs import read_metrics, runs_folder, seed_folder

        for cell in self.cells:
            for seed, run in cell.runs.items():
                folder = runs_folder(store) / run
                if not (seed_folder(folder, seed) / "metrics.json").is_file():
                    raise SemtoolError(
                        f"the comparison {self.name} rests on the run {run}, seed {seed}, which is not there "
                        "any more; the same semtool compare trains it again"
                    )
                measured = read_metrics(folder, seed).zsl.accuracy
                if abs(measured - cell.accuracy.values[str(seed)]) > 1e-9:
                    raise SemtoolError(
                        f"the run {run}, seed {seed}, was changed after the comparison {self.name} was made; "
                        "run the same semtool compare again"
                    )


def comparison_names(store: Store) -> list[str]:
    """Return the names of all comparisons, sorted."""
    return sorted(p.parent.name for p in (store.root / FOLDER).glob(f"*/{FILE}"))


def newest_comparison(store: Store) -> Comparison:
    """Return the comparison that was written last; an error says how to make one."""
    found = sorted((store.root / FOLDER).glob(f"*/{FILE}"), key=lambda p: p.stat().st_mtime_ns)
    if not found:
        raise NotMadeError(
            f"there is no comparison under {store.root / FOLDER} yet; make one with semtool compare"
        )
    return Comparison.read(store, found[-1])


def checked_name(name: str) -> str:
    """Return ``name`` if it can be a folder's."""
    if not NAME.fullmatch(name):
        raise UsageError(f"{name!r} cannot be a name: letters, digits, dots, hyphens and underscores only")
    return name

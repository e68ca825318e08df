"""A comparison on disk: ``comparisons/<name>/comparison.json`` below the root of all artifacts.

It holds for each text, encoder, split and preset the accuracy over seeds and which runs it comes from, and
for each pair of texts their difference. The runs stay where they are, under ``runs/``.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field, ValidationError

from semtool.artifacts import Input
from semtool.errors import NotMadeError, SemtoolError, unknown_name
from semtool.record import Record, faults
from semtool.showing import Shown
from skeleton.runs import ClassResult, Generalised, Part, PartResult, Spread, check_name, write_json

if TYPE_CHECKING:
    from pandas import DataFrame

    from semtool.artifacts import Store
    from skeleton.runs import Summary

__all__ = ["FILE", "FOLDER", "Comparison", "Difference", "Result", "Verdict", "comparison_names"]

FOLDER = "comparisons"
FILE = "comparison.json"

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
    other: OtherPart | None = None
    per_class: dict[int, ClassResult[Spread]]

    @classmethod
    def of(cls, summary: Summary, **said: Any) -> Result:
        """Return the numbers of a run's seeds; ``said`` is what they are of, where not as the run says."""
        other: Part = "all" if summary.part == "test" else "test"
        rest: PartResult[Spread] | None = getattr(summary, other)
        own = ("dataset", "split", "preset", "embeddings", "seeds", "inductive", "part", "gzsl")
        zero_shot = ("n", "chance", "accuracy", "class_mean", "per_class")
        known = {key: getattr(summary, key) for key in own} | {"switches": {}}
        numbers = {key: getattr(summary.zsl, key) for key in zero_shot}
        if rest:
            rest_numbers = {"n": rest.zsl.n, "accuracy": rest.zsl.accuracy, "gzsl": rest.gzsl}
            numbers["other"] = OtherPart(part=other, **rest_numbers)
        return cls(**known | numbers | said)


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

    schema_version: Literal[3] = Field(3, alias="schema")
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
        return self.model_dump(mode="json", by_alias=True)

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
        folder = store.root / FOLDER / check_name(self.name)
        folder.mkdir(parents=True, exist_ok=True)
        write_json(folder / FILE, self.to_dict())
        return folder

    @classmethod
    def read(cls, store: Store, name_or_path: str | Path | None = None) -> Comparison:
        """Read a comparison by name, by its folder or by its file.

        Args:
            store: where a name is looked up.
            name_or_path: name below ``comparisons/``, or a path; None: the one made last.

        Returns:
            The comparison as it was written.

        Raises:
            UsageError: if there is none.
            SemtoolError: if it is damaged or of another schema.
        """
        known = sorted((store.root / FOLDER).glob(f"*/{FILE}"), key=lambda p: p.stat().st_mtime_ns)
        if name_or_path is None and not known:
            raise NotMadeError(
                f"there is no comparison under {store.root / FOLDER} yet; make one with semtool compare"
            )
        wanted = name_or_path or known[-1]
        for place in (store.root / FOLDER / wanted, Path(wanted)):
            path = place if place.name == FILE else place / FILE
            if path.is_file():
                break
        else:
            raise unknown_name("comparison", str(wanted), comparison_names(store), NotMadeError)
        try:
            return cls.model_validate_json(path.read_bytes())
        except (OSError, ValidationError) as error:
            reason = faults(error)[0] if isinstance(error, ValidationError) else str(error)
            raise SemtoolError(
                f"cannot read the comparison {path}: {reason}; remove it and run semtool compare again, "
                "which reuses its runs"
            ) from error

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

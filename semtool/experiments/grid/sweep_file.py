"""The file of a sweep: the axes of the grid, checked as a whole before anything runs.

name: first
datasets:                       # with their class splits; an empty list is the default split
  nw-ucla: [purls-8-2, purls-5-5]
  utd-mhad: []
prompts: [label, multi]         # prompt sets or description sets, as in semtool compare
encoders: [minilm, attributes]
presets: [paper, ridge]
switches: {lr: [1e-4, 1e-3]}    # any switch of semtool train; a list is an axis
seeds: 3                        # or [0, 1, 2]
exclude:                        # what does not fit together
  - {prompts: label, encoder: attributes}
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, ValidationError, field_validator

from semtool.artifacts import Store
from semtool.catalogue import read_yaml
from semtool.errors import SemtoolError, UsageError, unknown_name
from semtool.experiments.grid.cells import Setting, ways_to_train
from semtool.experiments.grid.texts import Target
from semtool.record import Record

__all__ = ["Exclusion", "SweepFile", "Words", "read_sweep"]

Words = Annotated[tuple[str, ...], BeforeValidator(lambda raw: (raw,) if isinstance(raw, str) else raw)]
"""Several words, or one."""
Values = Annotated[list[Any], BeforeValidator(lambda raw: raw if isinstance(raw, list) else [raw])]
"""Several values, or one."""


class Exclusion(Record):
    """A text and an encoder that are not trained together."""

    prompts: str
    encoder: str


class SweepFile(Record):
    """The axes of a sweep.

    Attributes:
        name: below ``sweeps/``; the file's own name if it says nothing.
        datasets: data sets and their class splits; a word or a list of words means the default split of each.
        prompts, encoders, presets: see `semtool.experiments.compare`.
        switches: values of switches of the presets' methods; a list of values is an axis. A switch
            whose value is itself a list (``codebook``) is written as words with commas.
        seeds: how many, or which.
        features_per_seed: whether each seed trains its own visual encoder.
        visual: the visual encoder; see `semtool.experiments.grid.cells.Grid`.
        exclude: pairs of text and encoder to leave out.
    """

    name: str = ""
    datasets: dict[str, Words]
    prompts: Words = Field(min_length=1)
    encoders: Words = Field(default=("minilm",), min_length=1)
    presets: Words = Field(default=("paper",), min_length=1)
    switches: dict[str, Values] = Field(default_factory=dict)
    seeds: tuple[int, ...] = Field(default=(0, 1, 2), min_length=1)
    features_per_seed: bool = False
    visual: str | None = None
    exclude: tuple[Exclusion, ...] = ()

    @field_validator("datasets", mode="before")
    @classmethod
    def _default_splits(cls, raw: Any) -> Any:
        if isinstance(raw, str):
            raw = [raw]
        if isinstance(raw, list):
            return {str(name): () for name in raw}
        return {str(k): v or () for k, v in raw.items()} if isinstance(raw, dict) else raw

    @field_validator("seeds", mode="before")
    @classmethod
    def _count(cls, raw: Any) -> Any:
        from skeleton.runs import parse_seeds

        return parse_seeds(raw) if isinstance(raw, int | str) and not isinstance(raw, bool) else raw

    def settings(self) -> list[Setting]:
        """Return presets and switches, multiplied out."""
        return ways_to_train(self.presets, self.switches)


def read_sweep(path: Path, store: Store) -> SweepFile:
    """Read the file of a sweep and look up every name in it.

    Raises:
        UsageError: if it cannot be read or anything is wrong; all problems are listed in one message.
    """
    try:
        raw = read_yaml(path)
    except UsageError as error:
        raise UsageError(f"cannot read the sweep: {error}") from error
    try:
        found = SweepFile.model_validate({"name": path.stem} | raw)
        problems = _unknown_names(found, store)
    except ValidationError as error:
        problems = [_said(e) for e in error.errors()]
    if problems:
        number = f"{len(problems)} problems" if len(problems) > 1 else "a problem"
        raise UsageError(f"the sweep {path.name} has {number}: {'; '.join(problems)}")
    return found


def _said(error: Any) -> str:
    where = ".".join(str(part) for part in error["loc"])
    if error["type"] == "extra_forbidden":
        return str(unknown_name("key", where, SweepFile.model_fields))
    if error["type"] == "missing":
        return f"{where} is missing"
    return f"{where}: {error['msg']}"


def _unknown_names(found: SweepFile, store: Store) -> list[str]:
    """Return a sentence for each name that nothing has and each value that does not fit."""
    from semtool.encoders import parse_encoder
    from skeleton.methods import preset, presets
    from skeleton.runs import check_name, check_seeds

    known = [p for p in found.presets if p in presets()] or list(presets())
    checks: list[tuple[Callable[..., object], tuple[Any, ...]]] = [
        (check_name, (found.name,)),
        (check_seeds, (found.seeds,)),
        *(
            (Target.of, (d, (s,) if s else (), store))
            for d, splits in found.datasets.items()
            for s in splits or (None,)
        ),
        *((parse_encoder, (e,)) for e in found.encoders),
        *((preset, (p,)) for p in found.presets),
        *((ways_to_train, (known, {k: [v]})) for k, values in found.switches.items() for v in values),
    ]
    problems = [said for check, arguments in checks if (said := _problem(check, *arguments))]
    for e in found.exclude:
        if e.prompts not in found.prompts:
            problems.append(str(unknown_name("text to exclude", e.prompts, found.prompts)))
        if e.encoder not in found.encoders:
            problems.append(str(unknown_name("encoder to exclude", e.encoder, found.encoders)))
    if not problems and (said := _problem(found.settings)):
        problems = [said]
    return list(dict.fromkeys(problems))


def _problem(check: Callable[..., object], *arguments: Any) -> str:
    try:
        check(*arguments)
    except SemtoolError as error:
        return str(error)
    return ""

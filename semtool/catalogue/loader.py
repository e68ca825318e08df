"""Find and read data sets: those of the catalogue by name, a user's own by the path of a YAML file."""

from __future__ import annotations

import copy
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from semtool.catalogue.dataset import Dataset
from semtool.disk import read_plain
from semtool.errors import UsageError, unknown_name
from semtool.record import faults

__all__ = ["all_problems", "dataset_names", "in_catalogue", "load_dataset", "read_yaml"]

_DEEPEST = 40
FOLDER = Path(__file__).parent / "datasets"


def dataset_names() -> list[str]:
    """Return the names of the data sets in the catalogue."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


def load_dataset(name: str | Path) -> Dataset:
    """Return a data set: a name of the catalogue, or the path of a YAML file.

    Raises:
        UsageError: if there is no such data set, or the file is not valid; all its problems are listed.
    """
    text = str(name)
    if text.endswith((".yaml", ".yml")):
        return _load(Path(text))
    if text not in dataset_names():
        error = unknown_name("data set", text, dataset_names())
        raise UsageError(f"{error}; one of your own is named by the path of its .yaml file")
    return _from_catalogue(text)


def in_catalogue(dataset: Dataset) -> bool:
    """Return whether ``dataset`` is the catalogue's own, not a user's file that has its name."""
    return dataset.name in dataset_names() and dataset.classes == _from_catalogue(dataset.name).classes


@cache
def _from_catalogue(name: str) -> Dataset:
    return _load(FOLDER / f"{name}.yaml")


def _load(path: Path) -> Dataset:
    raw = read_yaml(path)
    if path.parent == FOLDER and (base := raw.pop("first_classes_of", None)):
        # NTU-60 is the first half of NTU-120: its classes are not written down twice.
        source = load_dataset(base["dataset"])
        raw["classes"] = [c.model_dump() for c in source.classes[: base["count"]]]
    try:
        return Dataset.model_validate(raw)
    except ValidationError as error:
        found = all_problems(raw, error)
        raise UsageError(f"{path.name} is not a valid data set: " + "; ".join(found)) from error


def read_yaml(path: Path) -> dict[str, Any]:
    """Read a YAML mapping; refuse duplicate keys, and name file and line of what does not parse."""
    try:
        text = read_plain(path, 8_000_000).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"{path.name} is not UTF-8; save it as UTF-8") from error
    try:
        _refuse_deep_nesting(text, path)
        raw = yaml.load(text, Loader=_StrictLoader)
    except (RecursionError, TypeError, ValueError) as error:
        raise UsageError(f"{path.name} is no YAML that can be read: {error}") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{path.name}, line {mark.line + 1}" if mark else path.name
        reason = " ".join(str(getattr(error, "problem", None) or error).split())
        raise UsageError(f"{where}: {reason}") from error
    if not isinstance(raw, dict):
        raise UsageError(f"{path.name} must hold a mapping of keys")
    return raw


def _refuse_deep_nesting(text: str, path: Path) -> None:
    """Count before anything is built: libyaml builds by recursion in C, which ends the process."""
    depth = 0
    for event in yaml.parse(text, Loader=_StrictLoader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST:
            raise UsageError(f"{path.name} is nested more than {_DEEPEST} levels deep")


class _StrictLoader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """A safe loader that refuses a key given twice."""


def _mapping(loader: Any, node: Any) -> dict[Any, Any]:
    seen = set()
    for key, _ in node.value:
        value = loader.construct_object(key)
        if value in seen:
            raise yaml.constructor.ConstructorError(
                None, None, f"the key {value!r} is given twice", key.start_mark
            )
        seen.add(value)
    return dict(loader.construct_pairs(node, deep=True))


_StrictLoader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


MAX_ROUNDS = 10


def all_problems(raw: dict[str, Any], error: ValidationError) -> list[str]:
    """Return one sentence for each problem of ``raw``, of which validating found ``error`` first."""
    found: dict[str, None] = {}
    rest = copy.deepcopy(raw)
    for _ in range(MAX_ROUNDS):
        changed = False
        found |= dict.fromkeys(faults(error))
        for problem in error.errors():
            changed |= _leave_out(rest, problem["loc"])
        if not changed:
            break
        try:
            Dataset.model_validate(rest)
            break
        except ValidationError as behind:
            error = behind
    return list(found)


def _leave_out(raw: dict[str, Any], place: tuple[int | str, ...]) -> bool:
    """Take the faulty entry out of ``raw``; a class or the name is replaced, as the rest refers to it."""
    match place:
        case ("name",):
            raw["name"] = "faulty-name"
            return True
        case ("classes", int(index), *_):
            entry = raw["classes"][index]
            number = entry.get("id") if isinstance(entry, dict) else index
            raw["classes"][index] = {
                "id": number if isinstance(number, int) and number >= 0 else index,
                "name": f"faulty class {index}",
            }
            return True
        case (str(group), str(name), *_) if isinstance(raw.get(group), dict):
            return raw[group].pop(name, None) is not None
        case (str(key), *_) if key != "classes":
            return raw.pop(key, None) is not None
    return False

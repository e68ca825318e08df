"""A comparison on disk: ``comparisons/<name>/comparison.json`` below the root of all artifacts.

It holds for each cell (text, encoder, split, preset) the accuracy over seeds and which runs it comes from,
and for each pair of texts their difference. The runs stay where they are, under ``runs/``.
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from semtool.errors import SemtoolError, UsageError, unknown_name

if TYPE_CHECKING:
    from semtool.artifacts import Store

__all__ = ["FILE", "FOLDER", "SCHEMA", "Comparison", "comparison_names", "newest_comparison"]

FOLDER = "comparisons"
FILE = "comparison.json"
SCHEMA = 1
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


@dataclass(frozen=True)
class Comparison:
    """What was compared with what, and what came out.

    Attributes:
        name: below ``comparisons/``.
        created: UTC, ISO 8601.
        seeds: that were asked for.
        simulated: whether any skeletons are simulated.
        leaky: whether any epoch was chosen on test samples.
        texts: ``label``, ``dataset`` and ``descriptions`` {reference, sha256} of each text.
        cells: one entry a text, encoder, split and preset: ``embeddings``, ``features`` and ``runs`` by seed,
            ``seeds``, ``n``, ``chance``, and as `skeleton.runs.metrics.spread` gives them ``accuracy``,
            ``class_mean``, ``harmonic`` (or None) and ``per_class`` by class id.
        differences: one entry a pair of texts ``a`` and ``b`` (first minus second) under one encoder and
            preset: on one ``split``, or over all (``split`` None). ``pairs`` counts paired runs; ``mean``,
            ``low``, ``high`` are fractions; ``p`` and ``p_adjusted`` are None where nothing is tested;
            ``verdict`` is one of `wording.VERDICTS`, ``words`` a sentence; ``per_class``
            by class id (None over all splits).
        method: how intervals and corrections were made.
        notes: sentences that whoever reads the numbers must know.
        versions: of the libraries.
    """

    name: str
    created: str
    seeds: list[int]
    simulated: bool
    leaky: bool
    texts: list[dict[str, Any]]
    cells: list[dict[str, Any]]
    differences: list[dict[str, Any]]
    method: dict[str, Any]
    notes: list[str] = field(default_factory=list)
    versions: dict[str, str] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return the record as ``comparison.json`` holds it."""
        return {"schema": SCHEMA, "kind": "comparison", **asdict(self)}

    def write(self, store: Store) -> Path:
        """Write ``comparison.json``: all of it, or nothing. Return its folder."""
        from skeleton.runs.folder import write_json

        folder = store.root / FOLDER / checked_name(self.name)
        folder.mkdir(parents=True, exist_ok=True)
        write_json(folder / FILE, self.to_dict())
        return folder

    @classmethod
    def read(cls, store: Store, name_or_path: str | Path) -> Comparison:
        """Read a comparison by name, by its folder or by its file.

        Raises:
            UsageError: if there is none.
            SemtoolError: if it is damaged or of another schema.
        """
        for place in (store.root / FOLDER / name_or_path, Path(name_or_path)):
            path = place if place.name == FILE else place / FILE
            if path.is_file():
                return cls._read(path)
        raise unknown_name("comparison", str(name_or_path), comparison_names(store))

    @classmethod
    def _read(cls, path: Path) -> Comparison:
        try:
            raw = json.loads(path.read_text(encoding="utf-8"))
            if not isinstance(raw, dict) or raw.pop("kind", None) != "comparison":
                raise ValueError("it holds no comparison")
            if (schema := raw.pop("schema", None)) != SCHEMA:
                raise ValueError(f"it has schema {schema}, not {SCHEMA}")
            names = {f.name for f in fields(cls)}
            if missing := sorted(names - set(raw)):
                raise ValueError(f"it lacks {', '.join(missing)}")
            return cls(**{key: raw[key] for key in names})
        except (OSError, ValueError) as error:
            raise SemtoolError(
                f"cannot read the comparison {path}: {error}; remove it and run semtool compare again, "
                "which reuses its runs"
            ) from error

    def check(self, store: Store) -> None:
        """Raise `SemtoolError` if a run is gone, damaged or no longer the one that was compared."""
        from skeleton.runs.folder import read_metrics, runs_folder, seed_folder

        for cell in self.cells:
            for seed, run in cell["runs"].items():
                folder = runs_folder(store) / run
                if not (seed_folder(folder, int(seed)) / "metrics.json").is_file():
                    raise SemtoolError(
                        f"the comparison {self.name} rests on the run {run}, seed {seed}, which is not there "
                        "any more; the same semtool compare trains it again"
                    )
                found = read_metrics(folder, int(seed))["zsl"]["accuracy"]
                if abs(found - cell["accuracy"]["values"][seed]) > 1e-9:
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
        raise UsageError(
            f"there is no comparison under {store.root / FOLDER} yet; make one with semtool compare"
        )
    return Comparison.read(store, found[-1])


def checked_name(name: str) -> str:
    """Return ``name`` if it can be a folder's."""
    if not NAME.fullmatch(name):
        raise UsageError(f"{name!r} cannot be a name: letters, digits, dots, hyphens and underscores only")
    return name

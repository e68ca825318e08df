"""``simulate``: labelled skeletons without the licensed data, as arrays or as ``.skeleton`` files."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from semtool.artifacts import Artifact, Store
from semtool.catalogue import Dataset, load_dataset
from semtool.errors import SemtoolError, UsageError
from skeleton.data import SCHEMA, SIMULATED, ArrayWriter
from skeleton.simulation.ntu_text import write_skeleton_file
from skeleton.simulation.sampling import LAYOUT, Sample, generate, spread_subjects

__all__ = ["SIMULATOR", "Simulation", "simulate"]

SIMULATOR = 1
"""Version of the simulator, part of the identity of what it makes; it grows when the motion changes."""
_KNOWN = "ntu60"
_MOST_SUBJECTS, _MOST_REPS = 40, 99


@dataclass(frozen=True)
class Simulation:
    """What was simulated, or was there already (``reused``).

    Attributes:
        artifact: the arrays, or None for ``.skeleton`` files.
        folder: where the files are.
        samples, classes, subjects: how many.
    """

    artifact: Artifact | None
    folder: Path
    samples: int
    classes: int
    subjects: int
    reused: bool


def simulate(
    dataset: str = "ntu60",
    *,
    subjects: int = 20,
    reps: int = 2,
    seed: int = 0,
    classes: Iterable[str | int] | None = None,
    store: Store | None = None,
    output: Literal["arrays", "ntu"] = "arrays",
    folder: str | Path | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Simulation:
    """Simulate every class of ``dataset`` by ``subjects`` people, ``reps`` times each.

    The same arguments give the same samples, and the same version back without work.

    Args:
        dataset: only ``ntu60`` can be simulated.
        subjects: 1 to 40 people; half of them train under the cross-subject protocol.
        reps: how often each person performs each class.
        seed: changes every person, camera mounting and performance.
        classes: ids, codes or names; all 60 if left out.
        store: where the arrays go: artifact ``<dataset>/simulated``.
        output: ``arrays``, or ``ntu`` for ``.skeleton`` text files.
        folder: where the text files go; a new or empty one, or one that this function made.
        progress: called with (done, total) samples.

    Returns:
        Where the samples are, how many, and whether they were there before.

    Raises:
        UsageError: if an argument is out of range or ``folder`` holds something else.
    """
    if dataset != _KNOWN:
        raise UsageError(
            f"cannot simulate {dataset!r}: motion programs exist for the 60 classes of ntu60 only; "
            "use --dataset ntu60"
        )
    if not 1 <= subjects <= _MOST_SUBJECTS:
        raise UsageError(
            f"--subjects must be 1 to {_MOST_SUBJECTS}, the number of people of ntu60, not {subjects}"
        )
    if not 1 <= reps <= _MOST_REPS:
        raise UsageError(f"--reps must be 1 to {_MOST_REPS}, not {reps}")
    if seed < 0:
        raise UsageError(f"--seed must not be negative, but is {seed}")
    catalogue = load_dataset(dataset)
    plan = _Plan(catalogue, _chosen(catalogue, classes), spread_subjects(catalogue, subjects), reps, seed)
    if output == "ntu":
        if folder is None:
            raise UsageError("--format ntu writes files: name a folder with --out")
        return _as_files(plan, Path(folder), progress)
    if folder is not None:
        raise UsageError("--out goes with --format ntu; arrays go into the artifact store (--root)")
    return _as_arrays(plan, store or Store(), progress)


@dataclass(frozen=True)
class _Plan:
    dataset: Dataset
    classes: tuple[int, ...]
    subjects: tuple[int, ...]
    reps: int
    seed: int

    @property
    def parameters(self) -> dict[str, Any]:
        return {
            "simulator": SIMULATOR,
            "schema": SCHEMA,
            "dataset": self.dataset.name,
            "classes": list(self.classes),
            "subjects": list(self.subjects),
            "reps": self.reps,
            "seed": self.seed,
        }

    @property
    def samples(self) -> int:
        return len(self.classes) * len(self.subjects) * self.reps

    def run(self, progress: Callable[[int, int], None] | None) -> Iterable[Sample]:
        made = generate(self.dataset, self.classes, self.subjects, self.reps, self.seed)
        for done, sample in enumerate(made, start=1):
            yield sample
            if progress:
                progress(done, self.samples)

    def result(self, folder: Path, reused: bool, artifact: Artifact | None = None) -> Simulation:
        return Simulation(artifact, folder, self.samples, len(self.classes), len(self.subjects), reused)


def _chosen(dataset: Dataset, classes: Iterable[str | int] | None) -> tuple[int, ...]:
    if classes is None:
        return tuple(c.id for c in dataset.classes)
    chosen = tuple(sorted({dataset.find_class(label).id for label in classes}))
    if not chosen:
        raise UsageError("no class to simulate; leave --classes out for all of them")
    return chosen


def _as_arrays(plan: _Plan, store: Store, progress: Callable[[int, int], None] | None) -> Simulation:
    name = f"{plan.dataset.name}/simulated"
    identity = Store.identity("arrays", {}, plan.parameters)
    if found := store.find("arrays", name, identity):
        return plan.result(found.path, reused=True, artifact=found)
    with store.create("arrays", name, parameters=plan.parameters, libraries=("numpy",)) as draft:
        with ArrayWriter(draft.folder, plan.dataset.name, LAYOUT, bodies=plan.dataset.bodies) as writer:
            for sample in plan.run(progress):
                writer.append(sample.sequence)
        draft.simulated = True
        draft.counts |= writer.counts | {"subjects": len(plan.subjects)}
        draft.details |= writer.details
    return plan.result(draft.result.path, reused=False, artifact=draft.result)


def _as_files(plan: _Plan, folder: Path, progress: Callable[[int, int], None] | None) -> Simulation:
    notice = _notice(plan)
    marker = folder / SIMULATED
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is not a folder; name a new one with --out")
    if marker.is_file():
        if marker.read_text(encoding="utf-8") != notice:
            raise UsageError(
                f"{folder} holds samples simulated with other settings; name a new folder with --out"
            )
        if len(list(folder.glob("*.skeleton"))) == plan.samples:
            return plan.result(folder, reused=True)
    elif folder.is_dir() and any(folder.iterdir()):
        raise UsageError(
            f"{folder} is not empty and simulated files must not mix with others; use a new folder with --out"
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # The mark comes first: whatever a killed run leaves is known to be simulated.
        marker.write_text(notice, encoding="utf-8", newline="\n")
        for sample in plan.run(progress):
            write_skeleton_file(folder, sample)
    except OSError as error:
        raise SemtoolError(
            f"cannot write to {folder}: {error.strerror}; name another folder with --out"
        ) from error
    return plan.result(folder, reused=False)


def _notice(plan: _Plan) -> str:
    return (
        "These are SIMULATED skeletons, made by `semtool simulate`. They are no recordings, no part of\n"
        f"{plan.dataset.title} and no result on them is a result on it.\n\n"
        f"{json.dumps(plan.parameters)}\n"
    )

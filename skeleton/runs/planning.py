"""A run before it is trained: its name, its folder, and a specification of each seed that is to be done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import Field

from semtool.artifacts import Artifact, Store
from semtool.disk import digest, write_atomically
from semtool.errors import UsageError
from skeleton.methods import EpochSettings, MethodSettings, settings_of
from skeleton.runs import folder as runs
from skeleton.runs.task import Task, load_task

__all__ = ["PlannedRun", "RunSpec", "plan_run", "run_seeds"]


class RunSpec(runs.SeedRecord):
    """What one process needs to train one seed: what ``config.yaml`` says of it, and beside that:

    Attributes:
        root: of all artifacts, absolute.
        trackers: see `skeleton.runs.tracking.TRACKERS`.
    """

    root: Path = Field(exclude=True)
    trackers: tuple[str, ...] = Field((), exclude=True)

    @property
    def store(self) -> Store:
        """Where the artifacts live."""
        return Store(self.root)

    @property
    def folder(self) -> Path:
        """The folder of the run."""
        return runs.runs_folder(self.store) / self.name

    @property
    def label(self) -> str:
        """What messages call it."""
        return f"{self.name}, seed {self.seed}"

    @property
    def method_settings(self) -> MethodSettings:
        """Settings of the method."""
        return settings_of(self.settings)

    def inputs(self) -> tuple[Artifact, Artifact]:
        """Return embedding file and features."""
        wanted = {"embeddings": self.embeddings, "features": self.features}
        text, visual = (self.store.resolve(kind, given.reference) for kind, given in wanted.items())
        return text, visual

    def task(self) -> Task:
        """Return what the seed works on; built once a process."""
        settings = self.method_settings
        return load_task(*self.inputs(), self.dataset, codebook=settings.codebook, motion=settings.motion)


@dataclass(frozen=True)
class PlannedRun:
    """A run's folder, the seeds that are wanted, those that are there, and a spec for each that is not."""

    folder: Path
    identity: str
    seeds: tuple[int, ...]
    done: tuple[int, ...]
    specs: tuple[RunSpec, ...]

    def claim(self) -> None:
        """Make the run's folder; refuse one that holds a run on other inputs or with other switches."""
        self.folder.mkdir(parents=True, exist_ok=True)
        marker = self.folder / "identity"
        if not marker.is_file():
            write_atomically(marker, self.identity + "\n")
        elif marker.read_text(encoding="utf-8").strip() != self.identity:
            raise UsageError(
                f"the run {self.folder.name!r} exists and was trained on other inputs or with other "
                "switches; choose another --name"
            )


def run_seeds(settings: MethodSettings, seeds: Sequence[int]) -> tuple[int, ...]:
    """Return the seeds that a run trains: closed forms do not depend on the seed and take the first only."""
    return tuple(seeds) if settings.depends_on_seed else tuple(seeds[:1])


def plan_run(
    embeddings: Artifact,
    features: Artifact,
    *,
    store: Store,
    dataset: str,
    settings: MethodSettings,
    seeds: Sequence[int],
    device: str,
    threads: int = 1,
    split: str | None = None,
    name: str | None = None,
    trackers: Sequence[str] = (),
    again: bool = False,
) -> PlannedRun:
    """Check that the inputs fit together, and say what is there and what is to be done. Writes nothing.

    Args:
        embeddings: text of a data set.
        features: of the same data set.
        store: where the run is or will be.
        dataset: name or YAML path of the data set.
        settings: of the method.
        seeds: that are wanted.
        device: of torch, resolved.
        threads: threads for each seed; a closed form is given one, more would only wait for each other.
        split: the class split that the features must be of; None: any.
        name: of the run; made from inputs and switches if None.
        trackers: see `skeleton.runs.tracking.TRACKERS`.
        again: whether finished seeds are trained once more.

    Returns:
        The run's folder, the seeds that are there, and a specification for each that is not.

    Raises:
        UsageError: if inputs are of different data sets or splits, or ``name`` is no plain name.
        SemtoolError: if a class lacks text or samples.
    """
    task = load_task(
        embeddings, features, dataset, codebook=settings.codebook, motion=settings.motion, split=split
    )
    inputs = embeddings.manifest.content_sha256, features.manifest.content_sha256
    identity = digest(["train", 2, *inputs, settings.to_dict()])
    made = f"{task.dataset.name}-{task.split.name}-{settings.preset or settings.method}-{identity[:8]}"
    folder = runs.runs_folder(store) / (runs.check_name(name) if name is not None else made)
    wanted = run_seeds(settings, seeds)
    there = [s for s in wanted if (runs.seed_folder(folder, s) / "metrics.json").is_file()]
    done = () if again else tuple(there)
    specs = tuple(
        RunSpec(
            root=store.root.resolve(),
            name=folder.name,
            seed=seed,
            dataset=dataset,
            split=task.split.name,
            embeddings=embeddings.as_input(),
            features=features.as_input(),
            settings=settings.to_dict(),
            identity=identity,
            device=device,
            threads=threads if isinstance(settings, EpochSettings) else 1,
            trackers=tuple(trackers),
        )
        for seed in wanted
        if seed not in done
    )
    return PlannedRun(folder, identity, wanted, done, specs)

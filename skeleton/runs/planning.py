"""A run before it is trained: its name, its folder, and the jobs that are still to be done."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from semtool.artifacts import Artifact, Store
from semtool.artifacts.manifest import digest
from semtool.errors import UsageError
from skeleton.methods.config import TrainConfig
from skeleton.runs import folder as runs
from skeleton.runs.seed import SeedJob, load_task

__all__ = ["PlannedRun", "check_seeds", "plan_run", "run_seeds"]


@dataclass(frozen=True)
class PlannedRun:
    """A run's folder, the seeds that are wanted, those that are there, and a job for each that is not."""

    folder: Path
    identity: str
    seeds: tuple[int, ...]
    done: tuple[int, ...]
    jobs: tuple[SeedJob, ...]

    def claim(self) -> None:
        """Make the run's folder; refuse one that holds a run on other inputs or with other switches."""
        self.folder.mkdir(parents=True, exist_ok=True)
        marker = self.folder / "identity"
        if not marker.is_file():
            partial = marker.with_name(f".identity.{os.getpid()}.tmp")
            partial.write_text(self.identity + "\n", encoding="utf-8")
            partial.replace(marker)
        elif marker.read_text(encoding="utf-8").strip() != self.identity:
            raise UsageError(
                f"the run {self.folder.name!r} exists and was trained on other inputs or with other "
                "switches; choose another --name"
            )


def check_seeds(seeds: Sequence[int]) -> None:
    """Raise `UsageError` unless seeds are distinct numbers from 0."""
    if not seeds or len(set(seeds)) < len(seeds) or min(seeds) < 0:
        raise UsageError(f"seeds must be distinct numbers from 0, not {', '.join(map(str, seeds)) or 'none'}")


def run_seeds(config: TrainConfig, seeds: Sequence[int]) -> tuple[int, ...]:
    """Return the seeds that a run trains: closed forms do not depend on the seed and take the first only."""
    return tuple(seeds) if config.depends_on_seed else tuple(seeds[:1])


def plan_run(
    embeddings: Artifact,
    features: Artifact,
    *,
    store: Store,
    dataset: str,
    config: TrainConfig,
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
        device: of torch, resolved.
        threads: threads for each seed.
        name: of the run; made from inputs and switches if None.
        again: whether finished seeds are trained once more.

    Raises:
        UsageError: if inputs are of different data sets or splits.
        SemtoolError: if a class lacks text or samples.
    """
    task = load_task(embeddings, features, config, dataset, split)
    inputs = embeddings.manifest.content_sha256, features.manifest.content_sha256
    identity = digest(["train", 1, *inputs, config.to_dict()])
    made = f"{task.dataset.name}-{task.split.name}-{config.preset}-{identity[:8]}"
    folder = runs.runs_folder(store) / (name or made)
    wanted = run_seeds(config, seeds)
    there = [s for s in wanted if (runs.seed_folder(folder, s) / "metrics.json").is_file()]
    done = () if again else tuple(there)
    jobs = tuple(
        SeedJob(
            run=folder, seed=s, config=config, embeddings=embeddings, features=features, dataset=dataset,
            identity=identity, device=device, threads=threads, trackers=tuple(trackers),
        )
        for s in wanted
        if s not in done
    )  # fmt: skip
    return PlannedRun(folder, identity, wanted, done, jobs)

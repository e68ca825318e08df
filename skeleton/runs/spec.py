"""`RunSpec`: one seed of a run as references and settings, for whichever process trains it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, SerializeAsAny, field_validator

from semtool.artifacts import Artifact, Store
from skeleton.methods import MethodSettings, settings_of
from skeleton.runs import folder as runs
from skeleton.runs.task import Task, load_task

__all__ = ["RunSpec"]


class RunSpec(BaseModel):
    """What one process needs to train one seed; JSON and pickle hold it.

    Attributes:
        root: of all artifacts, absolute.
        run: name of the run below ``runs/``.
        seed: that is trained.
        dataset: name or YAML path of the data set.
        embeddings, features: references, with their version.
        settings: of the method.
        identity: of the run: its inputs and settings.
        device: of torch, resolved.
        threads: that it may use.
        trackers: see `skeleton.runs.tracking.TRACKERS`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    root: Path
    run: str
    seed: int
    dataset: str
    embeddings: str
    features: str
    settings: SerializeAsAny[MethodSettings]
    identity: str
    device: str
    threads: int = 1
    trackers: tuple[str, ...] = ()

    @field_validator("settings", mode="before")
    @classmethod
    def _by_tag(cls, raw: Any) -> Any:
        return settings_of(raw) if isinstance(raw, dict) else raw

    @property
    def store(self) -> Store:
        """Where the artifacts live."""
        return Store(self.root)

    @property
    def folder(self) -> Path:
        """The folder of the run."""
        return runs.runs_folder(self.store) / self.run

    @property
    def label(self) -> str:
        """What messages call it."""
        return f"{self.run}, seed {self.seed}"

    def inputs(self) -> tuple[Artifact, Artifact]:
        """Return embedding file and features."""
        return self.store.resolve("embeddings", self.embeddings), self.store.resolve(
            "features", self.features
        )

    def task(self) -> Task:
        """Return what the seed works on; built once a process."""
        settings = self.settings
        return load_task(*self.inputs(), self.dataset, codebook=settings.codebook, motion=settings.motion)

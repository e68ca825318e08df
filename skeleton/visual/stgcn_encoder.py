"""ST-GCN as a visual encoder, compact or as published."""

from __future__ import annotations

from typing import Literal

from skeleton.visual.graph_encoder import GraphEncoder, NetworkSettings, Stream
from skeleton.visual.network import GraphNetwork
from skeleton.visual.stgcn import COMPACT, PAPER, STGCN

__all__ = ["PaperStgcnEncoder", "PaperStgcnSettings", "StgcnEncoder", "StgcnSettings"]

_ARCHITECTURES = {"compact": COMPACT, "paper": PAPER}


class StgcnSettings(NetworkSettings):
    """How ST-GCN is trained.

    Attributes:
        architecture: ``compact``, or the published one, ``paper``.
    """

    architecture: Literal["compact", "paper"] = "compact"


class PaperStgcnSettings(StgcnSettings):
    """The published architecture on joint positions alone."""

    architecture: Literal["compact", "paper"] = "paper"
    streams: tuple[Stream, ...] = ("joint",)
    smoothing: float = 0.0
    presentations: int = 40_000


class StgcnEncoder(GraphEncoder):
    """A compact ST-GCN on joints, bones and motion, which learns from some hundred samples in minutes."""

    name = "stgcn"
    Settings = StgcnSettings
    settings: StgcnSettings

    def network(self, channels: int, classes: int) -> GraphNetwork:
        """Return an untrained network."""
        return STGCN(self.layout, _ARCHITECTURES[self.settings.architecture], channels, classes)


class PaperStgcnEncoder(StgcnEncoder):
    """ST-GCN as published."""

    name = "stgcn-paper"
    Settings = PaperStgcnSettings

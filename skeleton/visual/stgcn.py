"""ST-GCN: spatial-temporal graph convolution over skeletons (Yan et al., AAAI 2018).

The architecture `paper` is that of the published setting: ten blocks of base width 16, output 256, spatial
graph strategy, learned edge importance, dropout 0.5. `compact` has four blocks and learns from some hundred
samples in minutes on a laptop.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from skeleton.data import Layout
from skeleton.visual.graph_encoder import GraphEncoder, NetworkSettings, Stream
from skeleton.visual.network import GraphNetwork, shortcut

__all__ = ["PaperStgcnEncoder", "StgcnEncoder", "StgcnSettings", "spatial_graph"]


@dataclass(frozen=True)
class Architecture:
    """Blocks as (output width, temporal stride), the temporal kernel (frames) and the dropout rate."""

    blocks: tuple[tuple[int, int], ...]
    kernel: int = 9
    dropout: float = 0.5


ARCHITECTURES = {
    "compact": Architecture(((24, 2), (48, 1), (96, 2), (256, 2)), kernel=3, dropout=0.1),
    "paper": Architecture(
        ((16, 1), (16, 1), (16, 1), (16, 1), (32, 2), (32, 1), (32, 1), (64, 2), (64, 1), (256, 1))
    ),
}


def spatial_graph(layout: Layout) -> NDArray[np.float32]:
    """Return the three normalised adjacency matrices of the spatial strategy, (3, V, V).

    They hold, for each joint, itself and neighbours at the same distance from the centre, neighbours nearer
    to it (centripetal) and neighbours further away (centrifugal). Columns sum to at most one.
    """
    count = len(layout.joints)
    link = np.eye(count)
    for child, parent in enumerate(layout.parents):
        if parent >= 0:
            link[child, parent] = link[parent, child] = 1
    distance = np.full(count, np.inf)
    distance[layout.centre] = 0
    for _ in range(count):
        for joint in range(count):
            distance[joint] = (
                min(distance[joint], distance[link[joint] > 0].min() + 1) if joint != layout.centre else 0
            )
    normal = link / link.sum(axis=0, keepdims=True)
    near, far = distance[:, None], distance[None, :]
    return np.stack([normal * (near == far), normal * (near < far), normal * (near > far)]).astype(np.float32)


class _Block(nn.Module):
    """Graph convolution, then temporal convolution, with a residual connection."""

    def __init__(
        self, inputs: int, outputs: int, joints: int, stride: int, kernel: int, dropout: float, skip: bool
    ) -> None:
        super().__init__()
        self.partitions = 3
        self.spatial = nn.Conv2d(inputs, outputs * self.partitions, 1)
        self.importance = nn.Parameter(torch.ones(self.partitions, joints, joints))
        self.temporal = nn.Sequential(
            nn.BatchNorm2d(outputs),
            nn.ReLU(inplace=True),
            nn.Conv2d(outputs, outputs, (kernel, 1), (stride, 1), (kernel // 2, 0)),
            nn.BatchNorm2d(outputs),
            nn.Dropout(dropout),
        )
        self.shortcut = shortcut(inputs, outputs, stride) if skip else None

    def forward(self, x: Tensor, graph: Tensor) -> Tensor:
        y = self.temporal(self._convolve(x, graph * self.importance))
        if self.shortcut is not None:
            y = y + self.shortcut(x)
        return torch.relu(y)

    def _convolve(self, x: Tensor, graph: Tensor) -> Tensor:
        """Return the graph convolution, (N, outputs, T, V) with channels last in memory.

        Joints are summed before channels are mixed, which is the same but for rounding: the inputs are fewer
        than three times the outputs, and all partitions go through one product.
        """
        n, inputs, t, v = x.shape
        parts = self.partitions
        frames = x.permute(0, 2, 3, 1).reshape(n * t, v, inputs)
        by_joint = graph.permute(2, 0, 1).reshape(v * parts, v).expand(n * t, -1, -1)
        gathered = torch.bmm(by_joint, frames).view(n * t * v, parts * inputs)
        weight = self.spatial.weight.view(parts, -1, inputs).transpose(1, 2).flatten(0, 1)
        assert self.spatial.bias is not None
        bias = graph.sum(1).T @ self.spatial.bias.view(parts, -1)
        return ((gathered @ weight).view(n, t, v, -1) + bias).permute(0, 3, 1, 2)


class STGCN(GraphNetwork):
    """Skeleton sequences to visual features.

    Args:
        layout: the joints and bones.
        architecture: widths and strides; the last width is the dimension Dv of the features.
        channels: C, numbers per joint and frame.
        classes: seen classes of the training head.
    """

    def __init__(self, layout: Layout, architecture: Architecture, channels: int, classes: int) -> None:
        joints = len(layout.joints)
        blocks = nn.ModuleList()
        width = channels
        for index, (outputs, stride) in enumerate(architecture.blocks):
            dropout = architecture.dropout if index else 0.0
            blocks.append(
                _Block(width, outputs, joints, stride, architecture.kernel, dropout, skip=index > 0)
            )
            width = outputs
        super().__init__(joints, channels, blocks, classes, width)
        self.graph: Tensor
        self.register_buffer("graph", torch.from_numpy(spatial_graph(layout)))

    def maps(self, bodies: Tensor) -> Tensor:
        """Return (B, Dv, T', V) of bodies (B, C, T, V)."""
        for block in self.blocks:
            bodies = block(bodies, self.graph)
        return bodies


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
        return STGCN(self.layout, ARCHITECTURES[self.settings.architecture], channels, classes)


class PaperStgcnEncoder(StgcnEncoder):
    """ST-GCN as published."""

    name = "stgcn-paper"
    Settings = PaperStgcnSettings

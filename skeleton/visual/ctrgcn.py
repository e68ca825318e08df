"""CTR-GCN (Chen et al., ICCV 2021): graph convolution whose graph each channel refines for each sample.

Ten blocks of widths 64, 128 and 256. In each, three graphs (a joint itself, inwards, outwards) start from the
skeleton's and are learned; channel-wise refinements (equations 4 to 6) are added, which come from how joints
differ in the sample; four temporal branches of a quarter of the channels each follow. 1.46 million parameters
for 25 joints and 120 classes.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from skeleton.data import Layout
from skeleton.visual.graph_encoder import GraphEncoder
from skeleton.visual.network import GraphNetwork, residual_blocks, shortcut

__all__ = ["CTRGCNEncoder", "directed_graphs"]

_KERNEL = 5
_DILATIONS = (1, 2)
_REDUCTION = 8


def directed_graphs(layout: Layout) -> NDArray[np.float32]:
    """Return (3, V, V): identity, links to the joint nearer the root and from it, columns summing to one."""
    count = len(layout.joints)
    inward = np.zeros((count, count), np.float32)
    for child, parent in layout.bones:
        inward[parent, child] = 1
    outward = inward.T / np.maximum(inward.T.sum(axis=0), 1)
    return np.stack([np.eye(count, dtype=np.float32), inward / np.maximum(inward.sum(axis=0), 1), outward])


class _Refined(nn.Module):
    """One graph, refined channel by channel: (B, C, T, V) -> (B, C', T, V)."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        narrow = max(8, inputs // _REDUCTION)
        self.left = nn.Conv2d(inputs, narrow, 1)
        self.right = nn.Conv2d(inputs, narrow, 1)
        self.values = nn.Conv2d(inputs, outputs, 1)
        self.widen = nn.Conv2d(narrow, outputs, 1)

    def forward(self, x: Tensor, graph: Tensor, strength: Tensor) -> Tensor:
        # A convolution of width one and the mean over time may change places: the mean first is cheaper.
        pooled = x.mean(2, keepdim=True)
        left, right = self.left(pooled)[:, :, 0], self.right(pooled)[:, :, 0]
        apart = torch.tanh(left.unsqueeze(-1) - right.unsqueeze(-2))
        refined = self.widen(apart) * strength + graph
        return torch.matmul(self.values(x), refined.transpose(2, 3))


class _Spatial(nn.Module):
    """Three refined graphs, summed, with a residual connection."""

    def __init__(self, inputs: int, outputs: int, graphs: Tensor) -> None:
        super().__init__()
        self.parts = nn.ModuleList(_Refined(inputs, outputs) for _ in range(len(graphs)))
        self.graphs = nn.Parameter(graphs.clone())
        self.strength = nn.Parameter(torch.zeros(1))
        self.normalise = nn.BatchNorm2d(outputs)
        nn.init.constant_(self.normalise.weight, 1e-6)  # a block starts as its residual connection
        self.shortcut = shortcut(inputs, outputs)

    def forward(self, x: Tensor) -> Tensor:
        parts = [part(x, g, self.strength) for part, g in zip(self.parts, self.graphs, strict=True)]
        return torch.relu(self.normalise(torch.stack(parts).sum(0)) + self.shortcut(x))


class _Temporal(nn.Module):
    """Four branches side by side: two dilated convolutions, a maximum over three frames, and neither."""

    def __init__(self, channels: int, stride: int) -> None:
        super().__init__()
        part = channels // 4

        def narrow(step: int = 1) -> list[nn.Module]:
            return [nn.Conv2d(channels, part, 1, (step, 1)), nn.BatchNorm2d(part)]

        def dilated(by: int) -> list[nn.Module]:
            pad = (_KERNEL - 1) * by // 2
            across = nn.Conv2d(part, part, (_KERNEL, 1), (stride, 1), (pad, 0), (by, 1))
            return [*narrow(), nn.ReLU(inplace=True), across, nn.BatchNorm2d(part)]

        pooled = nn.MaxPool2d((3, 1), (stride, 1), (1, 0))
        branches: Sequence[Sequence[nn.Module]] = [
            *(dilated(by) for by in _DILATIONS),
            [*narrow(), nn.ReLU(inplace=True), pooled, nn.BatchNorm2d(part)],
            narrow(stride),
        ]
        self.branches = nn.ModuleList(nn.Sequential(*branch) for branch in branches)

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([branch(x) for branch in self.branches], dim=1)


class CTRGCNEncoder(GraphEncoder):
    """CTR-GCN, trained on seen classes."""

    name = "ctrgcn"

    def network(self, channels: int, classes: int) -> GraphNetwork:
        """Return an untrained network for the layout's joints and bones."""
        graphs = torch.from_numpy(directed_graphs(self.layout))
        blocks = residual_blocks(channels, partial(_Spatial, graphs=graphs), _Temporal)
        return GraphNetwork(len(self.layout), channels, blocks, classes)

"""What graph networks over skeletons have in common: bodies apart, normalised input, pooling, a head."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

__all__ = ["GraphNetwork", "residual_blocks", "shortcut"]

LAYERS = ((64, 1), (64, 1), (64, 1), (64, 1), (128, 2), (128, 1), (128, 1), (256, 2), (256, 1), (256, 1))
"""Output width and temporal stride of the blocks of Shift-GCN and CTR-GCN."""


class GraphNetwork(nn.Module):
    """Skeleton sequences to visual features, body by body.

    Args:
        joints: V.
        channels: C, numbers per joint and frame.
        blocks: the layers.
        classes: seen classes of the training head.
        width: Dv, channels after the last layer.
    """

    def __init__(
        self, joints: int, channels: int, blocks: nn.ModuleList, classes: int, width: int = LAYERS[-1][0]
    ) -> None:
        super().__init__()
        self.normalise = nn.BatchNorm1d(channels * joints)
        self.blocks = blocks
        self.head = nn.Linear(width, classes)

    def maps(self, bodies: Tensor) -> Tensor:
        """Return (B, Dv, T', V) of single bodies (B, C, T, V), normalised."""
        for block in self.blocks:
            bodies = block(bodies)
        return bodies

    def features(self, x: Tensor) -> Tensor:
        """Return (N, Dv) features of (N, C, T, V, M): the mean over time, joints and the bodies present.

        A body that is zero throughout is absent: it costs nothing and does not dilute the mean.
        """
        n, c, t, v, m = x.shape
        bodies = x.permute(0, 4, 1, 2, 3).reshape(n * m, c, t, v)
        present = (bodies != 0).flatten(1).any(dim=1)
        present[::m] = True
        bodies = bodies[present]
        y = self.normalise(bodies.permute(0, 3, 1, 2).reshape(len(bodies), v * c, t))
        pooled = self.maps(y.view(len(bodies), v, c, t).permute(0, 2, 3, 1)).mean(dim=(2, 3))
        owner = torch.arange(n, device=x.device).repeat_interleave(m)[present]
        total = torch.zeros(n, pooled.shape[1], device=x.device, dtype=pooled.dtype).index_add(
            0, owner, pooled
        )
        return total / torch.bincount(owner, minlength=n).clamp(min=1)[:, None]

    def forward(self, x: Tensor) -> Tensor:
        """Return logits over the seen classes, (N, classes)."""
        out: Tensor = self.head(self.features(x))
        return out


def shortcut(inputs: int, outputs: int, stride: int = 1) -> nn.Module:
    """Return what leads past a layer: nothing, or a convolution where the widths or the frames differ."""
    if inputs == outputs and stride == 1:
        return nn.Identity()
    return nn.Sequential(nn.Conv2d(inputs, outputs, 1, (stride, 1)), nn.BatchNorm2d(outputs))


class _ResidualBlock(nn.Module):
    """A spatial, then a temporal layer, with a residual connection if ``past``; (N, inputs, T, V) in."""

    def __init__(self, spatial: nn.Module, temporal: nn.Module, past: nn.Module | None) -> None:
        super().__init__()
        self.spatial, self.temporal, self.shortcut = spatial, temporal, past

    def forward(self, x: Tensor) -> Tensor:
        y = self.temporal(self.spatial(x))
        return torch.relu(y if self.shortcut is None else y + self.shortcut(x))


def residual_blocks(
    channels: int, spatial: Callable[[int, int], nn.Module], temporal: Callable[[int, int], nn.Module]
) -> nn.ModuleList:
    """Return the ten blocks of `LAYERS`, the first without a residual connection.

    Args:
        channels: C, numbers per joint and frame.
        spatial: makes the spatial layer from input and output width.
        temporal: makes the temporal layer from width and stride.
    """
    blocks, inputs = nn.ModuleList(), channels
    for at, (outputs, stride) in enumerate(LAYERS):
        layers = spatial(inputs, outputs), temporal(outputs, stride)
        blocks.append(_ResidualBlock(*layers, shortcut(inputs, outputs, stride) if at else None))
        inputs = outputs
    return blocks

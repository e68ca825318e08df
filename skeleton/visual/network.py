"""What graph networks over skeletons have in common: bodies apart, normalised input, pooling, a head."""

from __future__ import annotations

from abc import abstractmethod

import torch
from torch import Tensor, nn

__all__ = ["GraphNetwork", "ResidualBlock"]


class GraphNetwork(nn.Module):
    """Skeleton sequences to visual features, body by body.

    Args:
        joints: V.
        channels: C, numbers per joint and frame.
        blocks: the layers.
        width: Dv, channels after the last layer.
        classes: seen classes of the training head.
    """

    def __init__(self, joints: int, channels: int, blocks: nn.ModuleList, width: int, classes: int) -> None:
        super().__init__()
        self.normalise = nn.BatchNorm1d(channels * joints)
        self.blocks = blocks
        self.head = nn.Linear(width, classes)

    @abstractmethod
    def maps(self, bodies: Tensor) -> Tensor:
        """Return (B, Dv, T', V) of single bodies (B, C, T, V), normalised."""

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


class ResidualBlock(nn.Module):
    """A spatial, then a temporal layer, with a residual connection if ``skip``; (N, inputs, T, V) in."""

    def __init__(
        self, spatial: nn.Module, temporal: nn.Module, inputs: int, outputs: int, stride: int, skip: bool
    ) -> None:
        super().__init__()
        self.spatial, self.temporal = spatial, temporal
        self.shortcut: nn.Module | None = None
        if skip and inputs == outputs and stride == 1:
            self.shortcut = nn.Identity()
        elif skip:
            self.shortcut = nn.Sequential(nn.Conv2d(inputs, outputs, 1, (stride, 1)), nn.BatchNorm2d(outputs))

    def forward(self, x: Tensor) -> Tensor:
        """Return (N, outputs, T / stride, V)."""
        y = self.temporal(self.spatial(x))
        return torch.relu(y if self.shortcut is None else y + self.shortcut(x))

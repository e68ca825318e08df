"""Shift-GCN (Cheng et al., CVPR 2020): shifts instead of convolutions over joints and frames.

Ten blocks of widths 64, 128 and 256. In each, the non-local spatial shift (section 3.2.2) hands channel c of
joint v + c to joint v, weighs it by a learned mask, mixes channels and shifts back; the adaptive temporal
shift (section 3.3.2) moves every channel by a learned number of frames, interpolated; here it is two gathers,
so that nothing needs to be compiled. 0.69 million parameters for 25 joints and 60 classes.
"""

from __future__ import annotations

from functools import partial

import torch
from torch import Tensor, nn

from skeleton.visual.graph_encoder import GraphEncoder
from skeleton.visual.network import GraphNetwork, residual_blocks, shortcut

__all__ = ["ShiftGCNEncoder"]


class _SpatialShift(nn.Module):
    """Non-local shift graph convolution: (B, C, T, V) -> (B, C', T, V)."""

    def __init__(self, inputs: int, outputs: int, joints: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(inputs, outputs) * outputs**-0.5)
        self.bias = nn.Parameter(torch.zeros(outputs))
        self.mask = nn.Parameter(torch.zeros(joints, inputs))
        self.normalise = nn.BatchNorm1d(joints * outputs)
        self.shortcut = shortcut(inputs, outputs)
        self.there: Tensor
        self.back: Tensor
        joint = torch.arange(joints)[:, None]
        self.register_buffer("there", (joint + torch.arange(inputs)) % joints, persistent=False)
        self.register_buffer("back", (joint - torch.arange(outputs)) % joints, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        b, _, t, v = x.shape
        rows = x.permute(0, 2, 3, 1).reshape(b * t, v, -1)
        rows = rows.gather(1, self.there.expand(b * t, -1, -1)) * (self.mask.tanh() + 1)
        mixed = rows @ self.weight + self.bias
        mixed = mixed.gather(1, self.back.expand(b * t, -1, -1))
        mixed = self.normalise(mixed.flatten(1)).view(b, t, v, -1).permute(0, 3, 1, 2)
        return torch.relu(mixed + self.shortcut(x))


class _FrameShift(nn.Module):
    """Moves each channel by its own number of frames, which is learned; zero beyond the ends."""

    def __init__(self, channels: int, stride: int) -> None:
        super().__init__()
        self.stride = stride
        self.frames = nn.Parameter(torch.empty(channels).uniform_(-1, 1))

    def forward(self, x: Tensor) -> Tensor:
        t = x.shape[2]
        place = torch.arange(0, t, self.stride, device=x.device) + self.frames[:, None]
        before = place.floor()
        share = (place - before)[None, :, :, None]
        padded = nn.functional.pad(x, (0, 0, 1, 1))
        index = before.long() + 1

        def at(frames: Tensor) -> Tensor:
            kept = frames.clamp(0, t + 1)[None, :, :, None]
            return padded.gather(2, kept.expand(x.shape[0], -1, -1, x.shape[3]))

        return at(index) * (1 - share) + at(index + 1) * share


class _TemporalShift(nn.Module):
    """Adaptive shift temporal convolution: shift, mix channels, shift."""

    def __init__(self, channels: int, stride: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.BatchNorm2d(channels),
            _FrameShift(channels, 1),
            nn.Conv2d(channels, channels, 1),
            nn.ReLU(inplace=True),
            _FrameShift(channels, stride),
            nn.BatchNorm2d(channels),
        )

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.layers(x)
        return out


class ShiftGCNEncoder(GraphEncoder):
    """Shift-GCN, trained on seen classes; the order of joints decides who hands over to whom."""

    name = "shiftgcn"

    def network(self, channels: int, classes: int) -> GraphNetwork:
        """Return an untrained network for the layout's joints."""
        joints = len(self.layout)
        blocks = residual_blocks(channels, partial(_SpatialShift, joints=joints), _TemporalShift)
        return GraphNetwork(joints, channels, blocks, classes)

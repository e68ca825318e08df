"""Scores at inference: every sample against every class, head by head, in tiles that stay in the cache.

What a training step does for few pairs would be wasteful here, where every sample meets every class:

- The estimator's first layer is applied to every description once, not to every pair: attention weights add
  up to 1, so the weighted sum of projected descriptions is the projected weighted sum.
- A query q is a linear image of the visual feature, divided by its own deviation (LayerNorm). The
  descriptions are therefore taken back through the projection once, and attention then costs Dv instead of d
  multiplications a description.
- What is left is the second layer, which depends on sample and class alike. Of its input relu(s + t), the
  sample's part s is much larger than the class's part t. So relu(s) goes through the layer once a sample, and
  only the difference relu(s + t) - relu(s) once a pair. Where the processor multiplies bfloat16 numbers twice
  as fast, that difference is rounded to bfloat16: the error is relative to what the class contributes, not
  to the whole (`MANY`, `skeleton.device.multiplies_bfloat16`).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from skeleton.device import multiplies_bfloat16
from skeleton.methods.mla.model import MLA, HeadGroup, TextTensors, top_softmax
from skeleton.methods.mla.objective import all_pairs

__all__ = ["scores"]

TILE = 512
"""Samples whose hidden layers are computed at a time."""
FEW = 32
"""Samples up to which projecting every description costs more than it saves."""
MANY = 1 << 16
"""Pairs from which on bfloat16 is used; below, everything takes a moment anyway and stays in float32."""

Estimate = Callable[[int, Tensor], Tensor]
"""Row of a class and attention weights (n, N_c) of some samples -> D (n,)."""


@torch.no_grad()
def scores(model: MLA, visual: Tensor, text: TextTensors, *, half: bool | None = None) -> Tensor:
    """Return the scores (B, C) of visual features: the sum over heads of -softplus(-D).

    Args:
        model: the model.
        visual: (B, Dv).
        text: the text of C classes.
        half: whether what a class adds to the hidden layers is rounded to bfloat16. None: if the processor is
            faster at it, the model is in float32 and there are `MANY` pairs. The scores of a sample then
            differ by about a thousandth of their deviation over classes (root mean square; at most three
            hundredths in all that was measured on trained models).
    """
    count, classes = len(visual), len(text.motion)
    if not count:
        return visual.new_zeros(0, classes)
    if count <= FEW:
        logits = model(visual, text, all_pairs(count, classes, visual.device))
        return -F.softplus(-logits).sum(0).view(classes, count).T
    if half is None:
        fits = visual.dtype == torch.float32 and count * classes >= MANY
        half = fits and multiplies_bfloat16(visual.device)
    total = visual.new_zeros(classes, count)
    for group, _ in model.parts():
        seen = group.see(visual)
        for at in range(len(group.top_k)):
            head = _Head.of(group, at, text, half=half)
            for start in range(0, count, TILE):
                rows = slice(start, start + TILE)
                read, estimate = head.open(seen[rows])
                for c, keys in enumerate(head.keys):
                    logits = estimate(c, top_softmax(read @ keys, group.top_k[at]))
                    total[c, rows] -= F.softplus(-logits)
    return total.T


@dataclass(frozen=True)
class _Head:
    """One head of a group, and what it makes of every class's text before it sees a sample.

    Attributes:
        group, at: the head is the group's ``at``-th.
        half: see `scores`.
        short: whether ``keys`` are taken back through the projection.
        keys: a matrix a class that turns what `open` returns into attention scores (., N_c).
        texts: the descriptions with the motion description, a matrix a class: (N_c, d), or through the text
            part of the first layer (N_c, F) less their ``centre``, if the estimator has layers.
        centre: (F,) mean of all classes' texts; zero unless ``half``.
    """

    group: HeadGroup
    at: int
    half: bool
    short: bool
    keys: tuple[Tensor, ...]
    texts: tuple[Tensor, ...]
    centre: Tensor

    @classmethod
    def of(cls, group: HeadGroup, at: int, text: TextTensors, *, half: bool) -> _Head:
        """Prepare a head for the classes of ``text``."""
        books = text.books
        weight, scale = group.project_weight[at], 1 / math.sqrt(group.text_dim)
        short = weight.shape[0] + 1 < group.text_dim
        if short:
            affine = torch.cat([weight, group.project_bias[at][None]])
            affine = (affine - affine.mean(1, keepdim=True)) * scale
            keys = tuple(affine @ book.T for book in books)
        else:
            keys = tuple(book.T * scale for book in books)
        texts = [book + motion for book, motion in zip(books, text.motion, strict=True)]
        centre = weight.new_zeros(())
        if group.estimator == "mlp":
            texts = [t @ group.text_weight[at] for t in texts]
            if half:
                centre = torch.stack([t.mean(0) for t in texts]).mean(0)
                texts = [(t - centre).bfloat16() for t in texts]
        return cls(group, at, half, short, keys, tuple(texts), centre)

    def open(self, visual: Tensor) -> tuple[Tensor, Estimate]:
        """Return what ``keys`` apply to, and the estimator, of what the group sees (n, Dv)."""
        group, at = self.group, self.at
        x = torch.addmm(group.project_bias[at], visual, group.project_weight[at])
        q, _, inverse_deviation = torch.native_layer_norm(x, (group.text_dim,), None, None, 1e-5)
        read = (
            torch.cat([visual, visual.new_ones(len(visual), 1)], 1) * inverse_deviation if self.short else q
        )
        if group.estimator != "mlp":
            return read, self._plain(q)
        return read, self._half(q) if self.half else self._full(q)

    def _full(self, q: Tensor) -> Estimate:
        group, at = self.group, self.at
        by_sample = torch.addmm(group.first_bias[at], q, group.visual_weight[at])
        second, bias, last = group.second_weight[at], group.second_bias[at], group.last_weight[at]

        def estimate(c: int, weights: Tensor) -> Tensor:
            hidden = torch.addmm(by_sample, weights, self.texts[c]).relu_()
            return torch.addmm(bias, hidden, second).relu_() @ last + group.last_bias[at]

        return estimate

    def _half(self, q: Tensor) -> Estimate:
        group, at = self.group, self.at
        by_sample = torch.addmm(group.first_bias[at] + self.centre, q, group.visual_weight[at])
        # relu(s + t) - relu(s) = max(t + min(s, 0), -relu(s)): where it is not zero, it is of the size of t.
        below = by_sample.clamp(max=0).bfloat16()
        rest = by_sample.relu_()
        floor = rest.neg().bfloat16()
        base = torch.addmm(group.second_bias[at], rest, group.second_weight[at])
        second, last = group.second_weight[at].bfloat16(), group.last_weight[at]

        def estimate(c: int, weights: Tensor) -> Tensor:
            change = torch.addmm(below, weights.bfloat16(), self.texts[c])
            torch.maximum(change, floor, out=change)
            return (change @ second).float().add_(base).relu_() @ last + group.last_bias[at]

        return estimate

    def _plain(self, q: Tensor) -> Estimate:
        group, at = self.group, self.at
        if group.estimator == "bilinear":
            left = q @ group.pair_weight[at] / math.sqrt(group.text_dim)
            return lambda c, weights: (left * (weights @ self.texts[c])).sum(-1) + group.last_bias[at]
        return lambda c, weights: (
            F.cosine_similarity(q, weights @ self.texts[c], dim=-1) * group.scale[at] + group.last_bias[at]
        )

"""Multi-level alignment (MLA): several heads score how well a motion and a class text belong together.

The published model (arXiv 2406.00639): head h projects the visual feature v to ``q = LayerNorm(W v + b)``,
attends with it over the class's descriptions, keeps the k_h it likes most (its top-k; least, while attention
is inverted), adds the motion description and lets its own estimator D_h score ``[q ; text]``.

This engine computes the same numbers with less work: D is evaluated only for the (sample, class) pairs that
are asked for; the estimator's first layer is split into a visual part, done once a sample, and a text part;
the heads are stacked into one tensor. `skeleton.methods.mla.scoring` scores every sample against every class.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from skeleton.methods.text import TextBank

__all__ = ["MLA", "HeadGroup", "Pairs", "TextTensors", "top_softmax"]

GROUP = 4
"""Most heads that are computed at once: fewer passes over the pairs, but more memory."""


@dataclass(frozen=True)
class TextTensors:
    """What a model reads of a `TextBank`, as tensors.

    Attributes:
        book: (C, N, d), the descriptions of each class; what lies beyond its count is not read.
        counts: descriptions of each class.
        motion: (C, d), which every head adds.
    """

    book: Tensor
    counts: tuple[int, ...]
    motion: Tensor

    @classmethod
    def of(cls, bank: TextBank, device: torch.device | str = "cpu") -> TextTensors:
        """Put the text of a bank on ``device``; on the CPU it is shared with the bank, not copied."""
        book, motion = torch.from_numpy(bank.codebook), torch.from_numpy(bank.motion)
        return cls(book.to(device), tuple(bank.counts.tolist()), motion.to(device))

    @property
    def books(self) -> tuple[Tensor, ...]:
        """For each class, its descriptions (N_c, d)."""
        return tuple(book[:count] for book, count in zip(self.book, self.counts, strict=True))

    @cached_property
    def missing(self) -> Tensor | None:
        """Bool (C, N): where there is no description; None if every class has N."""
        longest = self.book.shape[1]
        if min(self.counts) == longest:
            return None
        counts = torch.tensor(self.counts, device=self.book.device)
        return torch.arange(longest, device=counts.device) >= counts[:, None]


@dataclass(frozen=True)
class Pairs:
    """The (sample, class) pairs to score, sorted by class.

    Attributes:
        sample: int64 (P,), row of the batch; or (H, P), where each head has its own samples.
        spans: (class, start, end): the pairs of one class are ``sample[..., start:end]``.
    """

    sample: Tensor
    spans: tuple[tuple[int, int, int], ...]

    @classmethod
    def of(
        cls, sample: NDArray[np.int64], classes: NDArray[np.int64], device: torch.device | str = "cpu"
    ) -> Pairs:
        """Make pairs from ``sample`` (P,) or (H, P) and ``classes`` (P,), which must be sorted."""
        starts = np.flatnonzero(np.r_[True, np.diff(classes) != 0])
        ends = np.r_[starts[1:], len(classes)]
        spans = tuple(
            (int(classes[a]), int(a), int(b)) for a, b in zip(starts.tolist(), ends.tolist(), strict=True)
        )
        return cls(torch.from_numpy(sample).to(device), spans)

    def of_heads(self, start: int, end: int) -> Pairs:
        """Return the pairs of some heads."""
        return self if self.sample.dim() == 1 else Pairs(self.sample[start:end], self.spans)

    def take(self, rows: Tensor) -> Tensor:
        """Return what each pair finds in ``rows`` (H, B, d): (H, P, d)."""
        taken: Tensor = _Take.apply(rows, self.sample)
        return taken

    @cached_property
    def grid(self) -> tuple[Tensor, Tensor]:
        """The pairs as a rectangle, a row a span, for products of all spans at once.

        Returns:
            the pair of each place, int64 (S, L), where short spans repeat their last pair; and the place of
            each pair among S * L, int64 (P,).
        """
        start, end = torch.tensor([span[1:] for span in self.spans], device=self.sample.device).T
        column = torch.arange(int((end - start).max()), device=start.device)
        inside = start[:, None] + column < end[:, None]
        pair = torch.minimum(start[:, None] + column, end[:, None] - 1)
        return pair, inside.flatten().nonzero().squeeze(1)


class MLA(nn.Module):
    """The model: `HeadGroup`s of at most `GROUP` heads each.

    A training step goes group by group (`fitting`), so that only one group's activations are held.

    Args:
        visual_dim: length Dv of a visual feature.
        text_dim: length d of a text vector.
        top_k: for each head, how many descriptions it keeps.
        hidden: widths of the estimator's hidden layers.
        estimator: `mlp` (published), `bilinear` or `cosine`.
        visual_layernorm: LayerNorm (no affine part) over the visual feature before the heads' projections.
        precision: of the estimator's products while gradients are taken; `bfloat16` rounds what goes into
            them, not the weights. How scores are rounded is for `skeleton.methods.mla.scoring` to say.
        seed: seed of the starting weights (uniform, as `torch.nn.Linear` starts).
    """

    def __init__(
        self,
        visual_dim: int,
        text_dim: int,
        top_k: Sequence[int],
        *,
        hidden: tuple[int, int] = (1024, 512),
        estimator: str = "mlp",
        visual_layernorm: bool = False,
        precision: str = "float32",
        seed: int = 0,
    ) -> None:
        super().__init__()
        self.visual_dim, self.text_dim = visual_dim, text_dim
        self.top_k = tuple(top_k)
        generator = torch.Generator().manual_seed(seed)
        shape = _Shape(visual_dim, text_dim, hidden, estimator, visual_layernorm, precision)
        self.groups = nn.ModuleList(
            HeadGroup(self.top_k[at : at + GROUP], shape, generator)
            for at in range(0, len(self.top_k), GROUP)
        )

    def forward(self, visual: Tensor, text: TextTensors, pairs: Pairs, *, inverse: bool = False) -> Tensor:
        """Return D (H, P) for the pairs.

        Args:
            visual: (B, Dv).
            text: the classes' text.
            pairs: which sample with which class.
            inverse: whether a head is fed the descriptions it likes least.
        """
        return torch.cat(
            [
                group(visual, text, pairs.of_heads(heads.start, heads.stop), inverse=inverse)
                for group, heads in self.parts()
            ]
        )

    def parts(self) -> Iterator[tuple[HeadGroup, slice]]:
        """Yield the groups, each with the places of its heads among all."""
        start = 0
        for group in self.groups:
            assert isinstance(group, HeadGroup)
            yield group, slice(start, start + len(group.top_k))
            start += len(group.top_k)


@dataclass(frozen=True)
class _Shape:
    """What all heads of a model have in common; see `MLA`."""

    visual_dim: int
    text_dim: int
    hidden: tuple[int, int]
    estimator: str
    visual_layernorm: bool
    precision: str


class HeadGroup(nn.Module):
    """Some heads of an MLA, their parameters stacked along the first axis (H)."""

    def __init__(self, top_k: tuple[int, ...], shape: _Shape, generator: torch.Generator) -> None:
        super().__init__()
        self.top_k, self.text_dim, self.estimator = top_k, shape.text_dim, shape.estimator
        self.visual_layernorm, self.rounds = shape.visual_layernorm, shape.precision == "bfloat16"
        visual_dim, text_dim, estimator = shape.visual_dim, shape.text_dim, shape.estimator
        n, (first, second) = len(top_k), shape.hidden

        def weight(*shape: int, fan_in: int) -> nn.Parameter:
            bound = 1 / math.sqrt(fan_in)
            return nn.Parameter(torch.empty(n, *shape).uniform_(-bound, bound, generator=generator))

        self.project_weight = weight(visual_dim, text_dim, fan_in=visual_dim)
        self.project_bias = weight(text_dim, fan_in=visual_dim)
        if estimator == "mlp":
            self.visual_weight = weight(text_dim, first, fan_in=2 * text_dim)
            self.text_weight = weight(text_dim, first, fan_in=2 * text_dim)
            self.first_bias = weight(first, fan_in=2 * text_dim)
            self.second_weight = weight(first, second, fan_in=first)
            self.second_bias = weight(second, fan_in=first)
            self.last_weight = weight(second, fan_in=second)
            self.last_bias = weight(fan_in=second)
        elif estimator == "bilinear":
            self.pair_weight = weight(text_dim, text_dim, fan_in=text_dim)
            self.last_bias = weight(fan_in=text_dim)
        else:
            self.scale = nn.Parameter(torch.full((n,), 10.0))
            self.last_bias = nn.Parameter(torch.zeros(n))

    def see(self, visual: Tensor) -> Tensor:
        """Return what these heads see of visual features (B, Dv)."""
        return F.layer_norm(visual, visual.shape[1:]) if self.visual_layernorm else visual

    def project(self, visual: Tensor) -> Tensor:
        """Return the queries q (H, B, d) of visual features (B, Dv)."""
        stacked = self.see(visual).expand(len(self.top_k), -1, -1)
        q = torch.baddbmm(self.project_bias[:, None], stacked, self.project_weight)
        return F.layer_norm(q, (self.text_dim,))

    def forward(self, visual: Tensor, text: TextTensors, pairs: Pairs, *, inverse: bool = False) -> Tensor:
        """Return D (H, P) of these heads; otherwise as `MLA.forward`."""
        q = self.project(visual)
        chosen: Tensor = _Attend.apply(q, text, pairs, self.top_k, inverse)
        if self.estimator == "mlp":
            rounds = self.rounds and torch.is_grad_enabled()
            with torch.autocast(q.device.type, torch.bfloat16, enabled=rounds):
                by_sample = torch.baddbmm(self.first_bias[:, None], q, self.visual_weight)
                hidden = torch.bmm(chosen, self.text_weight).add_(pairs.take(by_sample)).relu_()
                hidden = torch.baddbmm(self.second_bias[:, None], hidden, self.second_weight).relu_()
            logits = torch.einsum("hpf,hf->hp", hidden.to(q.dtype), self.last_weight)
        elif self.estimator == "bilinear":
            left = torch.bmm(q, self.pair_weight) / math.sqrt(self.text_dim)
            logits = (pairs.take(left) * chosen).sum(-1)
        else:
            logits = F.cosine_similarity(pairs.take(q), chosen, dim=-1) * self.scale[:, None]
        return logits + self.last_bias[:, None]


def top_softmax(logits: Tensor, k: int) -> Tensor:
    """Return the softmax over the k largest of each row, zero elsewhere: (..., N) -> (..., N)."""
    count = logits.shape[-1]
    if k >= count:
        return logits.softmax(-1)
    if logits.device.type == "cpu":
        # Vectorised selection: several times faster than topk. It cannot tell equals at the edge apart.
        ordered = np.partition(logits.detach().numpy(), count - k, axis=-1)
        dropped = logits < torch.from_numpy(ordered[..., count - k, None])
        if np.count_nonzero(dropped.numpy()) == logits.numel() // count * (count - k):
            return logits.masked_fill(dropped, -math.inf).softmax(-1)
    values, index = logits.topk(k, dim=-1, sorted=False)
    return torch.zeros_like(logits).scatter_(-1, index, values.softmax(-1))


class _Take(torch.autograd.Function):
    """Rows of (H, B, d) by sample, (P,) or (H, P): (H, P, d).

    Written out because torch's way back through an index adds several times slower than `index_add_`.
    """

    @staticmethod
    def forward(ctx: Any, rows: Tensor, sample: Tensor) -> Tensor:
        heads, batch, width = ctx.shape = rows.shape
        ctx.place = (torch.arange(heads, device=rows.device)[:, None] * batch + sample).flatten()
        return rows.reshape(-1, width).index_select(0, ctx.place).view(heads, -1, width)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        out = gradients[0].new_zeros(ctx.shape).flatten(0, 1)
        return out.index_add_(0, ctx.place, gradients[0].flatten(0, 1)).view(ctx.shape), None


class _Attend(torch.autograd.Function):
    """Attention of each pair over its class's descriptions: (H, B, d) -> (H, P, d).

    Written out because all spans go through one product (`Pairs.grid`), and because only the attention
    weights need to be kept for the way back.
    """

    @staticmethod
    def forward(
        ctx: Any, q: Tensor, text: TextTensors, pairs: Pairs, top_k: tuple[int, ...], inverse: bool
    ) -> Tensor:
        heads, _, width = q.shape
        scale = (-1.0 if inverse else 1.0) / math.sqrt(width)
        classes = torch.tensor([c for c, _, _ in pairs.spans], device=q.device)
        pair, place = pairs.grid
        spans, longest = pair.shape
        book, missing = text.book.index_select(0, classes), text.missing
        rows = _Take.forward(ctx, q, pairs.sample[..., pair.flatten()])
        by_span = rows.view(heads, spans, longest, width).transpose(0, 1).reshape(spans, -1, width)
        logits = torch.bmm(by_span, book.transpose(1, 2)).mul_(scale).view(spans, heads, longest, -1)
        if missing is not None:
            logits.masked_fill_(missing[classes][:, None, None], -math.inf)
        weights = torch.stack([top_softmax(logits[:, h], k) for h, k in enumerate(top_k)], 1).flatten(1, 2)
        chosen = torch.baddbmm(text.motion[classes][:, None], weights, book)
        ctx.save_for_backward(weights, book)
        ctx.grid, ctx.scale = pairs.grid, scale
        return chosen.view(spans, heads, longest, width).transpose(0, 1).flatten(1, 2)[:, place]

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        weights, book = ctx.saved_tensors
        (pair, place), (heads, _, width) = ctx.grid, gradients[0].shape
        spans, longest = pair.shape
        padded = gradients[0].new_zeros(heads, spans * longest, width)
        padded[:, place] = gradients[0]
        by_span = padded.view(heads, spans, longest, width).transpose(0, 1).reshape(spans, -1, width)
        by_weight = torch.bmm(by_span, book.transpose(1, 2))
        by_logit = weights * (by_weight - (weights * by_weight).sum(-1, keepdim=True)) * ctx.scale
        by_row = torch.bmm(by_logit, book).view(spans, heads, longest, width).transpose(0, 1)
        # What was repeated to fill a span has no gradient: it adds zero.
        return _Take.backward(ctx, by_row.flatten(1, 2))[0], None, None, None, None

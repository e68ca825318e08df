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
        books: for each class, its descriptions (N_c, d).
        motion: (C, d), which every head adds.
    """

    books: tuple[Tensor, ...]
    motion: Tensor

    @classmethod
    def of(cls, bank: TextBank, device: torch.device | str = "cpu") -> TextTensors:
        """Put the text of a bank on ``device``; on the CPU it is shared with the bank, not copied."""
        books = (
            torch.from_numpy(book[:count]).to(device)
            for book, count in zip(bank.codebook, bank.counts, strict=True)
        )
        return cls(tuple(books), torch.from_numpy(bank.motion).to(device))


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

    def take(self, rows: Tensor, start: int = 0, end: int | None = None) -> Tensor:
        """Return what each pair from ``start`` to ``end`` finds in ``rows`` (H, B, d): (H, P, d)."""
        sample = self.sample[..., start:end]
        if sample.dim() == 1:
            return rows[:, sample]
        return rows[torch.arange(len(rows), device=rows.device)[:, None], sample]


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
        seed: int = 0,
    ) -> None:
        super().__init__()
        self.visual_dim, self.text_dim = visual_dim, text_dim
        self.top_k = tuple(top_k)
        generator = torch.Generator().manual_seed(seed)
        shape = _Shape(visual_dim, text_dim, hidden, estimator, visual_layernorm)
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


class HeadGroup(nn.Module):
    """Some heads of an MLA, their parameters stacked along the first axis (H)."""

    def __init__(self, top_k: tuple[int, ...], shape: _Shape, generator: torch.Generator) -> None:
        super().__init__()
        self.top_k, self.text_dim, self.estimator = top_k, shape.text_dim, shape.estimator
        self.visual_layernorm = shape.visual_layernorm
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
        chosen: Tensor = _Attend.apply(q, text.books, text.motion, pairs, self.top_k, inverse)
        if self.estimator == "mlp":
            by_sample = torch.baddbmm(self.first_bias[:, None], q, self.visual_weight)
            hidden = torch.bmm(chosen, self.text_weight).add_(pairs.take(by_sample)).relu_()
            hidden = torch.baddbmm(self.second_bias[:, None], hidden, self.second_weight).relu_()
            logits = torch.einsum("hpf,hf->hp", hidden, self.last_weight)
        elif self.estimator == "bilinear":
            left = torch.bmm(q, self.pair_weight) / math.sqrt(self.text_dim)
            logits = (pairs.take(left) * chosen).sum(-1)
        else:
            logits = F.cosine_similarity(pairs.take(q), chosen, dim=-1) * self.scale[:, None]
        return logits + self.last_bias[:, None]


def top_softmax(logits: Tensor, k: int) -> Tensor:
    """Return the softmax over the k largest of each row, zero elsewhere: (M, N) -> (M, N)."""
    count = logits.shape[-1]
    if k >= count:
        return logits.softmax(-1)
    if logits.device.type == "cpu":
        # Vectorised selection: several times faster than topk. It cannot tell equals at the edge apart.
        ordered = np.partition(logits.detach().numpy(), count - k, axis=-1)
        above = logits - torch.from_numpy(ordered[..., count - k, None])
        kept = F.threshold(above, -torch.finfo(above.dtype).tiny, -math.inf, inplace=True)
        if np.count_nonzero(np.isneginf(kept.numpy())) == kept.numel() // count * (count - k):
            return kept.softmax(-1)
    values, index = logits.topk(k, dim=-1, sorted=False)
    return torch.zeros_like(logits).scatter_(-1, index, values.softmax(-1))


class _Attend(torch.autograd.Function):
    """Attention of each pair over its class's descriptions, class by class: (H, B, d) -> (H, P, d).

    Written out because a class's pairs and descriptions are small matrices that stay in the cache, and
    because only the attention weights need to be kept for the way back.
    """

    @staticmethod
    def forward(
        ctx: Any,
        q: Tensor,
        books: tuple[Tensor, ...],
        motion: Tensor,
        pairs: Pairs,
        top_k: tuple[int, ...],
        inverse: bool,
    ) -> Tensor:
        scale = (-1.0 if inverse else 1.0) / math.sqrt(q.shape[2])
        out = q.new_empty(q.shape[0], pairs.sample.shape[-1], q.shape[2])
        kept = []
        for c, start, end in pairs.spans:
            book = books[c]
            rows = pairs.take(q, start, end)
            logits = (rows.reshape(-1, rows.shape[2]) @ book.T).view(*rows.shape[:2], -1).mul_(scale)
            weights = torch.stack([top_softmax(a, k) for a, k in zip(logits, top_k, strict=True)])
            chosen = torch.addmm(motion[c], weights.view(-1, book.shape[0]), book)
            out[:, start:end] = chosen.view(rows.shape)
            kept.append(weights)
        ctx.save_for_backward(*kept)
        ctx.books, ctx.pairs, ctx.scale, ctx.shape = books, pairs, scale, q.shape
        return out

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        out = gradients[0].new_zeros(ctx.shape)
        heads, batch, width = ctx.shape
        flat = out.view(-1, width)  # a row a head and sample, as heads may have samples of their own
        places = torch.arange(heads, device=out.device)[:, None] * batch + ctx.pairs.sample
        for (c, start, end), weights in zip(ctx.pairs.spans, ctx.saved_tensors, strict=True):
            book = ctx.books[c]
            part = gradients[0][:, start:end]
            by_weight = (part.reshape(-1, part.shape[2]) @ book.T).view(weights.shape)
            by_logit = weights * (by_weight - (weights * by_weight).sum(-1, keepdim=True)) * ctx.scale
            by_row = (by_logit.view(-1, book.shape[0]) @ book).view(part.shape)
            flat.index_add_(0, places[:, start:end].reshape(-1), by_row.reshape(-1, by_row.shape[2]))
        return out, None, None, None, None, None

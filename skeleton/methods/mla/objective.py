"""The training loss: which (sample, class) pairs it reads, and what it makes of their scores.

Loss sampling: sample i of class y is contrasted with R other samples of the batch whose class differs, all
under the text of y. The choice is drawn anew for each head and step: R positions among the samples of other
classes, the same positions for every sample. Samples of one class therefore share their negatives, and most
pairs serve several samples; each is scored once.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from skeleton.methods.mla.model import Pairs

__all__ = ["all_pairs", "class_loss", "draw_negatives", "pairs_of", "sampling_loss"]


def draw_negatives(labels: NDArray[np.int64], count: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Draw negatives for every sample of a batch.

    Args:
        labels: (B,) class of each sample.
        count: R, how many are wanted.
        rng: source of the draw.

    Returns:
        (B, R') rows of the batch, none of the sample's own class. R' is R, or the number of samples outside
        the largest class if that is smaller (0 if the batch holds one class only).
    """
    classes, inverse, sizes = np.unique(labels, return_inverse=True, return_counts=True)
    available = len(labels) - int(sizes.max())
    places = rng.permutation(available)[: min(count, available)]
    by_class = np.stack([np.flatnonzero(inverse != c)[places] for c in range(len(classes))])
    return np.asarray(by_class[inverse], dtype=np.int64)


def pairs_of(
    labels: NDArray[np.int64], negatives: NDArray[np.int64], device: torch.device | str = "cpu"
) -> tuple[Pairs, Tensor]:
    """Return the distinct pairs the loss reads, and where each sample finds its own.

    Args:
        labels: (B,) row of each sample's class in the text bank.
        negatives: (H, B, R) rows of the batch, drawn as `draw_negatives` draws, for each head.
        device: where the tensors go.

    Returns:
        the pairs (as many of each class for every head), and an index (H, B, 1+R) into them with the
        positive first.
    """
    heads, batch = negatives.shape[:2]
    own = np.broadcast_to(np.arange(batch)[None, :, None], (heads, batch, 1))
    coded = labels[:, None] * batch + np.concatenate([own, negatives], axis=2)
    found = [np.unique(of_head, return_inverse=True) for of_head in coded]
    codes = np.stack([c for c, _ in found])
    index = np.stack([i.reshape(coded.shape[1:]) for _, i in found])
    return Pairs.of(codes % batch, codes[0] // batch, device), torch.from_numpy(index).to(device)


def sampling_loss(logits: Tensor, index: Tensor) -> Tensor:
    """Return the mean over heads and samples of -log softmax(softplus(D)) at the positive.

    Args:
        logits: D (H, P) of the distinct pairs.
        index: (H, B, 1+R) where each sample finds its pairs, the positive first.
    """
    gathered = F.softplus(logits).gather(1, index.flatten(1)).view(index.shape)
    return -F.log_softmax(gathered, dim=-1)[..., 0].mean()


def all_pairs(batch: int, classes: int, device: torch.device | str = "cpu") -> Pairs:
    """Return every sample with every class, class by class (for the all-class cross-entropy)."""
    return Pairs.of(np.tile(np.arange(batch), classes), np.repeat(np.arange(classes), batch), device)


def class_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """Return the cross-entropy of softplus(D) over all classes, averaged over heads and samples.

    Args:
        logits: D (H, C*B) of `all_pairs`.
        labels: (B,) row of each sample's class.
    """
    heads, batch = logits.shape[0], len(labels)
    by_class = F.softplus(logits).view(heads, -1, batch).transpose(1, 2)
    return F.cross_entropy(by_class.reshape(heads * batch, -1), labels.repeat(heads))

"""MLA as the paper says it, one sample, one class, one head at a time. Slow on purpose: it is read, not
run. ``books`` holds the descriptions of each class."""

from __future__ import annotations

import math

import torch
from torch.nn import functional as F


def attend(q, descriptions, k, sign):
    """Steps 2 and 3: keep the k descriptions with the largest ``sign * L q / sqrt(d)``, softmax, weighted
    sum."""
    a = sign * (descriptions @ q) / math.sqrt(len(q))
    order = sorted(range(len(a)), key=lambda n: -a[n].item())
    kept = torch.full_like(a, -math.inf)
    for n in order[:k]:
        kept[n] = a[n]
    return torch.softmax(kept, dim=0) @ descriptions


def estimate(model, h, v, books, c, motions, sign):
    """D_h(v, c), steps 1 to 5, from the parameters of head h."""
    descriptions, motion = books[c], motions[c]
    model, h = [(group, i) for group in model.groups for i in range(len(group.top_k))][h]
    if model.visual_layernorm:
        v = F.layer_norm(v, v.shape)
    q = v @ model.project_weight[h] + model.project_bias[h]
    q = (q - q.mean()) / torch.sqrt(q.var(unbiased=False) + 1e-5)
    e = attend(q, descriptions, model.top_k[h], sign) + motion
    if model.estimator == "bilinear":
        return q @ model.pair_weight[h] @ e / math.sqrt(len(q)) + model.last_bias[h]
    if model.estimator == "cosine":
        return model.scale[h] * F.cosine_similarity(q, e, dim=0) + model.last_bias[h]
    first = torch.cat([model.visual_weight[h], model.text_weight[h]])
    x = torch.relu(torch.cat([q, e]) @ first + model.first_bias[h])
    x = torch.relu(x @ model.second_weight[h] + model.second_bias[h])
    return x @ model.last_weight[h] + model.last_bias[h]


def softplus(x):
    return torch.log1p(torch.exp(-x.abs())) + torch.clamp(x, min=0)


def sampling_loss(model, visual, labels, negatives, books, motions, sign=1):
    losses = []
    for h in range(len(model.top_k)):
        for i, y in enumerate(labels):
            values = [
                softplus(estimate(model, h, visual[j], books, y, motions, sign)) for j in (i, *negatives[i])
            ]
            losses.append(-torch.log_softmax(torch.stack(values), dim=0)[0])
    return torch.stack(losses).mean()


def class_loss(model, visual, labels, books, motions, sign=1):
    losses = []
    for h in range(len(model.top_k)):
        for i, y in enumerate(labels):
            values = [
                softplus(estimate(model, h, visual[i], books, c, motions, sign)) for c in range(len(motions))
            ]
            losses.append(-torch.log_softmax(torch.stack(values), dim=0)[y])
    return torch.stack(losses).mean()


def scores(model, visual, books, motions):
    rows = []
    for v in visual:
        row = []
        for c in range(len(motions)):
            d = [estimate(model, h, v, books, c, motions, 1) for h in range(len(model.top_k))]
            row.append(sum(-softplus(-x) for x in d))
        rows.append(torch.stack(row))
    return torch.stack(rows)

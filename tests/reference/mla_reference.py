"""MLA as the paper says it, one sample, one class, one head at a time. Slow on purpose: it is read, not
run. ``books`` holds the descriptions of each class, ``negatives[h]`` the draws of head h."""

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
                softplus(estimate(model, h, visual[j], books, y, motions, sign))
                for j in (i, *negatives[h][i])
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


def training(model, visual, labels, drawn, text, settings):
    """The published schedule in words: Adam; epoch e of the warm-up has e / 15 of the rate, then a cosine
    to 0; attention is inverted at first. ``drawn[e]`` lists the batches of an epoch, each with its
    negatives. Returns the mean loss of each epoch."""
    optimizer = torch.optim.Adam(model.parameters(), lr=settings.lr, foreach=False, fused=False)
    curve = []
    for epoch, steps in enumerate(drawn):
        if epoch < settings.warmup:
            rate = settings.lr * epoch / settings.warmup
        else:
            angle = math.pi * (epoch - settings.warmup) / (settings.epochs - settings.warmup)
            rate = settings.lr * (1 + math.cos(angle)) / 2
        optimizer.param_groups[0]["lr"] = rate
        sign = -1 if epoch < settings.attention_inverse else 1
        total = 0.0
        for batch, negatives in steps:
            optimizer.zero_grad()
            loss = sampling_loss(
                model, visual[batch], labels[batch], negatives, text.books, text.motion, sign
            )
            loss.backward()
            optimizer.step()
            total += loss.item() * len(batch)
        curve.append(total / len(labels))
    return curve

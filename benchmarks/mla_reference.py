"""`paper` against a second, plain implementation of the published schedule, on real UTD-MHAD 22/5.

python benchmarks/mla_reference.py --root ROOT --seeds 8

ROOT holds skeletons' features and an embedding file of UTD-MHAD. The reference is written from the paper alone: one
head after another, one class after another, PyTorch's own Adam, its own evaluation. It starts from the same
weights and is given the same batches and negatives, because no other draw could give the same curve. To be fast
enough, the estimator is narrower than published and the heads are three (k = 1, 5, 10); both sides have the same.
"""

from __future__ import annotations

import math
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from common import arguments, page, spread, table
from torch import Tensor
from torch.nn import functional as F

from semtool.artifacts import Store
from skeleton.device import reproducible
from skeleton.methods import preset
from skeleton.methods.mla.fitting import batches, fit
from skeleton.methods.mla.objective import draw_negatives
from skeleton.methods.mla.scorer import MLAScorer, new_model
from skeleton.methods.normalisation import Normalisation
from skeleton.runs.task import Task, load_task

TOP_K, HIDDEN, BATCH, WARMUP, INVERTED, NEGATIVES = (1, 5, 10), (128, 64), 128, 15, 15, 8


class Reference:
    """The heads as a list of plain tensors, in the shapes of the paper."""

    def __init__(self, model: Any) -> None:
        found = dict(model.named_parameters())
        flat: dict[str, Tensor] = {}
        for name, p in found.items():
            flat[name.rpartition(".")[2]] = (
                torch.cat([flat[name.rpartition(".")[2]], p.detach()])
                if (name.rpartition(".")[2] in flat)
                else p.detach().clone()
            )
        self.order = [k for group in model.groups for k in group.top_k]
        self.heads = [
            {k: v[h].clone().requires_grad_() for k, v in flat.items()} for h in range(len(self.order))
        ]
        self.optimizer = torch.optim.Adam([p for head in self.heads for p in head.values()], lr=0.0)

    def compare(self, h: int, q: Tensor, book: Tensor, motion: Tensor, inverted: bool) -> Tensor:
        """Return D_h (n,) of projected samples q (n, d) against one class."""
        head = self.heads[h]
        a = q @ book.T / math.sqrt(q.shape[1])
        value, at = (-a if inverted else a).topk(min(self.order[h], len(book)), dim=1)
        e = torch.einsum("nk,nkd->nd", value.softmax(1), book[at]) + motion
        x = (
            torch.cat([q, e], 1) @ torch.cat([head["visual_weight"], head["text_weight"]])
            + head["first_bias"]
        )
        x = x.relu() @ head["second_weight"] + head["second_bias"]
        return x.relu() @ head["last_weight"] + head["last_bias"]

    def project(self, h: int, v: Tensor) -> Tensor:
        """Return q_h (n, d)."""
        q = v @ self.heads[h]["project_weight"] + self.heads[h]["project_bias"]
        return F.layer_norm(q, q.shape[1:])

    def step(
        self,
        v: Tensor,
        y: np.ndarray,
        drawn: list[np.ndarray],
        text: list[tuple[Tensor, Tensor]],
        inverted: bool,
    ) -> float:
        """Return the loss of a batch after one step of Adam."""
        self.optimizer.zero_grad()
        losses = []
        for h in range(len(self.heads)):
            q = self.project(h, v)
            for c in np.unique(y):
                mine = np.flatnonzero(y == c)
                pairs = np.concatenate(
                    [mine[:, None], drawn[h][mine]], 1
                )  # the sample itself, then the others
                d = self.compare(h, q[torch.from_numpy(pairs.ravel())], *text[c], inverted).view(pairs.shape)
                losses.append(-F.softplus(d).log_softmax(1)[:, 0])
        loss = torch.cat(losses).mean()
        loss.backward()
        self.optimizer.step()
        return loss.item()

    def scores(self, v: Tensor, text: list[tuple[Tensor, Tensor]]) -> Tensor:
        """Return (n, C)."""
        with torch.no_grad():
            return torch.stack(
                [
                    sum(
                        -F.softplus(-self.compare(h, self.project(h, v), *t, False))
                        for h in range(len(self.heads))
                    )
                    for t in text
                ],
                1,
            )


def main() -> None:
    """Train both for every seed; write the table."""
    given = arguments(__doc__, root=Path("artifacts"), seeds=8, epochs=100, lr=1e-4).parse_args()
    store = Store(given.root)
    text = store.resolve("embeddings", "utd-mhad/multi/minilm")
    task = load_task(text, store.resolve("features", "utd-mhad/purls-22-5/kinematics"), "utd-mhad")
    with reproducible(1):
        rows = [one(task, seed, given.epochs, given.lr) for seed in range(given.seeds)]
    head = (
        "seed",
        "ours %",
        "reference %",
        "same answers %",
        "largest difference of the curve",
        "s ours",
        "s reference",
    )
    shown = [
        (s, *(f"{x:.1f}" for x in r[:3]), f"{r[3]:.1e}", *(f"{x:.0f}" for x in r[4:]))
        for s, r in enumerate(rows)
    ]
    means = ("mean ± std", *(spread([r[side] for r in rows]) for side in (0, 1)), "", "", "", "")
    page("mla_reference", [
        f"Real UTD-MHAD 22/5, {given.epochs} epochs, one thread, the same starting weights, batches and negatives on both "
        "sides; three heads (k = 1, 5, 10) and an estimator of 128 and 64 units. Accuracy over the unseen classes, in per "
        "cent; the largest difference of the two loss curves over all epochs; seconds of the processor.", "",
        *table(head, [*shown, means]),
    ], "`paper` against a plain implementation of the published schedule")  # fmt: skip


def one(task: Task, seed: int, epochs: int, lr: float) -> tuple[float, ...]:
    """Train both with one seed; return both accuracies over all unseen samples and how often they say the same, in
    per cent, the largest difference of the curves, and the processor seconds of both."""
    settings = preset("paper", lr=lr, epochs=epochs, top_k=TOP_K, hidden=HIDDEN)
    bank, unseen = task.bank.take(task.seen), task.bank.take(task.unseen)
    row = {c: i for i, c in enumerate(bank.classes)}
    y = np.array([row[c] for c in task.train.labels.tolist()])
    normalise = Normalisation.of("standard", task.train.features)
    v, tests = normalise(task.train.features), torch.from_numpy(normalise(task.unseen_test.features))
    model = new_model(settings, v.shape[1], bank.dim, TOP_K, seed=seed)
    reference = Reference(model)
    started = time.process_time()
    curve = [r["loss"] for r in fit(model, v, y, bank, settings, seed=seed).history]
    trained = time.process_time()
    answers = MLAScorer(model, normalise).scores(task.unseen_test.features, unseen).argmax(1)

    def said(of: Any) -> list[tuple[Tensor, Tensor]]:
        return [
            (torch.from_numpy(of.codebook[c, : of.counts[c]]), torch.from_numpy(of.motion[c]))
            for c in range(len(of.classes))
        ]

    inputs, text, theirs = torch.from_numpy(v), said(bank), []
    began = time.process_time()
    for epoch in range(epochs):
        rate = lr * epoch / WARMUP
        if epoch >= WARMUP:
            rate = lr / 2 * (1 + math.cos(math.pi * (epoch - WARMUP) / (epochs - WARMUP)))
        reference.optimizer.param_groups[0]["lr"] = rate
        rng, total = np.random.default_rng([seed, epoch]), 0.0
        for batch in batches(len(y), BATCH, rng):
            drawn = [draw_negatives(y[batch], NEGATIVES, rng) for _ in TOP_K]
            total += len(batch) * reference.step(inputs[batch], y[batch], drawn, text, epoch < INVERTED)
        theirs.append(total / len(y))
    took = time.process_time() - began
    other = reference.scores(tests, said(unseen)).argmax(1).numpy()
    right = [
        100 * float((np.array(task.unseen)[a] == task.unseen_test.labels).mean()) for a in (answers, other)
    ]
    gap = float(np.abs(np.array(curve) - theirs).max())
    same = 100 * float((answers == other).mean())
    return right[0], right[1], same, gap, trained - started, took


if __name__ == "__main__":
    main()

"""The training loop of MLA: epochs, schedule, state on disk from which a killed run goes on."""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from semtool.errors import SemtoolError
from skeleton.methods.mla.method import MLASettings
from skeleton.methods.mla.model import MLA, TextTensors
from skeleton.methods.mla.objective import all_pairs, class_loss, draw_negatives, pairs_of, sampling_loss
from skeleton.methods.text import TextBank

__all__ = ["Fit", "State", "batches", "fit", "gradients", "learning_rate"]

STATE_EVERY = 30.0
"""Most seconds between two states on disk; a killed run repeats at most that much and an epoch."""
STATE_SHARE = 0.05
"""Share of the time that writing states may take, if that means writing more often than `STATE_EVERY`."""


@dataclass
class Fit:
    """Where a training stands.

    Attributes:
        model: the model; after `fit`, with the weights of the chosen epoch.
        epoch: epochs done.
        history: a record an epoch: epoch, loss, lr, seconds, and `monitor` if there is one.
        best_epoch, best: the epoch with the highest monitored value (the first of equals), and its weights.
    """

    model: MLA
    optimizer: torch.optim.Adam
    epoch: int = 0
    history: list[dict[str, Any]] = field(default_factory=list)
    best_epoch: int = 0
    best: dict[str, Tensor] = field(default_factory=dict)


def learning_rate(settings: MLASettings, epoch: int) -> float:
    """Return the learning rate of an epoch (from 0): linear warm-up from 0 to ``lr``, then cosine to 0."""
    if epoch < settings.warmup:
        return settings.lr * epoch / settings.warmup
    done = (epoch - settings.warmup) / max(1, settings.epochs - settings.warmup)
    return settings.lr * 0.5 * (1 + math.cos(math.pi * done))


def batches(count: int, size: int, rng: np.random.Generator) -> list[NDArray[np.int64]]:
    """Return the rows of each batch of an epoch, shuffled; a last batch of one sample joins the one
    before."""
    order = rng.permutation(count)
    cuts = list(range(size, count, size))
    if cuts and count - cuts[-1] < 2:
        cuts.pop()
    return [np.asarray(part, dtype=np.int64) for part in np.split(order, cuts)]


def fit(
    model: MLA,
    features: NDArray[np.float32],
    rows: NDArray[np.int64],
    bank: TextBank,
    settings: MLASettings,
    *,
    seed: int,
    epochs: int | None = None,
    monitor: Callable[[MLA], float] | None = None,
    state: State | None = None,
    on_epoch: Callable[[dict[str, Any]], None] | None = None,
) -> Fit:
    """Train ``model`` in place.

    Every epoch draws from its own generator, made from seed and epoch: a run that goes on from a state on
    disk ends with the same weights as one that was never interrupted.

    Args:
        model: on the device to train on.
        features: (n, Dv) of seen training samples.
        rows: (n,) row of each sample's class in ``bank``.
        bank: the text of the classes trained on.
        settings: schedule and loss.
        seed: decides batches and negatives.
        epochs: stop after so many of ``settings.epochs`` (the schedule does not change).
        monitor: value of a model after an epoch; the epoch with the highest becomes the result.
        state: where the state is kept; None keeps none.
        on_epoch: told the record of each epoch.

    Raises:
        SemtoolError: if there are fewer than two samples or classes, or the loss is not a number.
    """
    if len(rows) < 2 or len(np.unique(rows)) < 2:
        raise SemtoolError(
            f"training needs at least two samples of two classes to contrast; there are {len(rows)} "
            f"samples of {len(np.unique(rows))} classes"
        )
    device = next(model.parameters()).device
    visual = torch.from_numpy(features).to(device)
    text = TextTensors.of(bank, device)
    optimizer = torch.optim.Adam(
        model.parameters(), lr=settings.lr, weight_decay=settings.weight_decay, fused=device.type != "mps"
    )
    at = Fit(model, optimizer)
    if state is not None:
        state.load(at)
    last = epochs or settings.epochs
    while at.epoch < last:
        started = time.perf_counter()
        rate = learning_rate(settings, at.epoch)
        for group in optimizer.param_groups:
            group["lr"] = rate
        rng = np.random.default_rng([seed, at.epoch])
        total, seen = 0.0, 0
        for step, batch in enumerate(batches(len(rows), settings.batch, rng)):
            inputs = visual[torch.from_numpy(batch).to(device)]
            optimizer.zero_grad(set_to_none=True)
            value = gradients(model, inputs, rows[batch], text, settings, at.epoch, rng)
            if not math.isfinite(value):
                raise _not_a_number(at, step, rate, state)
            optimizer.step()
            total, seen = total + value * len(batch), seen + len(batch)
        at.epoch += 1
        record: dict[str, Any] = {"epoch": at.epoch, "loss": total / seen, "lr": rate}
        if monitor is not None:
            record["monitor"] = monitor(model)
            if not at.best or record["monitor"] > at.history[at.best_epoch - 1]["monitor"]:
                at.best_epoch = at.epoch
                at.best = {name: p.detach().clone() for name, p in model.named_parameters()}
        record["seconds"] = time.perf_counter() - started
        at.history.append(record)
        if on_epoch is not None:
            on_epoch(record)
        if state is not None:
            state.save(at, now=at.epoch == last)  # what comes after may be killed, too
    if monitor is not None and at.best:
        with torch.no_grad():
            for name, p in model.named_parameters():
                p.copy_(at.best[name])
    return at


def gradients(
    model: MLA,
    visual: Tensor,
    rows: NDArray[np.int64],
    text: TextTensors,
    settings: MLASettings,
    epoch: int,
    rng: np.random.Generator,
) -> float:
    """Add the loss's gradients to the parameters, group of heads by group; return the loss.

    Args:
        model: the model.
        visual: (B, Dv) features of the batch.
        rows: (B,) row of each sample's class in ``text``.
        text: the classes' text.
        settings: loss and attention-inverse.
        epoch: from 0.
        rng: draws the negatives.
    """
    inverse = epoch < settings.attention_inverse
    if settings.loss == "sampling":
        drawn = np.stack([draw_negatives(rows, settings.negatives, rng) for _ in model.top_k])
        pairs, index = pairs_of(rows, drawn, visual.device)
    else:
        pairs = all_pairs(len(rows), len(text.motion), visual.device)
        index = torch.from_numpy(rows).to(visual.device)
    total = 0.0
    for group, heads in model.parts():
        logits = group(visual, text, pairs.of_heads(heads.start, heads.stop), inverse=inverse)
        loss = (
            sampling_loss(logits, index[heads]) if settings.loss == "sampling" else class_loss(logits, index)
        )
        loss = loss * (len(group.top_k) / len(model.top_k))
        loss.backward()  # type: ignore[no-untyped-call]
        total += loss.item()
    return total


def _not_a_number(at: Fit, step: int, rate: float, state: State | None) -> SemtoolError:
    broken = [name for name, p in at.model.named_parameters() if not bool(torch.isfinite(p).all())]
    cause = f"the weights {broken[0]} are no longer finite" if broken else "the scores overflowed"
    kept = f"; {state.describe()}" if state and state.path.is_file() else ""
    return SemtoolError(
        f"the loss is not a number in epoch {at.epoch + 1}, step {step + 1}: {cause}, most likely "
        f"because the learning rate ({rate:.2g}) is too high; train with a smaller --lr{kept}"
    )


@dataclass
class State:
    """The state of a training on disk: weights, Adam's moments, the best weights so far, the history.

    Attributes:
        path: the file; written whole, then renamed.
        identity: what the training is of; a state of another identity is not used.
        every: most seconds between two writes; less if a write takes little. The first is due at once.
        due: when the next is.
    """

    path: Path
    identity: str
    every: float = STATE_EVERY
    due: float = 0.0

    def save(self, at: Fit, *, now: bool = False) -> None:
        """Write the state if that is due, or ``now``; never weights that nothing can go on from."""
        started = time.monotonic()
        due = now or started >= self.due
        if not due or not all(bool(torch.isfinite(p).all()) for p in at.model.parameters()):
            return
        tensors = {f"best/{k}": v for k, v in at.best.items()}
        for name, p in at.model.named_parameters():
            moments = at.optimizer.state[p]
            tensors[f"weight/{name}"] = p.detach()
            tensors[f"mean/{name}"] = moments["exp_avg"]
            tensors[f"square/{name}"] = moments["exp_avg_sq"]
            tensors["step"] = moments["step"].reshape(1)
        note = {"identity": self.identity, "best_epoch": at.best_epoch, "history": at.history}
        temporary = self.path.with_suffix(".tmp")
        save_file(
            {k: v.contiguous() for k, v in tensors.items()}, temporary, metadata={"state": json.dumps(note)}
        )
        with temporary.open("rb") as stream:
            os.fsync(stream.fileno())
        temporary.replace(self.path)
        ended = time.monotonic()
        self.due = ended + min(self.every, (ended - started) / STATE_SHARE)

    def describe(self) -> str:
        """Say which epoch the file holds, and where it is."""
        with safe_open(self.path, framework="pt") as stream:
            epoch = len(json.loads(stream.metadata()["state"])["history"])
        where = "/".join(self.path.parts[-3:])
        return f"the weights after epoch {epoch} are kept in {where}"

    def load(self, at: Fit) -> None:
        """Go on from the file, if there is one of this identity; a damaged one is refused by name."""
        if not self.path.is_file():
            return
        try:
            with safe_open(self.path, framework="pt") as stream:
                note = json.loads(stream.metadata()["state"])
                if note["identity"] != self.identity:
                    return
                tensors = {key: stream.get_tensor(key) for key in stream.keys()}  # noqa: SIM118
        except (OSError, SafetensorError, KeyError, ValueError, TypeError) as error:
            raise SemtoolError(
                f"the saved state {self.path} is damaged ({error}); remove it to train from the start"
            ) from error
        with torch.no_grad():
            for name, p in at.model.named_parameters():
                p.copy_(tensors[f"weight/{name}"])
                at.optimizer.state[p] = {
                    "step": tensors["step"].reshape(()).clone().to(p.device),
                    "exp_avg": tensors[f"mean/{name}"].to(p.device),
                    "exp_avg_sq": tensors[f"square/{name}"].to(p.device),
                }
        at.best = {k.removeprefix("best/"): v for k, v in tensors.items() if k.startswith("best/")}
        at.history, at.epoch, at.best_epoch = note["history"], len(note["history"]), note["best_epoch"]

"""Trainings that are cut off or go wrong: nothing is lost, and a second try ends with the same bytes."""

from __future__ import annotations

import json
import os
import re

import pytest
from safetensors import safe_open

from semtool.errors import SemtoolError, UsageError
from skeleton.methods import preset
from skeleton.methods.mla import fitting
from skeleton.runs.training import train

STEPS = 3
"""Steps of an epoch in the small world."""


@pytest.fixture(autouse=True)
def _one_thread(monkeypatch):
    """Threads that wait for each other take long where other work goes on."""
    monkeypatch.setattr(os, "cpu_count", lambda: 1)


def run(world, settings, **options):
    return train(world.embeddings, world.features, store=world.store, settings=settings, jobs=1, **options)


def seed_bytes(result):
    folder = result.path / "seed-0"
    return {name: (folder / name).read_bytes() for name in ("predictions.csv", "checkpoint.safetensors")}


def cut_after(monkeypatch, steps):
    """Make the training stop at a step, as Ctrl-C does."""
    original, count = fitting.gradients, 0

    def killed(*args):
        nonlocal count
        count += 1
        if count == steps:
            raise KeyboardInterrupt
        return original(*args)

    monkeypatch.setattr(fitting, "gradients", killed)


@pytest.fixture
def often(monkeypatch):
    """Write the state after every epoch."""
    monkeypatch.setattr(fitting.State, "every", 0.0)
    monkeypatch.setattr(fitting.State.__init__, "__defaults__", (0.0, 0.0))


@pytest.mark.usefixtures("often")
@pytest.mark.parametrize(
    ("select", "step"), [*(("last", s) for s in (1, 3, 8, 9, 12, 16, 20)), ("validation", 9)]
)
def test_a_run_killed_at_any_epoch_of_pilot_or_training_ends_the_same(
    select, step, world, small, monkeypatch
):
    # Four epochs each: of two steps in the pilot, of three in the training.
    settings = small.change(select=select, calibrate=True, validation_classes=3)
    whole = run(world, settings, name="whole")
    with monkeypatch.context() as patch:
        cut_after(patch, step)
        with pytest.raises(KeyboardInterrupt):
            run(world, settings, name="cut")
    assert not (world.store.root / "runs/cut/seed-0").exists()
    result = run(world, settings, name="cut")
    assert seed_bytes(result) == seed_bytes(whole)
    logs = [
        [(r["phase"], r["epoch"]) for r in map(json.loads, (of.path / "seed-0/log.jsonl").open())]
        for of in (result, whole)
    ]
    assert logs[0] == logs[1]


def test_a_broken_loss_keeps_the_weights_of_the_epoch_before(world, small, monkeypatch):
    original = fitting.gradients
    count = 0

    def broken(*args):
        nonlocal count
        count += 1
        return float("nan") if count == 2 * STEPS + 2 else original(*args)

    monkeypatch.setattr(fitting, "gradients", broken)
    with pytest.raises(SemtoolError, match=r"epoch 3, step 2: .*kept in (\S+)") as caught:
        run(world, small, name="broken")
    kept = world.store.root / "runs" / re.search(r"kept in (\S+)", str(caught.value))[1]
    with safe_open(kept, framework="numpy") as stream:
        assert len(json.loads(stream.metadata()["state"])["history"]) in (1, 2)
    monkeypatch.setattr(fitting, "gradients", original)
    assert seed_bytes(run(world, small, name="broken")) == seed_bytes(run(world, small, name="whole"))


def test_weights_that_overflow_in_the_last_step_are_not_called_a_result(world, small):
    settings = small.change(lr=1e38, warmup=0, attention_inverse=0, epochs=1, batch=1000)
    with pytest.raises(SemtoolError, match=r"not finite numbers.*smaller --lr"):
        run(world, settings, name="wild")
    assert not list(world.store.root.rglob("metrics.json"))


@pytest.mark.usefixtures("often")
def test_a_damaged_state_is_named_and_a_removed_one_does_no_harm(world, small, monkeypatch):
    with monkeypatch.context() as patch:
        cut_after(patch, 2 * STEPS + 1)
        with pytest.raises(KeyboardInterrupt):
            run(world, small, name="cut")
    (state,) = (world.store.root / "runs/cut").rglob("state.safetensors")
    whole = state.read_bytes()
    state.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(SemtoolError, match=r"state\.safetensors is damaged .*remove it"):
        run(world, small, name="cut")
    state.unlink()
    assert seed_bytes(run(world, small, name="cut")) == seed_bytes(run(world, small, name="whole"))


@pytest.mark.parametrize(
    "wrong",
    [{"lr": float("nan")}, {"lr": float("inf")}, {"lr": -1.0}, {"weight_decay": -1.0},
     {"validation_seed": -1}, {"epochs": 0}, {"negatives": 0}],
)  # fmt: skip
def test_numbers_that_make_no_sense_are_refused(wrong):
    name = next(iter(wrong)).replace("_", "-")
    with pytest.raises(UsageError, match=f"^{name}: should be"):
        preset("paper", **wrong)

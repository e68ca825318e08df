"""What a training says while it goes on, in this process or in others."""

from __future__ import annotations

import os

import pytest

from semtool.cli.train import epoch_line
from semtool.errors import SemtoolError
from skeleton.runs.reevaluation import evaluate
from skeleton.runs.training import train


def run(world, settings, **options):
    return train(world.embeddings, world.features, store=world.store, settings=settings, **options)


@pytest.fixture(autouse=True)
def _one_core(monkeypatch):
    monkeypatch.setattr(os, "cpu_count", lambda: 1)


def test_every_epoch_is_told_with_loss_and_validation(world, small):
    told = []
    settings = small.change(select="validation", validation_classes=3)
    run(world, settings, jobs=1, on_epoch=told.append)
    lines = [epoch_line(record) for record in told]
    assert lines[0].startswith("seed 0, pilot, epoch 1, loss ")
    assert "validation " in lines[0]
    last = [line for line in lines if "pilot" not in line]
    assert last
    assert not any("validation" in line or "TEST" in line for line in last)


def test_looking_at_the_test_classes_is_told(world, small):
    told = []
    run(world, small.change(select="test"), jobs=1, on_epoch=told.append)
    assert all("TEST" in epoch_line(record) for record in told)


@pytest.mark.slow
def test_seeds_in_other_processes_are_told_while_they_go_on(world, small):
    told = []
    run(world, small, seeds=(0, 1), jobs=2, on_epoch=told.append)
    epochs = range(1, small.epochs + 1)
    assert {(r["seed"], r["epoch"]) for r in told} == {(s, e) for s in (0, 1) for e in epochs}


def test_a_checkpoint_with_other_heads_is_refused(world, small):
    few, more = (run(world, small.change(top_k=h), jobs=1) for h in ((1, 2), (1, 2, 3)))
    other = (more.path / "seed-0/checkpoint.safetensors").read_bytes()
    (few.path / "seed-0/checkpoint.safetensors").write_bytes(other)
    with pytest.raises(SemtoolError, match=r"another architecture .*heads keep \[1, 2, 3\], not \[1, 2\]"):
        evaluate(few.name, store=world.store)

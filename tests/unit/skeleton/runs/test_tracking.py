"""Trackers: what a training tells them can be read back."""

from __future__ import annotations

import json
import sys

import pytest

from semtool.errors import UsageError
from skeleton.runs.tracking import open_trackers
from skeleton.runs.training import train


def run(world, settings, *trackers):
    return train(
        world.embeddings, world.features, store=world.store, settings=settings, jobs=1, trackers=trackers
    )


def test_tensorboard_shows_every_number_of_every_epoch(world, small):
    pytest.importorskip("tensorboard", reason="needs the extra 'tracking'")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    result = run(world, small, "tensorboard")
    (folder,) = (result.path / "tensorboard").iterdir()
    assert folder.name == "seed-0"
    events = EventAccumulator(str(folder))
    events.Reload()
    log = [json.loads(x) for x in (result.path / "seed-0" / "log.jsonl").read_text().splitlines()]
    for key in ("loss", "lr"):
        found = [(e.step, e.value) for e in events.Scalars(f"train/{key}")]
        assert found == [(r["epoch"], pytest.approx(r[key])) for r in log]


def test_weights_and_biases_gets_every_epoch(world, small, monkeypatch):
    wandb = pytest.importorskip("wandb", reason="needs the extra 'tracking'")
    monkeypatch.setenv("WANDB_MODE", "offline")
    told = []
    original = wandb.sdk.wandb_run.Run.log
    monkeypatch.setattr(
        wandb.sdk.wandb_run.Run,
        "log",
        lambda self, data, *a, **k: (told.append(data), original(self, data, *a, **k)),
    )
    result = run(world, small, "wandb")
    assert [r["epoch"] for r in told] == [1, 2, 3, 4]
    assert all({"phase", "loss", "lr"} <= set(r) for r in told)
    assert list(result.path.parents[2].rglob("*.wandb")) or list(result.path.rglob("*.wandb"))


@pytest.mark.parametrize(
    ("tracker", "module"), [("tensorboard", "torch.utils.tensorboard"), ("wandb", "wandb")]
)
def test_a_tracker_that_is_not_installed_is_named_before_training(tracker, module, world, small, monkeypatch):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(UsageError, match=f"--track {tracker} needs a package: pip install {tracker}"):
        run(world, small, tracker)
    assert not list(world.store.root.rglob("checkpoint.safetensors"))


def test_an_unknown_tracker_is_refused(tmp_path):
    with pytest.raises(UsageError, match=r"tensorbord.*tensorboard"):
        open_trackers(["tensorbord"], tmp_path, "run", {})


def test_the_log_has_a_line_an_epoch_also_without_trackers(world, small):
    result = run(world, small)
    records = [json.loads(x) for x in (result.path / "seed-0" / "log.jsonl").read_text().splitlines()]
    assert [r["epoch"] for r in records] == [1, 2, 3, 4]
    assert {"phase", "loss", "lr", "seconds"} <= set(records[0])

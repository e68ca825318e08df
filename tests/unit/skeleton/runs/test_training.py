"""Runs: what they hold, that they can be repeated and resumed, and what is refused."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest

from semtool.artifacts import Store
from semtool.errors import SemtoolError, UsageError
from skeleton.methods import preset
from skeleton.methods.mla import fitting
from skeleton.methods.mla.fitting import learning_rate
from skeleton.runs.folder import open_run
from skeleton.runs.reevaluation import evaluate
from skeleton.runs.training import train


def run(world, settings, **options):
    options.setdefault("jobs", 1)
    return train(world.embeddings, world.features, store=world.store, settings=settings, **options)


def seed_bytes(result, seed=0):
    folder = result.path / f"seed-{seed}"
    return {name: (folder / name).read_bytes() for name in ("predictions.csv", "checkpoint.safetensors")}


def test_a_run_holds_what_it_promises(world, small):
    result = run(world, small)
    folder = result.path / "seed-0"
    assert {p.name for p in folder.iterdir()} == {
        "config.yaml", "checkpoint.safetensors", "metrics.json", "predictions.csv", "log.jsonl",
    }  # fmt: skip
    metrics = json.loads((folder / "metrics.json").read_text())
    assert metrics["selection"] == "last"
    assert metrics["leaky"] is False
    assert metrics["embeddings"]["reference"] == world.embeddings.reference
    assert metrics["zsl"]["n"] == 16
    assert metrics["zsl"]["chance"] == 0.5
    with (folder / "predictions.csv").open() as stream:
        rows = [r for r in csv.DictReader(stream) if r["subset"] == "unseen-test"]
    right = np.mean([r["class_id"] == r["predicted"] for r in rows])
    assert metrics["zsl"]["accuracy"] == pytest.approx(right)
    part = [r for r in rows if r["protocol_test"] == "1"]
    assert metrics["part"] == "all"
    assert metrics["test"]["zsl"]["n"] == len(part)
    assert metrics["test"]["zsl"]["accuracy"] == pytest.approx(
        np.mean([r["class_id"] == r["predicted"] for r in part])
    )
    assert len((folder / "log.jsonl").read_text().splitlines()) == small.epochs
    assert result.summary.zsl.accuracy.values == {"0": metrics["zsl"]["accuracy"]}


def test_a_run_prints_as_what_it_is(world, small):
    result = run(world, small, seeds=(0, 1))
    frame = result.to_frame()
    spread = result.summary.zsl.accuracy
    assert list(frame["seed"]) == [0, 1]
    assert frame["accuracy"].mean() == pytest.approx(spread.mean)
    assert f"{spread.mean:.1%}" in repr(result)
    assert "SIMULATED" not in repr(result)
    assert repr(result).strip("<>").partition(":")[0] in result._repr_html_()
    assert f"{frame['accuracy'][1]:.3f}" in result._repr_html_()


def test_the_same_inputs_give_the_same_bytes_and_are_reused(world, small):
    first = run(world, small)
    before = seed_bytes(first)
    assert run(world, small).reused == (0,)
    assert run(world, small, again=True).reused == ()
    assert seed_bytes(first) == before


@pytest.mark.slow
def test_seeds_in_processes_of_their_own_give_the_same(world, small):
    settings = small.change(epochs=2)
    apart = run(world, settings, seeds=(0, 1), jobs=2, name="apart")
    single = run(world, settings, seeds=(1,), name="single")
    assert seed_bytes(apart, 1) == seed_bytes(single, 1)
    assert apart.summary.zsl.accuracy.ci95 is not None


@pytest.mark.parametrize("select", ["last", "test"])
def test_a_killed_run_goes_on_with_identical_result(world, small, select, monkeypatch):
    settings = small.change(select=select)
    whole = seed_bytes(run(world, settings, name="whole"))
    monkeypatch.setattr(fitting, "STATE_EVERY", 0.0)
    monkeypatch.setattr(fitting.State.__init__, "__defaults__", (0.0, 0.0))
    original = fitting.gradients
    calls = 0

    def killed(*args):
        nonlocal calls
        calls += 1
        if calls == 11:  # within the third of four epochs
            raise KeyboardInterrupt
        return original(*args)

    monkeypatch.setattr(fitting, "gradients", killed)
    with pytest.raises(KeyboardInterrupt):
        run(world, settings, name="cut")
    result = run(world, settings, name="cut")
    assert calls < 2 * 12  # it did not start again from nothing
    assert seed_bytes(result) == whole
    log = [json.loads(x)["epoch"] for x in (result.path / "seed-0" / "log.jsonl").read_text().splitlines()]
    assert log == [1, 2, 3, 4]


def test_selection_on_test_is_marked(world, small):
    summary = run(world, small.change(select="test")).summary
    assert (summary.selection, summary.leaky) == ("test", True)


def test_validation_never_sees_the_unseen_classes(world, small, make_features):
    settings = small.change(select="validation", calibrate=True, validation_classes=3)
    first = run(world, settings)
    metrics = open_run(world.store, first.name).metrics(0)
    held = set(metrics.validation.classes)
    assert len(held) == 3
    assert not held & {1, 4}  # purls-8-2 leaves 1 and 4 unseen
    assert metrics.calibration.chosen_on == tuple(sorted(held))
    assert list(metrics.gzsl) == ["stacking", "gate", "none"]
    swapped = make_features(
        world.store, "nw-ucla", relabel=lambda y: np.where(y == 1, 4, np.where(y == 4, 1, y))
    )
    again = train(world.embeddings, swapped, store=world.store, settings=settings, jobs=1)
    assert again.name != first.name
    assert seed_bytes(again)["checkpoint.safetensors"] == seed_bytes(first)["checkpoint.safetensors"]


@pytest.mark.parametrize("name", ["ridge", "eszsl"])
def test_closed_forms_recognise_unseen_classes_that_text_describes_well(
    name, tmp_path, make_embeddings, make_features
):
    store = Store(tmp_path / "artifacts")
    made = make_embeddings(store, "utd-mhad"), make_features(store, "utd-mhad", each=6)
    result = train(*made, store=store, settings=preset(name), seeds=(0, 1))
    assert result.summary.seeds == (0,)
    assert result.summary.zsl.accuracy.mean > 0.6  # chance is 0.2
    again = evaluate(result.name, store=store)
    assert again.zsl.accuracy == result.summary.zsl.accuracy
    plain = train(*made, store=store, settings=preset(name, hub_correction=False))
    assert plain.name != result.name
    assert plain.summary.zsl.accuracy.mean > 0.4


def test_evaluate_swaps_the_text(world, small, make_embeddings):
    result = run(world, small)
    same = evaluate(None, store=world.store)
    assert same.zsl == result.summary.zsl
    other = make_embeddings(world.store, "nw-ucla", "tiny/other", seed=5)
    found = evaluate(result.name, store=world.store, embeddings=other.reference)
    assert found.embeddings.reference == other.reference
    assert found.evaluated.embeddings.reference == world.embeddings.reference
    wider = make_embeddings(world.store, "nw-ucla", "tiny/wide", dim=12, texts=2)
    assert evaluate(result.name, store=world.store, embeddings=wider.reference).zsl.n == 16


def test_evaluate_refuses_a_split_whose_unseen_classes_were_trained_on(world, small, make_features):
    result = run(world, small)
    make_features(world.store, "nw-ucla", "purls-5-5")
    with pytest.raises(UsageError, match=r"trained on class 3 .* calls unseen"):
        evaluate(result.name, store=world.store, split="purls-5-5")


def test_a_damaged_checkpoint_is_named(world, small):
    result = run(world, small)
    (result.path / "seed-0" / "checkpoint.safetensors").write_bytes(b"not a tensor file")
    with pytest.raises(SemtoolError, match=r"cannot open the checkpoint .*checkpoint\.safetensors"):
        evaluate(result.name, store=world.store)


def test_a_checkpoint_of_another_architecture_is_refused(world, small):
    result = run(world, small)
    config = result.path / "seed-0" / "config.yaml"
    config.write_text(config.read_text().replace("  - 16\n", "  - 32\n"))
    with pytest.raises(SemtoolError, match="another architecture"):
        evaluate(result.name, store=world.store)


def test_a_loss_that_is_not_a_number_stops_with_step_and_cause(world, small):
    with pytest.raises(SemtoolError, match=r"not a number in epoch \d+, step \d+: .*learning rate"):
        run(world, small.change(lr=1e30, warmup=0, attention_inverse=0, epochs=6))


def test_schedule_warms_up_then_falls():
    rates = [learning_rate(preset("paper"), e) for e in range(100)]
    assert rates[0] == 0
    assert rates[1] == pytest.approx(1e-5 / 15)
    assert rates[15] == pytest.approx(1e-5)
    assert all(np.diff(rates[:16]) > 0)
    assert all(np.diff(rates[15:]) < 0)
    assert 0 < rates[99] < 1e-8


def test_inputs_that_do_not_fit_are_refused(world, small, make_embeddings, make_features):
    store = world.store
    utd = make_embeddings(store, "utd-mhad")
    with pytest.raises(UsageError, match=r"is of utd-mhad, the features .* of nw-ucla"):
        train(utd, world.features, store=store, settings=small)
    with pytest.raises(UsageError, match="was made for the split purls-8-2, not purls-5-5"):
        train(world.embeddings, world.features, split="purls-5-5", store=store, settings=small)
    hole = make_embeddings(store, "nw-ucla", "tiny/hole", skip=(4,))
    with pytest.raises(SemtoolError, match=r"no text for 1 of the 10 classes of nw-ucla: 4 \(sit down\)"):
        train(hole, world.features, store=store, settings=small)
    empty = make_features(store, "nw-ucla", drop=(4,), seed=3)
    with pytest.raises(SemtoolError, match=r"no unseen-test sample of 1 classes .*4 \(sit down\)"):
        train(world.embeddings, empty, store=store, settings=small)
    with pytest.raises(UsageError, match="batch: should be greater than or equal to 2"):
        small.change(batch=1)


def test_the_command_says_what_is_missing(cli, tmp_path, make_embeddings):
    nothing = cli("train")
    assert nothing.code == 1
    assert "semtool generate" in nothing.err
    make_embeddings(Store(tmp_path / "artifacts"), "ntu60")
    skeletons = cli("train")
    assert skeletons.code == 1
    assert "semtool prepare --dataset ntu60" in skeletons.err
    assert "semtool simulate --dataset ntu60" in skeletons.err


def test_the_command_prints_one_object_and_says_simulated(cli, tmp_path, make_embeddings, make_features):
    store = Store(tmp_path / "artifacts")
    make_embeddings(store, "nw-ucla")
    make_features(store, "nw-ucla", simulated=True)
    printed = cli("train", "--preset", "ridge", "--json")
    assert printed.code == 0, printed.err
    assert printed.json()["simulated"] is True
    shown = cli("train", "--preset", "ridge")
    assert shown.out.count("SIMULATED") == 2
    assert cli("evaluate", "--json").json()["zsl"] == printed.json()["zsl"]
    assert cli("train", "--preset", "papr").code == 2
    few = cli("ablate", "--only", "full,no-motion", "--epochs", "1", "--json")
    assert [v["name"] for v in few.json()["variants"]] == ["full", "no-motion"]


def test_closed_forms_go_without_calibration_when_seen_classes_are_few(
    tmp_path, make_embeddings, make_features
):
    store = Store(tmp_path / "artifacts")
    made = make_embeddings(store, "nw-ucla"), make_features(store, "nw-ucla", "draw-7-0")
    summary = train(*made, store=store, settings=preset("ridge")).summary
    assert list(summary.gzsl) == ["none"]
    assert summary.zsl.chance == pytest.approx(1 / 7)
